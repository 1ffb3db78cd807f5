import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.tests.support import TESTBED, TINY_IMAGE, TOOLS, run, wait_until

pytestmark = pytest.mark.docker


@pytest.fixture
def folder() -> Iterator[Path]:
    """Short: a socket's path has room for 108 bytes, and pytest's folders are deep."""
    one = Path(tempfile.mkdtemp(prefix="mca-"))
    yield one
    run(TESTBED / "private_engine.sh", "stop", one)
    shutil.rmtree(one)


def private(what: str, folder: Path) -> None:
    # No pipe: the daemon must not keep one of ours, and this would hang if it did.
    run(TESTBED / "private_engine.sh", what, folder, timeout_s=60)


def docker(folder: Path, *words: str) -> str:
    return run("docker", "--host", f"unix://{folder}/docker.sock", *words).strip()


def network_devices() -> set[str]:
    """All but those that come and go with the containers and projects of whoever else is at work."""
    return {name for name in os.listdir("/sys/class/net") if not name.startswith(("veth", "br-"))}


def test_private_engine_lives_dies_and_leaves_the_main_one_alone(folder: Path) -> None:
    main = run("docker", "run", "--detach", "--init", "--memory", "64m", TINY_IMAGE, "sleep", "600").strip()
    before = network_devices()
    try:
        private("start", folder)
        options = ("--detach", "--init", "--name", "one", "--publish", "127.0.0.1::80", "--restart", "always")
        docker(folder, "run", *options, "itzg/minecraft-server:tiny", "httpd", "-f", "-h", "/etc")
        page = docker(folder, "port", "one", "80") + "/passwd"
        assert "root" in run("curl", "--silent", "--retry", "5", "--retry-connrefused", page)

        private("kill9", folder)
        with pytest.raises(AssertionError, match="Cannot connect"):
            docker(folder, "ps")
        private("start", folder)
        private("restart", folder)
        wait_until(lambda: docker(folder, "ps", "--format", "{{.Names}}") == "one")

        private("kill9", folder)
        private("stop", folder)
        assert network_devices() == before
        assert json.loads(run("docker", "inspect", "--format", "{{json .State.Running}}", main))
        assert str(folder) not in Path("/proc/mounts").read_text()
    finally:
        run("docker", "rm", "--force", main)


def test_private_engine_stops_while_a_process_holds_its_mount(folder: Path) -> None:
    private("start", folder)
    private("kill9", folder)
    assert f"{folder}/data" in Path("/proc/mounts").read_text(), "a killed engine leaves its mount"
    with subprocess.Popen(["sleep", "120"], cwd=folder / "data") as holder:
        try:
            private("stop", folder)
        finally:
            holder.kill()

    assert str(folder) not in Path("/proc/mounts").read_text()


def test_compose_runs_a_project(tmp_path: Path) -> None:
    name = f"mcadmin-testbed-{os.getpid()}"
    service = {"image": TINY_IMAGE, "init": True, "command": "sleep 60"}
    (tmp_path / "compose.yaml").write_text(json.dumps({"services": {"mc": service}}))

    def compose(*words: str) -> str:
        project = ("--project-name", name, "--project-directory", tmp_path)
        return run(TOOLS / "bin" / "docker-compose", *project, *words)

    assert "v5.6.1" in compose("version")
    try:
        compose("up", "--detach")
        assert json.loads(compose("ps", "--format", "json"))["State"] == "running"
    finally:
        compose("down", "--timeout", "0")


def test_everything_up_says_and_does_nothing_twice() -> None:
    assert run(TESTBED / "up.sh") == ""


@pytest.mark.parametrize("script", ["engine", "compose", "restic"])
def test_two_set_ups_at_once_do_no_harm(script: str) -> None:
    both = [subprocess.Popen([TESTBED.parent / "setup" / f"{script}.sh"]) for _ in range(2)]

    assert [one.wait(timeout=60) for one in both] == [0, 0]
