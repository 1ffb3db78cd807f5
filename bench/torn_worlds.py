"""``make load-torn``: snapshots of running servers, each restored and looked at for a torn world.

Four arms: no quiescing; ``save-off`` without waiting for the flush; the panel's full bracket; the panel's bracket
around three servers at once (scope global). Only the panel's may have no torn world at all.
"""

import argparse
import subprocess
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from testbed.verify_world import verify
from testing.panel import Panel, real_text, running_panel, wait_for

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "reports" / "torn-worlds.md"
PASSWORD = "not-a-secret-of-anybody"  # noqa: S105 - of a repository that lives for minutes
FLUSH_S = 2.5
SAVE_S = 0.05  # between the game's own saves: most of the time it writes

HEAD = (
    "# Torn worlds", "",
    "Three running servers that write their worlds nearly all the time (`make load-torn`). Every snapshot was",
    "restored with plain restic and its world verified by `testbed/verify_world.py`: one generation in all chunks,",
    "each checksum right.", "",
    "| arm | snapshots | worlds restored | torn | levels claimed | each, restore included |",
    "|---|---|---|---|---|---|",
)
TAIL = "Only the panel's bracket (`save-off`, `save-all flush`, confirmation, copy, `save-on`) may stand at 0."


@dataclass
class Arm:
    """One way to make snapshots, and what came of it."""

    name: str
    taken: int = 0
    worlds: int = 0
    torn: int = 0
    levels: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def row(self) -> str:
        """Return its line of the report's table."""
        levels = ", ".join(f"{level} {count}" for level, count in sorted(self.levels.items())) or "—"
        each = f"{self.seconds / max(1, self.taken):.1f} s"
        return f"| {self.name} | {self.taken} | {self.worlds} | {self.torn} | {levels} | {each} |"


class Bed:
    """A panel, a repository and running servers whose worlds are written all the time."""

    def __init__(self, panel: Panel, client: httpx.Client, folder: Path, names: list[str]) -> None:
        self.panel = panel
        self.client = client
        self.names = names
        self.repository = str(folder / "repository")
        self._scratch = folder / "scratch"
        self._environment = {
            "RESTIC_REPOSITORY": self.repository, "RESTIC_PASSWORD": PASSWORD,
            "RESTIC_CACHE_DIR": str(folder / "cache"), "PATH": "/usr/bin:/bin",
        }

    def restic(self, *args: str, codes: tuple[int, ...] = (0,)) -> None:
        """Run plain restic, as anybody could."""
        argv = [str(ROOT / ".tools/bin/restic"), *args]
        done = subprocess.run(argv, env=self._environment, check=False, capture_output=True, text=True)
        assert done.returncode in codes, done.stderr

    def bare_backup(self) -> str:
        """Copy the first server without the panel; return the snapshot's id."""
        tag = uuid.uuid4().hex
        # 3: the game took a file away meanwhile, which is one way to be torn.
        self.restic("backup", "--tag", tag, "--quiet", str(self.panel.servers / self.names[0]), codes=(0, 3))
        return tag

    def torn(self, server_id: str, *, snapshot: str = "latest", tag: str = "") -> list[str]:
        """Restore the world of one snapshot with plain restic; return what is wrong with it."""
        world = self.panel.servers / server_id / "data/world"
        with tempfile.TemporaryDirectory(dir=self._scratch.parent) as scratch:
            only = ["--tag", tag] if tag else []
            self.restic("restore", snapshot, *only, "--target", scratch, "--include", str(world))
            return verify(Path(scratch) / world.relative_to("/"))

    def restart_panel(self) -> None:
        """Start the panel that was killed."""
        self.client.close()
        self.panel.start()
        self.client = self.panel.client()

    def rcon(self, command: str) -> None:
        """Say something to the first server."""
        self.client.post(f"/servers/{self.names[0]}/rcon", json={"command": command})


