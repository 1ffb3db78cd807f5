"""Tell every process that a user has changed, so that a right taken away is gone at once."""

from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction


def group_of(user_id: int) -> str:
    """Return the name of the channel group that a user's open sockets are in."""
    return f"accounts.user.{user_id}"


def announce(user_id: int) -> None:
    """Make the user's open sockets ask again whether they are welcome, once the transaction is committed.

    Called for every stored change of a user (``user_changed``); blocking, so not on an event loop.
    """
    transaction.on_commit(lambda: _send(user_id))


def user_changed(*, instance: Any, **_: Any) -> None:
    """Receive Django's signals after a user was saved or deleted, whoever did it: API, admin site, command."""
    announce(instance.pk)


def _send(user_id: int) -> None:
    async_to_sync(get_channel_layer().group_send)(group_of(user_id), {"type": "account.changed"})
