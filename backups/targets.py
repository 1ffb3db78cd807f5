"""What is backed up or restored: one server, a path below its data, or everything. Blocking: they look at the disk."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from backups.restic.failures import BackupPathMissing
from backups.restic.labels import Scope
from backups.restic.snapshot import ResticSnapshot
from mcadmin.core.errors import InvalidRequest
from mcadmin.core.paths import FileMissing, real_path
from servers.docker.folders import DATA, open_data
from servers.minecraft.instance import MCInstance, ServerNotFound
from servers.minecraft.manager import is_server_id


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the file system, absolute and real, and whose it is."""

    scope: Scope
    path: Path
    server_id: str = ""
    path_in_data: str = ""


def find(server_path: Path, *, server_id: str, path: str) -> Target:
    """Return what ``server_id`` and ``path`` (empty: not given) name.

    Raises:
        InvalidRequest: a path without a server, or one that leads out of the server's data.
        ServerNotFound: there is no such server.
        BackupPathMissing: nothing is at the path.
    """
    target = find_past(server_path, server_id=server_id, path=path)
    if not server_id:
        return target
    MCInstance(server_path, server_id).read_compose()  # raises ServerNotFound
    if target.scope is Scope.SERVER:
        return target
    try:
        with open_data(_data(server_path, server_id)) as data:
            real = real_path(data, target.path_in_data)
    except FileMissing:
        raise BackupPathMissing(f"{path} is not there, so it cannot be backed up.") from None
    return Target(Scope.PATH, real, server_id, target.path_in_data)


def find_past(server_path: Path, *, server_id: str, path: str) -> Target:
    """Return what is named even if it is gone by now; raises InvalidRequest, ServerNotFound for what is no id."""
    root = Path(os.path.realpath(server_path))
    if not server_id:
        if path:
            raise InvalidRequest("A path needs a server: send server_id, too.")
        return Target(Scope.GLOBAL, root)
    if not is_server_id(server_id):
        raise ServerNotFound(f"The server {server_id!r:.80} was not found.")
    if not path:
        return Target(Scope.SERVER, root / server_id, server_id)
    names = [name for name in path.split("/") if name not in {"", "."}]
    if ".." in names or "\0" in path:
        raise InvalidRequest("A path must not contain '..' or NUL.")
    inside = "/".join(names)
    return Target(Scope.PATH, root / server_id / DATA / inside, server_id, inside)


def boundary(real_server_path: Path, target: Target) -> Path:
    """Return the folder that a program working on ``target`` must not leave.

    No game can change its path: of a path in a server's data it is the data's folder, not the path.
    """
    root = real_server_path
    if target.scope is Scope.GLOBAL:
        return root
    return root / target.server_id / DATA if target.scope is Scope.PATH else root / target.server_id


def covers(snapshot: ResticSnapshot, target: Target) -> bool:
    """Tell whether ``target`` is in the snapshot: one of its paths is the target or a parent of it."""
    labels = snapshot.labels
    if labels.scope is Scope.GLOBAL and target.server_id and target.server_id not in labels.servers:
        return False  # it was busy then and left out
    return any(target.path == path or path in target.path.parents for path in map(Path, snapshot.paths))


def covering(snapshots: Iterable[ResticSnapshot], target: Target) -> list[ResticSnapshot]:
    """Return those that hold ``target``, in their order."""
    return [snapshot for snapshot in snapshots if covers(snapshot, target)]


def _data(server_path: Path, server_id: str) -> Path:
    return Path(os.path.realpath(server_path)) / server_id / DATA
