"""The download of a file of a snapshot, or of a folder as zip."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, cast

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from accounts.identity import who
from accounts.models import UserRole
from accounts.permissions import RequireRole
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.still import StillAllowed
from accounts.rights.verbs import Verb
from backups import wiring
from backups.api.contents import PATH
from backups.restic import browsing
from backups.restic.browsing import Node
from backups.restic.command import ResticCommand
from backups.restic.snapshot import ResticSnapshot
from backups.restores import locate, secret_nodes
from backups.restores.secret_nodes import SecretNodes
from backups.snapshots import visible
from core.errors import Forbidden
from servers.minecraft.files import secret_files
from web.streaming import AsyncView, attachment_headers

if TYPE_CHECKING:
    from accounts.identity import Identity


class OwnersDownload(Forbidden):
    """An admin asked for what a snapshot holds beside the files of its servers."""

    code = "owner_needed"


class SnapshotDownloadView(AsyncView):
    """/snapshots/{id}/download."""

    @extend_schema(
        operation_id="snapshot_download",
        parameters=[PATH],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    async def get(self, request: Request, id: str) -> HttpResponseBase:
        """Download a file of the snapshot, or a folder as zip."""
        snapshot = await sync_to_async(visible.find)(who(request), id, Verb.FILES_READ)
        restic = wiring.command()
        path = browsing.checked_path(request.query_params.get("path") or "/")
        is_owner = RequireRole(UserRole.OWNER).admits(cast("Identity", request.user))
        if not (is_owner or locate.is_of_a_server(snapshot, path)):
            raise OwnersDownload(
                "Only an owner may download what is not of one server: the panel's own database may be in it. "
                "Name a path of a server."
            )
        _require_in_data(request, snapshot, path)
        node = await browsing.find_content(restic, snapshot.id, path)
        if names := _kept_names(request, snapshot):
            await _require_none_kept(restic, snapshot, node, names)
        is_folder = node is None or node.type == "dir"
        name = f"{node.name if node else snapshot.short_id}{'.zip' if is_folder else ''}"
        headers = attachment_headers(name)
        if request.method == "HEAD":
            return HttpResponse(headers=headers)
        content = browsing.read_content(restic, snapshot.id, node)
        server_id = snapshot.labels.server_id
        if server_id is not None:
            content = _while_allowed(content, StillAllowed(request, server_id, Verb.FILES_READ))
        return StreamingHttpResponse(content, headers=headers)


async def _while_allowed(content: AsyncIterator[bytes], still: StillAllowed) -> AsyncIterator[bytes]:
    """Pass the pieces on until the right is taken away; the connection breaks off then."""
    async with aclosing(cast("AsyncGenerator[bytes, None]", content)) as pieces:
        async for piece in pieces:
            await still.check()
            yield piece


def _require_in_data(request: Request, snapshot: ResticSnapshot, path: str) -> None:
    """Refuse what lies beside a game's files, the compose file among it, to who may not read that either."""
    server_id = snapshot.labels.server_id
    if server_id is None or Verb.COMPOSE in rights_of(who(request)).verbs(server_id):
        return
    data = locate.data_in(snapshot, server_id)
    if data is None or not PurePosixPath(path).is_relative_to(data):
        judge.require(who(request), server_id, Verb.COMPOSE)


def _kept_names(request: Request, snapshot: ResticSnapshot) -> frozenset[str]:
    """Return the names of the files that are kept from the caller, as ``servers.api.files`` keeps the present ones."""
    user, server_id = who(request), snapshot.labels.server_id
    if server_id is None:
        return frozenset() if rights_of(user).has_everything else secret_files.NAMES
    names = secret_files.NAMES if judge.hides_secrets(user, server_id) else frozenset()
    may_read_compose = Verb.COMPOSE in rights_of(user).verbs(server_id)
    if not may_read_compose and locate.is_data_own_directory(snapshot, server_id):
        names |= secret_files.COMPOSE_NAMES
    return names


async def _require_none_kept(
    restic: ResticCommand, snapshot: ResticSnapshot, node: Node | None, names: frozenset[str]
) -> None:
    """Refuse a file that is kept from the caller, and a folder with one: restic leaves nothing out of its archive."""
    server_id = snapshot.labels.server_id
    secrets = await secret_nodes.find(restic, snapshot, server_id, names) if server_id else SecretNodes(names=names)
    if secrets.is_unclear:
        raise secret_files.HoldsSecret(
            "In this snapshot a file that is kept from you is a link, and nobody can tell to which file. "
            "Downloads from it need the rights `command` and `compose`."
        )
    if node is not None and node.type != "dir":
        if secrets.has(node):
            raise secret_files.refusal(node.name)
        return
    path = "/" if node is None else node.path
    found = await browsing.first_below(restic, snapshot.id, path, secrets.has)
    if found is not None:
        raise secret_files.HoldsSecret(
            f"The folder has {found.name}, which may hold the RCON password. Download its files one by one, "
            "or ask an owner for the rights `command` and `compose`."
        )
