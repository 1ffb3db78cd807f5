"""What is backed up or restored: one server, a path below its data, or everything. Blocking: they look at the disk."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from backups.restic.failures import BackupPathMissing
from backups.restic.labels import Scope
from backups.restic.snapshot import ResticSnapshot
from core.errors import InvalidRequest
from core.paths import FileMissing, printable, real_path
from servers.docker.folders import DATA, DataElsewhere
from servers.minecraft.data_root import DataKind, DataRoot, usual
from servers.minecraft.instance import MCInstance, ServerNotFound
from servers.minecraft.manager import is_server_id


@dataclass(frozen=True, slots=True)
class Target:
    """A place in the file system, absolute and real, and whose it is.

    Attributes:
        data: where the game's files are whose ``path_in_data`` this is; None: of a whole server, or of everything.
        volumes: further folders that belong to it: those of volumes with the files of games.
    """

    scope: Scope
    path: Path
    server_id: str = ""
    path_in_data: str = ""
    data: DataRoot | None = None
    volumes: tuple[Path, ...] = ()

    @property
    def base(self) -> Path:
        """The folder that no game can change, below which it is swapped as a whole."""
        if self.data is None:
            return self.path if self.scope is Scope.GLOBAL else self.path.parent
        in_volume = self.data.kind is DataKind.VOLUME
        return self.data.path.parent if in_volume else Path(os.path.realpath(self.data.top))

    @property
    def name(self) -> str:
        """Where it lies below ``base``."""
        return str(self.path.relative_to(self.base))

    @property
    def data_name(self) -> str:
        """Where the game's files lie below ``base``."""
        return str((self.data.path if self.data else self.path / DATA).relative_to(self.base))

    @property
    def real_path_in_data(self) -> str:
        """Where ``path`` lies in the game's files, "" for all of them; only of a path in them."""
        inside = self.path.relative_to(self.data.path) if self.data else Path()
        return "/".join(inside.parts)

    def says_where_it_leads(self) -> str:
        """Return a sentence where ``path_in_data`` is, or goes through, a link to another name; else "". Blocking."""
        if self.data is None or not self.path_in_data or self.path == self.data.path / self.path_in_data:
            return ""
        name = printable(self.real_path_in_data)
        return f"{printable(self.path_in_data)} leads to {name}: that was saved, and is restored by the path {name}."

    @property
    def all_paths(self) -> tuple[Path, ...]:
        """All that a snapshot of it holds."""
        return (self.path, *self.volumes)


def find(server_path: Path, *, server_id: str, path: str, roots: Mapping[str, DataRoot]) -> Target:
    """Return what ``server_id`` and ``path`` (empty: not given) name.

    Args:
        roots: where the games' files are, by server.

    Raises:
        InvalidRequest: a path without a server, or one that leads out of the server's data.
        ServerNotFound: there is no such server.
        BackupPathMissing: nothing is at the path.
        DataElsewhere: the files that the path is among are out of our reach.
    """
    target = find_past(server_path, server_id=server_id, path=path, roots=roots)
    if not server_id:
        return target
    MCInstance(server_path, server_id).read_compose()  # raises ServerNotFound
    if target.data is None:
        return target
    try:
        with target.data.hold() as data:
            real = real_path(data, target.path_in_data)
    except FileMissing:
        raise BackupPathMissing(f"{path} is not there, so it cannot be backed up.") from None
    return replace(target, path=real)


def find_past(
    server_path: Path, *, server_id: str, path: str, roots: Mapping[str, DataRoot] | None = None
) -> Target:
    """Return what is named even if it is gone by now; a game whose root is not in ``roots`` has the usual one.

    Raises:
        InvalidRequest, DataElsewhere.
        ServerNotFound: for what is no id.
    """
    root = Path(os.path.realpath(server_path))
    roots = roots or {}
    if not server_id:
        if path:
            raise InvalidRequest("A path needs a server: send server_id, too.")
        return Target(Scope.GLOBAL, root, volumes=_volumes(roots.values()))
    if not is_server_id(server_id):
        raise ServerNotFound(f"The server {server_id!r:.80} was not found.")
    if not path:
        own = (roots[server_id],) if server_id in roots else ()
        return Target(Scope.SERVER, root / server_id, server_id, volumes=_volumes(own))
    names = [name for name in path.split("/") if name not in {"", "."}]
    if ".." in names or "\0" in path:
        raise InvalidRequest("A path must not contain '..' or NUL.")
    data = roots.get(server_id) or usual(root, server_id)
    if data.kind is DataKind.ELSEWHERE:
        raise DataElsewhere(data.sentence)
    inside = "/".join(names)
    return Target(Scope.PATH, data.path / inside, server_id, inside, data)


def boundary(target: Target) -> tuple[Path, ...]:
    """Return the folders that a program working on ``target`` must not leave.

    No game can change their paths: of a path in a server's data it is the data's folder, not the path.
    """
    return target.all_paths if target.data is None else (target.data.path,)


def _volumes(roots: Iterable[DataRoot]) -> tuple[Path, ...]:
    """Return the folders of the volumes that are there, each once: games can share one."""
    return tuple(dict.fromkeys(root.path for root in roots if root.volume))


def covers(snapshot: ResticSnapshot, target: Target) -> bool:
    """Tell whether ``target`` is in the snapshot: each of its folders is one of its paths or lies below one."""
    labels = snapshot.labels
    if labels.scope is Scope.GLOBAL and target.server_id and target.server_id not in labels.servers:
        return False  # it was busy then and left out
    saved = set(map(Path, snapshot.paths))
    return all(not saved.isdisjoint((path, *path.parents)) for path in target.all_paths)


def covering(snapshots: Iterable[ResticSnapshot], target: Target) -> list[ResticSnapshot]:
    """Return those that hold ``target``, in their order."""
    return [snapshot for snapshot in snapshots if covers(snapshot, target)]

