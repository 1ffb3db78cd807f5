"""Operations of all servers as they begin, go on and end: read once for any number of viewers, while somebody looks."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypedDict
from weakref import WeakKeyDictionary

from accounts.rights.rights import Rights
from servers.live.list_feed import Item, ListFeed
from servers.models import OperationState
from servers.operations import watched
from servers.operations.http import OperationSummarySerializer
from servers.records import operation_lists, operation_rows
from servers.signals import operation_changed

if TYPE_CHECKING:
    import uuid

LOOK_S = 1.0  # at operations of other processes, and how far one is; what begins or ends here is seen at once
KEPT = timedelta(minutes=1)  # an ended one stays in the list, so that a slow viewer hears of its end

_feeds: WeakKeyDictionary[asyncio.AbstractEventLoop, ListFeed] = WeakKeyDictionary()


class OperationsFrame(TypedDict):
    """``changed``: what runs, first whole, then only what differs. ``ended``: the same of those that have ended."""

    type: Literal["operations"]
    changed: list[Item]
    ended: list[Item]


class _Reader:
    """Reads the list again and again: one that has run for long is still in it when it has ended."""

    def __init__(self) -> None:
        self._followed: set[uuid.UUID] = set()

    def __call__(self) -> list[Item]:
        since = datetime.now(UTC) - KEPT
        rows = operation_lists.read_lately(since=since, also=self._followed)
        rows = [row for row in rows if row.finished_at is None or row.finished_at >= since]
        self._followed = {row.pk for row in rows}
        return [dict(OperationSummarySerializer(row).data) for row in rows]


async def frames_for(rights: Rights) -> AsyncGenerator[OperationsFrame, None]:
    """Yield what runs, then what differs, of the operations that exist for somebody with these rights."""
    mine: set[Any] = set()
    async with aclosing(_feed().view()) as frames:
        async for frame in frames:
            is_first = frame["type"] == "servers"
            items = frame["servers"] if frame["type"] == "servers" else frame["changed"]
            mine |= {item["id"] for item in items if "serverId" in item and watched.shows(rights, item["serverId"])}
            told = [item for item in items if item["id"] in mine]
            changed = [item for item in told if _runs(item)]
            ended = [] if is_first else [item for item in told if not _runs(item)]
            if frame["type"] == "changes":
                mine.difference_update(frame["removed"])
            if is_first or changed or ended:
                yield {"type": "operations", "changed": changed, "ended": ended}


def _runs(item: Item) -> bool:
    return bool(item.get("state", OperationState.RUNNING) == OperationState.RUNNING)


def _feed() -> ListFeed:
    loop = asyncio.get_running_loop()
    if loop not in _feeds:
        _feeds[loop] = ListFeed(_Reader(), name="list of operations", every_s=LOOK_S, run=operation_rows.in_database)
    return _feeds[loop]


def _hurry(**_: Any) -> None:
    for loop, feed in list(_feeds.items()):
        if not loop.is_closed():
            loop.call_soon_threadsafe(feed.wake)


operation_changed.connect(_hurry)
