"""A cache that takes its time: whoever looks first and acts afterwards meets everybody else in between."""

import time
from collections.abc import Iterable
from typing import Any

from django.core.cache.backends.locmem import LocMemCache

LOOK_S = 0.02


class SlowCache(LocMemCache):
    """The cache of one process; what is read in it is already old when it arrives."""

    def get_many(self, keys: Iterable[str], version: int | None = None) -> dict[str, Any]:
        found: dict[str, Any] = super().get_many(keys, version)
        time.sleep(LOOK_S)
        return found
