"""Places and turns are shared: who takes all of them leaves others theirs."""

import threading
import time
from collections import Counter
from collections.abc import Callable

import pytest

from web.rate_limit import FairPlaces, FairTurns


class Room:
    """A room of places, with who is in it in the order of coming."""

    def __init__(self, limit: int) -> None:
        self.places = FairPlaces(limit)
        self.inside: list[tuple[str, int]] = []
        self.free: dict[tuple[str, int], Callable[[], None]] = {}
        self.count = 0

    def comes(self, holder: str, key: str = "") -> bool:
        self.count += 1
        one = holder, self.count
        free = self.places.acquire(key, holder=holder, make_room=lambda: self.inside.remove(one))
        if free is not None:
            self.free[one] = free
            self.inside.append(one)
        return free is not None

    @property
    def holders(self) -> str:
        return "".join(holder for holder, _ in self.inside)


@pytest.mark.parametrize(
    ("inside", "who", "gets_in", "then"),
    [
        ("aaaa", "b", True, "aaab"),  # the oldest of who has most goes
        ("aaab", "b", True, "aabb"),
        ("aabb", "b", False, "aabb"),  # nobody has more than one more
        ("aabb", "c", True, "abbc"),
        ("abbc", "c", False, "abbc"),
        ("abbc", "d", True, "abcd"),
        ("abcd", "e", False, "abcd"),  # each has one
        ("aaaa", "a", False, "aaaa"),
        ("abbb", "a", True, "abba"),
        ("aaa", "b", True, "aaab"),  # there is one left
    ],
)
def test_who_has_most_makes_room_for_who_has_few(inside: str, who: str, gets_in: bool, then: str) -> None:
    room = Room(4)
    assert [room.comes(holder) for holder in inside] == [True] * len(inside)

    assert room.comes(who) is gets_in

    assert room.holders == then
    assert room.comes("a", "another key")


def test_a_place_is_given_back_once() -> None:
    room = Room(2)
    assert [room.comes(one) for one in "aab"] == [True] * 3
    first, second, third = room.free.values()

    first()  # it went to b already
    assert not room.comes("c")
    second()
    assert room.comes("c")
    third()
    assert not room.places.is_empty


def test_one_who_asks_for_every_turn_leaves_some_to_others() -> None:
    turns, done, order = FairTurns(2), threading.Event(), list[str]()
    begun = threading.Barrier(3)

    def search(holder: str, wait_s: float = 20) -> None:
        with turns.turn(holder, wait_s=wait_s) as has_turn:
            assert has_turn
            order.append(holder)
            if len(order) <= 2:
                begun.wait(5)
                done.wait(5)

    def later(*holders: str) -> list[threading.Thread]:
        threads = [threading.Thread(target=search, args=(holder,)) for holder in holders]
        for thread in threads:
            thread.start()
        return threads

    first = later("a", "a", "a", "b")
    begun.wait(5)
    assert Counter(order) == {"a": 1, "b": 1}, "one of a user"
    more = later("b", "c")
    until(lambda: len(turns._waiting) == 4)
    with turns.turn("d", wait_s=0.01) as has_turn:
        assert not has_turn
    done.set()
    for thread in [*first, *more]:
        thread.join(10)

    assert order[2] == "c", "who has had none goes first"
    assert Counter(order) == {"a": 3, "b": 2, "c": 1}
    assert (turns._waiting, dict(turns._running), turns._served) == ([], {}, {})


def until(is_so: Callable[[], bool]) -> None:
    last = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < last
        time.sleep(0.002)
