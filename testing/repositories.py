"""Repositories for tests: the same questions to the fake and to real binaries of both versions."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest

from backups.restic.manager import ResticManager
from testing.fake_restic import FakeRestic

PASSWORD = "correct horse"
PROJECT_ROOT = Path(__file__).resolve().parents[1]
BINARIES = {"0.14": PROJECT_ROOT / ".tools/bin/restic-0.14", "0.18": PROJECT_ROOT / ".tools/bin/restic"}


@dataclass(frozen=True)
class Access:
    repository_path: str
    password: str = PASSWORD
    environment: Mapping[str, str] = field(default_factory=dict)
    binary: Path | None = None


class Repository(Protocol):
    """A repository that is not made yet, and how tests reach it."""

    version: str
    location: Path

    def manager(self, *, password: str = PASSWORD) -> ResticManager: ...

    def locked(self) -> contextlib.AbstractContextManager[None]:
        """Hold the repository as another job would."""


class FakeRepository:
    def __init__(self, version: str, folder: Path) -> None:
        self.version = version
        self.location = folder / "repository"
        self.restic = FakeRestic(version)
        self._cache = folder / "cache"

    def manager(self, *, password: str = PASSWORD) -> ResticManager:
        access = Access(str(self.location), password)
        return ResticManager(access, run=self.restic, binary="restic", cache_dir=self._cache)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        self.restic.locked = True
        yield
        self.restic.locked = False


class RealRepository:
    def __init__(self, version: str, folder: Path) -> None:
        self.version = version
        self.location = folder / "repository"
        self.binary = BINARIES[version]
        self._cache = folder / "cache"

    def manager(self, *, password: str = PASSWORD) -> ResticManager:
        return ResticManager(Access(str(self.location), password), binary=self.binary, cache_dir=self._cache)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let a real ``check``, which locks others out, hang on packs that are pipes nobody writes to."""
        for pack in [path for path in (self.location / "data").rglob("*") if path.is_file()]:
            pack.rename(pack.with_suffix(".kept"))
            os.mkfifo(pack)
        env = {**os.environ, "RESTIC_REPOSITORY": str(self.location), "RESTIC_PASSWORD": PASSWORD}
        check = subprocess.Popen(
            [self.binary, "check", "--read-data", "--no-cache"],
            env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            while not any((self.location / "locks").iterdir()):
                assert check.poll() is None, "restic check ended without taking the lock"
                time.sleep(0.01)
            yield
        finally:
            check.send_signal(signal.SIGKILL)
            check.wait()


def make_repository(kind: str, version: str, folder: Path) -> Repository:
    """Return a repository of ``kind`` fake or real; without the real binary the test is skipped, or fails."""
    if kind == "fake":
        return FakeRepository(version, folder)
    if not BINARIES[version].exists():
        message = f"NO RESTIC {version}: {BINARIES[version].name} is made in .tools/bin by setup/restic.sh"
        if os.environ.get("MCADMIN_REQUIRE_REAL") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return RealRepository(version, folder)
