"""From a bearer token to the identity it stands for, for HTTP and sockets alike."""

import hmac

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import tokens, user_cache
from accounts.identity import Identity, SystemUser
from accounts.tokens import TokenRefused
from core.connections import mark_known
from core.errors import Unavailable

SCHEME = "Bearer"
WITHHELD = "mcadmin.withheld_body"  # in an ASGI scope: the body was not read, because nobody proved an account


def authenticate_token(token: str) -> Identity:
    """Return whom ``token`` stands for: the master token's SYSTEM, or a user as the database has them now.

    Raises:
        TokenRefused: nobody, or somebody who was deleted, disabled or signed out since.
    """
    if is_master_token(token):
        return SystemUser()
    claims = tokens.read(token)
    user = user_cache.load(claims.user_id)
    if user is None or not user.is_active:
        raise TokenRefused("This account does not exist or is disabled; ask an owner.")
    if tokens.is_ended(claims, user=user):
        raise TokenRefused("You were signed out; sign in again.")
    return user


def is_master_token(token: str) -> bool:
    """Compare with the master token in a time that tells nothing about it; an empty one is switched off."""
    master: str = settings.MC_ADMIN.master_token
    same = hmac.compare_digest(_bytes(token), _bytes(master))
    return bool(master) and same


def read_bearer(header: str) -> str:
    """Return the token of an ``Authorization`` header as Django holds it (bytes read as Latin-1).

    Raises:
        TokenRefused: another scheme, no token, or more than one word.
    """
    words = _as_sent(header).split()
    if len(words) != 2 or words[0].lower() != SCHEME.lower():
        raise TokenRefused("The Authorization header must be: Bearer <token>.")
    return words[1]


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer <JWT or master token>``; no header leaves the decision to the permission."""

    def authenticate(self, request: Request) -> tuple[Identity, str] | None:
        """Return the identity and the scheme's name; the token itself is not passed on."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        try:
            user = authenticate_token(read_bearer(header))
        except TokenRefused as error:
            raise AuthenticationFailed(str(error), error.code) from None
        _note_known(request)
        return user, SCHEME

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Make DRF answer 401 and not 403: only that sends the page to its login."""
        return SCHEME


class AnySchemeAuthentication(TokenAuthentication):
    """The same with any first word: the bots that verify login codes were never asked for ``Bearer``."""

    def authenticate(self, request: Request) -> tuple[Identity, str] | None:
        """Read the second word of the header, whatever the first is."""
        words = request.META.get("HTTP_AUTHORIZATION", "").split()
        if len(words) == 2:
            request.META["HTTP_AUTHORIZATION"] = f"{SCHEME} {words[1]}"
        return super().authenticate(request)


class BodyWithheld(Unavailable):
    """The caller was nobody when the request began, and is somebody now."""

    code = "try_again"


def is_somebody(header: str) -> bool:
    """Tell whether an ``Authorization`` header, whatever its first word, holds a token that lets somebody in."""
    words = _as_sent(header).split()
    try:
        return len(words) == 2 and authenticate_token(words[1]) is not None
    except TokenRefused:
        return False


def _note_known(request: Request) -> None:
    """Tell the connection that it is somebody's; raises BodyWithheld where a view would take none for an empty one."""
    scope = getattr(request._request, "scope", None)  # noqa: SLF001 - DRF has no other way to it
    if scope is None:
        return
    mark_known(scope)
    if scope.get(WITHHELD) and request.method in {"POST", "PUT", "PATCH", "DELETE"}:
        raise BodyWithheld("Your sign-in was checked while something else changed. Send the request again.")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _as_sent(header: str) -> str:
    """Undo the Latin-1 of WSGI and ASGI headers: tokens are UTF-8."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except ValueError:
        return header
