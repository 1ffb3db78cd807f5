"""A game that RCON does not reach over the network: commands go through the image's own ``rcon-cli``, for real."""

import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from servers.tests.conftest import write_server
from testing.panel import Panel, operate, real_text, running_panel, status, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Panel]:
    with running_panel(tmp_path_factory.mktemp("panel"), STOP_TIMEOUT_S="20") as one:
        yield one


@pytest.fixture
def server(panel: Panel) -> Iterator[Path]:
    """A server whose container has no network: no address, no published port."""
    name = f"e{uuid.uuid4().hex[:8]}"
    text = real_text(name, memory="512m").replace("    ports:", "    network_mode: none\n    ports:")
    write_server(panel.servers, name, text)
    with panel.client() as client:
        answer = operate(client, name, "up")
        assert answer.status_code == 200, answer.text
        wait_for(lambda: status(client, name), lambda one: one == "HEALTHY", limit_s=60)
    yield panel.servers / name
    subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)


def test_commands_are_answered_all_the_same(panel: Panel, server: Path) -> None:
    with panel.client() as client:

        def ask(command: str) -> str:
            answer = client.post(f"/servers/{server.name}/rcon", json={"command": command})
            assert answer.status_code == 200, answer.text
            return str(answer.json()["result"])

        assert "players online" in ask("list")
        assert ask("testbed echo 9000") == "0123456789" * 900
        # An option of rcon-cli at the beginning of a command is a part of the command.
        assert "wrong RCON password" not in ask("--password wrong list")
