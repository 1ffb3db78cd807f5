"""So many a second, whoever comes."""

import asyncio
import time


class Pace:
    """Lets ``per_s`` through a second, in the order in which they came."""

    def __init__(self, per_s: float) -> None:
        self._between_s = 1 / per_s
        self._next = time.monotonic()

    async def wait(self) -> None:
        """Wait for the next place."""
        now = time.monotonic()
        self._next = max(self._next, now) + self._between_s
        await asyncio.sleep(self._next - now)
