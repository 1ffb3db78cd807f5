"""``make load-restore-speed``: a restore through the API against bare restic, same tree, same run."""

import functools
import os
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

from backups.tests.repositories import BINARIES, PASSWORD
from bench.backups import timed
from servers.tests.conftest import write_server
from servers.tests.real.panel import running_panel

REPORT = Path(__file__).resolve().parents[1] / "docs/reports/restore-speed.md"
FILES = int(os.environ.get("BENCH_FILES", "5000"))
TREE_BYTES = int(os.environ.get("BENCH_MIB", "1024")) * 2**20
ROUNDS = 3
SERVER = "bench"


def fill(folder: Path) -> None:
    """Write the files: sizes differ, content does not compress."""
    chooser = random.Random(5)  # noqa: S311 - the same sizes each time
    weights = [chooser.uniform(0.2, 1.8) for _ in range(FILES)]
    for number, weight in enumerate(weights):
        file = folder / f"world/region{number % 50}/r.{number}.mca"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(int(TREE_BYTES * weight / sum(weights))))


def measure() -> tuple[list[float], list[float]]:
    """Return the seconds of each round by bare restic and by ours, taken in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = folder / "repository"
        settings = {
            "RESTIC__REPOSITORY_PATH": str(repository), "RESTIC__PASSWORD": PASSWORD,
            "RESTIC__BINARY": str(BINARIES["0.18"]),
        }  # fmt: skip
        environment = {**os.environ, "RESTIC_REPOSITORY": str(repository), "RESTIC_PASSWORD": PASSWORD}
        environment["RESTIC_CACHE_DIR"] = str(folder / "logs/restic-cache")
        subprocess.run([BINARIES["0.18"], "init", "-q"], env=environment, check=True)
        with running_panel(folder, **settings) as panel, panel.client(timeout_s=900) as client:
            home = write_server(panel.servers, SERVER)
            fill(home / "data")
            snapshot = client.post("/snapshots", json={"server_id": SERVER}).json()["snapshot"]["id"]
            bare, ours = [], []

            def plain(number: int) -> None:
                target = folder / f"bare{number}"
                argv = [BINARIES["0.18"], "restore", "-q", "--no-lock", "--sparse", "--target", target, snapshot]
                subprocess.run(argv, env=environment, check=True)

            def through_panel() -> None:
                body = {"snapshot_id": snapshot, "server_id": SERVER, "skip_safety_check": True}
                answer = client.post("/snapshots/restore", json=body)
                assert answer.status_code == 200, answer.text

            for number in range(ROUNDS):
                bare.append(timed(functools.partial(plain, number)))
                subprocess.run(["rm", "-rf", folder / f"bare{number}"], check=True)
                ours.append(timed(through_panel))
                subprocess.run(["rm", "-rf", panel.servers / ".removed"], check=True)
    return bare, ours


def show() -> None:
    """Print one line, for ``make bench``."""
    bare, ours = (statistics.median(seconds) for seconds in measure())
    print(f"restore ({FILES:,} files, 1 GiB)       {ours:6.2f} s, bare restic {bare:6.2f} s: {ours / bare:5.2f} x")


def main() -> None:
    """Measure, print, and write the report."""
    report(*measure())


def report(bare: list[float], ours: list[float]) -> None:
    """Print and write the figures."""
    ratio = statistics.median(ours) / statistics.median(bare)
    lines = [
        "# A restore against bare restic", "",
        f"Made by `make load-restore-speed`: {FILES} files, {TREE_BYTES // 2**20} MiB, restic 0.18, {ROUNDS} rounds.",
        "In seconds, in turns. Ours is `POST /snapshots/restore` from request to answer.", "",
        "| | " + " | ".join(f"round {number + 1}" for number in range(len(bare))) + " | median |",
        "|---|" + "---|" * (len(bare) + 1),
        "| bare restic | " + " | ".join(f"{one:.2f}" for one in [*bare, statistics.median(bare)]) + " |",
        "| ours | " + " | ".join(f"{one:.2f}" for one in [*ours, statistics.median(ours)]) + " |", "",
        f"Ratio of the medians: {ratio:.2f}.",
    ]  # fmt: skip
    print("\n".join(lines))
    REPORT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
