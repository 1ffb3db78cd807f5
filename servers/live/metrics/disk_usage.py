"""How much the servers' ``data/`` hold: measured in the background, slowly, one tree at a time."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import psutil

from core.errors import AppError
from core.paths import FileMissing, disk_space, tree_size_bytes
from core.periodic import Periodic
from servers.minecraft.data_root import DataRoot

logger = logging.getLogger(__name__)

RUNNING_S = 60.0  # a running world grows; nothing is measured more often
STOPPED_S = 600.0
LOOK_S = 1.0  # for what is due
MAX_SHARE = 0.05  # a tree that takes long is measured less often: at most this share of the time
WORK_S, REST_S = 0.005, 0.02

Names = Callable[[], Mapping[str, bool]]


@dataclass(frozen=True, slots=True)
class DiskSample:
    """Bytes in ``data/``, and of its file system as ``df`` counts them."""

    used_bytes: int
    total_bytes: int
    available_bytes: int
    measured_at: datetime


class DiskUsage:
    """Belongs to one loop; ``samples`` and ``wanted`` are safe from any thread."""

    def __init__(self, names: Names, server_path: Path, *, data_root: Callable[[str], DataRoot]) -> None:
        """``names`` returns all servers and whether each of them runs; it and ``data_root`` are called in a thread."""
        self.samples: Mapping[str, DiskSample] = MappingProxyType({})
        self._names = names
        self._server_path = server_path
        self._data_root = data_root
        self._due: dict[str, float] = {}
        self._wanted: set[str] = set()
        self._measured = threading.Condition()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="disk usage", initializer=_be_modest)
        self._looks = Periodic("disk usage", self._turn, LOOK_S)

    def start(self) -> None:
        self._looks.start()

    async def stop(self) -> None:
        await self._looks.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def wanted(self, server_id: str, *, wait_s: float) -> DiskSample | None:
        """Return the last measurement; wait for a server's very first one. Blocking: not on the loop."""
        if server_id not in self.samples:
            self._wanted.add(server_id)
            with self._measured:
                self._measured.wait_for(lambda: server_id in self.samples, wait_s)
        return self.samples.get(server_id)

    async def _turn(self) -> float | None:
        names = await asyncio.to_thread(self._names)
        name = self._next(names)
        if name is None:
            return None
        await self._measure(name, running=names[name])
        return 0.0

    def _next(self, names: Mapping[str, bool]) -> str | None:
        """Choose what is wanted first, then what has waited longest."""
        gone = self._due.keys() - names.keys()
        if gone:
            self.samples = MappingProxyType({key: one for key, one in self.samples.items() if key not in gone})
        for name in gone:
            del self._due[name]
        wanted = self._wanted & names.keys()
        self._wanted -= wanted
        now = time.monotonic()
        waiting = wanted or [name for name in names if self._due.get(name, 0.0) <= now]
        return min(waiting, key=lambda name: self._due.get(name, 0.0), default=None)

    async def _measure(self, name: str, *, running: bool) -> None:
        started = time.monotonic()
        loop = asyncio.get_running_loop()
        try:
            sample = await loop.run_in_executor(self._pool, self._look, name)
        except (OSError, AppError) as error:  # it went away, or we may not look
            logger.info("the disk usage of %s is not measured: %s", name, error)
            return
        except Exception:  # one server's trouble is not the others'
            logger.exception("measuring the disk usage of %s failed", name)
            return
        finally:  # whatever happened: what fails is measured no more often than anything else
            now = time.monotonic()
            self._due[name] = now + rest_s(now - started, running=running)
        with self._measured:
            self.samples = MappingProxyType({**self.samples, name: sample})
            self._measured.notify_all()

    def _look(self, name: str) -> DiskSample:
        return measure(self._data_root(name), self._server_path)


def rest_s(took_s: float, *, running: bool) -> float:
    """Return how long a server is left alone after a measurement that took ``took_s``."""
    return max(RUNNING_S if running else STOPPED_S, took_s / MAX_SHARE)


def measure(data_root: DataRoot, server_path: Path) -> DiskSample:
    """Measure one game's files; where there are none, their disk would be that of the servers.

    Blocking, and slow on purpose.

    Raises:
        DataElsewhere, ServerFolderIsALink.
    """
    try:
        with data_root.hold() as data:
            used, (total, available) = tree_size_bytes(data, pause=Pause()), disk_space(data.fd)
    except FileMissing:
        used, (total, available) = 0, disk_space(server_path)
    return DiskSample(used, total, available, datetime.now(UTC))


class Pause:
    """Rests as soon as it is called after WORK_S of work.

    Not a low processor priority: Python's threads share one lock, and whoever holds it while the kernel lets
    it wait makes all others wait.
    """

    def __init__(self) -> None:
        self._worked_to = time.thread_time()

    def __call__(self) -> None:
        if time.thread_time() - self._worked_to >= WORK_S:
            time.sleep(REST_S)
            self._worked_to = time.thread_time()


def _be_modest() -> None:
    """Let this thread read the disk only when nobody else does (where the scheduler knows such a thing)."""
    with suppress(OSError, psutil.Error):
        psutil.Process(threading.get_native_id()).ionice(psutil.IOPRIO_CLASS_IDLE)
