"""``make load-restore-speed``: a restore through the API against bare restic, same tree, same run."""

import os
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

from bench.backups import timed
from servers.tests.conftest import write_server
from testing.panel import running_panel
from testing.repositories import BINARIES, PASSWORD

REPORT = Path(__file__).resolve().parents[1] / "docs/reports/restore-speed.md"
FILES = int(os.environ.get("BENCH_FILES", "5000"))
TREE_BYTES = int(os.environ.get("BENCH_MIB", "1024")) * 2**20
ROUNDS = 3
SERVER = "bench"
BARE, SYNCED, OURS = "bare restic", "bare restic and sync", "ours"


def fill(folder: Path) -> None:
    """Write the files: sizes differ, content does not compress."""
    chooser = random.Random(5)  # noqa: S311 - the same sizes each time
    weights = [chooser.uniform(0.2, 1.8) for _ in range(FILES)]
    for number, weight in enumerate(weights):
        file = folder / f"world/region{number % 50}/r.{number}.mca"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(int(TREE_BYTES * weight / sum(weights))))


def measure() -> dict[str, list[float]]:
    """Return the seconds of each round of three ways, taken in turns."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        repository = folder / "repository"
        settings = {
            "RESTIC__REPOSITORY_PATH": str(repository), "RESTIC__PASSWORD": PASSWORD,
            "RESTIC__BINARY": str(BINARIES["0.18"]),
        }
        environment = {**os.environ, "RESTIC_REPOSITORY": str(repository), "RESTIC_PASSWORD": PASSWORD}
        environment["RESTIC_CACHE_DIR"] = str(folder / "logs/restic-cache")
        subprocess.run([BINARIES["0.18"], "init", "-q"], env=environment, check=True)
        with running_panel(folder, **settings) as panel, panel.client(timeout_s=900) as client:
            home = write_server(panel.servers, SERVER)
            fill(home / "data")
            snapshot = client.post("/snapshots", json={"server_id": SERVER}).json()["snapshot"]["id"]

            def bare() -> None:
                argv = [str(BINARIES["0.18"]), "restore", "-q", "--no-lock", "--sparse", f"--target={folder}/bare"]
                subprocess.run([*argv, snapshot], env=environment, check=True, stdout=subprocess.DEVNULL)

            def bare_and_on_the_disk() -> None:
                bare()
                subprocess.run(["sync", "--file-system", folder], check=True)

            def ours() -> None:
                body = {"snapshot_id": snapshot, "server_id": SERVER, "skip_safety_check": True}
                answer = client.post("/snapshots/restore", json=body)
                assert answer.status_code == 200, answer.text

            ways = {BARE: bare, SYNCED: bare_and_on_the_disk, OURS: ours}
            taken: dict[str, list[float]] = {way: [] for way in ways}
            for number in range(ROUNDS):
                for way in list(ways)[number % 3 :] + list(ways)[: number % 3]:
                    taken[way].append(timed(ways[way]))
                    subprocess.run(["rm", "-rf", folder / "bare", panel.servers / ".removed"], check=True)
            return taken


def show() -> None:
    """Print two lines, for ``make bench``."""
    medians = {way: statistics.median(seconds) for way, seconds in measure().items()}
    for way in (BARE, SYNCED):
        print(
            f"restore ({FILES:,} files, 1 GiB) {medians[OURS]:6.2f} s, {way} {medians[way]:6.2f} s: "
            f"{medians[OURS] / medians[way]:5.2f} x"
        )


def main() -> None:
    """Measure, print, and write the report."""
    report(measure())


def report(taken: dict[str, list[float]]) -> None:
    """Print and write the figures."""
    medians = {way: statistics.median(seconds) for way, seconds in taken.items()}
    lines = [
        "# A restore against bare restic", "",
        f"Made by `make load-restore-speed`: {FILES} files, {TREE_BYTES // 2**20} MiB, restic 0.18, {ROUNDS} rounds.",
        "In seconds, in turns. Ours is `POST /snapshots/restore` from request to answer; before it swaps the trees,",
        "the new one is on the disk, which bare restic leaves to the kernel.", "",
        "| | " + " | ".join(f"round {number + 1}" for number in range(ROUNDS)) + " | median |",
        "|---|" + "---|" * (ROUNDS + 1),
        *(
            f"| {way} | " + " | ".join(f"{one:.2f}" for one in [*seconds, medians[way]]) + " |"
            for way, seconds in taken.items()
        ), "",
        f"Ratio of the medians: {medians[OURS] / medians[BARE]:.2f} to {BARE},",
        f"{medians[OURS] / medians[SYNCED]:.2f} to {SYNCED}.",
    ]
    print("\n".join(lines))
    REPORT.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
