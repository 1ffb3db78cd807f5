import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mcadmin import config

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
    assert config.django_database_url(settings.database_url) == f"sqlite:///{tmp_path}/here.sqlite3"


@pytest.mark.parametrize("url", ["sqlite:///./x.db", "sqlite+aiosqlite:///./x.db"])
def test_aiosqlite_addresses_mean_the_same(url: str) -> None:
    assert config.django_database_url(url) == f"sqlite:///{os.getcwd()}/x.db"


def test_broken_toml_is_told_without_its_content(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('master_token = "hidden-value\n')

    assert "not valid TOML" in problem()
    assert "hidden-value" not in problem()


@pytest.mark.parametrize(
    ("name", "value"), [("TRUSTED_PROXIES", "10.0.0.0/8,proxy.example"), ("REDIS_URL", "localhost:6379")]
)
def test_addresses_that_cannot_be_used_are_told(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(config.ConfigError) as caught:
        config.load()

    assert name.lower() in str(caught.value)
    assert value not in str(caught.value)
