import sqlite3
import stat
import tomllib
from pathlib import Path

import bcrypt
import pytest

from core.errors import InvalidRequest
from mcadmin import legacy_config
from testing.panel_process import manage

OLD = """
database_url = "sqlite+aiosqlite:///./db.sqlite3"
master_token = "your-master-token-here"
server_path = "worlds"
[jwt]
secret_key = "kZ7-own-random-signing-key-0123456789"
access_token_expire_minutes = 60
[audit]
sensitive_fields = ["password", "token"]
[restic]
repository_path = "sftp:backup@nas:/mc"
password = "restic pässword"
"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    folder = tmp_path / "old"
    (folder / "worlds").mkdir(parents=True)
    (folder / "config.toml").write_text(OLD)
    return folder / "config.toml"


def test_values_are_kept_and_examples_replaced(old: Path) -> None:
    made = legacy_config.convert(old)

    values = tomllib.loads(made.text)
    assert values["server_path"] == str(old.parent / "worlds")
    assert values["jwt"]["secret_key"] == "kZ7-own-random-signing-key-0123456789"
    assert values["jwt"]["access_token_expire_minutes"] == 60
    assert values["restic"] == {"repository_path": "sftp:backup@nas:/mc", "password": "restic pässword"}
    assert values["master_token"] != "your-master-token-here"
    assert len(values["master_token"]) >= 16
    assert [note for note in made.notes if note.startswith("master_token")]
    assert made.users == old.parent / "db.sqlite3"


@pytest.mark.parametrize("text", ["= broken", "other = 1", "server_path = 5"])
def test_another_file_is_refused_with_a_sentence(old: Path, text: str) -> None:
    old.write_text(text)
    with pytest.raises(InvalidRequest, match=r"config\.toml"):
        legacy_config.convert(old)


@pytest.mark.process
def test_the_panel_starts_with_the_new_configuration_and_the_old_users(old: Path, tmp_path: Path) -> None:
    database = old.parent / "db.sqlite3"
    connection = sqlite3.connect(database)
    connection.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, username, hashed_password, role, created_at)")
    password = bcrypt.hashpw(b"correct-horse", bcrypt.gensalt(4)).decode()
    connection.execute("INSERT INTO user VALUES (7, 'alice', ?, 'OWNER', '2024-05-01 10:00:00')", [password])
    connection.commit()
    connection.close()
    before = {path: path.read_bytes() for path in (old, database)}

    done = manage(tmp_path, "import_legacy", str(old))

    assert done.returncode == 0, done.stderr
    assert "alice (owner) was taken over." in done.stdout
    new = old.parent / "config.mcadmin.toml"
    assert stat.S_IMODE(new.stat().st_mode) == 0o600
    assert {path: path.read_bytes() for path in before} == before
    again = manage(tmp_path, "import_legacy", str(old))
    assert again.returncode == 1
    assert "is there already" in again.stderr
    assert "Traceback" not in again.stderr
