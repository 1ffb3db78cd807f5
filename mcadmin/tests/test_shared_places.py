"""One user who opens every socket there is room for keeps nobody out: whoever has most makes room."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.testing import WebsocketCommunicator

from accounts import keys, tokens
from accounts.models import User, UserRole
from accounts.rights.verbs import Verb
from mcadmin.tests.test_rights_by_verb import given
from mcadmin.tests.test_rights_of_sockets import OBJECTS, opened
from servers.consumers import console, live, operation
from web import sockets
from web.rate_limit import FairPlaces

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("fake", "quick_hashes")]

LIMIT = 4
# Each socket that has few places: its address, whose places are limited, and by what.
SHARED: dict[str, tuple[str, Any, str]] = {
    "the live list": ("/api/servers/live", live, "viewers"),
    "a console": ("/api/servers/{id}/console", console, "_of_server"),
    "consoles of an address": ("/api/servers/{id}/console", console, "_of_address"),
    "an operation": ("/api/operations/{id}", operation, "_of_operation"),
    "operations of an address": ("/api/operations/{id}", operation, "_of_address"),
}


def _owner() -> str:
    user = User(username="olga", role=UserRole.OWNER)
    user.set_unusable_password()
    user.save()
    return tokens.issue(user)


def _key_of_viewer(server: str) -> str:
    wanted = keys.WantedKey(name="k", verbs=["view", "console"], servers=[server])
    return keys.begin(User.objects.exclude(username="olga").get(), wanted)[1]


async def closed(socket: WebsocketCommunicator) -> tuple[str, int]:
    """The last words of a socket, and its close code."""
    last = ""
    while (output := await socket.receive_output(timeout=10))["type"] != "websocket.close":
        last = json.loads(output["text"]).get("message", "")
    return last, output["code"]


def holders(places: FairPlaces) -> Counter[Any]:
    return Counter(whose for key in places._taken.values() for whose, _ in key.values())


async def until(places: FairPlaces, wanted: dict[int, int]) -> None:
    async with asyncio.timeout(10):
        while holders(places) != wanted:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("what", SHARED)
async def test_one_user_keeps_nobody_out(what: str, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "HOLD_S", 0.01)
    address, module, name = SHARED[what]
    monkeypatch.setattr(module, name, places := FairPlaces(LIMIT))
    token = await sync_to_async(given)(Verb.VIEW, Verb.CONSOLE, server=server)
    gina = (await User.objects.aget()).pk
    tokens_of_gina = [token, await sync_to_async(_key_of_viewer)(server)]
    token_of_olga = await sync_to_async(_owner)()
    olga = (await User.objects.aget(username="olga")).pk
    about = await sync_to_async(OBJECTS["/api/operations/"])(server) if "operation" in address else {"id": server}
    path = address.replace("{id}", about["id"])
    async with AsyncExitStack() as stack:
        found = []
        for number in range(LIMIT):
            found.append(await stack.enter_async_context(opened(f"{path}?token={tokens_of_gina[number % 2]}")))
            await until(places, {gina: number + 1})

        await stack.enter_async_context(opened(f"{path}?token={token_of_olga}"))

        await until(places, {gina: LIMIT - 1, olga: 1})
        message, code = await closed(found[0])
        assert (message[:21], code) == ("All places were taken", 4429)
        again = await stack.enter_async_context(opened(f"{path}?token={token}"))
        message, code = await closed(again)
        assert (message.split()[0], code) == (str(LIMIT), 4429)
        assert holders(places) == {gina: LIMIT - 1, olga: 1}
    assert places.is_empty
