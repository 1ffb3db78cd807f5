"""Sign-ins: sessions and tokens, by whom and from where; each can be ended by itself.

A session is the cookie of Django's sessions, which the page and the admin site share. A request by cookie does not read
Django's row: it finds its ``SignIn`` by the hash of the session's key, from the cache of ``user_cache``.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib import auth
from django.contrib.sessions.backends.db import SessionStore
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts import revocation, tokens, user_cache, users
from accounts.models import SignIn, SignInMethod, User
from accounts.user_cache import SignedIn
from core.errors import NotFound
from web.client_address import of_request

BACKEND = "django.contrib.auth.backends.ModelBackend"  # reads the session's user; it is never asked for a password
KEPT_FOR = timedelta(days=30)  # a session that outlives the browser, counted anew from each day on which it is used
SESSION_FOR = timedelta(days=14)  # any other one, as far as the browser stays open
RENEWED_AFTER = timedelta(days=1)
MOST_OF_ONE = 200  # rows of a user; older tokens stay good, but are listed no more
MAX_AGENT = 200
_METHOD = "mcadmin.sign_in_method"  # in META: no header can have this name there


class SignInNotFound(NotFound):
    """The user has no such sign-in."""

    code = "session_not_found"


@dataclass(frozen=True)
class Proof:
    """By what a request proves who makes it: a session or a token; ``request.auth`` of a view."""

    key_hash: str
    sign_in_id: int | None  # None: nothing is stored of it
    issued_at: datetime
    expires_at: datetime
    is_session: bool
    is_key: bool = False


def hash_of(key: str) -> str:
    """Return what is stored of a session's key or a token's ``jti``."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def find_session(key: str) -> SignedIn | None:
    """Return who comes by the session of that key; None where it lets nobody in (any more)."""
    found = user_cache.load_session(hash_of(key)) or _adopt(key)
    return found if found is not None and found.is_good() else None


def proof_of_session(found: SignedIn, *, key: str) -> Proof:
    """Return what a request by that session is proved by."""
    stored = found.sign_in
    if stored is None:
        raise ValueError("a session has a row")
    return Proof(hash_of(key), stored.id, stored.issued_at, stored.expires_at, is_session=True)


def begin_session(request: HttpRequest, user: User, *, is_kept: bool) -> None:
    """Sign ``user`` in by a new session, whose cookie goes out with the answer; the one before it ends."""
    auth.logout(request)
    request.session.set_expiry(int(KEPT_FOR.total_seconds()) if is_kept else 0)
    request.META[_METHOD] = SignInMethod.PAGE
    auth.login(request, user, BACKEND)


def begin_token(request: HttpRequest, user: User, *, method: SignInMethod) -> str:
    """Issue a token for ``user``, listed among their sign-ins."""
    token, claims = tokens.issue_with_claims(user)
    _store(
        request, user, SignIn(
            key_hash=hash_of(claims.jti), method=method, issued_at=claims.issued_at, expires_at=claims.expires_at
        ),
    )
    return token


def session_begun(*, request: HttpRequest, user: User, **_: Any) -> None:
    """Receive Django's signal that somebody has signed in by session, on the page or on the admin site."""
    session = request.session
    if session.session_key is None:  # Django emptied another user's session, and gives a key when it saves
        session.create()
    key = str(session.session_key)
    is_kept = not session.get_expire_at_browser_close()
    method = request.META.get(_METHOD, SignInMethod.ADMIN_SITE)
    if method == SignInMethod.ADMIN_SITE:
        is_kept = False
        session.set_expiry(0)
    _store(
        request, user, SignIn(
            key_hash=hash_of(key), is_session=True, session_key=key,
            method=method, is_kept=is_kept,
            issued_at=user.earliest_issue(), expires_at=timezone.now() + (KEPT_FOR if is_kept else SESSION_FOR),
        ),
    )


def session_ended(*, request: HttpRequest, **_: Any) -> None:
    """Receive Django's signal that somebody signs out; it deletes the session next."""
    if (key := request.session.session_key) is not None:
        _end(SignIn.objects.filter(key_hash=hash_of(key)))


def renew_cookie(request: HttpRequest, signed_in: SignedIn) -> None:
    """Have a session that outlives the browser count its days from now, at most once a day."""
    stored = signed_in.sign_in
    if stored is None or not stored.is_kept or stored.expires_at - timezone.now() > KEPT_FOR - RENEWED_AFTER:
        return
    request.session.set_expiry(int(KEPT_FOR.total_seconds()))  # a change: Django stores it and sends the cookie anew
    SignIn.objects.filter(pk=stored.id).update(expires_at=timezone.now() + KEPT_FOR)
    user_cache.forget(signed_in.user.pk)


