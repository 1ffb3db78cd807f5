"""A request by an API key: whose it is, what it may at most, from where; by the two-second cache of users."""

import re
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from django.core.cache import cache
from django.db.models import F
from django.utils import timezone

from accounts import keys, last_seen, throttles, user_cache
from accounts.models import User
from accounts.rights.loading import GRANT_FIELDS, counting, made_of, rights_of
from accounts.rights.rights import Limit
from accounts.rights.verbs import with_view
from accounts.shared_cache import CacheGone, reaching_it
from accounts.sign_ins import Proof
from accounts.tokens import TokenRefused
from core.connections import address_group

_TOKEN = re.compile(r"mca_[a-z0-9]{8}_[A-Za-z0-9_-]{43}")
_OWNER_LIFE_S = 3600  # how long it is known whose key it is, which never changes
_INSTANTS = ("created_at", "expires_at", "ended_at")
_FIELDS = ("id", "prefix", "verbs", "servers", "may_create", "networks", *_INSTANTS)


@dataclass(frozen=True)
class StoredKey:
    """What the database has about a key; see ``accounts.models.Key``."""

    id: int
    prefix: str
    verbs: list[str]
    servers: list[str]
    may_create: bool
    networks: list[str]
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None

    def limit(self) -> Limit:
        """Return what it may at most."""
        return Limit(with_view(self.verbs), tuple(self.servers), may_create=self.may_create)

    def admits(self, address: str | None) -> bool:
        """Tell whether it may be used from there; None is a Unix socket, which is in no network."""
        if not self.networks:
            return True
        return address is not None and any(ip_address(address) in ip_network(one) for one in self.networks)


def is_key(token: str) -> bool:
    """Tell whether it claims to be a key, right or wrong."""
    return token.startswith(keys.SCHEME)


def prove(token: str, *, address: str | None, counts: bool) -> tuple[User, Proof]:
    """Return the key's owner as stored now, with the rights of both, and what proves it.

    Args:
        token: of which ``is_key`` is true.
        address: where the request comes from.
        counts: whether a wrong key takes a place among the sign-ins of the address.

    Raises:
        TokenRefused: it is wrong, has ended or expired, its owner is disabled, or the address is in none of its
            networks.
        throttles.TooManyTries, CacheGone: wrong keys came from there too often.
    """
    key_hash = keys.hash_of(token)
    found = _load(key_hash) if _TOKEN.fullmatch(token) else None
    if found is None:
        if counts:
            throttles.count_try(throttles.WRONG_KEYS, address_group(address or ""))
        raise TokenRefused("This key is not known. Make another one.")
    user, key = found
    if key.ended_at is not None or key.expires_at <= timezone.now():
        raise TokenRefused("This key has ended or expired. Make another one.")
    if not user.is_active:
        raise TokenRefused("This account does not exist or is disabled; ask an owner.")
    if not key.admits(address):
        raise TokenRefused(f"This key may not be used from {address or 'here'}; it names the networks it is for.")
    user.rights, user.key_prefix = rights_of(user).limited(key.limit()), key.prefix
    last_seen.note_key(key.id, address or "")
    return user, Proof(key_hash, None, key.created_at, key.expires_at, is_session=False, is_key=True)


def _load(key_hash: str) -> tuple[User, StoredKey] | None:
    """Return owner and key as the database had them at most ``user_cache.LIFE_S`` ago, never as before a change.

    The mark is the owner's, and has to be read before the row: so the first use of a key is not kept, only whose it is.
    """
    owner_key, value_key = f"accounts.key_owner.{key_hash}", f"accounts.key.{key_hash}"
    try:
        with reaching_it():
            known = cache.get_many([owner_key, value_key])
            mark = None
            if (owner := known.get(owner_key)) is not None:
                mark = cache.get(user_cache.mark_key(owner), "")
    except CacheGone:
        return _read(key_hash)
    value = known.get(value_key)
    if value is not None and mark is not None and value["mark"] == mark:
        return user_cache.user_of(value), StoredKey(**user_cache.read_instants(value["key"], _INSTANTS))
    found = _read(key_hash)
    if found is not None:
        _keep(found, owner_key, value_key, mark)
    return found


def _keep(found: tuple[User, StoredKey], owner_key: str, value_key: str, mark: str | None) -> None:
    user, key = found
    try:
        with reaching_it():
            cache.set(owner_key, user.pk, _OWNER_LIFE_S)
            if mark is not None:
                value = user_cache.value_of(user) | {"mark": mark, "key": user_cache.plain(key, _FIELDS)}
                cache.set(value_key, value, user_cache.LIFE_S)
    except CacheGone:
        return


def _read(key_hash: str) -> tuple[User, StoredKey] | None:
    """Read both, and what the owner was given, in one query: a row for each grant."""
    stored = {f"key_{name}": F(f"keys__{name}") for name in _FIELDS if name != "prefix"}
    users = User.objects.defer("password").filter(keys__token_hash=key_hash)
    users = users.annotate(counting=counting()).annotate(**stored, stored_prefix=F("keys__prefix"), **GRANT_FIELDS)
    rows: list[Any] = list(users)
    if not rows:
        return None
    user = rows[0]
    user.rights = made_of(user, [vars(row) for row in rows])
    values = {name: getattr(user, f"key_{name}") for name in _FIELDS if name != "prefix"}
    return user, StoredKey(**values, prefix=user.stored_prefix)
