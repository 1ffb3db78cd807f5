"""A first and a second backup of 5,000 files and 1 GiB by the panel, against bare restic on the same tree."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from servers.tests.conftest import write_server
from servers.tests.real.panel import running_panel

ROOT = Path(__file__).resolve().parents[1]
FILES, FILE_BYTES = 5000, 1024**3 // 5000
PASSWORD = "not-a-secret-of-anybody"  # noqa: S105 - of repositories that live for minutes


def make_tree(folder: Path) -> None:
    """Write FILES files that cannot be compressed."""
    for number in range(FILES):
        file = folder / f"{number // 100:02}" / f"{number:04}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(os.urandom(FILE_BYTES))


def run_backups() -> None:
    """Print the seconds of both and their ratio; the bare one goes first, so that it warms the cache for ours."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ours = {"RESTIC__REPOSITORY_PATH": str(folder / "ours"), "RESTIC__PASSWORD": PASSWORD}
        with running_panel(folder, **ours) as panel, panel.client(timeout_s=1200) as client:
            make_tree(write_server(panel.servers, "big") / "data")
            panel.manage("snapshot", "init")
            restic(folder, "init")
            for what in ("first", "second"):
                began = time.perf_counter()
                restic(folder, "backup", "--quiet", str(panel.servers / "big"))
                plain = time.perf_counter() - began
                began = time.perf_counter()
                answer = client.post("/servers/big/snapshots", json={})
                assert answer.status_code == 200, answer.text
                taken = time.perf_counter() - began
                ratio = f"{taken / plain:5.2f} x"
                print(f"backup, {what:6} (5,000 files, 1 GiB) {taken:6.1f} s, bare {plain:6.1f} s {ratio}")


def restic(folder: Path, *args: str) -> None:
    """Run bare restic."""
    environment = {
        "RESTIC_REPOSITORY": str(folder / "plain"), "RESTIC_PASSWORD": PASSWORD, "PATH": "/usr/bin:/bin",
        "RESTIC_CACHE_DIR": str(folder / "plain-cache"),
    }  # fmt: skip
    subprocess.run([str(ROOT / ".tools/bin/restic"), *args], env=environment, check=True, capture_output=True)


if __name__ == "__main__":
    run_backups()
