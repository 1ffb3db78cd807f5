import io
import stat
import tomllib
from pathlib import Path

import pytest
from django.core.management import call_command

from mcadmin import config
from mcadmin.management.commands.init import choose_server_path


@pytest.fixture
def target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(config.CONFIG_VARIABLE, str(tmp_path / "config.toml"))
    return tmp_path / "config.toml"


def init() -> str:
    out = io.StringIO()
    call_command("init", stdout=out)
    return out.getvalue()


def test_init_writes_secrets_that_only_the_owner_can_read(target: Path) -> None:
    said = init()

    values = tomllib.loads(target.read_text())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert len(values["jwt"]["secret_key"]) >= 32
    assert values["master_token"] not in said
    assert values["jwt"]["secret_key"] not in said
    assert (target.parent / "servers").is_dir()


def test_two_inits_write_different_secrets(target: Path) -> None:
    init()
    first = target.read_text()
    target.unlink()
    init()

    assert target.read_text() != first


def test_existing_configuration_is_kept(target: Path) -> None:
    target.write_text("# mine")

    assert "kept" in init()
    assert target.read_text() == "# mine"


def test_servers_do_not_go_into_our_own_package(tmp_path: Path) -> None:
    (tmp_path / "servers").mkdir()
    (tmp_path / "servers" / "__init__.py").touch()

    assert choose_server_path(tmp_path) == "./minecraft"
