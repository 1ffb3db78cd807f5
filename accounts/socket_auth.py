"""Who opens a WebSocket: a browser cannot set headers there, so the token comes in other ways."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async

from accounts.authentication import authenticate_token
from accounts.identity import Identity
from accounts.tokens import TokenRefused
from core.connections import mark_known

SUBPROTOCOL = "bearer"
MAX_PARAMETERS = 100  # of an address; with more, none is read


async def authenticate_socket(scope: Mapping[str, Any]) -> tuple[Identity | None, str | None]:
    """Return the user of ``?token=``, else of the subprotocols ``bearer, <token>``, and the subprotocol to accept.

    The user is None when there is no token or it lets nobody in. Call it again with the same scope to learn
    whether the socket is still welcome.
    """
    token, subprotocol = read_token(scope)
    if not token:
        return None, subprotocol
    try:
        user = await database_sync_to_async(authenticate_token)(token)
    except TokenRefused:
        return None, subprotocol
    mark_known(scope)
    return user, subprotocol


def read_token(scope: Mapping[str, Any]) -> tuple[str, str | None]:
    """Return the token ("" for none) and the subprotocol that the answer must name (None for none)."""
    try:
        query = parse_qs(scope.get("query_string", b"").decode("utf-8", "replace"), max_num_fields=MAX_PARAMETERS)
    except ValueError:
        query = {}
    offered = list(scope.get("subprotocols") or [])
    named = bool(offered) and offered[0].lower() == SUBPROTOCOL
    subprotocol = offered[0] if named else None
    if tokens := query.get("token"):
        return tokens[0], subprotocol
    return (offered[1] if named and len(offered) > 1 else ""), subprotocol
