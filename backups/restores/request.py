"""What shall be restored from where to where: a request, and the plan that is made of it."""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings

from backups import wiring
from backups.repository import placement
from backups.restic.labels import Scope
from backups.restic.restoring import Piece
from backups.restic.snapshot import ResticSnapshot
from backups.restores import locate, staging
from backups.restores import volume as restore_volume
from backups.restores.plan import Place
from backups.restores.volume import VolumePart
from backups.snapshots import coverage, delete, scope
from backups.snapshots.scope import Target
from core.errors import InvalidRequest
from servers import wiring as servers_wiring
from servers.changes.compose_safety import Acceptance
from servers.changes.project_names import require_free_project
from servers.docker.folders import DATA, DataElsewhere, ServerFolderIsALink
from servers.minecraft.data_root import DataRoot, usual
from servers.minecraft.instance import ServerExists, ServerNotFound
from servers.operations.caller import Caller


@dataclass(frozen=True, kw_only=True)
class RestoreRequest:
    """What shall be restored.

    Attributes:
        snapshot_id: its id, or the first 8 digits or more of it.
        server_id, path: whose files, and which below its data; empty: the snapshot's only server, all of it.
        as_new: the id of a new server that gets the files; the present is not touched.
        skip_safety_check: go on though nothing holds the present state.
        safety_snapshot: make a snapshot of the present state first.
        acceptance: who asks, and which findings of the compose file they accept.
    """

    snapshot_id: str
    server_id: str = ""
    path: str = ""
    as_new: str = ""
    skip_safety_check: bool = False
    safety_snapshot: bool = False
    acceptance: Acceptance = field(default_factory=lambda: Acceptance(by=Caller("")))


@dataclass(frozen=True, kw_only=True)
class RestorePlan:
    """What goes from where to where, made of a request.

    Attributes:
        server_id: whose files they are in the snapshot.
        root: where the game's files are now, or would be.
        volume: what of a whole server goes into a volume; of a new server that is known once its file is there.
    """

    request: RestoreRequest
    snapshot: ResticSnapshot
    server_id: str
    target: Target
    source: str
    root: DataRoot
    volume: VolumePart | None = None

    @property
    def piece(self) -> Piece:
        return Piece(self.snapshot.id, self.source)

    @property
    def place(self) -> Place:
        """What is replaced below the target's base."""
        data = "" if self.target.data else self.snapshot.labels.folders.get(self.server_id, DATA)
        return Place(
            server_id=self.target.server_id, target=self.target.name, source=self.source,
            data=f"{self.target.name}/{data}".rstrip("/") if self.is_whole else self.target.data_name,
        )

    @property
    def is_whole(self) -> bool:
        return self.target.scope is Scope.SERVER

    @property
    def is_as_new(self) -> bool:
        return bool(self.request.as_new)


async def resolve(request: RestoreRequest) -> RestorePlan:
    """Find out what is meant.

    Raises:
        ResticNotConfigured, SnapshotNotFound, NotInSnapshot, InvalidRequest.
        DataElsewhere: a path of a game whose files are out of our reach, or a volume that may be somebody else's.
        EngineUnreachable: nobody knows whose the volume is.
        RepositoryInServer: it would be replaced, too.
        ServerExists, ProjectTaken: the new server's id is taken.
    """
    wiring.repository()
    snapshot = delete.choose(await wiring.snapshot_cache().read(), request.snapshot_id)
    server_id = locate.server_of(snapshot, request.server_id)
    root = await _present_root(request.as_new or server_id)
    past = await asyncio.to_thread(_find_past, server_id, request.path, root)
    source = locate.source_of(snapshot, server_id=server_id, target=past)
    if not request.as_new:
        volume = await restore_volume.find_present(snapshot, server_id, root) if not request.path else None
        if volume is not None and volume.is_there:
            past = replace(past, volumes=(volume.data,))
        await asyncio.to_thread(placement.require_outside, past.all_paths, wiring.section())
        return RestorePlan(
            request=request, snapshot=snapshot, server_id=server_id, target=past, source=source, root=root,
            volume=volume,
        )
    if request.path:
        raise InvalidRequest("A new server is made of a whole one: leave path out, or as.")
    target = await asyncio.to_thread(_find_past, request.as_new, "", root)
    await asyncio.to_thread(_check_new, request.as_new)
    await require_free_project(request.as_new, inherits=request.acceptance.by.has_everything)
    return RestorePlan(request=request, snapshot=snapshot, server_id=server_id, target=target, source=source, root=root)


async def _present_root(server_id: str) -> DataRoot:
    """Find where a server's game has its files; where the server is gone, or is to be, they are where they usually are.

    Raises:
        ServerNotFound: that can be no server.
    """
    try:
        return await coverage.find_root(servers_wiring.manager().get_instance(server_id))
    except (ServerNotFound, ServerFolderIsALink):
        return usual(server_path(), server_id)


def _find_past(server_id: str, path: str, root: DataRoot) -> Target:
    """Return what is to be replaced; of a whole server its folder alone."""
    if path and not root.is_there:
        raise DataElsewhere(
            f"{root.sentence} The volume is not there, so no path of it can be restored. Restore the whole server, or "
            "have the volume made first (operation `up`, then `stop`)."
        )
    found = scope.find_past(server_path(), server_id=server_id, path=path, roots={root.server_id: root})
    return replace(found, volumes=())


def server_path() -> Path:
    """Return the real folder of the servers."""
    return Path(settings.MC_ADMIN.server_path).resolve()


def _check_new(server_id: str) -> None:
    live = servers_wiring.live()
    if staging.check_target(server_path(), server_id) or live.catalog.clash(server_id) is not None:
        raise ServerExists(f"A server named {server_id!r}, or with its Compose project, exists. Choose another id.")
