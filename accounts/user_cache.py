"""Load a user for each request: from a cache of two seconds that every change of the user empties.

A value is good only while its mark is the present one. ``forget`` sets a new mark, so a value that was read from the
database before a change and is put into the cache after it is never used.
"""

import logging
import uuid
from datetime import datetime
from typing import Any

from django.core.cache import cache

from accounts.models import User
from accounts.shared_cache import CacheGone, reaching_it

logger = logging.getLogger(__name__)

LIFE_S = 2
_MARK_LIFE_S = 60  # any time much longer than LIFE_S
_INSTANTS = ("created_at", "tokens_valid_after")
_FIELDS = ("id", "username", "role", "is_active", *_INSTANTS)  # not the password: Redis has no use for it


def load(user_id: int) -> User | None:
    """Return the user as the database had them at most LIFE_S ago, and never as before a change that is through.

    The password is deferred: asking for it asks the database.
    """
    mark_key, value_key = _keys(user_id)
    try:
        with reaching_it():
            found = cache.get_many([mark_key, value_key])
    except CacheGone:
        return User.objects.filter(pk=user_id).first()
    mark, value = found.get(mark_key, ""), found.get(value_key)
    if value is not None and value["mark"] == mark:
        return _user(value["fields"])
    user = User.objects.filter(pk=user_id).first()
    if user is not None:
        _keep(user, value_key, mark)
    return user


def forget(user_id: int) -> None:
    """Make every process ask the database for this user again."""
    mark_key, _ = _keys(user_id)
    try:
        with reaching_it():
            cache.set(mark_key, uuid.uuid4().hex, _MARK_LIFE_S)
    except CacheGone as error:
        logger.warning("A changed user may be known as before for %s s: %s", LIFE_S, error)


def _keep(user: User, key: str, mark: str) -> None:
    fields = {name: getattr(user, name) for name in _FIELDS}
    for name in _INSTANTS:
        fields[name] = fields[name] and fields[name].isoformat()
    try:
        with reaching_it():
            cache.set(key, {"mark": mark, "fields": fields}, LIFE_S)
    except CacheGone:
        return


def _user(fields: dict[str, Any]) -> User:
    instants = {name: fields[name] and datetime.fromisoformat(fields[name]) for name in _INSTANTS}
    return User.from_db(None, list(_FIELDS), [(fields | instants)[name] for name in _FIELDS])


def _keys(user_id: int) -> tuple[str, str]:
    return f"accounts.user.{user_id}.mark", f"accounts.user.{user_id}"
