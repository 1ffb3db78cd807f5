import asyncio
import io
import json
import stat
import tomllib
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync
from django.core.management import call_command

from backups.repository import embedded
from backups.restic.manager import ResticManager
from core import programs
from mcadmin.management.commands.init import choose_server_path
from web import config


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


def repository(target: Path) -> Path:
    return target.parent / "snapshots"


def without_restic(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(programs, "OWN_FOLDER", folder)


@pytest.mark.restic
def test_init_makes_a_repository_that_only_its_user_can_read(target: Path) -> None:
    said = init()

    section = config.load().restic
    assert section is not None
    assert section.repository_path == str(repository(target))
    assert len(section.password) >= 32
    assert section.password not in said
    assert stat.S_IMODE(repository(target).stat().st_mode) == 0o700
    assert async_to_sync(ResticManager(section).list_snapshots)() == []
    assert sorted(one.name for one in target.parent.iterdir()) == ["config.toml", "servers", "snapshots"]


@pytest.mark.restic
def test_a_repository_is_made_as_soon_as_there_is_a_restic(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as limited:
        without_restic(limited, target.parent)
        init()
    assert not repository(target).exists()

    assert "Made the backup repository" in init()

    assert (repository(target) / "config").is_file()
    assert "Made" not in init()


@pytest.mark.restic
@pytest.mark.parametrize("left", ["nothing", "an empty folder"])
def test_a_repository_that_is_gone_is_not_made_anew(target: Path, left: str) -> None:
    """Its disk may not be mounted."""
    init()
    repository(target).rename(target.parent / "elsewhere")
    if left == "an empty folder":
        repository(target).mkdir()

    init()

    assert not (repository(target) / "config").exists()


@pytest.mark.restic
def test_what_a_killed_init_left_is_passed_over(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as limited:
        without_restic(limited, target.parent)
        init()
    half = target.parent / "snapshots.new" / "half"
    (half / "keys").mkdir(parents=True)
    (half / "keys" / "0123").touch()

    init()

    assert (repository(target) / "config").is_file()
    assert not half.exists()


@pytest.mark.restic
def test_two_at_once_make_one_repository(target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as limited:
        without_restic(limited, target.parent)
        init()
    section = config.load().restic
    assert section is not None

    async def both() -> list[bool]:
        return list(await asyncio.gather(embedded.make_planned(section), embedded.make_planned(section)))

    assert sorted(async_to_sync(both)()) == [False, True]
    assert async_to_sync(ResticManager(section).list_snapshots)() == []


@pytest.mark.parametrize("where", ["environment", "earlier file"])
def test_a_repository_of_ones_own_stays_the_only_one(target: Path, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    own = {"repository_path": "sftp:backup@nas:/mc", "password": "0ne-of-our-own"}
    if where == "environment":
        for key, text in own.items():
            monkeypatch.setenv(f"RESTIC__{key.upper()}", text)
    else:
        lines = [f"{key} = {json.dumps(text)}" for key, text in own.items()]
        target.write_text("\n".join(["[restic]", *lines]))
        target.chmod(0o600)

    init()

    section = config.load().restic
    assert section is not None
    assert section.repository_path == own["repository_path"]
    assert [one.name for one in target.parent.iterdir() if one.name.startswith("snapshots")] == []


def test_a_configuration_without_backups_stays_without(target: Path) -> None:
    target.write_text("# mine")
    target.chmod(0o600)

    init()

    assert config.load().restic is None
    assert list(target.parent.iterdir()) == [target]
