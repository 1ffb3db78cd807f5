import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from web import config, database_url

SECRET = "k3y-of-this-test-0123456789-abcdefghij"
TOKEN = "t0ken-of-this-test-xyz"

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the surroundings counts; a complete TOML file is in place."""
    for name in [*config.Settings.model_fields, "jwt__secret_key", "audit__sensitive_fields"]:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("JWT__SECRET_KEY", "")
    monkeypatch.delenv("JWT__SECRET_KEY")
    monkeypatch.setenv(config.CONFIG_VARIABLE, str(tmp_path / "config.toml"))
    monkeypatch.setenv(config.ENV_FILE_VARIABLE, str(tmp_path / ".env"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "servers").mkdir()
    write_toml(tmp_path)


def write_toml(folder: Path, *, top: str = "", end: str = "", token: str = TOKEN, secret: str = SECRET) -> None:
    path = folder / "config.toml"
    path.write_text(
        f'{top}\nserver_path = "servers"\nmaster_token = "{token}"\n[jwt]\nsecret_key = "{secret}"\n{end}'
    )
    path.chmod(0o600)


def write_env(folder: Path, text: str) -> None:
    (folder / ".env").write_text(text)
    (folder / ".env").chmod(0o600)


def problem() -> str:
    with pytest.raises(config.ConfigError) as caught:
        config.load()
    return str(caught.value)


def test_a_complete_file_is_enough(tmp_path: Path) -> None:
    assert config.load().server_path == tmp_path / "servers"


def test_unknown_key_in_toml_is_named_without_its_value(tmp_path: Path) -> None:
    write_toml(tmp_path, top='servr_path = "hidden-value"')

    assert "servr_path" in problem()
    assert "hidden-value" not in problem()


def test_unknown_key_in_the_env_file_is_named_without_its_value(tmp_path: Path) -> None:
    write_env(tmp_path, "MASTER_TOKE=hidden-value\n")

    assert "master_toke" in problem().lower()
    assert "hidden-value" not in problem()


def test_missing_key_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('server_path = "servers"\n')

    assert "master_token: is required" in problem()
    assert "jwt: is required" in problem()


def test_missing_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.toml").unlink()

    assert "does not exist" in problem()
    monkeypatch.delenv(config.CONFIG_VARIABLE)
    assert "manage.py init" in problem()


def test_short_secrets_are_named_and_not_shown(tmp_path: Path) -> None:
    write_toml(tmp_path, token="sh0rt-hidden", secret="als0-hidden")

    assert "master_token" in problem()
    assert "jwt.secret_key" in problem()
    assert "hidden" not in problem()


@pytest.mark.parametrize("token", ["your-master-token-here", "changeme-changeme-changeme", "aaaaaaaaaaaaaaaaaaaa"])
def test_example_secrets_are_refused(tmp_path: Path, token: str) -> None:
    write_toml(tmp_path, token=token)

    assert "master_token" in problem()
    assert token not in problem()


def test_empty_master_token_switches_it_off(tmp_path: Path) -> None:
    write_toml(tmp_path, token="")

    assert config.load().master_token == ""


@pytest.mark.parametrize("name", ["config.toml", ".env"])
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    write_env(tmp_path, "")
    (tmp_path / name).chmod(mode)

    assert "chmod 600" in problem()


@pytest.mark.parametrize("text", ['["a", "b"]', "a, b", "a,b,"])
def test_lists_in_the_environment_are_json_or_commas(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", text)
    monkeypatch.setenv("AUDIT__SENSITIVE_FIELDS", text)

    settings = config.load()

    assert settings.allowed_hosts == ["a", "b"]
    assert settings.audit.sensitive_fields == ["a", "b"]


def test_a_broken_list_is_named_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_HOSTS", '["hidden-value')

    assert "allowed_hosts" in problem()
    assert "hidden-value" not in problem()


def test_environment_beats_env_file_beats_toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml(tmp_path, top="stop_timeout_s = 1\nquiesce_timeout_s = 1\nlog_keep_days = 1")
    write_env(tmp_path, "STOP_TIMEOUT_S=2\nQUIESCE_TIMEOUT_S=2\n")
    monkeypatch.setenv("STOP_TIMEOUT_S", "3")

    settings = config.load()

    assert (settings.stop_timeout_s, settings.quiesce_timeout_s, settings.log_keep_days) == (3, 2, 1)


def test_paths_in_toml_count_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml(tmp_path, top='logs_dir = "logs"\ndatabase_url = "sqlite:///./here.sqlite3"')
    monkeypatch.chdir("/")

    settings = config.load()

    assert settings.logs_dir == tmp_path / "logs"
    assert database_url.for_django(settings.database_url) == f"sqlite:///{tmp_path}/here.sqlite3"


@pytest.mark.parametrize("url", ["sqlite:///./x.db", "sqlite+aiosqlite:///./x.db"])
def test_aiosqlite_addresses_mean_the_same(url: str) -> None:
    assert database_url.for_django(url) == f"sqlite:///{os.getcwd()}/x.db"


def test_broken_toml_is_told_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('master_token = "hidden-value\n')

    assert "not valid TOML" in problem()
    assert "hidden-value" not in problem()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy.example"),
        ("REDIS_URL", "localhost:6379"),
        ("CORS_ORIGINS", "panel.example.org"),
        ("CORS_ORIGINS", "https://panel.example.org/path"),
        ("CORS_ORIGINS", "*"),
        ("DATABASE_URL", "bogus"),
        ("DATABASE_URL", "mysql://panel@localhost/panel"),
        ("DATABASE_URL", "postgres://panel:pa[ss@localhost/panel"),
        ("DATABASE_URL", "postgres://panel@localhost:many/panel"),
        ("DATABASE_URL", "postgres://panel@localhost"),
    ],
)
def test_addresses_that_cannot_be_used_are_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(config.ConfigError) as caught:
        config.load()

    assert name.lower() in str(caught.value)
    assert value not in str(caught.value)


@pytest.mark.parametrize("url", ["", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite+aiosqlite:///"])
def test_a_database_without_a_name_is_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("DATABASE_URL", url)

    assert problem().startswith("database_url: ")


@pytest.mark.parametrize(
    "url",
    [
        f"redis://h:{SECRET}/0", f"redis://:{SECRET}/x@h/0?socket_timeout={SECRET}", f"redis://h/0?{SECRET}=1",
        f"redis://[{SECRET}", f"rediss://:pass:{SECRET}@h:99999999/0",
    ],
)
def test_an_address_that_redis_cannot_read_is_told_without_it(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    found = problem()

    assert "redis_url" in found
    assert "%40" in found
    assert SECRET not in found


@pytest.mark.parametrize(
    "url",
    ["redis://127.0.0.1:6379/0", "redis://:p%40ss%2Fw@h/1", "rediss://u:x@h", "unix:///run/redis.sock?db=1",
     "redis://h/0?socket_timeout=2"],
)
def test_addresses_of_a_redis_are_taken(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REDIS_URL", url)

    assert config.load().redis_url == url


def test_a_database_in_memory_is_refused_in_toml_too(tmp_path: Path) -> None:
    write_toml(tmp_path, top='database_url = "sqlite:///:memory:"')

    assert "names no file" in problem()


@pytest.mark.parametrize("name", ["LOG_KEEP_DAYS", "AUDIT_KEEP_DAYS", "REMOVED_KEEP_DAYS", "QUIESCE_TIMEOUT_S",
                                  "STOP_TIMEOUT_S", "JWT__ACCESS_TOKEN_EXPIRE_MINUTES"])
def test_numbers_past_the_end_of_time_are_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "99999999999")

    assert name.lower().replace("__", ".") in problem()


def test_names_for_restic_come_in_capitals_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTIC__REPOSITORY_PATH", "s3:s3.example.org/bucket")
    monkeypatch.setenv("RESTIC__PASSWORD", "of-this-test")
    monkeypatch.setenv("RESTIC__ENVIRONMENT__AWS_ACCESS_KEY_ID", "Key-Of-This-Test")

    restic = config.load().restic

    assert restic is not None
    assert restic.environment == {"AWS_ACCESS_KEY_ID": "Key-Of-This-Test"}


def test_an_error_of_the_environment_does_not_ask_for_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").unlink()
    monkeypatch.delenv(config.CONFIG_VARIABLE)
    monkeypatch.setenv("MASTER_TOKEN", TOKEN)
    monkeypatch.setenv("SERVER_PATH", str(tmp_path / "servers"))
    monkeypatch.setenv("JWT__SECRET_KEY", SECRET)
    monkeypatch.setenv("STOP_TIMEOUT_S", "soon")

    assert problem() == "stop_timeout_s: must be a whole number."


def test_an_empty_section_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESTIC", "")

    assert problem() == "restic: must be a table, in the environment as JSON or as one variable for each of its keys."


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of secrets, and no other source of them."""
    folder = tmp_path / "secrets"
    folder.mkdir()
    monkeypatch.setattr(config, "SECRETS_DIR", folder)
    (tmp_path / "config.toml").write_text('server_path = "servers"\n')
    return folder


