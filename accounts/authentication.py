"""From a bearer token or a session to the identity it stands for, for HTTP and sockets alike."""

import copy
import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.authentication import BaseAuthentication, CSRFCheck
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts import key_use, last_seen, sign_ins, tokens, user_cache
from accounts.identity import Identity, SystemUser
from accounts.sign_ins import Proof
from accounts.tokens import TokenRefused
from accounts.user_cache import SignedIn
from core.connections import mark_known
from core.errors import Unavailable
from web.client_address import of_request

SCHEME = "Bearer"
WITHHELD = "mcadmin.withheld_body"  # in an ASGI scope: the body was not read, because nobody proved an account


def authenticate_token(token: str, *, address: str | None = None) -> Identity:
    """Return whom ``token`` stands for: the master token's SYSTEM, or a user as the database has them now.

    Raises:
        TokenRefused: nobody, or somebody who was deleted, disabled or signed out since.
        TooManyTries, CacheGone: a wrong key, from an ``address`` that has tried too many.
    """
    return _prove(token, address=address)[0]


def authenticate_session(key: str) -> Identity | None:
    """Return whom the session of that key stands for, as the database has them now; None for nobody."""
    found = _prove_session(key)
    return found.user if found is not None else None


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
    """``Authorization: Bearer <JWT, key or master token>``; no header leaves the decision to the permission."""

    def authenticate(self, request: Request) -> tuple[Identity, Proof | None] | None:
        """Return the identity, and what proves it (None: the master token); the token itself is not passed on."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        try:
            user, proof = _prove(read_bearer(header), address=of_request(request._request))  # noqa: SLF001 - DRF has no other way to it
        except TokenRefused as error:
            raise AuthenticationFailed(str(error), error.code) from None
        _note_known(request, user)
        return user, proof

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        """Make DRF answer 401 and not 403: only that sends the page to its login."""
        return SCHEME


class AnySchemeAuthentication(TokenAuthentication):
    """The same with any first word: the bots that verify login codes were never asked for ``Bearer``."""

    def authenticate(self, request: Request) -> tuple[Identity, Proof | None] | None:
        """Read the second word of the header, whatever the first is."""
        words = request.META.get("HTTP_AUTHORIZATION", "").split()
        if len(words) == 2:
            request.META["HTTP_AUTHORIZATION"] = f"{SCHEME} {words[1]}"
        return super().authenticate(request)


class SessionAuthentication(BaseAuthentication):
    """The session's cookie, which a browser sends by itself; so a change needs Django's CSRF token, too.

    A request with ``Authorization`` never gets here with its cookie. ``SessionOfOwnPages`` has taken the cookie off
    what pages of other origins send.
    """

    def authenticate(self, request: Request) -> tuple[Identity, Proof] | None:
        """Return the identity and the session, which goes on for another while if it shall outlive the browser."""
        key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
        if not key or "HTTP_AUTHORIZATION" in request.META or (found := _prove_session(key)) is None:
            return None
        _refuse_forged(request._request)  # noqa: SLF001 - DRF has no other way to it
        _note_known(request, found.user)
        sign_ins.renew_cookie(request._request, found)  # noqa: SLF001 - as above
        return found.user, sign_ins.proof_of_session(found, key=key)


class CsrfFailed(PermissionDenied):
    """A change by cookie that may be another page's idea."""

    default_code = "csrf_failed"
    default_detail = (
        "This change needs the header X-CSRFToken with the value `csrf` of GET /api/auth/session, "
        "and has to come from a page of this address. Load the page again."
    )


class BodyWithheld(Unavailable):
    """The caller was nobody when the request began, and is somebody now."""

    code = "try_again"


def is_somebody(header: str, *, address: str | None) -> bool:
    """Tell whether an ``Authorization`` header, whatever its first word, holds a token that lets somebody in.

    A wrong key is not counted here: the view meets it again.
    """
    words = _as_sent(header).split()
    try:
        return len(words) == 2 and _prove(words[1], address=address, counts=False)[0] is not None
    except TokenRefused:
        return False


def is_signed_in(request: HttpRequest) -> bool:
    """Tell whether a request comes from somebody who has an account, by token or session."""
    if header := request.META.get("HTTP_AUTHORIZATION", ""):
        return is_somebody(header, address=of_request(request))
    key = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return bool(key) and sign_ins.find_session(key) is not None


def _prove(token: str, *, address: str | None, counts: bool = True) -> tuple[Identity, Proof | None]:
    if is_master_token(token):
        return SystemUser(), None
    if key_use.is_key(token):
        return key_use.prove(token, address=address, counts=counts)
    claims = tokens.read(token)
    key_hash = sign_ins.hash_of(claims.jti)
    found = user_cache.load(claims.user_id, key_hash=key_hash)
    if found is None or not found.user.is_active:
        raise TokenRefused("This account does not exist or is disabled; ask an owner.")
    if not found.is_good(issued_at=claims.issued_at):
        raise TokenRefused("You were signed out; sign in again.")
    last_seen.note(found.user.pk, key_hash)
    stored_id = found.sign_in.id if found.sign_in is not None else None
    return found.user, Proof(key_hash, stored_id, claims.issued_at, claims.expires_at, is_session=False)


def _prove_session(key: str) -> SignedIn | None:
    found = sign_ins.find_session(key)
    if found is not None:
        last_seen.note(found.user.pk, sign_ins.hash_of(key))
    return found


def _refuse_forged(request: HttpRequest) -> None:
    """Ask Django's check of ``Origin`` and of the token in the header.

    It would look into the form of a POST first, and so read a body that is the view's: it is shown another method.

    Raises:
        CsrfFailed.
    """
    shown = copy.copy(request)
    if shown.method == "POST":
        shown.method = "PUT"
    check = CSRFCheck(lambda _: HttpResponse())
    check.process_request(shown)
    if check.process_view(shown, None, (), {}):  # type: ignore[arg-type]  # DRF asks it the same way
        raise CsrfFailed


def _note_known(request: Request, user: Identity) -> None:
    """Tell the connection that it is somebody's; raises BodyWithheld where a view would take none for an empty one."""
    scope = getattr(request._request, "scope", None)  # noqa: SLF001 - DRF has no other way to it
    if scope is None:
        return
    mark_known(scope, account=str(user.pk))
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
