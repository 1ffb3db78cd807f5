"""A server's folder that only its owner can enter: the game works, and nobody else runs what it puts there."""

import stat
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.panel import Panel, operate, real_text, running_panel, status, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]
# The shell is needed: setpriv itself still has root's capabilities when it starts its program.
STRANGER = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "sh", "-c"]


@pytest.fixture(scope="module")
def panel() -> Iterator[Panel]:
    """The panel and its servers lie where every user of the machine comes; pytest's own folders nobody else enters."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    with running_panel(folder, STOP_TIMEOUT_S="20") as one:
        yield one
    subprocess.run(["rm", "-rf", folder], check=True)


@pytest.fixture
def server(panel: Panel) -> Iterator[Path]:
    """A server that was made by the panel and whose game has come up."""
    name = f"c{uuid.uuid4().hex[:8]}"
    text = real_text(name, memory="512m")
    with panel.client() as client:
        made = client.post("/servers/", json={"id": name, "yaml_content": text})
        assert made.status_code == 201, made.text
        assert operate(client, name, "up").status_code == 200
        wait_for(lambda: status(client, name), lambda one: one == "HEALTHY", limit_s=60)
    yield panel.servers / name
    subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
    subprocess.run(["docker", "network", "rm", f"{name}_default"], capture_output=True, check=False)


def in_game(server: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", "exec", f"mc-{server.name}", *argv], capture_output=True, text=True, check=False
    )


def test_game_of_another_user_works_in_a_folder_that_is_closed_to_it(panel: Panel, server: Path) -> None:
    world = server / "data/world/level.dat"
    with panel.client() as client:
        assert stat.S_IMODE(server.stat().st_mode) == 0o700
        assert (world.stat().st_uid, server.stat().st_uid) == (1000, 0)
        before = world.stat().st_mtime_ns

        saved = client.post(f"/servers/{server.name}/rcon", json={"command": "save-all flush"})

        assert saved.status_code == 200, saved.text
        wait_for(lambda: world.stat().st_mtime_ns, lambda one: one > before, limit_s=20)
        assert client.get(f"/servers/{server.name}/files", params={"path": "/world"}).json()["items"]
        assert operate(client, server.name, "restart").status_code == 200
        wait_for(lambda: status(client, server.name), lambda one: one == "HEALTHY", limit_s=60)
        assert operate(client, server.name, "down").status_code == 200


def test_what_a_game_makes_root_is_run_by_nobody_else(server: Path) -> None:
    tool = server / "data/tool"
    made = in_game(server, "sh", "-c", "cp /bin/sleep /data/tool && chown 0:0 /data/tool && chmod 4755 /data/tool")
    assert made.returncode == 0, made.stderr
    assert stat.S_IMODE(tool.stat().st_mode) == 0o4755

    tried = subprocess.run([*STRANGER, f"{tool} 0"], capture_output=True, text=True, check=False)

    assert tried.returncode != 0
    assert "Permission denied" in tried.stderr
