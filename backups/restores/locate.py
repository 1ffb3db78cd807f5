"""Where a server's files lie in a snapshot, and whether a snapshot is fresh enough to restore over the present."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from backups.restic.labels import Labels, Saved, Scope
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots.scope import Target, covers
from core.errors import InvalidRequest
from core.paths import printable
from servers.docker.engine_volumes import VOLUME_DATA
from servers.docker.folders import DATA

FRESH = timedelta(seconds=60)


class NotInSnapshot(InvalidRequest):
    """The snapshot does not hold what is to be restored."""

    code = "not_in_snapshot"


class NoFreshSnapshot(InvalidRequest):
    """Nothing would hold the present state after the restore."""

    code = "no_fresh_snapshot"


def server_of(snapshot: ResticSnapshot, server_id: str) -> str:
    """Return whose files are wanted; raises InvalidRequest where that is not clear."""
    found = server_id or snapshot.labels.server_id
    if found is None:
        raise InvalidRequest(
            f"Snapshot {snapshot.short_id} holds several servers. Say which one to restore with server_id."
        )
    return found


def source_of(snapshot: ResticSnapshot, *, server_id: str, target: Target) -> str:
    """Return the absolute path in the snapshot of what ``target`` is, or was, on this machine.

    A snapshot made where the servers lay elsewhere is read by its tags, and so is a path in a game's files, which
    may have lain elsewhere on this machine, too.

    Raises:
        NotInSnapshot: it does not hold it.
    """
    if target.data is None and covers(snapshot, replace(target, volumes=())):
        return str(target.path)
    if target.data is None:
        folder = _server_folder_in(snapshot, server_id)
    elif (folder := data_in(snapshot, server_id)) is not None:
        folder /= target.path_in_data
    if folder is not None and _holds(snapshot, folder):
        return str(folder)
    if server_id not in snapshot.labels.servers and covers(snapshot, target):
        return str(target.path)  # a foreign snapshot says nothing
    what = f"{target.path_in_data} of {server_id}" if target.path_in_data else server_id
    held = _paths_in_data(snapshot, server_id) if target.path_in_data else []
    advice = f", but {', '.join(held[:3])}. Restore that path, or choose" if held else ". Choose"
    raise NotInSnapshot(f"Snapshot {snapshot.short_id} does not hold {what[:200]}{advice} another one.")


def _paths_in_data(snapshot: ResticSnapshot, server_id: str) -> list[str]:
    """Return which paths of a server's data a snapshot of a path holds; of another one none are named."""
    data = data_in(snapshot, server_id) if snapshot.labels.scope is Scope.PATH else None
    if data is None:
        return []
    tops = map(PurePosixPath, snapshot.paths)
    return [printable(str(top.relative_to(data))) for top in tops if top != data and top.is_relative_to(data)]


def holding(snapshots: Iterable[ResticSnapshot], target: Target) -> list[ResticSnapshot]:
    """Return those that hold ``target``, a server or a path of it, in their order.

    They are found by what their tags say, so those made on another machine, or before the servers' folder was moved,
    are among them. Of one without tags its paths count.
    """
    return [one for one in snapshots if _is_of(one, target)]


def _is_of(snapshot: ResticSnapshot, target: Target) -> bool:
    labels = snapshot.labels
    if labels.scope is None or target.server_id not in labels.servers:
        return covers(snapshot, target)
    if labels.scope is not Scope.PATH:
        return True
    data = data_in(snapshot, target.server_id) if target.path_in_data else None
    return covers(snapshot, target) if data is None else _holds(snapshot, data / target.path_in_data)


def data_in(snapshot: ResticSnapshot, server_id: str) -> PurePosixPath | None:
    """Return where the files of a server's game lie in the snapshot; None where that is not certain, or is nowhere."""
    labels = snapshot.labels
    volume = labels.volumes.get(server_id)
    if volume is not None:
        names, inside = (volume, VOLUME_DATA), labels.inside.get(server_id)
        found = [_before(PurePosixPath(top), names, labels.scope, inside) for top in snapshot.paths]
        tops = [top / volume / VOLUME_DATA for top in found if top is not None]
        return tops[0] if len(tops) == 1 else None
    folder = _server_folder_in(snapshot, server_id)
    return None if folder is None else folder / labels.folders.get(server_id, DATA)


def is_data_own_directory(snapshot: ResticSnapshot, server_id: str) -> bool:
    """Tell whether the game's files were the server's own directory, so that its compose file lies among them."""
    labels = snapshot.labels
    return server_id not in labels.volumes and PurePosixPath(labels.folders.get(server_id, DATA)) == PurePosixPath()


