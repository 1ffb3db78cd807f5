"""What the C library keeps of freed memory, given back to the system.

glibc gives back only what lies at the end of its heap: one small thing that lives on there holds all that uploads and
downloads took below it. Lower thresholds (``mallopt``) would make each piece of an upload cost page faults instead.
"""

import asyncio
import ctypes
from collections.abc import Callable
from typing import Any

from core.periodic import Periodic

EVERY_S = 60.0


def keeper() -> Periodic:
    """Return what gives back free memory every EVERY_S; it does nothing where the C library is not glibc."""
    return Periodic("free memory", give_back, EVERY_S, first_s=EVERY_S)


async def give_back() -> None:
    """Give back what is free now."""
    if (trim := _trim()) is not None:
        await asyncio.to_thread(trim, 0)


def _trim() -> Callable[[int], Any] | None:
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
