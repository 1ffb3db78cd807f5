"""API keys: tokens for programs, each with verbs, servers, networks and an end; shown once, stored hashed."""

import hashlib
import re
import secrets
import string
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts import revocation
from accounts.models import Key, User
from accounts.rights.verbs import Verb, in_order, with_view
from core.errors import Conflict, InvalidRequest, NotFound

SCHEME = "mca_"
CREATE = "create"  # a verb of the panel, beside those of servers
VERBS = [*Verb, CREATE]
MOST_OF_ONE = 50
DEFAULT_LIFE, LONGEST_LIFE = timedelta(days=90), timedelta(days=366)  # a year, in leap years too
NAME_MAX_LENGTH, MAX_SERVERS, MAX_NETWORKS = 50, 100, 20
KEPT_DEAD = 100  # ended and expired keys of a user that the list still tells of
BY_USER, BY_OWNER, NEW_PASSWORD = "ended by its user", "ended by an owner", "an owner set a new password"
_CHARACTERS = string.ascii_lowercase + string.digits
_SERVER = re.compile(r"[A-Za-z0-9*][A-Za-z0-9_.*-]{0,62}")


class KeyNotFound(NotFound):
    """No such key, or it has ended."""

    code = "key_not_found"


class TooManyKeys(Conflict):
    """The user has MOST_OF_ONE that are good."""

    code = "too_many_keys"


@dataclass(frozen=True)
class WantedKey:
    """What a key shall be: ``verbs`` may hold ``create``; no ``expires_at``: in DEFAULT_LIFE; no networks: anywhere."""

    name: str
    verbs: Iterable[str]
    servers: Iterable[str] = ()
    networks: Iterable[str] = ()
    expires_at: datetime | None = None


def hash_of(token: str) -> str:
    """Return what is stored of a key's token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def begin(user: User, wanted: WantedKey) -> tuple[Key, str]:
    """Store a key of ``user``; return it, and its token, which nobody can learn again.

    Raises:
        InvalidRequest: something about it is wrong; by field.
        TooManyKeys: they have MOST_OF_ONE that are good.
    """
    prefix = "".join(secrets.choice(_CHARACTERS) for _ in range(8))
    token = f"{SCHEME}{prefix}_{secrets.token_urlsafe(32)}"
    row = Key(user=user, prefix=prefix, token_hash=hash_of(token), created_at=timezone.now())
    _describe(row, wanted)
    with transaction.atomic():
        _lock(user.pk)
        if good(Key.objects.filter(user_id=user.pk)).count() >= MOST_OF_ONE:
            raise TooManyKeys(f"A user has at most {MOST_OF_ONE} keys. End one that is not needed.")
        _forget_dead(user.pk)
        row.save()
    return row, token


def listed(user: User) -> QuerySet[Key]:
    """Return the keys of ``user``, the latest first, also those that have ended lately."""
    return Key.objects.filter(user=user)


def good(rows: QuerySet[Key]) -> QuerySet[Key]:
    """Return those of ``rows`` that have neither ended nor expired."""
    return rows.filter(ended_at=None, expires_at__gt=timezone.now())


def end(key_id: int, *, why: str, user: User | None = None) -> Key:
    """End a key (None: of any user), with its sockets; return it.

    Raises:
        KeyNotFound: there is none, or it has ended already.
    """
    rows = good(Key.objects.filter(pk=key_id) if user is None else Key.objects.filter(pk=key_id, user=user))
    with transaction.atomic():
        if not rows.update(ended_at=timezone.now(), ended_why=why):
            raise KeyNotFound("This key was not found; it may have ended already.")
        found = Key.objects.select_related("user").get(pk=key_id)
        revocation.announce(found.user_id)
    return found


def end_all_of(user_id: int, *, why: str) -> int:
    """End all keys of a user, with their sockets; return how many there were."""
    with transaction.atomic():
        count = good(Key.objects.filter(user_id=user_id)).update(ended_at=timezone.now(), ended_why=why)
        revocation.announce(user_id)
    return count


def _describe(row: Key, wanted: WantedKey) -> None:
    verbs = list(wanted.verbs)
    row.name = _name(wanted.name)
    row.may_create = CREATE in verbs
    row.verbs = _verbs(verbs)
    row.servers = _servers(wanted.servers, are_needed=bool(row.verbs))
    row.networks = _networks(wanted.networks)
    row.expires_at = row.created_at + DEFAULT_LIFE if wanted.expires_at is None else wanted.expires_at
    if not row.created_at < row.expires_at <= row.created_at + LONGEST_LIFE:
        raise _wrong("expires_at", "A key ends within a year from now.")


def _name(name: str) -> str:
    if not 1 <= len(name) <= NAME_MAX_LENGTH or not name.isprintable() or name != name.strip():
        raise _wrong("name", f"A key has a name of 1 to {NAME_MAX_LENGTH} characters, without line breaks.")
    return name


def _verbs(verbs: list[str]) -> list[str]:
    if unknown := [verb for verb in verbs if verb not in set(VERBS)]:
        raise _wrong("verbs", f"There is no verb {unknown[0]!r:.50}. There are: {', '.join(VERBS)}.")
    if not verbs:
        raise _wrong("verbs", f"A key needs at least one verb of: {', '.join(VERBS)}.")
    return [str(verb) for verb in in_order(with_view(verb for verb in verbs if verb != CREATE))]


def _servers(servers: Iterable[str], *, are_needed: bool) -> list[str]:
    found = sorted(set(servers))
    if are_needed and not found:
        raise _wrong("servers", "Name the servers: ids, or patterns such as `lobby-*`; `*` for all.")
    if len(found) > MAX_SERVERS or not all(_SERVER.fullmatch(one) for one in found):
        raise _wrong("servers", f"Servers are at most {MAX_SERVERS} ids, or patterns with `*` for any characters.")
    return found


def _networks(networks: Iterable[str]) -> list[str]:
    try:
        found = sorted({str(ip_network(one.strip(), strict=False)) for one in networks})
    except ValueError:
        raise _wrong("networks", "A network is an address or a range, such as `192.0.2.0/24`.") from None
    if len(found) > MAX_NETWORKS:
        raise _wrong("networks", f"A key has at most {MAX_NETWORKS} networks.")
    return found


def _wrong(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", errors={field: [message]})


def _lock(user_id: int) -> None:
    """Let nobody else make a key of the user until the transaction ends."""
    if User.objects.select_for_update().filter(pk=user_id).first() is None:
        raise KeyNotFound("The user was not found; it may have been deleted.")


def _forget_dead(user_id: int) -> None:
    dead = Key.objects.filter(Q(ended_at__isnull=False) | Q(expires_at__lte=timezone.now()), user_id=user_id)
    kept = list(dead.order_by("-created_at", "-id").values_list("pk", flat=True)[:KEPT_DEAD])
    dead.exclude(pk__in=kept).delete()
