"""Disk usage in the background."""

import asyncio
import shutil
import threading
import time
from functools import partial
from pathlib import Path

from servers.live.metrics import disk_usage
from servers.live.metrics.disk_usage import DiskUsage, Pause
from servers.minecraft.data_root import usual


def make_server(root: Path, name: str, *, size: int) -> None:
    (root / name / "data/world").mkdir(parents=True)
    (root / name / "data/world/level.dat").write_bytes(b"x" * size)


async def test_every_server_is_measured_and_a_removed_one_forgotten(tmp_path: Path) -> None:
    names = {"a": True, "b": False}
    for name in names:
        make_server(tmp_path, name, size=1000)
    usage = DiskUsage(lambda: dict(names), tmp_path, data_root=partial(usual, tmp_path))
    usage.start()
    try:
        async with asyncio.timeout(5):
            while len(usage.samples) < 2:
                await asyncio.sleep(0.01)
            assert usage.samples["a"].used_bytes == 1000
            assert usage.samples["a"].available_bytes <= usage.samples["a"].total_bytes
            del names["b"]
            while "b" in usage.samples:
                await asyncio.sleep(0.01)
    finally:
        await usage.stop()


async def test_the_first_measurement_is_waited_for_and_no_other(tmp_path: Path) -> None:
    make_server(tmp_path, "a", size=7)
    usage = DiskUsage(lambda: {"a": False}, tmp_path, data_root=partial(usual, tmp_path))
    assert await asyncio.to_thread(usage.wanted, "a", wait_s=0.01) is None

    usage.start()
    try:
        found = await asyncio.to_thread(usage.wanted, "a", wait_s=5)
        assert found is not None
        shutil.rmtree(tmp_path / "a")
        assert usage.wanted("a", wait_s=5) is found
    finally:
        await usage.stop()


def test_a_running_server_is_measured_every_minute_a_huge_one_less_often() -> None:
    assert disk_usage.rest_s(0.1, running=True) == 60
    assert disk_usage.rest_s(0.1, running=False) == 600
    assert disk_usage.rest_s(100, running=True) == 2000


def test_measuring_rests_after_little_work() -> None:
    pause = Pause()
    began, worked = time.monotonic(), time.thread_time()
    while time.thread_time() - worked < 0.05:
        pause()
    assert time.monotonic() - began > 0.1, "it works at most a fifth of the time"


def test_only_the_measuring_thread_is_modest() -> None:
    import psutil

    seen: list[int] = []

    def look() -> None:
        disk_usage._be_modest()
        seen.append(psutil.Process(threading.get_native_id()).ionice().ioclass)

    thread = threading.Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [psutil.IOPRIO_CLASS_IDLE]
    assert psutil.Process().ionice().ioclass != psutil.IOPRIO_CLASS_IDLE
