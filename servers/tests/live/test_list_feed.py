"""The live list: whole once, then what differs, for every viewer at its own pace."""

import asyncio
import random
from contextlib import aclosing
from typing import Any

from servers.live.list_feed import ListFeed, difference


def apply(copy: dict[str, dict[str, Any]], frame: Any) -> dict[str, dict[str, Any]]:
    """What a page does with a frame."""
    if frame["type"] == "servers":
        return {item["id"]: dict(item) for item in frame["servers"]}
    for item in frame["changed"]:
        copy[item["id"]] = {**copy.get(item["id"], {}), **item}
    for gone in frame["removed"]:
        del copy[gone]
    return copy


def test_only_what_differs_is_told() -> None:
    old = {"a": {"id": "a", "x": 1, "y": 2}, "b": {"id": "b", "x": 1, "y": 1}, "c": {"id": "c", "x": 0, "y": 0}}
    new = {"a": {"id": "a", "x": 1, "y": 3}, "c": old["c"], "d": {"id": "d", "x": 4, "y": 4}}

    assert difference(old, new) == {"changed": [{"id": "a", "y": 3}, new["d"]], "removed": ["b"]}


async def test_copies_of_fast_and_slow_viewers_equal_the_list_in_the_end() -> None:
    random.seed(4)
    state: dict[str, dict[str, Any]] = {}
    feed = ListFeed(lambda: [dict(item) for item in state.values()])
    copies: dict[float, dict[str, dict[str, Any]]] = {}

    async def watch(pace_s: float) -> None:
        copy: dict[str, dict[str, Any]] = {}
        async with aclosing(feed.view()) as frames:
            async for frame in frames:
                copies[pace_s] = copy = apply(copy, frame)
                await asyncio.sleep(pace_s)

    viewers = [asyncio.create_task(watch(pace)) for pace in (0.0, 0.15)]
    for number in range(40):
        key = random.choice("abcdef")  # noqa: S311 - a test
        if key in state and random.random() < 0.3:  # noqa: S311 - as above
            del state[key]
        else:
            state[key] = {"id": key, "n": number, "m": number % 3}
        feed.wake()
        await asyncio.sleep(0.01)
    async with asyncio.timeout(5):
        while any(copies.get(pace) != state for pace in (0.0, 0.15)):
            await asyncio.sleep(0.02)
    for viewer in viewers:
        viewer.cancel()
    await asyncio.gather(*viewers, return_exceptions=True)
    assert not feed._looks.is_running, "nobody looks, so nobody works"


async def test_a_list_that_cannot_be_made_once_is_made_later() -> None:
    broken = [True]

    def make() -> list[dict[str, Any]]:
        if broken.pop() if broken else False:
            raise OSError("disk")
        return [{"id": "a"}]

    feed = ListFeed(make)
    async with aclosing(feed.view()) as frames:
        first = asyncio.ensure_future(anext(frames))
        await asyncio.sleep(0.1)
        feed.wake()
        async with asyncio.timeout(5):
            assert await first == {"type": "servers", "servers": [{"id": "a"}]}
