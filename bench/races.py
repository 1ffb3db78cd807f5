"""``make load-races``: a game races restic for the machine's files, 50 times each way; and what confinement costs."""

import asyncio
import logging
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backups.restic import restoring
from backups.restic.manager import ResticVersion
from backups.restic.restoring import Piece
from core import confinement
from core.confined_exec import LANDLOCK, MOUNTS
from testing.racing import ROOT_USER, UNIT_USER, Race, compile_racer
from testing.repositories import BINARIES

REPORT = Path(__file__).resolve().parents[1] / "docs/reports/races.md"
RUNS = int(os.environ.get("BENCH_RUNS", "50"))
ROUNDS = 10
FREE: frozenset[str] = frozenset()
# What each has on this kernel; root with one means alone is the tests' (backups/tests/real/test_restic_races.py).
WAYS = {ROOT_USER: (FREE, frozenset({LANDLOCK, MOUNTS})), UNIT_USER: (FREE, frozenset({LANDLOCK}))}
COSTS = (FREE, frozenset({LANDLOCK}), frozenset({MOUNTS}), frozenset({LANDLOCK, MOUNTS}))
USERS = {ROOT_USER: "root", UNIT_USER: "the unit's user"}


@dataclass(frozen=True)
class Result:
    """How one way of running restic did."""

    version: str
    uid: int
    means: frozenset[str]
    backups_won: int
    restores_won: int
    runs: int


@contextmanager
def ground() -> Iterator[Path]:
    """Give a folder that every user can walk through."""
    with tempfile.TemporaryDirectory(prefix="mcadmin-race-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


async def run_races(racer: Path, version: str, uid: int, means: frozenset[str]) -> Result:
    """Let the game play RUNS backups and RUNS restores, on ground that nobody raced on."""
    with ground() as folder:
        race = Race(folder, racer, version, uid, means)
        await race.lay_out()
        with race.playing(race.data):
            backups = [await race.backup_is_won() for _ in range(RUNS)]
        with race.playing(race.restored):
            restores = [await race.restore_is_won() for _ in range(RUNS)]
    return Result(version, uid, means, sum(backups), sum(restores), RUNS)


async def race_with(racer: Path, version: str) -> list[Result]:
    """Let the game play against one version of restic."""
    results = []
    for uid, ways in WAYS.items():
        for means in ways:
            results.append(await run_races(racer, version, uid, means))
            print(results[-1], flush=True)
    return results


async def measure_cost(version: str) -> dict[str, dict[frozenset[str], float]]:
    """Return the median seconds of a backup with nothing new in it and of a restore, by means, in turns."""
    taken: dict[str, dict[frozenset[str], list[float]]] = {
        what: {means: [] for means in COSTS} for what in ("backup", "restore")
    }
    major, minor = map(int, version.split("."))
    with ground() as folder:
        race = Race(folder, folder, version, ROOT_USER, FREE)
        await race.lay_out()
        for _ in range(ROUNDS):
            for means in COSTS:
                race.means = means
                began = time.perf_counter()
                await race.manager.create_snapshot([race.server])
                saved = time.perf_counter()
                await restoring.restore(
                    race.manager.command, Piece(race.clean, "/"), target=race.target,
                    version=ResticVersion(major, minor),
                )
                taken["backup"][means].append(saved - began)
                taken["restore"][means].append(time.perf_counter() - saved)
    return {what: {means: statistics.median(all_) for means, all_ in ways.items()} for what, ways in taken.items()}


def named(means: frozenset[str]) -> str:
    """Name a way of running restic."""
    return " and ".join(sorted(means)) or "free"


def report(results: list[Result], costs: dict[str, dict[str, dict[frozenset[str], float]]]) -> None:
    """Print and write the figures."""
    lines = [
        "# A game races restic for the machine's files", "",
        "Made by `make load-races`. A container exchanges 30 folders of its data for links to a folder of the machine",
        "as soon as restic opens, lists or changes something in one of them (inotify, `RENAME_EXCHANGE`). A backup is",
        "won when the snapshot holds a file of that folder, a restore when a file of it is changed. The unit's user",
        "may read everything (CAP_DAC_READ_SEARCH) and cannot mount.", "",
        "| restic | as | confined by | backups won | restores won |", "|---|---|---|---|---|",
        *(
            f"| {one.version} | {USERS[one.uid]} | {named(one.means)} | {one.backups_won} of {one.runs} "
            f"| {one.restores_won} of {one.runs} |"
            for one in results
        ), "",
        "## What it costs", "",
        "A backup with nothing new in it and a restore of 600 small files, as short as they get: medians of",
        f"{ROUNDS}, taken in turns, and the ratio to a free restic in the same run.", "",
        "| restic | | " + " | ".join(named(means) for means in COSTS) + " |",
        "|---|---|" + "---|" * len(COSTS),
        *(
            f"| {version} | {what} | "
            + " | ".join(f"{seconds:.2f} s ({seconds / ways[FREE]:.2f} x)" for seconds in ways.values()) + " |"
            for version, cost in costs.items()
            for what, ways in cost.items()
        ),
    ]
    print("\n".join(lines))
    REPORT.write_text("\n".join(lines) + "\n")


async def measure() -> None:
    """Race, measure, report; fails when a confined restic lost once, or when the game cannot win at all."""
    costs = {version: await measure_cost(version) for version in BINARIES}
    with tempfile.TemporaryDirectory() as name:
        racer = compile_racer(Path(name))
        played = await asyncio.gather(*(race_with(racer, version) for version in BINARIES))
    results = [one for of_version in played for one in of_version]
    report(results, costs)
    lost = [one for one in results if one.means and (one.backups_won or one.restores_won)]
    idle = [one for one in results if not one.means and not (one.backups_won and one.restores_won)]
    assert not lost, f"confined and yet won: {lost}"
    assert not idle, f"the game cannot win at all, so nothing is shown: {idle}"


def main() -> None:
    """Measure with everything that this kernel offers."""
    logging.disable(logging.WARNING)  # each run tells of hundreds of files that were exchanged under it
    assert asyncio.run(confinement.available()) == {LANDLOCK, MOUNTS}, "this kernel does not offer both means"
    asyncio.run(measure())


if __name__ == "__main__":
    main()