def test_secrets_are_files_named_like_their_variables(secrets: Path) -> None:
    (secrets / "master_token").write_text(f"{TOKEN}\n")
    (secrets / "JWT__SECRET_KEY").write_text(SECRET)
    (secrets / "restic__repository_path").write_text("/srv/repository")
    (secrets / "restic__password").write_text("of-this-test\n")
    (secrets / "somebody-elses.jks").write_bytes(b"\xff\xfe\x00")

    settings = config.load()

    assert (settings.master_token, settings.jwt.secret_key) == (TOKEN, SECRET)
    assert settings.restic is not None
    assert settings.restic.password == "of-this-test"


def test_a_secret_that_is_not_text_is_named(secrets: Path) -> None:
    (secrets / "master_token").write_bytes(b"\xff\xfe\x00")

    assert problem() == f"{secrets}/master_token cannot be read: it is not UTF-8."


def test_an_unknown_key_of_a_section_among_secrets_is_named(secrets: Path) -> None:
    (secrets / "master_token").write_text(TOKEN)
    (secrets / "jwt__secret_kee").write_text("hidden-value")

    assert "jwt.secret_kee: is not a setting" in problem()
    assert "hidden-value" not in problem()


@pytest.mark.parametrize("written", ["~/mc-backup", "$HOME/mc-backup", "local:~root/backup"])
@pytest.mark.parametrize("by_variable", [True, False])
def test_a_repository_named_as_in_a_shell_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, *, by_variable: bool
) -> None:
    place = "/srv/backups" if by_variable else written
    write_toml(tmp_path, end=f'[restic]\nrepository_path = "{place}"\npassword = "0ne-of-our-own"\n')
    if by_variable:
        monkeypatch.setenv("RESTIC__REPOSITORY_PATH", written)

    assert "restic.repository_path: must be the whole path" in problem()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("./snapshots", "{}/snapshots"), ("snapshots", "{}/snapshots"), ("local:here", "{}/here"),
        ("/srv/backups", "/srv/backups"), ("sftp:me@nas:/mc", "sftp:me@nas:/mc"), ("s3:nas/mc", "s3:nas/mc"),
    ],
)
def test_a_relative_repository_counts_from_the_files_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, read: str
) -> None:
    write_toml(tmp_path, end=f'[restic]\nrepository_path = "{written}"\npassword = "0ne-of-our-own"\n')
    monkeypatch.chdir("/")

    section = config.load().restic

    assert section is not None
    assert section.repository_path == read.format(tmp_path)


def setting_keys(model: type[BaseModel], above: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        kinds = [field.annotation, *get_args(field.annotation)]
        section = next((one for one in kinds if isinstance(one, type) and issubclass(one, BaseModel)), None)
        if section is None:
            yield above + name
        else:
            yield from setting_keys(section, f"{name}.")


def test_readme_has_a_row_for_each_setting() -> None:
    lines = (Path(__file__).resolve().parents[2] / "README.md").read_text().splitlines()
    rows = [found[1] for line in lines if (found := re.match(r"\| `([a-z_.]+)` \| .* \| .*\|$", line))]

    assert sorted(rows) == sorted(setting_keys(config.Settings))
