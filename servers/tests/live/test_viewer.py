"""Viewers of one ring: each at its own pace, none loses a line unsaid."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from servers.live.console import line_ring, viewer
from servers.live.console.line_ring import LineRing
from servers.live.console.viewer import Frame, Viewer


class Feed:
    """Lines that are there already."""

    def __init__(self, **limits: int) -> None:
        self.epoch = "e1"
        self.ring = LineRing(**limits)
        self.problem: str | None = None

    async def snapshot(self) -> tuple[tuple[str, ...], int]:
        return self.ring.tail(1_000), self.ring.last


def waiting(one: Viewer) -> list[Frame]:
    """Take all frames that could be sent now."""
    frames = []
    while (frame := one._next()) is not None:
        frames.append(frame)
    return frames


def lines(frames: Sequence[Frame]) -> list[str]:
    return "".join(frame["content"] for frame in frames if frame["type"] == "log").splitlines()


async def watching(feed: Feed, **place: Any) -> Viewer:
    one = Viewer(feed, filter_rcon=False)
    await one.look(feed, **place)
    return one


STEP = st.one_of(
    st.tuples(st.just("add"), st.integers(1, 30)),
    st.tuples(st.just("skip"), st.integers(1, 30)),
    st.tuples(st.sampled_from(["take", "take some", "resume", "push", "refresh"]), st.just(0)),
)


class Client:
    """Counts what it is sent: ``has`` is the number of the last line that it has, or was told that it lacks."""

    has = 0

    def receive(self, frames: Sequence[Frame]) -> None:
        for frame in frames:
            if frame["type"] == "log":
                numbers = [int(line) for line in frame["content"].splitlines()]
                assert numbers == list(range(self.has + 1, self.has + 1 + len(numbers)))
                self.has += len(numbers)
            elif "lost" in frame:
                self.has += frame["lost"]
            elif frame["type"] == "logs_refreshed":  # replaces all there is
                self.has = frame["seq"]
            else:
                assert frame["behind"] >= self.has
            assert frame.get("seq", self.has) == self.has


@given(steps=st.lists(STEP, max_size=40))
@settings(max_examples=60, deadline=None)
async def test_what_a_viewer_gets_and_what_it_is_told_is_gone_is_all_there_was(steps: list[tuple[str, int]]) -> None:
    feed, client = Feed(max_lines=50), Client()
    one = await watching(feed, after=0, epoch="e1")
    for what, count in steps:
        match what:
            case "add":
                feed.ring.add([str(feed.ring.last + n) for n in range(1, count + 1)])
            case "skip":
                feed.ring.skip(count)
            case "take":
                client.receive(waiting(one))
            case "take some":
                client.receive([frame for _ in range(2) if (frame := one._next()) is not None])
            case "push":
                one.push({"type": "command_result", "behind": feed.ring.last})
            case "refresh":
                await one.refresh()
            case _:
                one = await watching(feed, after=client.has, epoch="e1")
    client.receive(waiting(one))
    assert client.has == feed.ring.last


async def test_a_viewer_of_another_epoch_begins_with_the_tail_and_is_told() -> None:
    feed = Feed()
    feed.ring.add(["one", "two"])
    frames = waiting(await watching(feed, after=1, epoch="older"))
    assert [frame["type"] for frame in frames] == ["info", "log"]
    assert (frames[1]["content"], frames[1]["seq"]) == ("one\ntwo\n", 2)


@pytest.mark.parametrize("after", [-1, 3, 10**18])
async def test_a_number_that_never_was_begins_with_the_tail(after: int) -> None:
    feed = Feed()
    feed.ring.add(["one", "two"])
    assert lines(waiting(await watching(feed, after=after, epoch="e1"))) == ["one", "two"]


async def test_a_viewer_that_has_all_gets_nothing_twice() -> None:
    feed = Feed()
    feed.ring.add(["one"])
    assert waiting(await watching(feed, after=1, epoch="e1")) == []


async def test_viewers_with_different_filters_have_the_same_numbers() -> None:
    feed = Feed()
    all_of_it, filtered = await watching(feed), await watching(feed)
    filtered.filter_rcon = True
    feed.ring.add(["a", "[RCON Client x", "", "b"])
    assert [(f["content"], f["seq"]) for f in waiting(all_of_it)] == [("a\n[RCON Client x\n\nb\n", 4)]
    assert [(f["content"], f["seq"]) for f in waiting(filtered)] == [("a\nb\n", 4)]
    feed.ring.add(["[RCON Client x"])
    assert waiting(filtered) == []


async def test_frames_are_bounded_in_lines_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_ring, "STRETCH_LINES", 10)
    monkeypatch.setattr(line_ring, "STRETCH_BYTES", 100)
    feed = Feed()
    one = await watching(feed)
    feed.ring.add(["x" * 49] * 5 + ["y" * 500] + ["z"] * 25)
    frames = waiting(one)
    assert [frame["seq"] for frame in frames] == [2, 4, 5, 6, 16, 26, 31]
    assert len(lines(frames)) == 31


async def test_the_ring_keeps_no_more_than_its_bytes() -> None:
    ring = LineRing(max_bytes=1_000)
    ring.add(["ü" * 50] * 100)
    assert (ring.last, ring.first) == (100, 92)


async def test_a_note_is_told_once_at_its_place() -> None:
    feed = Feed()
    early = await watching(feed)
    feed.ring.add(["one"])
    feed.ring.note("emptied")
    feed.ring.add(["two"])
    assert [f.get("content") or f.get("message") for f in waiting(early)] == ["one\n", "emptied", "two\n"]
    assert waiting(early) == []
    resumed = await watching(feed, after=0, epoch="e1")
    assert [f.get("content") or f.get("message") for f in waiting(resumed)] == ["one\n", "emptied", "two\n"]
    behind_it = await watching(feed, after=2, epoch="e1")
    assert waiting(behind_it) == []
    fresh = await watching(feed)
    assert [f["type"] for f in waiting(fresh)] == ["log"]


async def test_what_waits_for_one_viewer_is_bounded_and_the_loss_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(viewer, "MAX_PUSHED_BYTES", 1_000)
    one = await watching(Feed())
    for number in range(10):
        one.push({"type": "command_result", "result": str(number) * 300})
    frames = waiting(one)
    assert re.fullmatch(r"7 messages are gone.*", frames[0]["message"])
    assert [frame["result"][0] for frame in frames[1:]] == ["7", "8", "9"]


async def test_lines_sent_while_a_refresh_was_under_way_come_again_behind_it() -> None:
    class SlowFeed(Feed):
        async def snapshot(self) -> tuple[tuple[str, ...], int]:
            told = await super().snapshot()
            self.ring.add(["two"])
            assert lines(waiting(one)) == ["one", "two"]
            return told

    feed = SlowFeed()
    one = Viewer(feed, filter_rcon=False)
    feed.ring.add(["one"])
    one._sent = 0
    await one.refresh()
    assert [(f["type"], f["content"]) for f in waiting(one)] == [("logs_refreshed", "one\n"), ("log", "two\n")]


async def test_skipped_lines_have_numbers_and_are_told_to_be_gone() -> None:
    feed = Feed()
    one = await watching(feed)
    feed.ring.add(["1"])
    feed.ring.skip(5)
    feed.ring.add(["7"])
    assert [(f.get("lost"), f.get("content"), f["seq"]) for f in waiting(one)] == [(6, None, 6), (None, "7\n", 7)]


async def test_many_refreshes_of_one_that_reads_nothing_are_one() -> None:
    feed = Feed()
    feed.ring.add(["one"])
    one = await watching(feed, after=1, epoch="e1")
    for _ in range(50):
        await one.refresh()
    assert [frame["type"] for frame in waiting(one)] == ["logs_refreshed"]


async def test_turning_to_another_feed_sends_what_waits_then_the_greeting_then_the_tail() -> None:
    log, container = Feed(), Feed()
    container.epoch = "e2"
    container.ring.add(["printed"])
    one = await watching(log)
    log.ring.add(["of the log"])
    one.push({"type": "command_result", "result": "x"})
    await one.look(container, greeting={"type": "source_changed", "source": "container"})
    frames = waiting(one)
    assert [frame["type"] for frame in frames] == ["command_result", "source_changed", "log"]
    assert (frames[2]["content"], frames[2]["epoch"], frames[2]["seq"]) == ("printed\n", "e2", 1)


async def test_a_feed_without_lines_is_announced_all_the_same_when_one_turns_to_it() -> None:
    empty = Feed()
    assert waiting(await watching(empty)) == []
    one = await watching(empty, greeting={"type": "source_changed", "source": "log"})
    assert [frame["type"] for frame in waiting(one)] == ["source_changed", "log"]
