"""What a restore leaves alone: what its snapshot leaves out, and what snapshots leave out by now."""

from collections.abc import Sequence
from pathlib import Path

from backups.restic.patterns import Patterns
from backups.restic.snapshot import ResticSnapshot
from backups.restores.request import RestorePlan
from backups.restores.volume import VolumePart
from backups.snapshots import excludes


class RestoreExcludes:
    """Asked with paths in the restore's target.

    What is left out by now has been in no snapshot since, so nothing would hold it after the restore.
    """

    def __init__(self, snapshot: ResticSnapshot, source: str, target: Path, now: Sequence[str]) -> None:
        """Compare what lies at ``source`` in the snapshot with ``target``; ``now``: the server's present patterns."""
        self._source, self._target = source, str(target)
        self._then, self._now = Patterns(snapshot.excludes), Patterns(now)
        if self._now.match(self._target):  # asked for by its name: then all of it is meant
            self._now = Patterns(())

    @classmethod
    def for_target(cls, order: RestorePlan) -> "RestoreExcludes":
        """Read the server's present list; blocking."""
        return cls(order.snapshot, order.source, order.target.path, _present_patterns(order))

    @classmethod
    def for_volume(cls, order: RestorePlan, part: VolumePart) -> "RestoreExcludes":
        """As ``of``, for the files that go into a volume; blocking."""
        return cls(order.snapshot, part.source, part.data, _present_patterns(order))

    def match(self, path: str) -> bool:
        """Tell whether ``path`` is left alone."""
        return self._then.match(f"{self._source}/{path}") or self._now.match(f"{self._target}/{path}")

    def options(self) -> list[str]:
        """Return restic's options for a restore into the target itself.

        A pattern with ``!`` takes back what stands before it, in the other list, too: then the snapshot's alone counts.
        """
        then, now = self._then.seen_from(self._source), self._now.seen_from(self._target)
        if not any(one.startswith("!") for one in then):
            both = [*now, *then]
        else:
            both = then if any(one.startswith("!") for one in now) else [*then, *now]
        return [f"--exclude={pattern}" for pattern in dict.fromkeys(both)]


def _present_patterns(order: RestorePlan) -> list[str]:
    return [] if order.is_as_new else excludes.usable_patterns(order.root)
