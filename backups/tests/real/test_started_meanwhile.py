"""Somebody starts the game by Docker at each moment of a restore: it never runs on another tree than the server's."""

import asyncio
import itertools
import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from backups.tests.edge.conftest import save, vault
from backups.tests.edge.test_restores import restore
from core import process, programs
from servers import wiring
from servers.docker.cli import DockerCli
from servers.tests.conftest import write_server
from testing.panel import real_text, wait_for

__all__ = ["vault"]  # fixtures

pytestmark = [
    pytest.mark.docker, pytest.mark.restic, pytest.mark.django_db(transaction=True), pytest.mark.timeout(900),
]

TINY = "mcadmin-testbed:tiny"
# The "game" holds its world open, as a game does: what it has open tells which tree it runs on.
GAME = "[sh, -c, '{waits}exec 3</data/world/level.dat; sleep 600']"
VOLUME = "a volume"
KINDS: dict[str, dict[str, str]] = {
    "whole": {}, "the data": {"path": "/"}, "the world": {"path": "world"}, VOLUME: {},
}


@dataclass
class Engine:
    """The real engine; at one of our questions somebody starts the game.

    Attributes:
        container: of the game.
        start: the command by which somebody starts it; Compose makes the container, too.
        data: its files.
        at: at which of our questions; -1: at none.
        is_waited_for: the start is done before the question is answered; else it only begins then.
        answers_after_s: the next question is answered so much later, which is a lot to a game that starts.
        lay_there: what the world was when somebody began to start the game.
    """

    container: str
    start: list[str]
    data: Path
    at: int = -1
    is_waited_for: bool = True
    answers_after_s: float = 0.0
    asked: list[tuple[str, ...]] = field(default_factory=list)
    starter: "subprocess.Popen[bytes] | None" = None
    lay_there: str = ""

    def begin(self) -> subprocess.Popen[bytes]:
        self.lay_there = (self.data / "world/level.dat").read_text()
        self.starter = subprocess.Popen(self.start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self.starter

    async def run(self, *argv: str, **options: Any) -> str:
        if len(self.asked) == self.at and not self.is_waited_for:
            await asyncio.to_thread(self.begin)
        if len(self.asked) == self.at + 1:
            await asyncio.sleep(self.answers_after_s)
        answer = await process.run(*argv, **options)
        if len(self.asked) == self.at and self.is_waited_for:
            await asyncio.to_thread(lambda: self.begin().wait())
        self.asked.append(argv)
        return answer


@pytest.fixture
def waits() -> bool:
    """Whether the game opens its world only a while after its start, as every real one."""
    return False


@pytest.fixture
def engine(server_path: Path, settings: Any, kind: str, by: str, *, waits: bool) -> Iterator[Engine]:
    """A stopped server, whose container is made where it is not Compose that starts it."""
    name = f"s{uuid.uuid4().hex[:8]}"
    images = [*settings.MC_ADMIN.allowed_images, TINY.partition(":")[0]]
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"allowed_images": images})
    game = GAME.format(waits="sleep 1; " if waits else "")
    text = real_text(name, image=TINY, memory="64m").replace("    volumes:", f"    command: {game}\n    volumes:")
    if kind == VOLUME:
        text = f"{text.replace('./data:', 'world:')}\nvolumes:\n  world: {{}}\n"
    home = write_server(server_path, name, text)
    compose = [programs.find("docker-compose") or "docker-compose", "--project-directory", str(home)]
    subprocess.run([*compose, "create"], check=True, capture_output=True)
    if by == "docker compose up":
        subprocess.run(["docker", "rm", f"mc-{name}"], check=True, capture_output=True)
    start = ["docker", "start", f"mc-{name}"] if by == "docker start" else [*compose, "up", "--detach"]
    one = Engine(f"mc-{name}", start, volume_folder(f"{name}_world") if kind == VOLUME else home / "data")
    (one.data / "world").mkdir()
    (one.data / "world/level.dat").write_text("old")
    wiring.cli_override = DockerCli(run=one.run)
    wiring.reset()
    yield one
    subprocess.run(["docker", "rm", "--force", one.container], check=False, capture_output=True)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], check=True, capture_output=True)
    subprocess.run(["docker", "volume", "rm", "--force", f"{name}_world"], check=True, capture_output=True)


def volume_folder(name: str) -> Path:
    words = ["docker", "volume", "inspect", "--format", "{{.Mountpoint}}", name]
    return Path(subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip())


