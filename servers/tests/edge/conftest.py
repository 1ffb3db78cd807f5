from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User, UserRole
from accounts.sign_ins import Proof, hash_of
from testing.consoles import DONE, NOISE
from testing.fake_docker import FakeDocker


@pytest.fixture
def owner(api: APIClient, db: None) -> APIClient:
    """A client signed in as an owner."""
    user = User(username="olivia", role=UserRole.OWNER)
    user.set_unusable_password()
    user.save()
    now = datetime.now(UTC)
    proof: Any = Proof(hash_of("a token"), None, now, now + timedelta(days=1), is_session=False)
    api.force_authenticate(user, proof)
    return api


@pytest.fixture
def data(fake: FakeDocker, server: str, server_path: Path) -> Path:
    """The server's ``data/`` with a text, a directory and a link."""
    folder = server_path / server / "data"
    (folder / "world").mkdir()
    (folder / "world" / "level.dat").write_bytes(b"\x1f\x8b\xff\0")
    (folder / "motd.txt").write_bytes(b"hello\n")
    (folder / "link.txt").symlink_to("motd.txt")
    return folder


@pytest.fixture
def files(data: Path, server: str) -> str:
    """The address of the server's files."""
    return f"/api/servers/{server}/files"


@pytest.fixture
def token(db: None) -> str:
    user = User(username="olivia", role=UserRole.ADMIN)
    user.set_unusable_password()
    user.save()
    return tokens.issue(user)


@pytest.fixture
def log(server_path: Path, server: str) -> Path:
    path = server_path / server / "data" / "logs" / "latest.log"
    path.parent.mkdir()
    path.write_text(DONE + NOISE)
    return path
