"""Sockets of people who were given one server: who gets in, and what becomes of them when a right is taken away."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts.models import User
from accounts.rights import grants, roles
from accounts.rights.grants import WantedGrant
from accounts.rights.table import SOCKETS, Need, Where
from accounts.rights.verbs import Verb
from audit.models import AuditEvent
from mcadmin.tests.test_rights_by_verb import OTHER, given
from mcadmin.tests.test_rights_of_sockets import LIMIT_S, end_of, opened
from mcadmin.tests.test_rights_of_sockets import SOCKETS as ALL_SOCKETS
from servers.records import incarnations
from testing.routes import short
from web import sockets as base

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake", "quick_hashes")]


def test_each_socket_is_in_the_table_and_has_its_permission() -> None:
    assert {short(found).removeprefix("/api") for found in ALL_SOCKETS} == set(SOCKETS)
    for found in ALL_SOCKETS:
        need = SOCKETS[short(found).removeprefix("/api")]
        if isinstance(need, Need):
            assert found.consumer.permission.need is need


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "HOLD_S", 0.01)


async def frame(socket: WebsocketCommunicator, kind: str) -> Any:
    """The next frame of that type."""
    while True:
        found = json.loads(await socket.receive_from(timeout=10))
        if found["type"] == kind:
            return found


@pytest.mark.parametrize(
    ("verbs", "on_other", "code"),
    [([], False, 4404), ([*Verb], True, 4404), ([v for v in Verb if v is not Verb.CONSOLE], False, 4403)],
    ids=["nothing", "another server", "all but the verb"],
)
async def test_the_console_is_for_who_has_the_verb(verbs: list[Verb], on_other: bool, code: int, server: str) -> None:
    token = await sync_to_async(given)(*verbs, server=OTHER if on_other else server)

    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        ended, said = await end_of(socket, within_s=5)
    async with opened(f"/api/servers/ghost/console?token={token}") as socket:
        unknown, said_of_unknown = await end_of(socket, within_s=5)

    assert ended == code
    assert unknown == 4404
    if code == 4404:
        assert said.replace(server, "ghost") == said_of_unknown
    else:
        assert "`console`" in said


def _take(server: str) -> None:
    grants.take(User.objects.get(username="gina").pk, server)


def _weaken(server: str) -> None:
    roles.change(User.objects.get(username="gina").grants.get().role_id or 0, name="of gina", verbs=["view"])


def _remove(server: str) -> None:
    incarnations.note_removed(server, removed_as=f"{server}-1", by="olga")


@pytest.mark.parametrize(
    ("take", "code"),
    [(_take, 4404), (_weaken, 4403), (_remove, 4404)],
    ids=["grant", "role", "server"],
)
@pytest.mark.parametrize("announced", [True, False], ids=["by event", "by check"])
async def test_a_right_taken_away_ends_an_open_console(
    take: Callable[[str], None], code: int, announced: bool, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "CHECK_S", 3600 if announced else 0.2)
    token = await sync_to_async(given)(Verb.CONSOLE, server=server)
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        assert await socket.receive_nothing(timeout=0.3) or True
        if not announced:
            monkeypatch.setattr("accounts.revocation.get_channel_layer", _Deaf)

        await sync_to_async(take)(server)

        ended, _ = await end_of(socket, within_s=LIMIT_S)
    assert ended == code


class _Deaf:
    """A channel layer that loses what it is told: then the check alone has to find it."""

    async def group_send(self, group: str, message: Any) -> None:
        return


async def test_the_live_list_begins_anew_with_what_is_left(server: str) -> None:
    token = await sync_to_async(given)(Verb.VIEW, server=server)
    async with opened(f"/api/servers/live?token={token}") as socket:
        whole = await frame(socket, "servers")
        assert [item["id"] for item in whole["servers"]] == [server]

        await sync_to_async(_take)(server)

        assert (await frame(socket, "servers"))["servers"] == []


@pytest.mark.parametrize(
    "command", ["op x", "/op x", "//op x", "minecraft:op x", "/execute run op x", "function a:b", "return run op x"]
)
async def test_a_helper_gives_the_commands_of_the_role_alone(command: str, server: str) -> None:
    user = User(username="helga", access="granted")
    user.set_unusable_password()
    await user.asave()
    await sync_to_async(grants.add)(user.pk, WantedGrant("helper", server, 1))
    from accounts import tokens

    async with opened(f"/api/servers/{server}/console?token={tokens.issue(user)}") as socket:
        await socket.send_json_to({"type": "command", "command": command})
        said = (await frame(socket, "error"))["message"]
        assert "`say`" in said
        assert "not run" in said

        await socket.send_json_to({"type": "command", "command": "/minecraft:say hello"})
        refused = (await frame(socket, "error"))["message"]  # the server is down: it was tried
    assert "`say`" not in refused
    tried = [event.request_body async for event in AuditEvent.objects.filter(method="COMMAND")]
    assert [body["command"] for body in tried if body] == ["/minecraft:say hello"]


def test_the_console_is_the_only_socket_of_a_server_in_its_address() -> None:
    of_server = [address for address, need in SOCKETS.items() if isinstance(need, Need) and need.where is Where.ADDRESS]

    assert of_server == ["/servers/{id}/console"]  # a new one needs a row in the tests above
