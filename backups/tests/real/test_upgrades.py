"""Another version of the game on a world: saved before it starts, on a real engine and a real restic."""

import hashlib
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.tests.conftest import write_server
from testing.panel import Panel, operate, real_text, running_panel, status, wait_for
from testing.repositories import PASSWORD, make_empty

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    folder = tmp_path_factory.mktemp("upgrades")
    make_empty(folder / "repository")
    settings = {"RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD}
    with running_panel(folder, STOP_TIMEOUT_S="20", **settings) as one:
        yield one


@pytest.fixture
def server(panel: Panel) -> Iterator[Path]:
    name = f"g{uuid.uuid4().hex[:8]}"
    text = real_text(name, memory="512m")
    write_server(panel.servers, name, text)
    yield panel.servers / name
    subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)
    subprocess.run(["docker", "volume", "rm", f"{name}_mc"], capture_output=True, check=False)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def container_id(name: str) -> str:
    done = subprocess.run(["docker", "inspect", "--format", "{{.Id}}", f"mc-{name}"], capture_output=True, text=True,
                          check=True)
    return done.stdout.strip()


def test_a_world_under_a_version_that_crashes_can_be_had_as_it_was(panel: Panel, server: Path) -> None:
    name, file, level = server.name, server / "compose.yaml", server / "data/world/level.dat"
    old = file.read_text()
    crashing = 'VERSION: "1.21.4"\n      TESTBED_CRASH_AFTER_S: "2"'
    with panel.client() as client:
        assert operate(client, name, "up").status_code == 200
        wait_for(lambda: status(client, name), lambda one: one == "HEALTHY", limit_s=60)

        answer = client.post(
            f"/servers/{name}/compose", json={"yaml_content": old.replace('VERSION: "1.16.1"', crashing)}
        )

        told = answer.json()
        assert (answer.status_code, told["code"], told["restored"]) == (502, "rolled_back", False), told
        assert told["restored_parts"] == {"compose": True, "data": False}
        assert file.read_text() == old
        saved = client.get(f"/snapshots/{told['safety_snapshot_id']}").json()
        assert (saved["saved"], saved["trigger"], saved["server_id"]) == ("stopped", "safety", name), saved
        drill = client.post(f"/snapshots/{saved['id']}/verify").json()
        assert "1 level.dat" in str(drill), drill
        assert drill["passed"] is True, drill
        wait_for(lambda: status(client, name), lambda one: one == "HEALTHY", limit_s=60)
        assert operate(client, name, "down").status_code == 200

        level.write_bytes(b"what another version would have made of it")
        body = {"snapshot_id": saved["id"], "server_id": name, "skip_safety_check": True}
        assert client.post("/snapshots/restore", json=body).status_code == 200
        whole = client.get(
            f"/snapshots/{saved['id']}/download", params={"path": f"{panel.servers}/{name}/data/world/level.dat"}
        )
        assert digest(level) == hashlib.sha256(whole.content).hexdigest()


def test_a_world_in_a_volume_is_saved_before_another_version_gets_it(panel: Panel, server: Path) -> None:
    name, file = server.name, server / "compose.yaml"
    file.write_text(file.read_text().replace("./data:/data", "mc:/data") + "volumes:\n  mc: {}\n")
    with panel.client() as client:
        assert operate(client, name, "up").status_code == 200
        wait_for(lambda: status(client, name), lambda one: one == "HEALTHY", limit_s=60)

        text = file.read_text().replace("1.16.1", "1.21.4")
        answer = client.post(f"/servers/{name}/compose", json={"yaml_content": text})

        assert answer.status_code == 200, answer.text
        (made,) = client.get(f"/servers/{name}/snapshots").json()["snapshots"]
        assert (made["saved"], made["trigger"], made["missing"]) == ("stopped", "safety", [])
        assert [path for path in made["paths"] if path.endswith(f"/{name}_mc/_data")], made["paths"]
        assert operate(client, name, "down").status_code == 200
