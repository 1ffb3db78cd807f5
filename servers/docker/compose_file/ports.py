"""Published ports of a service, in both of Compose's spellings."""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

MAX_PORT = 65535
UNKNOWN_TARGET = range(0)
_VARIABLE = re.compile(r"\$\{[^{}]*\}|\$\w+")
_HIDDEN = "\0"  # stands for a variable; no text that was parsed contains it
_RANGE = re.compile(r"([0-9]{1,6})(?:-([0-9]{1,6}))?")
_PROTOCOLS = frozenset({"tcp", "udp", "sctp", _HIDDEN})


@dataclass(frozen=True, slots=True)
class Port:
    """A range of ports; one port is a range of length one.

    Attributes:
        target: inside the container; empty when a variable hides it.
        published: on this machine; None when Docker chooses, or when a variable hides it. It may be longer
            than a target of one port: Docker then takes one of it.
        host: address on this machine; empty means all, or that a variable hides it.
        protocol: ``tcp``, ``udp`` or ``sctp``; empty when a variable hides it.
        resolved: False when a variable hides a part.
        source: the entry as it was written.
    """

    target: range
    published: range | None
    host: str = ""
    protocol: str = "tcp"
    resolved: bool = True
    source: Any = field(default=None, compare=False, repr=False)

    def published_for(self, target: int) -> int | None:
        """Return the port of this machine that leads to ``target`` inside, or None."""
        if target not in self.target or self.published is None:
            return None
        return self.published[target - self.target.start]

    def written(self) -> Any:
        """Return the entry for a compose file: as it was written, else in the short spelling."""
        if self.source is not None:
            return self.source
        host = f"[{self.host}]:" if ":" in self.host else f"{self.host}:" if self.host else ""
        published = f"{_range_text(self.published)}:" if self.published else ":" if host else ""
        return f"{host}{published}{_range_text(self.target)}/{self.protocol}"


class _NoPort(ValueError):
    """The entry is no port."""


def parse_port(value: Any) -> Port | None:
    """Read one entry of ``ports`` as Compose does; None when it is no port at all."""
    try:
        return _long(value) if isinstance(value, dict) else _short(value)
    except _NoPort:
        return None


def _short(value: Any) -> Port:
    if value is None:
        raise _NoPort
    addresses, _, protocol = _part(value).partition("/")
    host, published, target = ["", "", *addresses.rsplit(":", 2)][-3:]
    return _build(host, published, target, protocol, source=value)


def _long(value: dict[str, Any]) -> Port:
    host, published, target, protocol = (_part(value.get(k)) for k in ("host_ip", "published", "target", "protocol"))
    if "-" in target:  # Compose takes ranges of targets in the short spelling only
        raise _NoPort
    return _build(host, published, target, protocol, source=value)


def _part(value: Any) -> str:
    """Return the text of a part with each variable, nested ones too, replaced by a mark."""
    if isinstance(value, bool) or not isinstance(value, str | int | None):
        raise _NoPort
    text, before = "" if value is None else str(value), None
    while text != before:
        text, before = _VARIABLE.sub(_HIDDEN, text), text
    if "$" in text:
        raise _NoPort
    return text


def _build(host: str, published: str, target: str, protocol: str, *, source: Any) -> Port:
    hidden = _HIDDEN in f"{host}{published}{target}{protocol}"
    inside = UNKNOWN_TARGET if _HIDDEN in target else _range(target)
    outside = None if _HIDDEN in published or not published.strip("0") else _range(published)  # 0: Docker chooses
    protocol = _HIDDEN if _HIDDEN in protocol else protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS or (inside and outside and len(outside) != len(inside) != 1):
        raise _NoPort
    return Port(inside, outside, _address(host), protocol.strip(_HIDDEN), resolved=not hidden, source=source)


_MOST_CHARS = 64


def _range(text: str) -> range:
    match = _RANGE.fullmatch(text) if len(text) <= _MOST_CHARS else None
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 0 < low <= high <= MAX_PORT:
        raise _NoPort
    return range(low, high + 1)


def _address(host: str) -> str:
    if not host or _HIDDEN in host:
        return ""
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return str(ip_address(bare))
    except ValueError:
        raise _NoPort from None


def _range_text(ports: range | None) -> str:
    if not ports:
        return ""
    return str(ports.start) if len(ports) == 1 else f"{ports.start}-{ports[-1]}"