def pid_of(container: str) -> int:
    words = ["docker", "inspect", "--format", "{{.State.Pid}}", container]
    return int(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def round_of(owner: APIClient, engine: Engine, home: Path, snapshot: str, body: dict[str, str], *, at: int) -> str:
    """Restore once while somebody starts the game; return "refused" or "restored" once all is as it must be."""
    level = engine.data / "world/level.dat"
    level.write_text("newer")
    engine.asked.clear()
    engine.at, engine.starter, engine.lay_there = at, None, ""
    answer = restore(owner, snapshot, server_id=home.name, skip_safety_check=True, **body)
    try:
        if engine.starter is not None:
            assert engine.starter.wait(timeout=60) == 0
        found = level.read_text()
        assert (answer.status_code, found) in {(200, "old"), (409, "newer")}, (answer.json(), found)
        if answer.status_code == 200:
            kept = answer.json()["removed_volume"] or home.parent / answer.json()["removed"]
            assert "newer" in [one.read_text() for one in Path(kept).rglob("level.dat")]
            assert not answer.json().get("warnings"), answer.json()
        else:
            assert engine.starter is not None
            # The other one where Compose made the container between two lists of the engine.
            assert answer.json()["code"] in {"server_running", "folder_in_use"}, answer.json()
        assert not list(home.parent.glob(".restoring/*"))
        if engine.starter is not None:
            game = Path(f"/proc/{pid_of(engine.container)}")
            wait_for((game / "fd/3").exists, bool, limit_s=10)
            assert (game / "root/data").stat().st_ino == engine.data.stat().st_ino
            assert (game / "fd/3").stat().st_ino == level.stat().st_ino
    finally:
        end = ["docker", "kill"] if "start" in engine.start else ["docker", "rm", "--force"]
        subprocess.run([*end, engine.container], check=False, capture_output=True)
    return "restored" if answer.status_code == 200 else "refused"


def first_question_after_the_swap(asked: list[tuple[str, ...]]) -> int:
    """After it there is only the refresh that each operation ends with."""
    lists = [at for at, words in enumerate(asked) if words[1:] == ("ps", "--all", "--quiet", "--no-trunc")]
    return lists[-2]


def around(at: Callable[[int], str], engine: Engine, after_swap: int) -> dict[int, str]:
    """Return a round whose start came too early and one whose start came after the swap, with those between.

    The count of questions differs from round to round: readings follow the engine's events. So the places are looked
    for, and a round that ended before somebody started the game proves nothing: it is tried anew.
    """
    found = {}
    for moment in reversed(range(after_swap)):
        found[moment] = at(moment)
        if found[moment] == "refused":
            break
    for _ in range(3):
        for moment in itertools.count(after_swap):
            result = at(moment)
            if engine.starter is None:
                break
            found[moment] = result
            if result == "restored":
                return found
    return found


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to look into the game's process")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by", ["docker start", "docker compose up"])
@pytest.mark.parametrize("moments", ["around the swap", pytest.param("all, begun", marks=pytest.mark.long)])
def test_a_game_that_is_started_meanwhile_runs_on_what_lies_in_its_place(
    owner: APIClient, engine: Engine, server_path: Path, vault: Path, kind: str, moments: str
) -> None:
    (home,) = server_path.glob("s*")
    snapshot = save(owner, server_id=home.name)
    undisturbed = round_of(owner, engine, home, snapshot, KINDS[kind], at=-1)
    count, after_swap = len(engine.asked), first_question_after_the_swap(engine.asked)
    engine.is_waited_for = moments == "around the swap"

    def at(moment: int) -> str:
        return round_of(owner, engine, home, snapshot, KINDS[kind], at=moment)

    found = around(at, engine, after_swap) if engine.is_waited_for else {moment: at(moment) for moment in range(count)}

    assert undisturbed == "restored"
    assert set(found.values()) == {"refused", "restored"}, found


@pytest.mark.skipif(os.geteuid() != 0, reason="needs to look into the game's process")
@pytest.mark.parametrize("kind", ["the world"])
@pytest.mark.parametrize("by", ["docker start"])
@pytest.mark.parametrize("waits", [True])
def test_a_game_that_began_before_the_swap_and_opened_its_world_after_it_keeps_that(
    owner: APIClient, engine: Engine, server_path: Path, vault: Path, kind: str
) -> None:
    (home,) = server_path.glob("s*")
    snapshot = save(owner, server_id=home.name)
    round_of(owner, engine, home, snapshot, KINDS[kind], at=-1)
    before_swap = first_question_after_the_swap(engine.asked) - 1
    engine.answers_after_s = 3.0

    found: list[tuple[str, str]] = []
    moment = before_swap
    while ("restored", "newer") not in found and len(found) < 8:  # the count of questions differs from round to round
        result = round_of(owner, engine, home, snapshot, KINDS[kind], at=moment)
        found.append((result, engine.lay_there))
        moment += 1 if result == "refused" else -1

    assert ("restored", "newer") in found, found
