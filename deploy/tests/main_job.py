"""What every way of installing the panel must be able to do."""

import os
import uuid
from pathlib import Path

import httpx

from testing.panel import wait_for

STRANGER = (1234, 4321)  # uid, gid


def live_save_and_restore(client: httpx.Client, servers: Path) -> None:
    """Make a server, start it, ask it, save it while it runs, restore it, change its files."""
    server_id = f"t{uuid.uuid4().hex[:8]}"
    address, data = f"/servers/{server_id}", servers / server_id / "data"
    created = client.post("/servers", json={"id": server_id, "accept_eula": True, "version": "1.16.1"})
    assert created.status_code == 201, created.text
    try:
        up = client.post(f"{address}/operations", json={"action": "up"})
        assert up.status_code == 200, up.text
        wait_for(lambda: client.get(f"{address}/status").json()["status"], lambda s: s == "HEALTHY", limit_s=90)
        told = client.post(f"{address}/rcon", json={"command": "list"})
        assert "players online" in told.json()["result"]
        figures = wait_for(
            lambda: client.get(f"{address}/memory"), lambda one: one.status_code == 200, limit_s=30
        )
        assert figures.json()["memoryUsageBytes"] > 1024**2
        traffic = wait_for(lambda: client.get(f"{address}/iostats"), lambda one: one.status_code == 200, limit_s=30)
        assert traffic.json()["networkReceiveBytes"] is not None, traffic.text

        leave_files_of_a_stranger(data)
        made = client.post("/snapshots", json={"server_id": server_id, "require": "flushed"})
        assert made.status_code in {200, 201}, made.text
        down = client.post(f"{address}/operations", json={"action": "down"})
        assert down.status_code == 200, down.text
        (data / "strange/secret").write_text("newer")
        body = {"snapshot_id": made.json()["snapshot"]["id"], "server_id": server_id, "safety_snapshot": True}
        restored = client.post("/snapshots/restore", json=body)
        assert restored.status_code == 200, restored.text
        assert strangers_files(data) == {"strange": (*STRANGER, 0o2750), "strange/secret": (*STRANGER, 0o600)}
        assert (data / "strange/secret").read_text() == "kept"
        sent = client.post(f"{address}/files/upload", params={"path": "/strange"}, files={"file": ("up", b"x" * 9)})
        assert sent.status_code == 200, sent.text
        gone = client.request("DELETE", f"{address}/files", params={"path": "/strange"})
        assert gone.status_code in {200, 204}, gone.text
        assert not (data / "strange").exists()
    finally:
        client.post(f"{address}/operations", json={"action": "down"})


def leave_files_of_a_stranger(data: Path) -> None:
    """As a game does whose user is not the panel's: nobody else may read, the group is inherited."""
    (data / "strange").mkdir()
    (data / "strange/secret").write_text("kept")
    (data / "strange/secret").chmod(0o600)
    for path in (data / "strange/secret", data / "strange"):
        os.chown(path, *STRANGER)
    (data / "strange").chmod(0o2750)


def strangers_files(data: Path) -> dict[str, tuple[int, int, int]]:
    found = {name: (data / name).stat() for name in ("strange", "strange/secret")}
    return {name: (one.st_uid, one.st_gid, one.st_mode & 0o7777) for name, one in found.items()}
