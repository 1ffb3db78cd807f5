"""Where a server's files lie in a snapshot, and whether a snapshot is fresh enough to restore over the present."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import PurePosixPath

from backups.restic.labels import Saved, Scope
from backups.restic.snapshot import ResticSnapshot
from backups.targets import Target, covers
from mcadmin.core.errors import InvalidRequest
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

    A snapshot made where the servers lay elsewhere is read by its tags.

    Raises:
        NotInSnapshot: it does not hold it.
    """
    if covers(snapshot, target):
        return str(target.path)
    inside = f"/{DATA}/{target.path_in_data}".rstrip("/") if target.scope is Scope.PATH else ""
    labels = snapshot.labels
    if server_id in labels.servers and labels.scope is not None:
        for top in snapshot.paths:
            base = _server_folder(PurePosixPath(top), labels.scope, server_id)
            wanted = f"{base}{inside}"
            if base is not None and (wanted == top or wanted.startswith(f"{top}/")):
                return wanted
    what = f"{target.path_in_data} of {server_id}" if target.path_in_data else server_id
    raise NotInSnapshot(f"Snapshot {snapshot.short_id} does not hold {what[:200]}. Choose another one.")


def folder_in(snapshot: ResticSnapshot, server_id: str) -> str:
    """Return where the files of a server that the snapshot says it holds lie in it; of a path: that path."""
    scope = snapshot.labels.scope
    if scope is Scope.GLOBAL:
        return next((f"{top}/{server_id}" for top in snapshot.paths), "/")
    return next(iter(snapshot.paths), "/")


def is_of_a_server(snapshot: ResticSnapshot, path: str) -> bool:
    """Tell whether all at the absolute ``path`` is of one server: not the panel's state, not a foreign snapshot's."""
    place = PurePosixPath(path)
    folders = [PurePosixPath(folder_in(snapshot, server)) for server in snapshot.labels.servers]
    return any(folder == place or folder in place.parents for folder in folders)


def _server_folder(top: PurePosixPath, scope: Scope, server_id: str) -> PurePosixPath | None:
    """Return the server's own folder, seen from a path that was saved; None where that is not certain.

    A path below a server's data is ``…/<id>/data/<inside>``. Both what stands before and what is inside may hold
    those two names again: a game can make a folder ``<id>/data`` in its data and fill it with a server of its own
    design. So the folder is only known where they stand together once.
    """
    if scope is Scope.GLOBAL:
        return top / server_id
    if scope is Scope.SERVER:
        return top if top.name == server_id else None
    pairs = [place for place in range(1, len(top.parts)) if top.parts[place - 1 : place + 1] == (server_id, DATA)]
    return PurePosixPath(*top.parts[: pairs[0]]) if len(pairs) == 1 else None


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