def require_data_in(snapshot: ResticSnapshot, server_id: str) -> str:
    """Return where the files of a server's game lie in the snapshot; raises NotInSnapshot as ``source_of``."""
    found = data_in(snapshot, server_id)
    if found is None or not _holds(snapshot, found):
        raise NotInSnapshot(
            f"Snapshot {snapshot.short_id} does not hold the files of the game of {server_id}. Choose another one."
        )
    return str(found)


def folder_in(snapshot: ResticSnapshot, server_id: str) -> str:
    """Return where the files of a server that the snapshot says it holds lie in it; of a path: that path."""
    folder = None if snapshot.labels.scope is Scope.PATH else _server_folder_in(snapshot, server_id)
    return str(folder) if folder is not None else next(iter(snapshot.paths), "/")


def is_of_a_server(snapshot: ResticSnapshot, path: str) -> bool:
    """Tell whether all at the absolute ``path`` is of one server: not the panel's state, not a foreign snapshot's."""
    place = PurePosixPath(path)
    servers = snapshot.labels.servers
    folders = [PurePosixPath(folder_in(snapshot, server)) for server in servers]
    folders += [folder for server in servers if (folder := data_in(snapshot, server)) is not None]
    return any(folder == place or folder in place.parents for folder in folders)


def _holds(snapshot: ResticSnapshot, path: PurePosixPath) -> bool:
    return any(path.is_relative_to(top) for top in snapshot.paths)


def _server_folder_in(snapshot: ResticSnapshot, server_id: str) -> PurePosixPath | None:
    labels = snapshot.labels
    if server_id not in labels.servers or labels.scope is None:
        return None
    data = (server_id, *PurePosixPath(labels.folders.get(server_id, DATA)).parts)
    for top in map(PurePosixPath, snapshot.paths):
        found = _server_folder(top, labels, server_id, data)
        if found is not None:
            return found
    return None


def _server_folder(
    top: PurePosixPath, labels: Labels, server_id: str, data: tuple[str, ...]
) -> PurePosixPath | None:
    """Return the server's own folder, seen from a path that was saved; None where that is not certain."""
    if labels.scope is Scope.GLOBAL:
        return None if top.name == VOLUME_DATA else top / server_id
    if labels.scope is Scope.SERVER:
        return top if top.name == server_id else None
    before = _before(top, data, labels.scope, labels.inside.get(server_id))
    return None if before is None else before / server_id


def _before(
    top: PurePosixPath, names: tuple[str, ...], scope: Scope | None, inside: str | None
) -> PurePosixPath | None:
    """Return what stands before ``names`` in a path that was saved; None where that is not certain.

    A path below a server's data is ``…/<id>/data/<inside>``. Both what stands before and what is inside may hold
    those two names again: a game can make a folder ``<id>/data`` in its data and fill it with a server of its own
    design. So it is known by what the panel noted of ``inside`` in the tags, which no game writes; without such a
    note only where they stand together once. A volume that is saved as a whole ends with them.
    """
    count = len(names)
    if scope is Scope.PATH and inside is not None:
        parts = (*names, *PurePosixPath(inside).parts)
        fits = len(top.parts) > len(parts) and top.parts[-len(parts) :] == parts
        return PurePosixPath(*top.parts[: -len(parts)]) if fits else None
    found = [at for at in range(1, len(top.parts) - count + 1) if top.parts[at : at + count] == names]
    if scope is not Scope.PATH:
        found = [at for at in found if at + count == len(top.parts)]
    return PurePosixPath(*top.parts[: found[0]]) if len(found) == 1 else None


def fresh_one(
    snapshots: Iterable[ResticSnapshot],
    target: Target,
    *,
    now: datetime,
    ended_at: Callable[[ResticSnapshot], datetime],
    started_at: datetime | None,
) -> ResticSnapshot | None:
    """Return a snapshot that holds ``target`` as it is now.

    It ended at most FRESH ago, or its game was stopped and has not been started since.

    Args:
        snapshots: this panel's own.
        target: what is to be replaced.
        now: the time.
        ended_at: tells when a snapshot was complete.
        started_at: when the game was last started; None: never, as far as anybody knows.
    """
    for one in snapshots:
        if not covers(one, target):
            continue
        if abs(now - ended_at(one)) <= FRESH:  # a clock that was set back makes the past the future
            return one
        is_stopped = one.labels.level_of(target.server_id) is Saved.STOPPED
        if is_stopped and one.time <= now and (started_at is None or started_at < one.time):
            return one
    return None


def refuse(server_id: str) -> NoFreshSnapshot:
    """Return the error that opens the page's safety dialog: it looks for ``1 minute``."""
    return NoFreshSnapshot(
        f"No snapshot of the present state of {server_id} is at most 1 minute old, and none was made while the "
        'server was stopped. Make one first, or send "safety_snapshot": true to have it made now.'
    )
