"""Who opens a WebSocket: a browser cannot set headers there, so the token comes in other ways."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from django.conf import settings
from django.http.request import split_domain_port, validate_host

from accounts.authentication import authenticate_session, authenticate_token
from accounts.identity import Identity
from accounts.session_cookie import session_key
from accounts.throttles import TooManyTries
from accounts.tokens import TokenRefused
from core.connections import mark_known
from web import client_address

SUBPROTOCOL = "bearer"
MAX_PARAMETERS = 100  # of an address; with more, none is read


async def authenticate_socket(scope: Mapping[str, Any]) -> tuple[Identity | None, str | None]:
    """Return the user of ``?token=``, else of the subprotocols ``bearer, <token>``, and the subprotocol to accept.

    Without a token, the session of a page of our own counts. The user is None when nothing of it lets anybody in. Call
    it again with the same scope to learn whether the socket is still welcome.
    """
    token, subprotocol = read_token(scope)
    user: Identity | None = None
    if token:
        with suppress(TokenRefused, TooManyTries):
            user = await database_sync_to_async(authenticate_token)(token, address=client_address.of_scope(scope))
    elif subprotocol is None and (key := own_session_key(scope)):
        user = await database_sync_to_async(authenticate_session)(key)
    if user is None:
        return None, subprotocol
    mark_known(scope, account=str(user.pk))
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


def own_session_key(scope: Mapping[str, Any]) -> str:
    """Return the key of the session's cookie when a page of our own opens the socket, else "".

    Browsers send the cookie along for every page, and say in ``Origin`` whose it is; ``cors_origins`` do not count.
    """
    headers: dict[bytes, bytes] = dict(scope.get("headers", []))
    host, is_secure = headers.get(b"host", b"").decode("latin-1"), scope.get("scheme") == "wss"
    if headers.get(b"origin", b"").decode("latin-1") != f"{'https' if is_secure else 'http'}://{host}":
        return ""
    if not validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS):
        return ""
    return session_key(headers, is_secure=is_secure)
