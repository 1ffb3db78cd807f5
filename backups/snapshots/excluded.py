"""What one snapshot does not copy, and what has to be said of it. Blocking: it reads the disk."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from backups import wiring
from backups.repository import space
from backups.restic.patterns import escape
from backups.snapshots import excludes, panel_state
from backups.snapshots.reading import Reading, ToRead
from core.errors import AppError
from core.paths import list_directories
from servers.minecraft.data_root import DataRoot

logger = logging.getLogger(__name__)


@dataclass
class Excluded:
    """The servers' own lists of what to leave out, together.

    Attributes:
        patterns: as restic takes them.
        warnings: sentences that name their server.
        holes: those of them that say what is missing although nobody asked for it.
        lists: the lines of each server's list as it is used.
        torn: servers of which files of the world are left out, and the sentence that says so.
    """

    patterns: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    holes: list[str] = field(default_factory=list)
    lists: dict[str, list[str]] = field(default_factory=dict)
    torn: dict[str, str] = field(default_factory=dict)

    def add_to_read(self, found: ToRead) -> None:
        """Add what would be read for nothing."""
        if found.patterns:
            self.patterns += found.patterns
            self.warnings.append(found.told)
            self.holes.append(found.told)

    def add(self, data: DataRoot) -> None:
        """Add what a server leaves out; a list that cannot be used never keeps it from being saved."""
        name = data.server_id
        try:
            excludes.settle(data)
            patterns, lines = excludes.patterns(data), excludes.lines(data)
            warnings = [f"{name}: {sentence}" for sentence in excludes.warnings(data)]
            lost = excludes.lost_world(data, patterns)
        except Exception as error:
            why = str(error) if isinstance(error, AppError) else f"MC Admin failed at it: {type(error).__name__}."
            if not isinstance(error, AppError):
                logger.exception("the list of what to leave out of %s could not be used", name)
            self.patterns += excludes.default_patterns(data)
            self.warnings.append(
                f"{name}: its own list of what to leave out cannot be used, so the default is. ({why})"
            )
            return
        self.patterns += patterns
        self.warnings += warnings
        self.lists[name] = lines
        if lost:
            self.torn[name] = f"{name}: {lost[0]}"


def of_servers(roots: Iterable[DataRoot], reading: Reading) -> Excluded:
    """Return what the lists of servers leave out, and what would be read for nothing.

    Args:
        roots: where the servers' games have their files.
        reading: what was found to be read.
    """
    found = Excluded()
    for root in roots:
        name = root.server_id
        found.add(root)
        to_read = reading.of_servers.get(name, ToRead())
        found.add_to_read(to_read)
        if lost := excludes.lost_files(root, list(to_read.patterns)):
            found.torn[name] = f"{name}: left out are files of the world, as they pretend to be larger: {lost}."
            found.warnings.append(found.torn[name])
            found.holes.append(found.torn[name])
    for one in reading.around:
        found.add_to_read(one)
    return found


def around_servers(root: Path, skipped: Iterable[str]) -> list[str]:
    """Return the patterns of what is no server in a snapshot of everything, and of servers that are left out."""
    gone = [name for name in list_directories(root) if name.startswith(".") and name != panel_state.FOLDER]
    found = [escape(str(root / name)) for name in (*gone, *skipped)]
    repository = space.local_folder(wiring.repository_path())
    return [*found, escape(str(repository))] if repository else found
