"""A running game with its world in a named volume: saved flushed, restored by swap, made a new server of its own."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from servers.tests.conftest import compose_text, write_server
from testing.panel import Panel, free_port, operate, running_panel, status, wait_for
from testing.repositories import PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.process, pytest.mark.timeout(300)]


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("volumes")
    make_empty(folder / "repository")
    settings = {"RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD}
    with running_panel(folder, **settings) as one:
        yield one


@pytest.fixture
def name(panel: Panel) -> Iterator[str]:
    """A server's id; what is made of it, and of a second one from it, is gone afterwards."""
    one = f"v{uuid.uuid4().hex[:8]}"
    text = compose_text(one, game_port=free_port(), rcon_port=free_port()).replace("./data:/data", "world:/data")
    text = text.replace("    volumes:", "    mem_limit: 512m\n    volumes:")
    write_server(panel.servers, one, f"{text}\nvolumes:\n  world: {{}}\n")
    yield one
    for project in (one, f"{one}-2"):
        its = ("--quiet", "--filter", f"label=com.docker.compose.project={project}")
        if ids := docker("ps", "--all", *its).split():
            docker("rm", "--force", *ids)
        for kind in ("volume", "network"):
            if names := docker(kind, "ls", *its).split():
                docker(kind, "rm", *names)


def folder_of(name: str) -> Path:
    return Path(docker("volume", "inspect", "--format", "{{.Mountpoint}}", f"{name}_world"))


def done(answer: httpx.Response) -> Any:
    assert answer.status_code == 200, answer.text
    return answer.json()


def started(client: httpx.Client, name: str) -> None:
    done(operate(client, name, "up"))
    wait_for(lambda: status(client, name), "HEALTHY".__eq__, limit_s=90)


def test_a_world_in_a_volume_from_the_running_game_to_a_new_server(panel: Panel, name: str) -> None:
    with panel.client() as client:
        started(client, name)
        (folder_of(name) / "mark").write_text("then")

        made = done(client.post("/snapshots", json={"server_id": name, "require": "flushed"}))["snapshot"]
        drill = done(client.post(f"/snapshots/{made['id']}/verify"))
        (folder_of(name) / "mark").write_text("now")
        request = {"snapshot_id": made["id"], "server_id": name, "safety_snapshot": True}
        while_it_runs = client.post("/snapshots/restore", json=request)
        done(operate(client, name, "stop"))
        restored = done(client.post("/snapshots/restore", json=request))
        again = {"snapshot_id": restored["safety_snapshot_id"], "as": f"{name}-2"}
        new = done(client.post("/snapshots/restore", json=again))
        listed = done(client.get(f"/servers/{name}-2/files", params={"path": "/"}))

        assert (made["saved"], made["missing"]) == ("flushed", [])
        assert (drill["passed"], sum(one["levels"] for one in drill["servers"])) == (True, 1), drill
        assert (while_it_runs.status_code, while_it_runs.json()["code"]) == (409, "server_running")
        assert (folder_of(name) / "mark").read_text() == "then"
        assert (Path(restored["removed_volume"]) / "mark").read_text() == "now"
        assert (folder_of(f"{name}-2") / "mark").read_text() == "now"
        assert new["removed_volume"] is not None
        assert "mark" in [one["name"] for one in listed["items"]]  # at once, without a container
        started(client, name)
        started(client, f"{name}-2")
        for one, mark in ((name, "then"), (f"{name}-2", "now")):
            seen = docker("exec", f"mc-{one}", "cat", "/data/mark")
            assert (one, seen) == (one, mark)


def test_a_volume_that_somebody_removed_comes_back_as_composes_own(panel: Panel, name: str) -> None:
    with panel.client() as client:
        started(client, name)
        (folder_of(name) / "mark").write_text("then")
        made = done(client.post("/snapshots", json={"server_id": name}))["snapshot"]
        done(operate(client, name, "down"))
        docker("volume", "rm", f"{name}_world")

        done(client.post("/snapshots/restore", json={"snapshot_id": made["id"], "skip_safety_check": True}))

        up = done(operate(client, name, "up"))
        assert not [line for line in str(up).splitlines() if "already exists but" in line], up
        wait_for(lambda: status(client, name), "HEALTHY".__eq__, limit_s=90)
        assert docker("exec", f"mc-{name}", "cat", "/data/mark") == "then"
