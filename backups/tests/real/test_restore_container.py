"""What Docker does behind a restore's back: the container is started, or killed and removed, in the middle."""

import os
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from core import programs
from servers.tests.conftest import write_server
from testing.panel import Panel, real_text, running_panel, wait_for
from testing.repositories import BINARIES, PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]


@pytest.fixture
def panel(tmp_path: Path) -> Iterator[Panel]:
    make_empty(tmp_path / "repository", is_cheap=False)  # restic is caught while it runs
    with running_panel(
        tmp_path, RESTIC__REPOSITORY_PATH=str(tmp_path / "repository"), RESTIC__PASSWORD=PASSWORD,
        RESTIC__BINARY=str(BINARIES["0.18"]),
    ) as started:
        yield started


@pytest.fixture
def server(panel: Panel) -> Iterator[str]:
    """A server whose container is made and does not run."""
    name = f"t{uuid.uuid4().hex[:8]}"
    text = real_text(name)
    home = write_server(panel.servers, name, text)
    (home / "data/level.dat").write_text("old")
    compose = [programs.find("docker-compose") or "docker-compose", "--project-directory", str(home)]
    subprocess.run([*compose, "create"], check=True, capture_output=True)
    yield name
    subprocess.run([*compose, "down", "--timeout", "0"], check=True, capture_output=True)
    shutil.rmtree(home)


def restored_while(panel: Panel, server: str, *docker: str) -> dict[str, Any]:
    """Restore, hold restic in the middle, run docker, let restic go on; return the operation's record."""
    with panel.client() as client:
        snapshot = client.post("/snapshots", json={"server_id": server}).json()["snapshot"]["id"]
        (panel.servers / server / "data/level.dat").write_text("newer")
        body = {"snapshot_id": snapshot, "server_id": server}
        begun = client.post("/snapshots/restore", json=body, headers={"Prefer": "respond-async"})
        assert begun.status_code == 202, begun.text
        restic = wait_for(lambda: running_restic(panel), bool, limit_s=30)
        os.kill(restic, signal.SIGSTOP)
        subprocess.run(["docker", *docker, f"mc-{server}"], check=True, capture_output=True)
        os.kill(restic, signal.SIGCONT)
        address = begun.headers["Location"].removeprefix("/api")
        found: dict[str, Any] = wait_for(
            lambda: client.get(address).json(), lambda one: one["state"] != "running", limit_s=60
        )
        return found


def running_restic(panel: Panel) -> int | None:
    assert panel.process is not None
    for child in psutil.Process(panel.process.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            words = child.cmdline()
            if words and words[0].endswith("restic") and "restore" in words:
                return child.pid
    return None


def test_container_started_meanwhile_keeps_its_world(panel: Panel, server: str) -> None:
    done = restored_while(panel, server, "start")

    assert done["state"] == "failed"
    assert "is running" in done["error"]
    assert (panel.servers / server / "data/level.dat").read_text() == "newer"
    assert not list(panel.servers.glob(".restoring/*"))


def test_container_killed_and_removed_meanwhile_is_no_obstacle(panel: Panel, server: str) -> None:
    done = restored_while(panel, server, "rm", "--force")

    assert done["state"] == "succeeded", done["error"]
    assert (panel.servers / server / "data/level.dat").read_text() == "old"
    assert list(panel.servers.glob(f".removed/{server}-before-*/data/level.dat"))
