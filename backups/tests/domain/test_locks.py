"""When a lock is surely dead."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backups.restic.locks import RepositoryLock


def lock(pid: int, *, age: timedelta, hostname: str = "") -> RepositoryLock:
    return RepositoryLock(time=datetime.now(UTC) - age, hostname=hostname or socket.gethostname(), pid=pid)


@pytest.fixture
def restic(tmp_path: Path) -> Iterator[int]:
    """A process called restic."""
    program = shutil.copy(shutil.which("sleep") or "sleep", tmp_path / "restic")
    with subprocess.Popen([program, "60"]) as process:
        yield process.pid
        process.kill()


def test_a_number_that_another_program_has_now_is_dead() -> None:
    assert lock(os.getpid(), age=timedelta(days=1)).is_dead
    assert not lock(os.getpid(), age=timedelta()).is_dead


def test_a_restic_lives_though_the_clock_was_set_forward(restic: int) -> None:
    assert not lock(restic, age=timedelta(hours=1)).is_dead  # it seems to have begun an hour after its lock


def test_no_process_is_dead_and_of_another_machine_nobody_knows() -> None:
    assert lock(4194303, age=timedelta()).is_dead
    assert not lock(4194303, age=timedelta(days=1), hostname="elsewhere").is_dead