@contextmanager
def bed(
    folder: Path,
    *,
    servers: int,
    knobs: dict[str, object] | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Bed]:
    """Start panel and servers, and take everything down in the end."""
    names = [f"torn-{uuid.uuid4().hex[:8]}" for _ in range(servers)]
    repository = {"RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD}
    try:
        with running_panel(folder, **repository, **(environment or {})) as panel, panel.client() as client:
            one = Bed(panel, client, folder, names)
            one.restic("init")
            for name in names:
                start(panel, client, name, knobs=knobs)
            try:
                yield one
            finally:
                one.client.close()  # another one than ours where the panel was started again
    finally:
        for name in names:
            subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
            subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def start(panel: Panel, client: httpx.Client, name: str, *, knobs: dict[str, object] | None = None) -> None:
    """Make a server by hand, start it and wait until its game answers."""
    chosen = {"TESTBED_FLUSH_S": FLUSH_S, "TESTBED_SAVE_INTERVAL_S": SAVE_S, **(knobs or {})}
    lines = "".join(f'      {key}: "{value}"\n' for key, value in chosen.items())
    text = real_text(name)
    directory = panel.servers / name
    (directory / "data").mkdir(parents=True)
    (directory / "compose.yaml").write_text(text.replace("    ports:\n", f"{lines}    ports:\n"))
    answer = client.post(f"/servers/{name}/operations", json={"action": "up"})
    assert answer.status_code == 200, answer.text
    wait_for(lambda: client.get(f"/servers/{name}/status").json()["status"], lambda one: one == "HEALTHY", limit_s=60)


def without_quiescing(one: Bed) -> tuple[str, list[list[str]]]:
    """Copy while the game writes."""
    return "", [one.torn(one.names[0], tag=one.bare_backup())]


def without_waiting(one: Bed) -> tuple[str, list[list[str]]]:
    """Turn saving off, ask for the flush, and copy before the game has confirmed it."""
    one.rcon("save-off")
    flush = threading.Thread(target=one.rcon, args=("save-all flush",))
    flush.start()
    tag = one.bare_backup()
    flush.join()
    one.rcon("save-on")
    return "", [one.torn(one.names[0], tag=tag)]


def full_bracket(one: Bed) -> tuple[str, list[list[str]]]:
    """Let the panel do it."""
    answer = one.client.post(f"/servers/{one.names[0]}/snapshots", json={})
    assert answer.status_code == 200, answer.text
    snapshot = answer.json()["snapshot"]
    return snapshot["saved"], [one.torn(one.names[0], snapshot=snapshot["id"])]


def everything(one: Bed) -> tuple[str, list[list[str]]]:
    """Let the panel copy all servers at once."""
    answer = one.client.post("/snapshots", json={})
    assert answer.status_code == 200, answer.text
    snapshot = answer.json()["snapshot"]
    return snapshot["saved"], [one.torn(name, snapshot=snapshot["id"]) for name in one.names]


WAYS: dict[str, Callable[[Bed], tuple[str, list[list[str]]]]] = {
    "no quiescing (bare restic)": without_quiescing,
    "`save-off`, no wait for the flush": without_waiting,
    "the full bracket": full_bracket,
    "the full bracket, scope global": everything,
}


def run(one: Bed, name: str, *, times: int) -> Arm:
    """Make ``times`` snapshots one way and judge them all."""
    arm = Arm(name)
    for _ in range(times):
        began = time.perf_counter()
        level, problems = WAYS[name](one)
        arm.seconds += time.perf_counter() - began
        arm.taken += 1
        arm.worlds += len(problems)
        arm.torn += sum(bool(found) for found in problems)
        if level:
            arm.levels[level] = arm.levels.get(level, 0) + 1
    return arm


def main() -> None:
    """Run all arms and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="snapshots of each arm (default: %(default)s)")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder, bed(Path(folder), servers=3) as one:
        rows = []
        for name in WAYS:
            rows.append(run(one, name, times=times).row())
            print(rows[-1], flush=True)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text("\n".join([*HEAD, *rows, "", TAIL, ""]))


if __name__ == "__main__":
    main()
