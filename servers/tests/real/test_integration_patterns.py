"""The design document's "Integration Patterns", as a script of its users would have them: no panel, no Django."""

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from textwrap import dedent

import pytest

from servers.tests.conftest import write_server
from testbed.tests.support import TOOLS
from testing.panel import ROOT, real_text

pytestmark = [pytest.mark.docker, pytest.mark.restic, pytest.mark.timeout(180)]

SCRIPT = """
    import asyncio, json, sys
    from pathlib import Path
    from types import SimpleNamespace

    from backups.restic.manager import ResticManager
    from servers.minecraft.instance import MCInstance
    from servers.minecraft.manager import DockerMCManager
    from servers.minecraft.status import MCServerStatus

    server_path, name, repository, restic = sys.argv[1:]


    async def main():
        manager = DockerMCManager(server_path)
        servers = await manager.get_all_server_names()
        instance = manager.get_instance(name)
        assert isinstance(instance, MCInstance)
        await instance.up()
        while await instance.get_status() is not MCServerStatus.HEALTHY:
            await asyncio.sleep(0.2)
        disk_info = await instance.get_disk_space_info()
        memory_usage = await instance.get_memory_usage()
        cpu_percent = await instance.get_cpu_percentage()
        disk_io = await instance.get_disk_io()
        network_io = await instance.get_network_io()
        result = await instance.send_rcon_command("list")
        players = await instance.list_players()
        settings = SimpleNamespace(
            repository_path=repository, password="not-a-secret", environment={}, binary=Path(restic)
        )
        restic_manager = ResticManager(settings)
        await restic_manager.init()
        snapshot_response = await restic_manager.create_snapshot([f"{server_path}/{name}"])
        snapshots = await restic_manager.list_snapshots()
        running = await manager.get_running_server_names()
        await instance.down()
        print(json.dumps({
            "servers": servers, "running": running, "used": disk_info.used, "total": disk_info.total,
            "memory": memory_usage, "cpu": cpu_percent, "disk_io": str(disk_io), "sent": network_io.sent_bytes,
            "list": result, "players": players, "snapshots": [one.id for one in snapshots],
            "snapshot": snapshot_response.snapshot.id, "after": str(await instance.get_status()),
            "django": "django" in sys.modules,
        }))


    asyncio.run(main())
"""


def test_the_patterns_work_from_a_plain_script(tmp_path: Path) -> None:
    name = f"p{uuid.uuid4().hex[:8]}"
    text = real_text(name)
    write_server(tmp_path / "servers", name, text)
    script = tmp_path / "patterns.py"
    script.write_text(dedent(SCRIPT))
    restic = TOOLS / "bin" / "restic"
    try:
        done = subprocess.run(
            [sys.executable, script, tmp_path / "servers", name, tmp_path / "repository", restic],
            env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            capture_output=True, text=True, cwd=tmp_path, check=False,
        )
        assert done.returncode == 0, done.stderr
    finally:
        subprocess.run(["docker", "rm", "--force", f"mc-{name}"], capture_output=True, check=False)
    found = json.loads(done.stdout)
    assert found["servers"] == found["running"] == [name]
    assert 0 < found["used"] < found["total"]
    assert found["memory"] > 10_000_000
    assert found["cpu"] > 0
    assert found["sent"] >= 0
    assert "There are 0 of a max" in found["list"]
    assert found["players"] == []
    assert found["snapshots"] == [found["snapshot"]]
    assert found["after"] == "EXISTS"
    assert not found["django"]
