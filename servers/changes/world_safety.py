"""A snapshot before an update that may change a world for good: a seam, because servers may not import backups."""

from dataclasses import dataclass
from typing import Protocol

from core.errors import Conflict
from servers.operations.progress import Progress


class NoSafety(Conflict):
    """A world may be changed for good, and no snapshot of it can be made first."""

    code = "no_safety"

    def __init__(self, server_id: str, reason: str) -> None:
        super().__init__(
            "The new file changes the game's version, type, image, pack or mods, which may change the world of "
            f"{server_id} for good, and no snapshot of it can be made first: {reason} Nothing was changed. "
            'Make backups work, or have an owner send "skip_safety_check": true.'
        )


class WorldSafety(Protocol):
    """Makes the snapshots; ``leases``: what an operation that makes one must hold."""

    @property
    def leases(self) -> tuple[str, ...]: ...

    async def has_world(self, server_id: str) -> bool:
        """Tell whether there is, or may be, a world to lose."""
        ...

    async def require_possible(self, server_id: str) -> None:
        """Raise NoSafety when no snapshot of the whole server could be made now."""
        ...

    async def save(self, server_id: str, progress: Progress) -> str:
        """Make a snapshot of the stopped server and return its id; raises AppError."""
        ...


@dataclass
class _Place:
    safety: WorldSafety | None = None


_place = _Place()


def provide(safety: WorldSafety | None) -> None:
    """Take ``safety`` from now on; the backups' app does it when it is ready."""
    _place.safety = safety


def world_safety() -> WorldSafety | None:
    """Return what makes the snapshots; None where there are no backups at all, as in a domain's test."""
    return _place.safety
