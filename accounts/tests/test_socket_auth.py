from typing import Any
from urllib.parse import quote

import pytest
from channels.db import database_sync_to_async
from django.conf import LazySettings, settings

from accounts import tokens
from accounts.identity import SystemUser
from accounts.models import User
from accounts.socket_auth import authenticate_socket
from accounts.tests.conftest import PASSWORD

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quick_hashes")]


async def sign_up() -> tuple[User, str]:
    user: User = await database_sync_to_async(User.objects.create_user)("alice", PASSWORD)
    return user, tokens.issue(user)


def scope(query: str = "", *subprotocols: str) -> dict[str, Any]:
    return {"type": "websocket", "query_string": query.encode(), "subprotocols": list(subprotocols)}


async def test_token_in_the_query() -> None:
    user, token = await sign_up()

    assert await authenticate_socket(scope(f"a=1&token={token}")) == (user, None)


async def test_token_as_subprotocol() -> None:
    user, token = await sign_up()

    assert await authenticate_socket(scope("", "bearer", token)) == (user, "bearer")
    assert await authenticate_socket(scope("", "bearer", token, "other")) == (user, "bearer")


async def test_master_token_is_url_decoded(settings: LazySettings) -> None:
    master = "m+ster token/ü&%-0123"
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"master_token": master})

    user, _ = await authenticate_socket(scope(f"token={quote(master, safe='')}"))

    assert isinstance(user, SystemUser)


@pytest.mark.parametrize(
    ("query", "subprotocols"),
    [("", []), ("token=", []), ("token=%ff%00", []), ("token=a.b.c", []), ("", ["bearer"]), ("", ["other", "x"]),
     ("", ["bearer", "x", "y"]), ("Token=x", [])],
)
async def test_no_or_a_bad_token_is_nobody(query: str, subprotocols: list[str]) -> None:
    user, accepted = await authenticate_socket(scope(query, *subprotocols))

    assert user is None
    assert accepted == ("bearer" if subprotocols[:1] == ["bearer"] else None)


async def test_asking_again_notices_a_revocation() -> None:
    user, token = await sign_up()
    socket = scope(f"token={token}")
    assert (await authenticate_socket(socket))[0] == user

    user.end_tokens()
    await user.asave()

    assert (await authenticate_socket(socket))[0] is None


async def test_master_token_as_subprotocol() -> None:
    user, accepted = await authenticate_socket(scope("", "bearer", settings.MC_ADMIN.master_token))

    assert (isinstance(user, SystemUser), accepted) == (True, "bearer")
