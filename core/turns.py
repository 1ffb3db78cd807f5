"""Which requests are carried out now, and which wait for their turn.

Each request that is carried out holds a thread, and goes on for a while when its client leaves. Clients that ask, leave
and ask again faster than the machine answers would fill it with threads that work for nobody. So only so many requests
are carried out at once; the others wait and hold nothing but their connection, and who leaves meanwhile costs nothing.
"""

import asyncio
from collections import Counter, deque


class Turns:
    """The turns of one process. It belongs to one loop."""

    def __init__(self, *, at_once: int, of_one_address: int) -> None:
        self._at_once, self._of_one_address = at_once, of_one_address
        self._taken = 0
        self._taken_of: Counter[str] = Counter()
        self._waiting: dict[str, deque[Turn]] = {}  # by address; the first of them was served least lately

    def ask(self, address: str) -> "Turn":
        """Return a turn of ``address`` (as ``address_group`` gives it), which has come or waits.

        Addresses take turns: however many requests of one wait, the first of another is the next.
        """
        turn = Turn(self, address)
        self._waiting.setdefault(address, deque()).append(turn)
        self._go_on()
        return turn

    def _go_on(self) -> None:
        while self._taken < self._at_once:
            address = next((one for one in self._waiting if self._taken_of[one] < self._of_one_address), None)
            if address is None:
                return
            queue = self._waiting.pop(address)
            turn = queue.popleft()
            if queue:
                self._waiting[address] = queue
            self._taken += 1
            self._taken_of[address] += 1
            turn._come()  # noqa: SLF001 - one of us

    def _forget(self, turn: "Turn") -> None:
        queue = self._waiting[turn.address]
        queue.remove(turn)
        if not queue:
            del self._waiting[turn.address]

    def _give_back(self, address: str) -> None:
        self._taken -= 1
        self._taken_of[address] -= 1
        if not self._taken_of[address]:
            del self._taken_of[address]
        self._go_on()


class Turn:
    """One request's: it waits, it comes, it ends."""

    def __init__(self, turns: Turns, address: str) -> None:
        self.address = address
        self._turns = turns
        self._has_come: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._is_over = False

    async def comes(self) -> bool:
        """Wait until the request may be carried out; False when its client has left before."""
        return await asyncio.shield(self._has_come)

    def leave(self) -> None:
        """Stop waiting: the client has left. A turn that has come goes on."""
        if not self._has_come.done():
            self._turns._forget(self)  # noqa: SLF001 - one of us
            self._is_over = True
            self._has_come.set_result(False)

    def end(self) -> None:
        """Give the turn to the next; a second call does nothing."""
        self.leave()
        if not self._is_over:
            self._is_over = True
            self._turns._give_back(self.address)  # noqa: SLF001 - one of us

    def _come(self) -> None:
        self._has_come.set_result(True)
