"""Tell every process that a user has changed, so that a right taken away is gone at once."""

import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction
from redis.exceptions import RedisError

from accounts import user_cache

logger = logging.getLogger(__name__)


def channel_group(user_id: int) -> str:
    """Return the name of the channel group that a user's open sockets are in."""
    return f"accounts.user.{user_id}"


def announce(user_id: int) -> None:
    """Empty the cache of this user, and make their open sockets ask again whether they are welcome.

    Both once the transaction is committed; the cache before, too, so that the transaction itself sees the change.
    Called for every stored change of a user (``user_changed``); blocking, so not on an event loop.
    """
    user_cache.forget(user_id)
    transaction.on_commit(lambda: _committed(user_id))


def user_changed(*, instance: Any, **_: Any) -> None:
    """Receive Django's signals after a user was saved or deleted, whoever did it: API, admin site, command."""
    announce(instance.pk)


def _committed(user_id: int) -> None:
    user_cache.forget(user_id)
    try:
        async_to_sync(get_channel_layer().group_send)(channel_group(user_id), {"type": "account.changed"})
    except RedisError as error:
        logger.warning("Open sockets of a changed user end by their own check only: Redis: %s", type(error).__name__)
