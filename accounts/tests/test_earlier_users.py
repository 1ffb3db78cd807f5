import sqlite3
from pathlib import Path

import bcrypt
import pytest

from accounts import legacy_users
from accounts.login import check_password
from accounts.models import User
from core.errors import InvalidRequest

LONG = "a-long-passphrase-" * 5  # 90 bytes: the earlier version cut at 72


def hashed(password: str) -> str:
    return bcrypt.hashpw(password.encode()[:72], bcrypt.gensalt(4)).decode()


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A user table as the earlier version made it."""
    path = tmp_path / "old.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(
            "CREATE TABLE user (id INTEGER NOT NULL PRIMARY KEY, username VARCHAR(50) NOT NULL,"
            " hashed_password VARCHAR(255) NOT NULL, role VARCHAR(5) NOT NULL, created_at DATETIME NOT NULL)"
        )
        rows = [
            ("alice", hashed("correct-horse"), "OWNER", "2024-05-01 10:00:00.000000"),
            ("bob", hashed(LONG), "ADMIN", "2024-05-02 10:00:00"),
            ("no", hashed("x"), "ADMIN", "2024-05-02 10:00:00"),
            ("carol", "plain text", "ADMIN", "2024-05-02 10:00:00"),
            ("root", hashed("x"), "ROOT", "2024-05-02 10:00:00"),
        ]
        connection.executemany(
            "INSERT INTO user (username, hashed_password, role, created_at) VALUES (?, ?, ?, ?)", rows
        )
    connection.close()
    return path


@pytest.mark.django_db
def test_passwords_keep_working_and_are_stored_anew_at_the_first_sign_in(database: Path) -> None:
    legacy_users.take_over(database)

    assert check_password("alice", password="wrong") is None
    assert check_password("alice", password="correct-horse") is not None
    alice = User.objects.get(username="alice")
    assert alice.password.startswith("bcrypt_sha256$")
    assert alice.is_owner
    assert alice.created_at.isoformat() == "2024-05-01T10:00:00+00:00"
    assert check_password("alice", password="correct-horse") is not None
    assert check_password("bob", password=LONG) is not None
    assert check_password("bob", password="nul\0") is None


@pytest.mark.django_db
def test_what_cannot_be_taken_over_is_named_with_its_reason(database: Path) -> None:
    before = database.read_bytes()

    reasons = {one.username: one.reason for one in legacy_users.take_over(database)}

    assert reasons["alice"] == reasons["bob"] == ""
    assert "at least 3" in reasons["no"]
    assert "bcrypt" in reasons["carol"]
    assert "ROOT" in reasons["root"]
    assert {one.reason for one in legacy_users.take_over(database) if one.username == "alice"} == {
        "the name is taken here"
    }
    assert database.read_bytes() == before


@pytest.mark.django_db
@pytest.mark.parametrize("content", [b"", b"no database at all"])
def test_another_file_is_refused_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(InvalidRequest, match="no user database of the earlier version"):
        legacy_users.take_over(tmp_path / "other")


@pytest.mark.django_db
def test_a_name_that_a_new_user_may_not_have_is_taken_over(database: Path) -> None:
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE user SET username = 'Alice' WHERE username = 'bob'")
    connection.close()

    legacy_users.take_over(database)

    assert check_password("Alice", password=LONG) is not None
    assert check_password("alice", password="correct-horse") is not None
