"""What the panel of the soak costs over time, life by life: memory, open files, threads, children."""

import asyncio
import statistics
import time
from dataclasses import dataclass, field

import psutil

MIB = 1024 * 1024
EVERY_S = 10.0
COLUMNS = ("rss", "pss", "files", "threads", "children")


@dataclass(frozen=True)
class Sample:
    """One look at the panel; memory in MiB."""

    at_s: float  # since the life began
    rss: float
    pss: float
    files: float
    threads: float
    children: float


@dataclass
class Life:
    """One panel process, from its start until it was killed or stopped."""

    began_s: float  # since the soak began
    process: psutil.Process
    samples: list[Sample] = field(default_factory=list)
    started: float = field(default_factory=time.monotonic)

    def look(self) -> None:
        """Take one sample, if the process is still there."""
        try:
            with self.process.oneshot():
                memory = self.process.memory_full_info()
                files, threads = self.process.num_fds(), self.process.num_threads()
            children = len(self.process.children(recursive=True))
        except psutil.Error:
            return
        at = time.monotonic() - self.started
        self.samples.append(Sample(at, memory.rss / MIB, memory.pss / MIB, files, threads, children))

    def warm(self, warm_up_s: float) -> list[Sample]:
        """Return the samples after the warm-up."""
        return [one for one in self.samples if one.at_s >= warm_up_s]

    def slope(self, column: str, warm_up_s: float) -> float | None:
        """Return by how much a figure grew in a minute, by least squares; None with too few samples."""
        at = self.warm(warm_up_s)
        if len(at) < 6:
            return None
        line = statistics.linear_regression([one.at_s / 60 for one in at], [getattr(one, column) for one in at])
        return line.slope


async def keep_looking(lives: list[Life]) -> None:
    """Sample the present life, for ever."""
    while True:
        if lives:
            await asyncio.to_thread(lives[-1].look)
        await asyncio.sleep(EVERY_S)


def table(lives: list[Life], warm_up_s: float) -> list[str]:
    """Return the lines of the report's table: first / last / most after the warm-up, and the slope."""
    heads = " | ".join(f"{one}: first / last / most, a minute" for one in COLUMNS)
    lines = [
        f"| life | began, min | lasted, min | {heads} |",
        "|---" * (3 + len(COLUMNS)) + "|",
    ]
    for number, life in enumerate(lives, 1):
        at = life.warm(warm_up_s) or life.samples[-1:]
        if not at:
            continue
        cells = [_cell(life, column, at, warm_up_s) for column in COLUMNS]
        lines.append(f"| {number} | {life.began_s / 60:.1f} | {at[-1].at_s / 60:.1f} | " + " | ".join(cells) + " |")
    return lines


def over_time(lives: list[Life], warm_up_s: float) -> str:
    """Return the resident MiB of the longest life in eleven steps."""
    at = max((life.warm(warm_up_s) for life in lives), key=len)
    return ", ".join(f"{at[(len(at) - 1) * step // 10].rss:.0f}" for step in range(11)) if at else "—"


def _cell(life: Life, column: str, at: list[Sample], warm_up_s: float) -> str:
    values = [getattr(one, column) for one in at]
    slope = life.slope(column, warm_up_s)
    grew = "—" if slope is None else f"{slope:+.2f}"
    return f"{values[0]:.0f} / {values[-1]:.0f} / {max(values):.0f}, {grew}"
