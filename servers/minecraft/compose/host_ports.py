"""Which of the ports that a server would publish are taken on this host."""

import errno
import socket
from collections.abc import Iterable
from contextlib import closing


def is_free(port: int, *, host: str = "", protocol: str = "tcp") -> bool:
    """Tell whether a program could listen on ``port`` now: by trying, which asks no other program."""
    address = host or "0.0.0.0"  # noqa: S104 - where Docker would listen; nothing is accepted
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_STREAM
    with closing(socket.socket(family, kind)) as probe:
        if kind is socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
        try:
            probe.bind((address, port))
        except OSError as error:
            return error.errno == errno.EADDRNOTAVAIL  # not this machine's: nobody has it, and Docker will say so
    return True


def taken_ports(published: Iterable[tuple[str, int, str]]) -> list[int]:
    """Return those of ``(host address, port, protocol)`` that are taken."""
    return [port for host, port, protocol in published if not is_free(port, host=host, protocol=protocol)]
