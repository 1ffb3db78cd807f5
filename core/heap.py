"""What the C library keeps of freed memory, given back to the system.

glibc gives back only what lies at the end of its heap: one small thing that lives on there holds all that uploads and
downloads took below it. Lower thresholds (``mallopt``) would make each piece of an upload cost page faults instead.
"""

import asyncio
import ctypes
from collections.abc import Callable
from typing import Any

EVERY_S = 60.0


async def keep_small() -> None:
    """Give back what is free every EVERY_S, until cancelled; nothing to do where the C library is not glibc."""
    if (trim := _trim()) is None:
        return
    while True:
        await asyncio.sleep(EVERY_S)
        await asyncio.to_thread(trim, 0)


def _trim() -> Callable[[int], Any] | None:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
