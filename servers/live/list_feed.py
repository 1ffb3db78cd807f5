"""The list of servers as it changes: made once a change, told to any number of viewers in what differs."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from core.periodic import Periodic

GATHER_S = 0.05  # changes come in bursts: one look at the list answers them all
LOOK_S = 5.0  # a directory made by hand announces itself to nobody

Item = Mapping[str, Any]
Items = Mapping[str, Item]


class Difference(TypedDict):
    """``changed``: items with their id and only the fields that differ, new ones whole. ``removed``: ids."""

    changed: list[Item]
    removed: list[str]


class WholeList(TypedDict):
    """What a viewer gets first."""

    type: Literal["servers"]
    servers: list[Item]


class Changes(Difference):
    """What a viewer gets from then on."""

    type: Literal["changes"]


class ListFeed:
    """Belongs to one loop. It works only while somebody looks."""

    def __init__(
        self, make: Callable[[], Sequence[Item]], *, name: str = "list of servers", every_s: float = LOOK_S,
        run: Callable[..., Awaitable[Sequence[Item]]] = asyncio.to_thread,
    ) -> None:
        """``make`` returns the whole list, items with an ``id``; ``run`` calls it in a thread."""
        self._make, self._run = make, run
        self._items: Items = {}
        self._version = 0
        self._viewers = 0
        self._changed = asyncio.Condition()
        self._looks = Periodic(name, self._look, every_s)

    def wake(self) -> None:
        """Look at the list at once: something has happened. Call it on the loop."""
        self._looks.wake()

    async def stop(self) -> None:
        await self._looks.stop()

    async def view(self) -> AsyncGenerator[WholeList | Changes, None]:
        """Yield the whole list once, then what differs.

        The next difference is made when the last one was taken, from what the viewer has: one that is slow skips
        states and holds nothing up.
        """
        self._viewers += 1
        try:
            if not self._looks.is_running:
                self._items, self._version = {}, 0
                self._looks.start()
            async with self._changed:
                await self._changed.wait_for(lambda: self._version > 0)
            seen, version = self._items, self._version
            yield {"type": "servers", "servers": list(seen.values())}
            while True:
                async with self._changed:
                    await self._changed.wait_for(lambda: self._version > version)  # noqa: B023 - awaited at once
                items, version = self._items, self._version
                yield {"type": "changes", **difference(seen, items)}
                seen = items
        finally:
            self._viewers -= 1
            if not self._viewers:
                await self.stop()

    async def _look(self) -> None:
        try:
            await self._publish({item["id"]: item for item in await self._run(self._make)})
        finally:
            await asyncio.sleep(GATHER_S)

    async def _publish(self, items: Items) -> None:
        if items == self._items and self._version:
            return
        async with self._changed:
            self._items = items
            self._version += 1
            self._changed.notify_all()


def difference(old: Items, new: Items) -> Difference:
    """Return what makes ``new`` of ``old``."""
    changed: list[Item] = []
    for key, item in new.items():
        before = old.get(key)
        if before is None:
            changed.append(item)
        elif before != item:
            fields = {name: value for name, value in item.items() if before[name] != value}
            changed.append({"id": key, **fields})
    return {"changed": changed, "removed": [key for key in old if key not in new]}
