"""When each user and sign-in was last seen, to the minute: noted in memory, stored together once a minute.

So a request writes nothing. What a killed process had not stored yet is lost, which is a minute at most.
"""

from collections import defaultdict
from datetime import UTC, datetime

from channels.db import database_sync_to_async
from django.db.models import Q

from accounts.models import Key, SignIn, User
from core.periodic import Periodic

STORE_S = 60.0

_seen: dict[tuple[int, str], datetime] = {}  # by user and hash of the sign-in's key

_used: dict[int, tuple[datetime, str]] = {}  # by key: when, and from where


def note_key(key_id: int, address: str) -> None:
    """Note that the key was used now. From any thread."""
    _used[key_id] = datetime.now(UTC).replace(second=0, microsecond=0), address


def note(user_id: int, key_hash: str) -> None:
    """Note that the user has come by that sign-in now. From any thread."""
    _seen[user_id, key_hash] = datetime.now(UTC).replace(second=0, microsecond=0)


def store() -> None:
    """Store what was noted since the last call."""
    noted = {pair: _seen.pop(pair) for pair in list(_seen)}
    by_minute: defaultdict[datetime, set[tuple[int, str]]] = defaultdict(set)
    for pair, minute in noted.items():
        by_minute[minute].add(pair)
    for minute, pairs in sorted(by_minute.items()):
        earlier = Q(last_seen_at=None) | Q(last_seen_at__lt=minute)
        User.objects.filter(earlier, pk__in={user_id for user_id, _ in pairs}).update(last_seen_at=minute)
        SignIn.objects.filter(earlier, key_hash__in={key_hash for _, key_hash in pairs}).update(last_seen_at=minute)
    for key_id in list(_used):
        minute, address = _used.pop(key_id)
        Key.objects.filter(pk=key_id).update(last_used_at=minute, last_address=address)


def keeper() -> Periodic:
    """Return the task that stores what was noted."""

    async def work() -> None:
        await database_sync_to_async(store)()

    return Periodic("last seen", work, STORE_S, first_s=STORE_S)
