"""What the audit hears from apps that may not import it."""

from typing import Any

from audit import recorder


def record_socket(*, user: recorder.Actor, path: str, pattern: str, client_ip: str | None, **_: Any) -> None:
    """Write down that the master token has opened a socket."""
    recorder.record_socket(user=user, path=path, pattern=pattern, client_ip=client_ip)
