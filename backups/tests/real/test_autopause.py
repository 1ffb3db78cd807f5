"""A stand-in game that is stopped by SIGSTOP behind its marker file, as the image's autopause does it."""

import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from servers.tests.conftest import write_server
from testing.panel import Panel, operate, real_text, running_panel, status, wait_for
from testing.repositories import PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]

WATCHED_S = 14.0  # more than two rounds of the players of a server that is looked at
LISTENING = "0A"
PORTS = {25565, 25575}


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("asleep")
    make_empty(folder / "repository")
    settings = {"RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD}
    with running_panel(folder, **settings) as one:
        yield one


class Sleeper:
    """A healthy stand-in, and the means to stop its process."""

    def __init__(self, panel: Panel) -> None:
        self.name = f"sleep-{uuid.uuid4().hex[:8]}"
        # The image's own check is content with a game that sleeps; the stand-in's is not.
        text = real_text(self.name, memory="1g").replace(
            "    volumes:\n", "    healthcheck: {test: [CMD, 'true'], interval: 1s}\n    volumes:\n"
        )
        self.marker = write_server(panel.servers, self.name, text) / "data/.paused"
        self.pid = 0

    def start(self, client: httpx.Client) -> None:
        assert operate(client, self.name, "up").status_code == 200
        wait_for(lambda: status(client, self.name), "HEALTHY".__eq__, limit_s=60)
        wait_for(lambda: self.players(client).get("maxPlayers"), bool, limit_s=60)
        shown = ["docker", "inspect", "--format", "{{.State.Pid}}", f"mc-{self.name}"]
        self.pid = int(subprocess.run(shown, capture_output=True, text=True, check=True).stdout)

    def players(self, client: httpx.Client) -> dict[str, object]:
        found: dict[str, object] = client.get(f"/servers/{self.name}/players").json()
        return found

    def sleep(self) -> None:
        self.marker.touch()
        os.kill(self.pid, signal.SIGSTOP)

    def wake(self) -> None:
        self.marker.unlink(missing_ok=True)
        os.kill(self.pid, signal.SIGCONT)

    def connections(self) -> set[tuple[str, str]]:
        """Whoever has connected to one of its ports, taken by it or not: addresses of both ends."""
        lines = Path(f"/proc/{self.pid}/net/tcp").read_text().splitlines()[1:]
        lines += Path(f"/proc/{self.pid}/net/tcp6").read_text().splitlines()[1:]
        ends = [line.split()[1:4] for line in lines]
        return {(own, other) for own, other, state in ends if state != LISTENING and int(own[-4:], 16) in PORTS}


@pytest.fixture
def sleeper(panel: Panel) -> Iterator[Sleeper]:
    one = Sleeper(panel)
    yield one
    if one.pid:
        one.wake()
    subprocess.run(["docker", "rm", "--force", f"mc-{one.name}"], capture_output=True, check=False)
    subprocess.run(["docker", "network", "rm", f"{one.name}_default"], capture_output=True, check=False)


def test_nobody_knocks_at_a_sleeping_game(panel: Panel, sleeper: Sleeper) -> None:
    with panel.client() as client:
        sleeper.start(client)
        sleeper.sleep()
        time.sleep(1)  # what was under way when it fell asleep
        before = sleeper.connections()
        seen: set[tuple[str, str]] = set()
        end = time.monotonic() + WATCHED_S
        while time.monotonic() < end:
            sleeper.players(client)
            seen |= sleeper.connections()
            time.sleep(0.1)
        told = client.get(f"/servers/{sleeper.name}/status").json()

    assert seen - before == set()
    assert (told["status"], "sleeps" in told["reason"]) == ("HEALTHY", True)


def test_a_backup_of_one_that_does_not_wake_claims_nothing(panel: Panel, sleeper: Sleeper) -> None:
    with panel.client() as client:
        sleeper.start(client)
        sleeper.sleep()
        made = client.post("/snapshots", json={"server_id": sleeper.name}).json()
        refused = client.post("/snapshots", json={"server_id": sleeper.name, "require": "flushed"})
        sleeper.wake()
        after = client.post("/snapshots", json={"server_id": sleeper.name}).json()

    assert made["snapshot"]["saved"] == "live", made
    assert "asleep" in made["warnings"][0]
    assert (refused.status_code, refused.json()["code"]) == (504, "flush_not_confirmed")
    assert "asleep" in refused.json()["detail"]
    assert (after["snapshot"]["saved"], after["warnings"]) == ("flushed", []), after


def test_a_backup_wakes_one_that_wakes_at_a_knock(panel: Panel, sleeper: Sleeper) -> None:
    """Whoever knocks at the ports wakes it, as the image's knockd does."""
    with panel.client() as client:
        sleeper.start(client)
        sleeper.sleep()
        time.sleep(1)
        before = sleeper.connections()
        answered = threading.Event()

        def wake_at_a_knock() -> None:
            while not sleeper.connections() - before:
                if answered.wait(0.1):
                    return
            sleeper.wake()

        knockd = threading.Thread(target=wake_at_a_knock)
        knockd.start()
        try:
            answer = client.post("/snapshots", json={"server_id": sleeper.name, "require": "flushed"})
        finally:
            answered.set()
            knockd.join()

    made = answer.json()
    assert answer.is_success, made
    assert made["snapshot"]["saved"] == "flushed", made
    assert "the backup has woken it" in made["warnings"][0]
