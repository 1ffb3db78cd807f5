"""Kill the panel at a moment of an operation, start it again, and see that everything goes on."""

import signal
import time
from pathlib import Path
from typing import Any

import httpx

from servers.docker.orphans import find_orphan
from servers.tests.conftest import write_server
from testing.panel import Panel, operate, real_text, running_panel, status, wait_for


def kill_during(folder: Path, server_id: str, *, kind: str, after_s: float) -> dict[str, Any]:
    """Kill by SIGKILL ``after_s`` seconds into an operation; return its state, which file is there, and the status."""
    old = real_text(server_id)
    new = old.replace("MAX_MEMORY: 2G", "MAX_MEMORY: 3G")
    with running_panel(folder) as panel:
        write_server(panel.servers, server_id, old)
        with panel.client() as client:
            if kind != "up":
                assert operate(client, server_id, "up").status_code == 200
                _healthy(client, server_id)
            begun = _begin(client, server_id, kind, new)
            time.sleep(after_s)
        panel.stop(with_signal=signal.SIGKILL)
        panel.start()
        with panel.client() as client:
            return _look(panel, client, server_id, begun, {old: "old", new: "new"})


def _begin(client: httpx.Client, server_id: str, kind: str, new: str) -> str:
    patient = {"Prefer": "respond-async"}
    if kind == "update":
        begun = client.post(f"/servers/{server_id}/compose", json={"yaml_content": new}, headers=patient)
    else:
        begun = operate(client, server_id, kind, headers=patient)
    assert begun.status_code == 202, begun.text
    return str(begun.headers["Location"].removeprefix("/api"))


def _look(
    panel: Panel, client: httpx.Client, server_id: str, record_at: str, texts: dict[str, str]
) -> dict[str, Any]:
    record = client.get(record_at).json()
    assert record["state"] in {"interrupted", "succeeded"}
    assert record["state"] == "succeeded" or "MC Admin ended" in record["error"]
    directory = panel.servers / server_id
    text = (directory / "compose.yaml").read_text()
    assert text in texts
    assert sorted(one.name for one in directory.iterdir()) == ["compose.yaml", "data"]
    found = wait_for(lambda: status(client, server_id), lambda one: one != "UNKNOWN", limit_s=10)
    again = operate(client, server_id, "up")
    assert again.status_code == 200, again.text
    assert find_orphan(directory) is None
    _healthy(client, server_id)
    assert operate(client, server_id, "down").status_code == 200
    return {"state": record["state"], "file": texts[text], "status": found}


def _healthy(client: httpx.Client, server_id: str) -> None:
    wait_for(lambda: status(client, server_id), lambda one: one == "HEALTHY", limit_s=90)