def listed(user: User) -> QuerySet[SignIn]:
    """Return the sign-ins of ``user`` that are good, the latest first."""
    return good(SignIn.objects.filter(user=user))


def good(rows: QuerySet[SignIn]) -> QuerySet[SignIn]:
    """Return those of ``rows`` by which somebody can still come."""
    is_of_now = Q(user__tokens_valid_after=None) | Q(issued_at__gt=F("user__tokens_valid_after"))
    return rows.filter(is_of_now, ended_at=None, expires_at__gt=timezone.now(), user__is_active=True)


def end(sign_in_id: int, *, user: User) -> None:
    """End one sign-in of ``user``, with its sockets.

    Raises:
        SignInNotFound: it is none of theirs, or has ended already.
    """
    if not _end(listed(user).filter(pk=sign_in_id)):
        raise SignInNotFound("This session was not found; it may have ended already.")


def end_own(proof: Proof, *, user: User) -> None:
    """End the token by which a request was made; of a session, Django's sign-out does it."""
    with transaction.atomic():
        _ensure_row(proof, user)
        _end(SignIn.objects.filter(key_hash=proof.key_hash))


def end_others(proof: Proof, *, user: User, request: HttpRequest) -> None:
    """End all sign-ins of ``user`` but the one that makes this request, listed or not."""
    with transaction.atomic():
        spare(proof, user=users.end_all_tokens(user.pk), request=request)


def spare(proof: Proof, *, user: User, request: HttpRequest) -> None:
    """Let the sign-in that makes this request go on after ``user.end_tokens``, alone; in its transaction."""
    _ensure_row(proof, user)
    SignIn.objects.filter(key_hash=proof.key_hash).update(issued_at=user.earliest_issue())
    if proof.is_session:
        request.session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()
    forget_ended(user)
    revocation.announce(user.pk)


def forget_ended(user: User) -> None:
    """Delete what nobody can come by any more; an ended token is known until it would have expired."""
    gone = Q(expires_at__lte=timezone.now()) | (Q(ended_at__isnull=False) & Q(is_session=True))
    if user.tokens_valid_after is not None:
        gone |= Q(issued_at__lte=user.tokens_valid_after)
    rows = SignIn.objects.filter(gone, user=user)
    _delete_sessions(rows)
    rows.delete()


def _store(request: HttpRequest, user: User, row: SignIn) -> None:
    now = timezone.now()
    row.user, row.began_at, row.last_seen_at = user, now, now.replace(second=0, microsecond=0)
    row.address = of_request(request) or ""
    row.agent = request.headers.get("User-Agent", "").replace("\0", "")[:MAX_AGENT]
    with transaction.atomic():
        forget_ended(user)
        row.save()
        tokens_of_user = SignIn.objects.filter(user=user, is_session=False, ended_at=None)
        kept = list(tokens_of_user.order_by("-began_at", "-id").values_list("pk", flat=True)[:MOST_OF_ONE])
        tokens_of_user.exclude(pk__in=kept).delete()


def _ensure_row(proof: Proof, user: User) -> None:
    now = timezone.now()
    SignIn.objects.get_or_create(
        key_hash=proof.key_hash,
        defaults={
            "user": user, "method": SignInMethod.TOKEN, "issued_at": proof.issued_at, "began_at": proof.issued_at,
            "last_seen_at": now.replace(second=0, microsecond=0), "expires_at": proof.expires_at,
        },
    )


def _end(rows: QuerySet[SignIn]) -> int:
    """End ``rows``; return how many there were."""
    _delete_sessions(rows)
    users_of_rows = set(rows.values_list("user_id", flat=True))
    count = rows.update(ended_at=timezone.now())
    for user_id in users_of_rows:
        revocation.announce(user_id)
    return count


def _delete_sessions(rows: QuerySet[SignIn]) -> None:
    keys = rows.filter(is_session=True).values_list("session_key", flat=True)
    for key in list(keys):
        SessionStore(key).delete()


def _adopt(key: str) -> SignedIn | None:
    """Take up a session that the admin site gave a new key, or began before sign-ins were listed."""
    request = HttpRequest()
    request.session = SessionStore(key)
    user = auth.get_user(request)
    if not isinstance(user, User) or request.session.session_key != key:
        return None
    now = timezone.now()
    SignIn.objects.get_or_create(
        key_hash=hash_of(key),
        defaults={
            "user": user, "is_session": True, "session_key": key, "method": SignInMethod.ADMIN_SITE,
            "issued_at": user.earliest_issue(), "began_at": now, "last_seen_at": now.replace(second=0, microsecond=0),
            "expires_at": request.session.get_expiry_date(),
        },
    )
    return user_cache.load(user.pk, key_hash=hash_of(key))
