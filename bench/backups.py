"""A first and a second backup of 5,000 files and 1 GiB by the panel, against bare restic on the same tree."""

import functools
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx

from servers.tests.conftest import write_server
from testing.panel import running_panel

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 4
FILES, FILE_BYTES = 5000, 1024**3 // 5000
PASSWORD = "not-a-secret-of-anybody"  # noqa: S105 - of repositories that live for minutes


def make_tree(folder: Path) -> None:
    """Write FILES files that cannot be compressed."""
    for number in range(FILES):
        file = folder / f"{number // 100:02}" / f"{number:04}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(FILE_BYTES))


def run_backups() -> None:
    """Print the seconds of both and the ratio of the medians; in turns, each round into new repositories."""
    seconds: dict[str, list[tuple[float, float]]] = {"first": [], "second": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = {"RESTIC__REPOSITORY_PATH": str(folder / "ours"), "RESTIC__PASSWORD": PASSWORD}
        with running_panel(folder, **ours) as panel, panel.client(timeout_s=1200) as client:
            make_tree(write_server(panel.servers, "big") / "data")
            plain = functools.partial(restic, folder, "backup", "--quiet", str(panel.servers / "big"))
            works = [plain, functools.partial(back_up, client)]
            for number in range(ROUNDS):
                panel.manage("snapshot", "init")
                restic(folder, "init")
                for taken in seconds.values():
                    order = (0, 1) if number % 2 else (1, 0)  # who comes second finds the disk busier
                    took = {one: timed(works[one]) for one in order}
                    taken.append((took[0], took[1]))
                for repository in ("ours", "plain"):
                    shutil.rmtree(folder / repository)
    for what, taken in seconds.items():
        bare, own = (statistics.median(column) for column in zip(*taken, strict=True))
        print(
            f"backup, {what:6} (5,000 files, 1 GiB) {own:6.2f} s, bare restic {bare:6.2f} s: {own / bare:5.2f} x"
            f"   (rounds: {', '.join(f'{mine:.2f}/{theirs:.2f}' for theirs, mine in taken)})"
        )


def back_up(client: httpx.Client) -> None:
    """Make a snapshot through the API."""
    answer = client.post("/servers/big/snapshots", json={})
    assert answer.status_code == 200, answer.text


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that ``work`` took, with the disk quiet before."""
    os.sync()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def restic(folder: Path, *args: str) -> None:
    """Run bare restic."""
    environment = {
        "RESTIC_REPOSITORY": str(folder / "plain"), "RESTIC_PASSWORD": PASSWORD, "PATH": "/usr/bin:/bin",
        "RESTIC_CACHE_DIR": str(folder / "plain-cache"),
    }
    subprocess.run([str(ROOT / ".tools/bin/restic"), *args], env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    run_backups()
