"""What shall be restored from where to where: a wish, looked at."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from backups import coverage, deletion, sources, staging, targets, wiring
from backups.restic.labels import Scope
from backups.restic.restoring import Piece
from backups.restic.snapshot import ResticSnapshot
from backups.targets import Target
from mcadmin.core.errors import InvalidRequest
from servers import wiring as servers_wiring
from servers.compose_safety import Acceptance
from servers.docker.folders import DATA
from servers.minecraft.instance import ServerExists


@dataclass(frozen=True, kw_only=True)
class RestoreWish:
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
    acceptance: Acceptance = field(default_factory=lambda: Acceptance(username=""))


@dataclass(frozen=True, kw_only=True)
class Order:
    """A wish that was looked at: what goes from where to where."""

    wish: RestoreWish
    snapshot: ResticSnapshot
    server_id: str
    target: Target
    source: str

    @property
    def piece(self) -> Piece:
        return Piece(self.snapshot.id, self.source)

    @property
    def name(self) -> str:
        """The target relative to the servers' folder."""
        return relative_name(self.target)

    @property
    def is_whole(self) -> bool:
        return self.target.scope is Scope.SERVER

    @property
    def is_as_new(self) -> bool:
        return bool(self.wish.as_new)


async def order(wish: RestoreWish) -> Order:
    """Find out what is meant.

    Raises:
        ResticNotConfigured, SnapshotNotFound, NotInSnapshot, InvalidRequest.
        DataElsewhere: a path of a game whose files are not in the folder ``data``.
        ServerExists: the new server's id is taken.
    """
    wiring.repository()
    snapshot = deletion.choose(await wiring.snapshot_list().read(), wish.snapshot_id)
    server_id = sources.server_of(snapshot, wish.server_id)
    past = await asyncio.to_thread(targets.find_past, server_path(), server_id=server_id, path=wish.path)
    source = sources.source_of(snapshot, server_id=server_id, target=past)
    if not wish.as_new:
        await coverage.require_usual_folder(servers_wiring.manager().get_instance(server_id), wish.path)
        return Order(wish=wish, snapshot=snapshot, server_id=server_id, target=past, source=source)
    if wish.path:
        raise InvalidRequest("A new server is made of a whole one: leave path out, or as.")
    target = await asyncio.to_thread(targets.find_past, server_path(), server_id=wish.as_new, path="")
    await asyncio.to_thread(_check_new, wish.as_new)
    return Order(wish=wish, snapshot=snapshot, server_id=server_id, target=target, source=source)


def relative_name(target: Target) -> str:
    """Return where ``target``, a server or a path of its data, lies below the servers' folder."""
    if target.scope is Scope.SERVER:
        return target.server_id
    return f"{target.server_id}/{DATA}/{target.path_in_data}".rstrip("/")


def server_path() -> Path:
    """Return the real folder of the servers."""
    return Path(settings.MC_ADMIN.server_path).resolve()


def _check_new(server_id: str) -> None:
    live = servers_wiring.live()
    if staging.check_target(server_path(), server_id) or live.catalog.clash(server_id) is not None:
        raise ServerExists(f"A server named {server_id!r}, or with its Compose project, exists. Choose another id.")
