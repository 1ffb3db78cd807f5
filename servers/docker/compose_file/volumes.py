"""Mounts of a service, in both of Compose's spellings."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Volume:
    """One mount.

    Attributes:
        type: ``bind``, ``volume``, ``tmpfs`` or what else the long spelling says.
        source: path on this machine or name of a volume; None for one without a name.
        target: path inside the container.
        written_as: the entry as it was written.
    """

    type: str
    source: str | None
    target: str
    read_only: bool = False
    written_as: Any = field(default=None, compare=False, repr=False)

    @property
    def is_part(self) -> bool:
        """Whether only a folder of a volume is mounted, which Docker takes from version 26 on."""
        options = self.written_as.get("volume") if isinstance(self.written_as, dict) else None
        return self.type == "volume" and isinstance(options, dict) and bool(options.get("subpath"))

    def written(self) -> Any:
        """Return the entry for a compose file: as it was written, else in the long spelling."""
        if self.written_as is not None:
            return self.written_as
        source = {} if self.source is None else {"source": self.source}
        return {"type": self.type, **source, "target": self.target, "read_only": self.read_only}


def parse_volume(value: Any) -> Volume | None:
    """Read one entry of ``volumes``; None when it is no mount at all."""
    if isinstance(value, dict):
        kind, source, target = value.get("type"), value.get("source"), value.get("target")
        if not isinstance(kind, str) or not isinstance(target, str) or not isinstance(source, str | None):
            return None
        return Volume(kind, source, target, value.get("read_only") is True, value)
    if not isinstance(value, str) or not value:
        return None
    first, colon, rest = value.partition(":")
    if not colon:
        return Volume("volume", None, first, written_as=value)
    target, _, mode = rest.partition(":")
    if not first or not target:
        return None
    kind = "bind" if first.startswith((".", "/", "~", "$")) else "volume"
    return Volume(kind, first, target, "ro" in mode.split(","), value)
