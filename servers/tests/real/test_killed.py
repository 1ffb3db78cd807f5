"""The panel is killed in the middle of an operation: nothing is half done, nothing stays locked."""

import signal
import subprocess
import uuid
from pathlib import Path

import pytest

from servers.tests.conftest import write_server
from testing.panel import real_text, running_panel, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(120)]


def test_killed_in_the_middle_of_up_it_goes_on_after_its_return(tmp_path: Path) -> None:
    server_id = f"k{uuid.uuid4().hex[:8]}"
    try:
        with running_panel(tmp_path) as panel:
            text = real_text(server_id)
            write_server(panel.servers, server_id, text)
            path = f"/servers/{server_id}/operations"
            with panel.client() as client:
                begun = client.post(path, json={"action": "up"}, headers={"Prefer": "respond-async"})
                assert begun.json()["operation"]["state"] == "running"
            panel.stop(with_signal=signal.SIGKILL)

            panel.start()

            with panel.client() as client:
                first = client.get(f"/operations/{begun.json()['operation']['id']}").json()
                assert first["state"] == "interrupted"
                assert "repeat" in first["error"]
                again = client.post(path, json={"action": "up"})
                assert again.status_code == 200, again.text
                read = f"/servers/{server_id}/status"
                wait_for(lambda: client.get(read).json()["status"], lambda one: one == "HEALTHY", limit_s=60)
                assert client.post(path, json={"action": "down"}).status_code == 200
    finally:
        subprocess.run(["docker", "rm", "--force", f"mc-{server_id}"], capture_output=True, check=False)


def test_sigterm_waits_for_the_operation_that_runs(tmp_path: Path) -> None:
    server_id = f"k{uuid.uuid4().hex[:8]}"
    try:
        with running_panel(tmp_path) as panel:
            text = real_text(server_id)
            write_server(panel.servers, server_id, text)
            with panel.client() as client:
                begun = client.post(
                    f"/servers/{server_id}/operations", json={"action": "up"}, headers={"Prefer": "respond-async"}
                )
            assert panel.stop() == 0

            panel.start()

            with panel.client() as client:
                done = client.get(f"/operations/{begun.json()['operation']['id']}").json()
                assert done["state"] == "succeeded"
                client.post(f"/servers/{server_id}/operations", json={"action": "down"})
    finally:
        subprocess.run(["docker", "rm", "--force", f"mc-{server_id}"], capture_output=True, check=False)
