"""Whether a snapshot holds the worlds that it should: a disk that is not mounted leaves an empty folder behind.

Such a snapshot would be made without a word, and in time a policy would keep nothing else.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from stat import S_ISREG

from backups import wiring
from backups.models import MadeSnapshot
from backups.restic.labels import Scope
from backups.restic.patterns import Patterns
from backups.restic.snapshot import ResticSnapshotWithSummary
from backups.snapshots import excludes
from core.errors import AppError, Conflict, Unavailable
from core.paths import Root, names_in, walk
from servers.docker.folders import open_server
from servers.minecraft.data_root import DataKind, DataRoot
from servers.minecraft.instance import MCInstance
from servers.records.operation_rows import in_database

MAX_DEPTH = 4  # of folders between a server's and its worlds'
MAX_FOLDERS = 1000  # of one folder that are looked into
SMALL_SHARE = 0.1  # of what an earlier snapshot held: less is a loss
LEAST_BYTES = 1024 * 1024  # below that a share tells nothing


class NothingToSave(Conflict):
    """A server has run, and not one file is left of what its game wrote."""

    code = "nothing_to_save"


async def count(
    instances: Sequence[MCInstance], *, scope: Scope, roots: Mapping[str, DataRoot]
) -> dict[str, int]:
    """Count the worlds that a snapshot will hold, by server; nothing is counted for one of a path.

    Args:
        instances: the servers of the snapshot.
        scope: of the snapshot.
        roots: where their games' files are, by server; of those out of our reach nothing is counted.

    Raises:
        NothingToSave: a server has run, and no file is left below its data.
    """
    found: dict[str, int] = {}
    for one in instances if scope is not Scope.PATH else ():
        if one.name not in roots or roots[one.name].kind is DataKind.ELSEWHERE:
            continue
        worlds = await asyncio.to_thread(_count, roots[one.name])
        found[one.name] = worlds or 0
        if worlds is None and await _has_run(one):
            raise NothingToSave(
                f"{one.name} has run, but there is no file in its data any more. Is their disk mounted? Nothing was "
                "saved; the earlier snapshots are as they were."
            )
    return found


async def _has_run(instance: MCInstance) -> bool:
    """Tell whether a game ran on the server's files: its container did, or an earlier snapshot holds its world."""
    with suppress(Unavailable):
        container = await instance.get_container()
        if container is not None and container.started_at is not None:
            return True
    made = await in_database(lambda: list(MadeSnapshot.objects.exclude(worlds=None).values_list("worlds", flat=True)))
    return any((worlds or {}).get(instance.name) for worlds in made)


async def find_losses(made: ResticSnapshotWithSummary, worlds: Mapping[str, int]) -> list[str]:
    """Say what a snapshot just made has lost against earlier ones of this panel; a sentence each.

    Args:
        made: the snapshot.
        worlds: how many it holds of each server, as ``count`` returned it.
    """
    rows = await in_database(lambda: list(MadeSnapshot.objects.order_by("-ended_at")))
    if not rows:  # the first one: restic is not asked for a list
        return []
    own = await in_database(wiring.instance_id)
    present = {
        one.first_id: one for one in await wiring.snapshot_cache().read()
        if one.labels.instance == own and one.labels.scope not in {None, Scope.PATH} and one.id != made.snapshot.id
    }
    earlier = [(present[row.pk].labels.servers, row) for row in rows if row.pk in present]
    losses = []
    for server, number in worlds.items():
        of_it = [(row, servers) for servers, row in earlier if server in servers]
        with_world = next((row for row, _ in of_it if (row.worlds or {}).get(server)), None)
        if not number and with_world is not None:
            losses.append(_sentence(server, "no world (level.dat)", "has one", with_world))
        elif made.snapshot.labels.scope is Scope.SERVER:
            alone = next((row for row, servers in of_it if len(servers) == 1 and not row.lost), None)
            losses += _shrunk(server, made.summary.total_bytes_processed, alone)
    return losses


def _shrunk(server: str, size_bytes: int, earlier: MadeSnapshot | None) -> list[str]:
    before = int(earlier.summary.get("total_bytes_processed", 0)) if earlier is not None else 0
    if earlier is None or before < LEAST_BYTES or size_bytes >= SMALL_SHARE * before:
        return []
    return [_sentence(server, f"only {_mib(size_bytes)}", f"has {_mib(before)}", earlier)]


def _sentence(server: str, now: str, before: str, earlier: MadeSnapshot) -> str:
    return (
        f"{server}: this snapshot holds {now}, and {earlier.pk[:8]} of {earlier.ended_at:%Y-%m-%d %H:%M} UTC {before}. "
        "Is a disk not mounted? No policy removes the earlier one; if the world is meant to be gone, delete that one."
    )


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / 1024**2:,.1f} MiB"


def _count(data: DataRoot) -> int | None:
    """Count the worlds; None where there is no file but those beside the compose file. Blocking.

    A game's data may have any name in the server's folder, so all of that is looked at, and the volume besides.
    """
    left_out = Patterns(excludes.usable_patterns(data))
    worlds, is_empty = 0, True
    try:
        with open_server(data.directory) as root:
            worlds += _worlds_in(root, "", lambda path: left_out.match(f"{data.real_directory}/{path}"))
            is_empty = not worlds and not _has_file(root, below="/")
        if data.volume:
            with data.hold() as root:
                worlds += _worlds_in(root, "", lambda path: left_out.match(f"{data.path}/{path}"))
                is_empty = is_empty and not worlds and not _has_file(root)
    except AppError:  # what cannot be looked at is no loss
        return 0
    return None if is_empty else worlds


def _has_file(root: Root, *, below: str = "") -> bool:
    """Tell whether there is a file, with ``below`` in its path."""
    with closing(walk(root, unreadable=lambda _: None)) as nodes:  # type: ignore[type-var]  # a generator
        return any(node.is_file and below in node.path for node in nodes)


def _worlds_in(root: Root, path: str, is_left_out: Callable[[str], bool], *, depth: int = 0) -> int:
    """Count the folders with a level.dat at and below ``path``; links are not followed: restic saves none."""
    level = f"{path}/level.dat" if path else "level.dat"
    info = root.lstat(level)
    found = int(info is not None and S_ISREG(info.st_mode) and not is_left_out(level))
    for name in names_in(root, path, directories=True, at_most=MAX_FOLDERS) if depth < MAX_DEPTH else ():
        below = f"{path}/{name}" if path else name
        if not is_left_out(below):
            found += _worlds_in(root, below, is_left_out, depth=depth + 1)
    return found
