"""Repositories for tests: the same questions to the fake and to real binaries of both versions.

Opening a repository costs restic half a second of scrypt at each call, as ``init`` measures the machine to make it so.
Those of tests have the same master key under a key that costs nothing.
"""

import base64
import contextlib
import functools
import hashlib
import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

from backups.restic.manager import ResticManager
from testing.fake_restic import FakeRestic

PASSWORD = "correct horse"
PROJECT_ROOT = Path(__file__).resolve().parents[1]
BINARIES = {"0.14": PROJECT_ROOT / ".tools/bin/restic-0.14", "0.18": PROJECT_ROOT / ".tools/bin/restic"}


CHEAP = {"N": 2, "r": 1, "p": 1}  # the least that restic accepts
IV, MAC = 16, 16


def make_empty(location: Path | str, *, version: str = "0.18", password: str = PASSWORD, is_cheap: bool = True) -> None:
    """Make a repository as ``restic init`` of that version does, in milliseconds; all of a version have one id.

    Args:
        is_cheap: whether its key is; the one of ``init`` is for tests that catch restic while it runs, and knows only
            PASSWORD.
    """
    template = _template(version)
    location = Path(location)
    location.mkdir(parents=True, exist_ok=True)
    for name, mode in template.folders.items():
        (location / name).mkdir(mode=mode)
    key = _key_file(template.key, template.master, password) if is_cheap else template.key_file
    files = {"config": template.config, **key}
    for name, content in files.items():
        (location / name).write_bytes(content)
        (location / name).chmod(template.file_mode)


@dataclass(frozen=True)
class _Template:
    """An empty repository: its folders with their modes, its files as they lie there, and what the key file holds."""

    folders: dict[str, int]
    config: bytes
    file_mode: int
    key_file: dict[str, bytes]
    key: dict[str, object]
    master: bytes


@functools.cache
def _template(version: str) -> _Template:
    with tempfile.TemporaryDirectory() as home:
        made = Path(home) / "repository"
        env = {"RESTIC_REPOSITORY": str(made), "RESTIC_PASSWORD": PASSWORD, "HOME": home}
        subprocess.run([BINARIES[version], "init"], env=env, check=True, capture_output=True)
        folders = {str(one.relative_to(made)): one.stat().st_mode & 0o777 for one in sorted(made.rglob("*/"))}
        (key_file,) = (made / "keys").iterdir()
        content = key_file.read_bytes()
        key = json.loads(content)
        return _Template(
            folders, (made / "config").read_bytes(), key_file.stat().st_mode & 0o777,
            {f"keys/{key_file.name}": content}, key, _master(key, PASSWORD),
        )


def _master(key: dict[str, Any], password: str) -> bytes:
    """Return the master key, as JSON, that a key file holds."""
    encrypt, mac = _user_key(key, password)
    data = base64.b64decode(key["data"])
    nonce, hidden, found = data[:IV], data[IV:-MAC], data[-MAC:]
    Poly1305.verify_tag(mac(nonce), hidden, found)
    return encrypt(nonce, hidden)


def _key_file(key: dict[str, object], master: bytes, password: str) -> dict[str, bytes]:
    """Return name and content of a key file that holds ``master`` and opens at once."""
    cheap = {**key, **CHEAP, "salt": base64.b64encode(os.urandom(64)).decode()}
    encrypt, mac = _user_key(cheap, password)
    nonce = os.urandom(IV)
    hidden = encrypt(nonce, master)
    data = nonce + hidden + Poly1305.generate_tag(mac(nonce), hidden)
    content = json.dumps({**cheap, "data": base64.b64encode(data).decode()}).encode()
    return {f"keys/{hashlib.sha256(content).hexdigest()}": content}


def _user_key(
    key: dict[str, Any], password: str
) -> tuple[Callable[[bytes, bytes], bytes], Callable[[bytes], bytes]]:
    """Return the cipher of restic's design document, AES-256 in counter mode, and the key of its Poly1305-AES.

    Both begin with the nonce; the cipher decrypts what it encrypted.
    """
    derived = hashlib.scrypt(
        password.encode(), salt=base64.b64decode(key["salt"]), n=key["N"], r=key["r"], p=key["p"],
        maxmem=2**30, dklen=64,
    )
    encrypting, k, r = derived[:32], derived[32:48], derived[48:]

    def encrypt(nonce: bytes, content: bytes) -> bytes:
        return Cipher(algorithms.AES(encrypting), modes.CTR(nonce)).encryptor().update(content)

    def mac(nonce: bytes) -> bytes:
        hidden = Cipher(algorithms.AES(k), modes.ECB()).encryptor().update(nonce)  # noqa: S305 - one block
        return r + hidden

    return encrypt, mac


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

    async def made(self) -> ResticManager:
        """Make it, empty, and return what works on it."""

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

    async def made(self) -> ResticManager:
        await self.manager().init()
        return self.manager()

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

    async def made(self) -> ResticManager:
        make_empty(self.location, version=self.version)
        return self.manager()

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
