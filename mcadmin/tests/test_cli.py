"""Commands as a shell sees them: closed pipes, full disks, interruptions, databases that cannot be used."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import OperationalError

from servers.tests.conftest import IMAGE, write_server
from testing.fake_docker import FakeContainer, now
from testing.panel_process import ROOT, environment, manage
from web import cli

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What init writes. Its paths are relative, so copies stand alone."""
    made = tmp_path_factory.mktemp("configured")
    assert manage(made, "init").returncode == 0
    return made


@pytest.fixture(scope="module")
def with_tables(configured: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("with_tables")
    shutil.copytree(configured, made, dirs_exist_ok=True)
    assert manage(made, "migrate", "--verbosity", "0").returncode == 0
    return made


@pytest.fixture
def folder(configured: Path, tmp_path: Path) -> Path:
    """A folder with a configuration and no database."""
    return shutil.copytree(configured, tmp_path, dirs_exist_ok=True)


@pytest.fixture
def migrated(with_tables: Path, tmp_path: Path) -> Path:
    return shutil.copytree(with_tables, tmp_path, dirs_exist_ok=True)


def in_shell(folder: Path, line: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``line`` in bash, where $M is our command."""
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60, check=False,
        env=environment(folder) | {"M": f"{sys.executable} {ROOT / 'manage.py'}"} | more,
    )


def test_a_reader_that_has_seen_enough_is_no_error(migrated: Path) -> None:
    done = in_shell(migrated, "$M servers | true")

    assert (done.returncode, done.stderr) == (141, "")


def test_a_full_disk_is_one_sentence(migrated: Path) -> None:
    done = in_shell(migrated, "$M servers >/dev/full")

    assert (done.returncode, done.stderr) == (
        1, "The operating system refused: [Errno 28] No space left on device\n",
    )


def test_a_closed_output_is_not_taken_by_the_database(migrated: Path) -> None:
    done = in_shell(migrated, "$M servers >&- && $M servers 2>&- && $M servers <&-")

    assert (done.returncode, done.stdout, done.stderr) == (0, "There are no servers yet.\n" * 2, "")


@pytest.mark.parametrize("command", ["audit verify", "audit prune", "createowner --username olivia --password-stdin"])
def test_a_database_that_was_not_migrated_is_told(folder: Path, command: str) -> None:
    done = in_shell(folder, f"echo a-long-Passw0rd | $M {command}")

    assert done.returncode == 1
    assert "migrations are not applied" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_action_without_its_tables_is_told(folder: Path) -> None:
    write_server(folder / "servers", "lobby")

    done = manage(folder, "server", "lobby", "up")

    assert done.returncode == 1
    assert "python manage.py migrate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:///./no-such-folder/db.sqlite3", "no-such-folder/db.sqlite3, which database_url names"),
        ("sqlite:///./noise", "file is not a database"),
        ("postgres://panel:hidden-value@127.0.0.1:1/panel", "Check database_url"),
    ],
)
def test_a_database_that_cannot_be_used_is_told(folder: Path, url: str, told: str) -> None:
    (folder / "noise").write_bytes(os.urandom(8192))

    done = in_shell(folder, "$M audit verify", DATABASE_URL=url)

    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden-value" not in done.stderr


@pytest.mark.django_db
def test_a_database_that_is_busy_is_told_as_by_the_api() -> None:
    assert "busy with something long" in cli._about_database(OperationalError("database is locked"))


def test_migrate_leaves_the_database_to_its_owner_alone(migrated: Path) -> None:
    assert stat.S_IMODE((migrated / "db.sqlite3").stat().st_mode) == 0o600


@pytest.mark.restic
def test_a_failure_is_said_once_and_in_our_words(migrated: Path) -> None:
    repository = {"RESTIC__REPOSITORY_PATH": str(migrated / "nothing"), "RESTIC__PASSWORD": "of-this-test"}

    done = in_shell(migrated, "$M snapshot list", **repository)

    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: There is no backup repository")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "argv",
    [
        ("audit", "prune", "--days", "99999999999"),
        ("audit", "prune", "--days", "0000000000000000000099999999999"),
        ("purge_removed", "--older-than", "9999999999"),
        ("purge_removed", "--older-than", "-3"),
        ("serve", "--port", "99999"),
        ("serve", "--port", "-1"),
    ],
)
def test_a_number_that_cannot_be_used_is_told_with_its_option(folder: Path, argv: tuple[str, ...]) -> None:
    done = manage(folder, *argv)

    assert done.returncode == 2
    assert f"argument {argv[-2]}: must be a whole number" in done.stderr


def test_a_time_that_cannot_be_read_is_told_with_its_option(folder: Path) -> None:
    assert "--from must be a time" in manage(folder, "audit", "export", "--from", "soon").stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_operation_ends_in_order(migrated: Path, number: signal.Signals, code: int) -> None:
    write_server(migrated / "servers", "lobby")
    compose = hanging_compose(migrated)
    with start(migrated, "server", "lobby", "pull", DOCKER__COMPOSE_BINARY=str(compose)) as command:
        child = int(when_there(migrated / "pid"))
        command.send_signal(number)
        _, said = command.communicate(timeout=30)

    assert (command.returncode, said) == (code, "\nEnding it in order …\n")
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    again = in_shell(migrated, "$M server lobby kill; $M audit export")
    assert "interrupted" in again.stdout
    assert "is running" not in again.stderr  # the lease was given back


def hanging_compose(folder: Path) -> Path:
    """A Compose that hangs whatever it is asked for."""
    program = folder / "compose"
    program.write_text(f"#!/bin/sh\necho $$ > {folder}/new; mv {folder}/new {folder}/pid; exec sleep 300\n")
    program.chmod(0o755)
    return program


def start(folder: Path, *argv: str, stdin: int | None = None, **more: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), *argv], cwd=folder, env=environment(folder) | more, text=True,
        stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - as a terminal has it
    )


def when_there(path: Path) -> str:
    end = time.monotonic() + 30
    while not path.is_file():
        assert time.monotonic() < end, f"no {path.name}"
        time.sleep(0.05)
    return path.read_text()


@pytest.mark.parametrize(
    ("argv", "number"),
    [
        (("rcon", "lobby", "save-all"), signal.SIGINT), (("rcon", "lobby", "save-all"), signal.SIGTERM),
        (("console", "lobby"), signal.SIGINT), (("console", "lobby"), signal.SIGTERM),
        (("console", "lobby"), signal.SIGHUP),
    ],
)
def test_a_command_to_a_game_is_written_down_though_nobody_waits(
    migrated: Path, argv: tuple[str, ...], number: signal.Signals
) -> None:
    write_server(migrated / "servers", "lobby")
    docker = hanging_docker(migrated)
    with start(migrated, *argv, stdin=subprocess.PIPE, DOCKER__BINARY=str(docker)) as command:
        assert command.stdin is not None
        command.stdin.write("save-all\n" if argv[0] == "console" else "")
        command.stdin.flush()
        when_there(migrated / "pid")
        command.send_signal(number)
        command.communicate(timeout=30)

    rows = [json.loads(line) for line in in_shell(migrated, "$M audit export").stdout.splitlines()]
    told = [(row["method"], row["server_id"], row["request_body"], row["success"]) for row in rows]
    assert told == [("COMMAND", "lobby", {"command": "save-all"}, False)]


def hanging_docker(folder: Path) -> Path:
    """A Docker with one game that runs, whose ``rcon-cli`` hangs."""
    labels = {"com.docker.compose.project": "lobby", "com.docker.compose.service": "mc"}
    labels["com.docker.compose.project.working_dir"] = str(folder / "servers/lobby")
    game = FakeContainer("mc-lobby", IMAGE, labels, state="running", started=now(), pid=os.getpid())
    (folder / "inspected").write_text(json.dumps([game.inspect()]))
    program = folder / "docker"
    program.write_text(
        f'#!/bin/sh\ncase "$1" in ps) echo {game.id};; inspect) cat {folder}/inspected;;\n'
        f"exec) echo $$ > {folder}/new; mv {folder}/new {folder}/pid; exec sleep 300;;\n"
        "events) exec sleep 300;; *) exit 1;; esac\n"
    )
    program.chmod(0o755)
    return program
