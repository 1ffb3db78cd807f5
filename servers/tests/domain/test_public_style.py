"""Files in the style of the image's public examples are listed rightly and stay as they are."""

from pathlib import Path

import pytest

from servers.live.catalog import Catalog
from servers.minecraft.instance import ALLOWED_IMAGES
from servers.minecraft.manager import DockerMCManager
from servers.tests.domain.public_style import FILES, PROBLEMS, RENDERED


def test_thirty_files_are_listed_rightly_and_stay_byte_for_byte(tmp_path: Path) -> None:
    ids = {f"s{number}": name for number, name in enumerate(FILES)}
    for server_id, name in ids.items():
        directory = tmp_path / server_id
        directory.mkdir()
        (directory / "docker-compose.yml").write_bytes(FILES[name][0].encode())

    found = {ids[info.id]: info for info in Catalog(DockerMCManager(tmp_path), ALLOWED_IMAGES).all()}

    assert len(found) == len(FILES) >= 30
    for name, (text, expected) in FILES.items():
        info = found[name]
        listed = (info.server_type, info.game_version, info.max_memory_bytes, info.game_port, info.rcon_port)
        assert (*listed, info.java_version) == expected, name
        (path,) = (tmp_path / info.id).iterdir()
        assert path.read_bytes() == text.encode()


@pytest.mark.docker
async def test_what_they_are_listed_as_with_compose_and_which_have_a_problem(tmp_path: Path) -> None:
    ids = {f"s{number}": name for number, name in enumerate(FILES)}
    for server_id, name in ids.items():
        (tmp_path / server_id).mkdir()
        (tmp_path / server_id / "docker-compose.yml").write_bytes(FILES[name][0].encode())
        for beside in ("mc.env", "rcon.txt"):
            (tmp_path / server_id / beside).write_text("")

    found = {ids[info.id]: info for info in await DockerMCManager(tmp_path).get_all_server_info()}

    for name, (_, expected) in FILES.items():
        info = found[name]
        listed = (info.server_type, info.game_version, info.max_memory_bytes, info.game_port, info.rcon_port)
        assert (*listed, info.java_version) == RENDERED.get(name, expected), name
    parted = {name: (info.problem or "").partition("The game's files are") for name, info in found.items()}
    assert {name: own.strip() for name, (own, _, _) in parted.items() if own} == PROBLEMS
    unmounted = {name for name, info in found.items() if info.data_mount is None}
    assert {name for name, (_, said, _) in parted.items() if said} == unmounted
