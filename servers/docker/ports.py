"""Published ports of a service, in both of Compose's spellings."""

import re
from dataclasses import dataclass
from typing import Any

_SHORT = re.compile(
    r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|\d+\.\d+\.\d+\.\d+):)?"
    r"(?:(?P<published>\d+(?:-\d+)?)?:)?(?P<target>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?"
)


@dataclass(frozen=True, slots=True)
class Port:
    """A range of ports; one port is a range of length one.

    Attributes:
        published: None when Docker chooses, or when a variable hides it (``resolved`` is then False).
        host: address on this machine; empty means all.
    """

    target: range
    published: range | None
    host: str = ""
    protocol: str = "tcp"
    resolved: bool = True

    def published_for(self, target: int) -> int | None:
        """Return the port of this machine that leads to ``target`` inside, or None."""
        if target not in self.target or self.published is None:
            return None
        offset = target - self.target.start
        return self.published[offset] if offset < len(self.published) else self.published.start


def parse_port(value: Any) -> Port | None:
    """Read one entry of ``ports``; None when it is no port at all."""
    if isinstance(value, dict):
        return _long(value)
    text = str(value).strip()
    if "$" in text:
        inside = re.search(r":?(\d+)(?:/(tcp|udp))?$", text)
        if inside is None:
            return None
        number = int(inside[1])
        return Port(range(number, number + 1), None, protocol=inside[2] or "tcp", resolved=False)
    match = _SHORT.fullmatch(text)
    if match is None:
        return None
    target = _range(match["target"])
    published = _range(match["published"]) if match["published"] else None
    if target is None or (match["published"] and published is None):
        return None
    return Port(target, published, (match["host"] or "").strip("[]"), match["protocol"] or "tcp")


def _long(value: dict[str, Any]) -> Port | None:
    target = _range(str(value.get("target", "")))
    if target is None:
        return None
    text = value.get("published")
    hidden = isinstance(text, str) and "$" in text
    published = None if text is None or hidden else _range(str(text))
    if text is not None and not hidden and published is None:
        return None
    host, protocol = str(value.get("host_ip", "")), str(value.get("protocol", "tcp"))
    return Port(target, published, host, protocol, resolved=not hidden)


def _range(text: str) -> range | None:
    first, _, last = text.partition("-")
    if not first.isdecimal() or (last and not last.isdecimal()):
        return None
    low, high = int(first), int(last or first)
    return range(low, high + 1) if 0 < low <= high <= 65535 else None
