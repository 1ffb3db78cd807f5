"""Freed memory goes back to the system, for as long as the panel runs."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest

from backups.services import services
from core import heap
from mcadmin.lifespan import Lifespan
from testing.fake_docker import FakeDocker

PIECES, PIECE_BYTES = 1500, 100_000
# As uploads leave it: large pieces are freed, and small ones that were made between them live on.
PROGRAM = f"""
import asyncio, json
from pathlib import Path
from core import heap

def resident_mib():
    text = Path("/proc/self/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024

async def main():
    heap.EVERY_S = 0.05
    made = [(b"x" * {PIECE_BYTES}, b"y" * 6000) for _ in range({PIECES})]
    found = [resident_mib()]
    small = [one for _, one in made]
    del made
    found.append(resident_mib())
    keeper = heap.keeper()
    keeper.start()
    await asyncio.sleep(0.5)
    await keeper.stop()
    found.append(resident_mib())
    print(json.dumps(found), len(small) * 0 or "")

asyncio.run(main())
"""


@pytest.mark.skipif(heap._trim() is None, reason="the C library is not glibc")
def test_what_small_things_hold_in_the_heap_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], text=True, capture_output=True, check=True)
    full, freed, given_back = json.loads(done.stdout)
    taken = PIECES * PIECE_BYTES / 1024 / 1024

    assert full - freed < taken / 2, "the C library gave it back by itself: this test proves nothing"
    assert full - given_back > taken * 0.8


@pytest.mark.django_db(transaction=True)
async def test_it_is_given_back_as_long_as_the_panel_runs(fake: FakeDocker) -> None:
    messages: asyncio.Queue[Any] = asyncio.Queue()
    answers: asyncio.Queue[Any] = asyncio.Queue()

    def names() -> list[str]:
        return [task.get_name() for task in asyncio.all_tasks()]

    async def nothing(*_: Any) -> None:
        raise AssertionError("nothing is asked")

    living = asyncio.create_task(Lifespan(nothing)({"type": "lifespan"}, messages.get, answers.put))
    await messages.put({"type": "lifespan.startup"})
    assert (await answers.get())["type"] == "lifespan.startup.complete"
    assert names().count("free memory") == 1
    await messages.put({"type": "lifespan.shutdown"})
    await living
    services.cache_clear()  # they belong to the loop of this test
    assert "free memory" not in names()
