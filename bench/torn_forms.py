"""``make load-torn``, second part: snapshots of games as people have them, each restored and its world verified.

Two games in one file, a named volume, a project under another name, plain ``docker run`` beside the file. What counts
is the claim: none that is called ``flushed`` or ``stopped`` may be torn, or lack a world.
"""

import argparse
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench import torn_worlds
from bench.torn_worlds import FLUSH_S, PASSWORD, ROOT, SAVE_S, Bed
from servers.tests.conftest import IMAGE
from testbed.verify_world import verify
from testing.panel import real_text, running_panel, wait_for

REPORT = ROOT / "docs" / "reports" / "torn-forms.md"
GOOD = {"flushed", "stopped"}
KNOBS = {"TESTBED_FLUSH_S": FLUSH_S, "TESTBED_SAVE_INTERVAL_S": SAVE_S, "EULA": "TRUE", "VERSION": "1.16.1"}

HEAD = (
    "# Worlds of games as people have them", "",
    "Running games that write their worlds nearly all the time (`make load-torn`), made and started in ways that are",
    "not the panel's own. Every snapshot was restored with plain restic and each world in it verified by",
    "`testbed/verify_world.py`. No good one (`flushed` or `stopped`) may be torn or lack a world; the torn ones among",
    "the others show why those are not called so.", "",
    "| form | snapshots | levels claimed | good ones: torn | without a world | others: torn | without a world |",
    "|---|---|---|---|---|---|---|",
)


@dataclass
class Form:
    """One way to have games, and what came of its snapshots."""

    name: str
    worlds: int
    levels: dict[str, int] = field(default_factory=dict)
    torn: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})  # by whether a good level is claimed
    lacking: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})

    def note(self, level: str, problems: list[list[str]]) -> None:
        """Count one snapshot; ``problems``: of each world that came back."""
        is_good = level in GOOD
        self.levels[level] = self.levels.get(level, 0) + 1
        self.torn[is_good] += any(problems)
        self.lacking[is_good] += len(problems) < self.worlds

    def row(self) -> str:
        """Return its line of the report's table."""
        levels = ", ".join(f"{level} {count}" for level, count in sorted(self.levels.items()))
        counts = (self.torn[True], self.lacking[True], self.torn[False], self.lacking[False])
        return f"| {self.name} | {sum(self.levels.values())} | {levels} | {' | '.join(map(str, counts))} |"


def compose(folder: Path, *argv: str) -> None:
    """Call Compose by hand in a server's folder."""
    subprocess.run([ROOT / ".tools/bin/docker-compose", *argv], cwd=folder, check=True, capture_output=True)


def write(one: Bed, name: str, text: str) -> Path:
    """Put a compose file where servers are, as somebody does by hand."""
    folder = one.panel.servers / name
    (folder / "data").mkdir(parents=True)
    (folder / "compose.yaml").write_text(text)
    return folder


def text_of(name: str) -> str:
    """Return the file of one game that writes all the time."""
    lines = "".join(f'      {key}: "{value}"\n' for key, value in KNOBS.items() if key.startswith("TESTBED"))
    text = real_text(name, memory="512m")
    return text.replace("    ports:\n", f"{lines}    ports:\n")


def two_games(one: Bed, name: str) -> None:
    """Put two services of the game's image into one file, each with a folder of its own."""
    first = text_of(name).replace("./data:/data", "./lobby:/data")
    second = text_of(f"{name}-b").replace("./data:/data", "./survival:/data").replace("  mc:\n", "  second:\n")
    write(one, name, first + second.removeprefix("services:\n"))
    up(one, name)


def named_volume(one: Bed, name: str) -> None:
    """Mount a volume of the engine at /data."""
    write(one, name, text_of(name).replace("./data:/data", "mcdata:/data") + "\nvolumes:\n  mcdata: {}\n")
    up(one, name)


def other_project(one: Bed, name: str) -> None:
    """Start it by hand under another project's name."""
    compose(write(one, name, text_of(name)), "-p", f"{name}x", "up", "-d")


