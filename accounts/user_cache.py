"""Load a user, their rights and the sign-in by which they come, for each request: from a cache of two seconds.

Every change of the user empties it. A value is good only while its mark is the present one. ``forget`` sets a new mark,
so a value that was read from the database before a change and is put into the cache after it is never used.
"""

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db.models import F, FilteredRelation, Q
from django.utils import timezone

from accounts.models import SignIn, User
from accounts.rights.loading import GRANT_FIELDS, counting, made_of, rights_of
from accounts.rights.rights import as_json, from_json
from accounts.shared_cache import CacheGone, reaching_it

logger = logging.getLogger(__name__)

LIFE_S = 2
_MARK_LIFE_S = 60  # any time much longer than LIFE_S
_INSTANTS = ("created_at", "tokens_valid_after", "last_seen_at")
# In the model's order. Not the password: Redis has no use for it.
_FIELDS = ("id", "username", "role", "is_active", *_INSTANTS, "access", "may_create")
_SIGN_IN_INSTANTS = ("issued_at", "expires_at", "ended_at")
_SIGN_IN_FIELDS = ("id", "is_session", "is_kept", *_SIGN_IN_INSTANTS)


@dataclass(frozen=True)
class StoredSignIn:
    """What the database has about a sign-in."""

    id: int
    is_session: bool
    is_kept: bool  # a session that goes on when the browser is closed
    issued_at: datetime
    expires_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class SignedIn:
    """A user, and the stored sign-in by which they come (None: nothing is stored of it)."""

    user: User
    sign_in: StoredSignIn | None

    def is_good(self, *, issued_at: datetime | None = None) -> bool:
        """Tell whether it still lets its user in; ``issued_at`` is what a token says of itself."""
        if not self.user.is_active:
            return False
        if self.sign_in is not None:
            if self.sign_in.ended_at is not None or self.sign_in.expires_at <= timezone.now():
                return False
            issued_at = self.sign_in.issued_at
        after = self.user.tokens_valid_after
        return issued_at is not None and (after is None or issued_at > after)


def load(user_id: int, *, key_hash: str) -> SignedIn | None:
    """Return the user, and their sign-in of that key, as the database had them at most LIFE_S ago.

    Never as before a change that is through. The password is deferred: asking for it asks the database.
    """
    mark_at, value_at = mark_key(user_id), _value_key(key_hash)
    try:
        with reaching_it():
            found = cache.get_many([mark_at, value_at])
    except CacheGone:
        return _read(user_id, key_hash)
    mark, value = found.get(mark_at, ""), found.get(value_at)
    if value is not None and (value["mark"], value["user"]["id"]) == (mark, user_id):
        return _caller(value)
    caller = _read(user_id, key_hash)
    if caller is not None:
        _keep(caller, value_at, mark)
    return caller


def load_session(key_hash: str) -> SignedIn | None:
    """Return whose the session of that key is, as ``load``; None where no sign-in has that key."""
    try:
        with reaching_it():
            value = cache.get(_value_key(key_hash))
    except CacheGone:
        value = None
    if value is not None:
        return load(value["user"]["id"], key_hash=key_hash)
    user_id = SignIn.objects.filter(key_hash=key_hash).values_list("user_id", flat=True).first()
    return None if user_id is None else load(user_id, key_hash=key_hash)


def forget(user_id: int) -> None:
    """Make every process ask the database for this user and their sign-ins again."""
    try:
        with reaching_it():
            cache.set(mark_key(user_id), uuid.uuid4().hex, _MARK_LIFE_S)
    except CacheGone as error:
        logger.warning("A changed user may be known as before for %s s: %s", LIFE_S, error)


def _read(user_id: int, key_hash: str) -> SignedIn | None:
    """Read both, and what the user was given, in one query: a row for each grant."""
    mine = FilteredRelation("sign_ins", condition=Q(sign_ins__key_hash=key_hash))
    stored = {f"sign_in_{name}": F(f"mine__{name}") for name in _SIGN_IN_FIELDS}
    users = User.objects.defer("password").annotate(mine=mine, counting=counting()).annotate(**stored, **GRANT_FIELDS)
    rows: list[Any] = list(users.filter(pk=user_id))
    if not rows:
        return None
    user = rows[0]
    user.rights = made_of(user, [vars(row) for row in rows])
    values = {name: getattr(user, f"sign_in_{name}") for name in _SIGN_IN_FIELDS}
    return SignedIn(user, None if values["id"] is None else StoredSignIn(**values))


def _keep(caller: SignedIn, key: str, mark: str) -> None:
    sign_in = caller.sign_in and plain(caller.sign_in, _SIGN_IN_FIELDS)
    try:
        with reaching_it():
            value = value_of(caller.user) | {"mark": mark, "sign_in": sign_in}
            cache.set(key, value, LIFE_S)
    except CacheGone:
        return


def value_of(user: User) -> dict[str, Any]:
    """Return a user with their rights as the cache has them."""
    return {"user": plain(user, _FIELDS), "rights": as_json(rights_of(user))}


def user_of(value: dict[str, Any]) -> User:
    """Return the user that ``value_of`` was given; each call makes another object."""
    fields = read_instants(value["user"], _INSTANTS)
    user = User.from_db(None, list(_FIELDS), [fields[name] for name in _FIELDS])
    user.rights = from_json(value["rights"])
    return user


def _caller(value: dict[str, Any]) -> SignedIn:
    stored = value["sign_in"]
    return SignedIn(user_of(value), stored and StoredSignIn(**read_instants(stored, _SIGN_IN_INSTANTS)))


def plain(row: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """Return fields of a row as JSON has them."""
    values = {name: getattr(row, name) for name in names}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def read_instants(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    """Return what ``plain`` was given, ``names`` being its instants."""
    return fields | {name: fields[name] and datetime.fromisoformat(fields[name]) for name in names}


def mark_key(user_id: int) -> str:
    """Return where the mark of a user lies: what is kept with another one than the present counts no more."""
    return f"accounts.user.{user_id}.mark"


def _value_key(key_hash: str) -> str:
    return f"accounts.sign_in.{key_hash}"
