"""`make demo` and `make stop`: run twice, and after a run that failed."""

import re
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest

from testing.panel import free_port
from testing.panel_process import ROOT, environment, manage

pytestmark = pytest.mark.process

NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}


@dataclass(frozen=True)
class Checkout:
    """A folder that has the scripts, a configuration and a database of its own."""

    folder: Path
    port: int
    server: str

    def demo(self, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "setup/demo.py", "--port", str(self.port), "--server", self.server],
            cwd=self.folder, env=self.environment() | more, capture_output=True, text=True, timeout=110, check=False,
        )

    def stop(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", str(ROOT / "setup" / "stop.sh"), str(self.pid_file)],
            cwd=self.folder, env=self.environment(), capture_output=True, text=True, timeout=60, check=False,
        )

    def environment(self) -> dict[str, str]:
        """Return it without the folder of servers that ``environment`` makes where there is none."""
        had_servers = (self.folder / "servers").exists()
        found = environment(self.folder)
        if not had_servers:
            (self.folder / "servers").rmdir()
        return found

    @property
    def pid_file(self) -> Path:
        return self.folder / "run" / "panel.pid"

    def owners(self) -> list[str]:
        with sqlite3.connect(f"file:{self.folder / 'db.sqlite3'}?mode=ro", uri=True) as database:
            return [name for (name,) in database.execute("SELECT username FROM accounts_user")]

    def answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/healthz").status_code == 200
        except httpx.TransportError:
            return False


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    (tmp_path / "setup").mkdir()
    shutil.copy(ROOT / "setup" / "demo.py", tmp_path / "setup")
    (tmp_path / "manage.py").symlink_to(ROOT / "manage.py")
    one = Checkout(tmp_path, free_port(), f"t{uuid.uuid4().hex[:8]}")
    assert manage(tmp_path, "init").returncode == 0
    yield one
    one.stop()


def test_a_demo_that_fails_leaves_no_owner_and_no_panel(checkout: Checkout) -> None:
    for _ in range(2):
        done = checkout.demo(**NO_ENGINE)

        assert done.returncode != 0
        assert "POST /servers/: The Docker engine is not running" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
        assert checkout.owners() == []
        assert not checkout.answers()
        assert not checkout.pid_file.exists()


def test_a_folder_of_servers_that_is_gone_is_told_with_what_to_do(checkout: Checkout) -> None:
    (checkout.folder / "servers").rmdir()

    done = checkout.demo(**NO_ENGINE)

    assert done.returncode != 0
    assert "server_path: must be an existing directory: make it, mount its disk, or name another one." in done.stderr
    assert not checkout.pid_file.exists()


def test_a_demo_without_a_master_token_says_so(checkout: Checkout) -> None:
    config = checkout.folder / "config.toml"
    config.write_text(re.sub("master_token = .*", 'master_token = ""', config.read_text()))

    done = checkout.demo(**NO_ENGINE)

    assert done.returncode != 0
    assert "set master_token there" in done.stderr
    assert not checkout.answers()


@pytest.mark.docker
def test_a_demo_works_after_one_that_failed_and_a_second_time(checkout: Checkout) -> None:
    try:
        assert checkout.demo(**NO_ENGINE).returncode != 0
        first = checkout.demo()
        assert first.returncode == 0, first.stderr
        password = re.search(r"password (\S+) \(shown once\)", first.stdout)
        assert password, first.stdout
        login = httpx.post(
            f"http://127.0.0.1:{checkout.port}/api/auth/token", data={"username": "demo", "password": password[1]}
        )
        assert login.status_code == 200, login.text

        again = checkout.demo()
        assert again.returncode == 0, again.stderr
        assert "changepassword demo" in again.stdout
        assert "status HEALTHY" in again.stdout

        failed = replace(checkout, server="NO-ID").demo()
        assert (failed.returncode, checkout.answers()) == (1, True), "the panel that answered is not its to end"
        assert [checkout.stop().returncode for _ in range(2)] == [0, 0]
        assert not checkout.answers()
    finally:
        manage(checkout.folder, "server", checkout.server, "down")


@pytest.mark.parametrize("content", [None, "", "nonsense", "999999999", "1"])
def test_stop_ends_nothing_but_a_panel(checkout: Checkout, content: str | None) -> None:
    if content is not None:
        checkout.pid_file.parent.mkdir()
        checkout.pid_file.write_text(content)

    for _ in range(2):
        done = checkout.stop()
        assert (done.returncode, done.stderr) == (0, "No panel of `make run` is running.\n")
        assert not checkout.pid_file.exists()