def docker_run(one: Bed, name: str) -> None:
    """Make it by ``docker run``, with a compose file laid beside it."""
    folder = write(one, name, text_of(name))
    knobs = [word for key, value in KNOBS.items() for word in ("--env", f"{key}={value}")]
    argv = ["--name", f"{name}-plain", "--volume", f"{folder}/data:/data", *knobs, IMAGE]
    subprocess.run(["docker", "run", "--detach", "--memory", "512m", *argv], check=True, capture_output=True)


def up(one: Bed, name: str) -> None:
    """Start a server through the panel."""
    answer = one.client.post(f"/servers/{name}/operations", json={"action": "up"})
    assert answer.status_code == 200, answer.text


FORMS: dict[str, tuple[Callable[[Bed, str], None], int]] = {
    "two games in one file": (two_games, 2),
    "a named volume at /data": (named_volume, 1),
    "a project name of its own": (other_project, 1),
    "plain `docker run` beside the file": (docker_run, 1),
}


@contextmanager
def started(one: Bed, way: Callable[[Bed, str], None]) -> Iterator[str]:
    """Start the games of one form, wait until all are healthy, and take everything away in the end."""
    name = f"form-{uuid.uuid4().hex[:8]}"
    try:
        way(one, name)
        wait_for(lambda: _health(name), lambda found: bool(found) and set(found) == {"healthy"}, limit_s=90)
        yield name
    finally:
        subprocess.run(["docker", "rm", "--force", "--volumes", *_containers(name)], capture_output=True, check=False)
        for project in (name, f"{name}x"):
            subprocess.run(["docker", "network", "rm", f"{project}_default"], capture_output=True, check=False)
        subprocess.run(["docker", "volume", "rm", f"{name}_mcdata"], capture_output=True, check=False)


def _containers(name: str) -> list[str]:
    argv = ["docker", "ps", "--all", "--quiet", "--filter", f"name={name}"]
    return subprocess.run(argv, capture_output=True, check=True, text=True).stdout.split()


def _health(name: str) -> list[str]:
    argv = ["docker", "inspect", "--format", "{{.State.Health.Status}}", *_containers(name)]
    return subprocess.run(argv, capture_output=True, check=False, text=True).stdout.split()


def problems(one: Bed, snapshot: str) -> list[list[str]]:
    """Restore a snapshot with plain restic; return what is wrong with each world in it."""
    with tempfile.TemporaryDirectory() as scratch:
        one.restic("restore", snapshot, "--target", scratch)
        return [verify(level.parent) for level in Path(scratch).rglob("level.dat")]


def run(one: Bed, form: str, *, times: int) -> Form:
    """Make ``times`` snapshots of one form and judge them all."""
    way, worlds = FORMS[form]
    found = Form(form, worlds)
    with started(one, way) as name:
        for _ in range(times):
            answer = one.client.post(f"/servers/{name}/snapshots", json={}, timeout=httpx.Timeout(120))
            assert answer.status_code == 200, answer.text
            snapshot = answer.json()["snapshot"]
            found.note(snapshot["saved"], problems(one, snapshot["id"]))
    return found


def main() -> None:
    """Run all forms and write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50, help="snapshots of each form (default: %(default)s)")
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        repository = {"RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD}
        with running_panel(folder, **repository) as panel, panel.client() as client:
            one = torn_worlds.Bed(panel, client, folder, [])
            one.restic("init")
            began = time.perf_counter()
            forms = []
            for name in FORMS:
                forms.append(run(one, name, times=times))
                print(forms[-1].row(), flush=True)
    took = f"All {times * len(forms)} took {(time.perf_counter() - began) / 60:.0f} minutes."
    REPORT.write_text("\n".join([*HEAD, *(one.row() for one in forms), "", took, ""]))
    wrong = [one.name for one in forms if one.torn[True] or one.lacking[True]]
    assert not wrong, f"a claim was false: {wrong}"


if __name__ == "__main__":
    main()
