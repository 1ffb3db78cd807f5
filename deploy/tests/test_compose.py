"""deploy/compose.yaml itself: image, PostgreSQL and Redis are started with every flag in it, on free ports."""

import json
import os
import re
import resource
import subprocess
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
import pytest

from core import programs
from deploy.tests.main_job import live_save_and_restore
from testing.panel import free_port, wait_for

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]

ROOT = Path(__file__).resolve().parents[2]
MASTER = "m4st3r-t0ken-of-the-compose-test"
SECRETS = {"DB_PASSWORD": uuid.uuid4().hex, "REDIS_PASSWORD": uuid.uuid4().hex}
NEEDED = {"CAP_CHOWN": 0, "CAP_DAC_OVERRIDE": 1, "CAP_FOWNER": 3, "CAP_FSETID": 4}
OPEN_FILES = min(65536, resource.getrlimit(resource.RLIMIT_NOFILE)[1])  # this machine's engine may have no more


def docker(*argv: str, succeeds: bool = True) -> str:
    done = subprocess.run(["docker", *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 0 or not succeeds, done.stderr
    return done.stdout.strip()


def compose(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # the rest is in .env
    return subprocess.run(
        [programs.find("docker-compose") or "docker-compose", *argv],
        cwd=folder, env=environment, capture_output=True, text=True, check=False,
    )


@pytest.fixture(scope="module")
def images() -> tuple[str, str]:
    """The panel, and what stands for PostgreSQL and Redis."""
    scripts = (ROOT / "testbed/panel_image.sh", ROOT / "testbed/services_image.sh")
    panel, services = (subprocess.run([one], stdout=subprocess.PIPE, text=True, check=True).stdout for one in scripts)
    return panel.strip(), services.strip()


@dataclass(frozen=True)
class Installed:
    """What the file made."""

    folder: Path
    project: str
    port: int

    def container(self, service: str) -> str:
        return f"{self.project}-{service}-1"

    def inside(self, *argv: str, service: str = "panel", succeeds: bool = True) -> str:
        return docker("exec", self.container(service), *argv, succeeds=succeeds)

    def client(self) -> httpx.Client:
        headers = {"Authorization": f"Bearer {MASTER}"}
        return httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", headers=headers, timeout=120)

    @property
    def servers(self) -> Path:
        return self.folder / "servers"


def write_files(folder: Path, project: str, port: int, images: tuple[str, str]) -> None:
    """Put the file there as it is, but for names, ports and images that are this test's own."""
    text = (ROOT / "deploy/compose.yaml").read_text()
    for old in ("54321", "63790"):
        text = text.replace(f"127.0.0.1:{old}", f"127.0.0.1:{free_port()}")
    text = text.replace("container_name: mcadmin-panel", f'command: ["serve", "--port", "{port}"]')
    text = re.sub(r"image: mcadmin\n  build:\n.*\n.*\n", f"image: {images[0]}\n", text)
    (folder / "compose.yaml").write_text(text.replace("name: mcadmin\n", f"name: {project}\n", 1))
    settings = {
        **SECRETS, "POSTGRES_IMAGE": images[1], "REDIS_IMAGE": images[1], "OPEN_FILES": OPEN_FILES,
        "SERVER_PATH": folder / "servers", "BACKUP_PATH": folder / "backups",
    }
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    for name in ("servers", "backups", "config"):
        (folder / name).mkdir()
    with open(folder / "config/config.toml", "x", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(
            f'master_token = "{MASTER}"\n[jwt]\nsecret_key = "{uuid.uuid4().hex}"\n'
            f'[restic]\nrepository_path = "{folder}/backups"\npassword = "{uuid.uuid4().hex}"\n'
        )


@pytest.fixture(scope="module")
def installed(images: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    one = Installed(tmp_path_factory.mktemp("deploy"), f"mcadmin-{uuid.uuid4().hex[:8]}", free_port())
    write_files(one.folder, one.project, one.port, images)
    try:
        began = time.monotonic()
        up = compose(one.folder, "up", "--detach", "--no-build")
        assert up.returncode == 0, up.stderr
        wait_for(lambda: answers(one.port), bool, limit_s=60)
        size = int(docker("image", "inspect", "--format", "{{.Size}}", images[0])) / 1e6
        print(f"\nimage {size:.0f} MB, compose up to /healthz {time.monotonic() - began:.1f} s")  # noqa: T201
        one.inside("python", "manage.py", "snapshot", "init")
        yield one
        began = time.monotonic()
        docker("stop", "--time", "30", one.container("panel"))
        print(f"docker stop to exit {time.monotonic() - began:.1f} s")  # noqa: T201
        state = json.loads(docker("inspect", "--format", "{{json .State}}", one.container("panel")))
        assert state["ExitCode"] == 0, docker("logs", one.container("panel"))
    except AssertionError:
        print(compose(one.folder, "logs", "--tail", "60").stdout)  # noqa: T201
        raise
    finally:
        down = compose(one.folder, "down", "--volumes", "--timeout", "5")
        assert down.returncode == 0, down.stderr


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_the_panel_has_what_it_needs_and_no_more(installed: Installed) -> None:
    pid = docker("inspect", "--format", "{{.State.Pid}}", installed.container("panel"))
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    expected = sum(1 << number for number in NEEDED.values())

    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {expected}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert installed.inside("sh", "-c", "touch /app/x /etc/x /usr/x /opt/x /config/x", succeeds=False) == ""
    assert installed.inside("sh", "-c", "ls -d /app/x /etc/x /usr/x /opt/x /config/x", succeeds=False) == ""
    assert installed.inside("sh", "-c", "touch /tmp/x /run/x && ulimit -n") == str(OPEN_FILES)
    limits = json.loads(docker("inspect", "--format", "{{json .HostConfig}}", installed.container("panel")))
    assert limits["PidsLimit"] == 4096


def test_doctor_finds_nothing_broken_there(installed: Installed) -> None:
    said = installed.inside("python", "manage.py", "doctor", succeeds=False)

    assert "confinement" in said
    assert [line for line in said.splitlines() if line.startswith("failed")] == [], said


def test_redis_wants_its_password_and_no_command_line_has_one(installed: Installed) -> None:
    ask = "redis-cli ping"

    assert installed.inside("sh", "-c", ask, service="redis") == "PONG"
    assert "NOAUTH" in installed.inside("sh", "-c", f"env -u REDISCLI_AUTH {ask}", service="redis", succeeds=False)
    lines = [" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"])]
    assert any(line.startswith("redis-server") for line in lines)
    assert [line for line in lines if any(secret in line for secret in SECRETS.values())] == []
    looks = "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}}"
    assert docker("inspect", "--format", looks, installed.container("redis")) == "redis true"


@pytest.mark.parametrize("name", SECRETS)
def test_compose_refuses_to_start_without_a_password(tmp_path: Path, name: str) -> None:
    write_files(tmp_path, "mcadmin-none", 1, ("none", "none"))
    lines = (tmp_path / ".env").read_text().splitlines()
    (tmp_path / ".env").write_text("\n".join(line for line in lines if not line.startswith(name)))

    done = compose(tmp_path, "config", "--quiet")

    assert done.returncode != 0
    assert f"{name} is missing" in done.stderr


def test_a_server_of_the_host_lives_is_saved_and_restored(installed: Installed) -> None:
    with installed.client() as client:
        live_save_and_restore(client, installed.servers)
    assert (installed.folder / "backups/config").is_file()
