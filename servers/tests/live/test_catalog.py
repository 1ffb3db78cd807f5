"""Servers on disk: what has not changed is not read again, what has is seen at the next look."""

import os
import time
from pathlib import Path

import pytest

from servers.live.catalog import Catalog
from servers.minecraft.instance import ALLOWED_IMAGES, MCInstance, ServerNotFound
from servers.minecraft.manager import DockerMCManager
from servers.tests.conftest import GAME_PORT, compose_text, write_server


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(DockerMCManager(tmp_path), ALLOWED_IMAGES)


def age(*paths: Path) -> None:
    """Let a change lie so long ago that its stamp is trusted."""
    time.sleep(0.12)
    for path in paths:
        assert path.exists()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The servers whose file was read."""
    found: list[str] = []
    read = MCInstance.read_compose

    def noted(self: MCInstance) -> str:
        found.append(self.name)
        return read(self)

    monkeypatch.setattr(MCInstance, "read_compose", noted)
    return found


def test_an_unchanged_server_is_read_once(catalog: Catalog, tmp_path: Path, reads: list[str]) -> None:
    age(write_server(tmp_path, "a"))
    for _ in range(5):
        assert catalog.names() == ["a"]
        assert catalog.info("a").game_port == GAME_PORT

    assert reads == ["a"]


def test_two_changes_within_the_kernels_tick_are_both_seen(catalog: Catalog, tmp_path: Path) -> None:
    file = write_server(tmp_path, "a") / "compose.yaml"
    for port in range(20000, 20050):
        file.write_text(compose_text("a", game_port=port))
        assert catalog.info("a").game_port == port


def test_a_file_edited_in_place_with_the_same_size_and_time_is_seen(catalog: Catalog, tmp_path: Path) -> None:
    file = write_server(tmp_path, "a", compose_text("a", game_port=20001)) / "compose.yaml"
    age(file)
    catalog.info("a")
    before = file.stat()
    with file.open("r+") as opened:
        opened.write(compose_text("a", game_port=20002))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert catalog.info("a").game_port == 20002, "its change time cannot be set back"


def test_a_better_name_wins_and_a_removed_file_is_no_server(catalog: Catalog, tmp_path: Path) -> None:
    directory = write_server(tmp_path, "a")
    (directory / "compose.yaml").rename(directory / "docker-compose.yml")
    age(directory)
    assert catalog.info("a").game_port == GAME_PORT

    (directory / "compose.yaml").write_text(compose_text("a", game_port=20003))
    assert catalog.info("a").game_port == 20003
    for name in ("compose.yaml", "docker-compose.yml"):
        (directory / name).unlink()
    assert not catalog.exists("a")
    with pytest.raises(ServerNotFound):
        catalog.info("a")


def test_what_can_be_no_server_is_none(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    write_server(tmp_path, ".hidden")
    (tmp_path / "file").touch()
    age(tmp_path / "plain")

    assert catalog.names() == catalog.names() == []
    for name in ("plain", ".hidden", "file", "../x", "ghost", "live"):
        assert not catalog.exists(name)


def test_clashing_projects_name_each_other(catalog: Catalog, tmp_path: Path) -> None:
    for name in ("My.Srv", "mysrv", "other"):
        write_server(tmp_path, name)

    assert catalog.clashes() == {"My.Srv": "mysrv", "mysrv": "My.Srv"}
