"""The file that we write: what is asked stands in it, and Compose reads it as it was meant, whatever was asked."""

import pytest
import yaml

from core.errors import InvalidRequest
from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.compose.template import MAX_MOTD_CHARACTERS, MAX_PLAYERS, ServerParameters, render
from servers.minecraft.compose.warnings import warnings_of

IMAGE = "itzg/minecraft-server"
GIVEN: dict[str, object] = {
    "id": "lobby", "game_port": 25565, "rcon_port": 25575, "accept_eula": True, "version": "1.21.4",
    "rcon_password": "not-a-secret",
}


def written(**changed: object) -> str:
    return render(ServerParameters(**{**GIVEN, **changed}), image=IMAGE)  # type: ignore[arg-type]


def service(**changed: object) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load(written(**changed))["services"]["mc"]
    return found


def environment(**changed: object) -> dict[str, str]:
    found = service(**changed)["environment"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("server_type", ["VANILLA", "paper", "Fabric", "FORGE", "NEOFORGE", "SPIGOT"])
def test_what_is_written_keeps_every_rule_and_has_no_warning(server_type: str) -> None:
    compose = MCComposeFile.from_yaml(written(type=server_type), server_id="lobby", allowed_images=(IMAGE,))

    assert list(warnings_of(compose)) == []
    assert (compose.server_type, compose.game_version) == (server_type.upper(), "1.21.4")


@pytest.mark.parametrize(
    "text",
    ["A $HOME of $$", 'quotes " and \'', "#comment: no", "back\\slash", "yes", "1.20", "§aGrün 🎮", " blanks ", ""],
)
def test_a_text_comes_out_as_it_went_in(text: str) -> None:
    found = environment(motd=text)["MOTD"]

    assert found.replace("$$", "$") == text
    assert "$" not in found.replace("$$", ""), "Compose would put a variable in"


@pytest.mark.parametrize(
    ("given", "heap", "first_heap", "limit"),
    [
        ("2G", "2G", None, "3072m"),
        ("1.5 GB", "1536M", None, "2560m"),
        ("1024M", "1G", None, "2048m"),
        ("512M", "512M", "512M", "1536m"),
        ("256m", "256M", "256M", "1280m"),
        ("8G", "8G", None, "10240m"),  # a quarter above, where that is more than 1 GiB
        ("1T", "1024G", None, "1310720m"),
    ],
)
def test_a_heap_leaves_room_for_java(given: str, heap: str, first_heap: str | None, limit: str) -> None:
    found = environment(max_memory=given)

    assert (found["MAX_MEMORY"], found.get("INIT_MEMORY")) == (heap, first_heap)
    assert service(max_memory=given)["mem_limit"] == limit


@pytest.mark.parametrize(
    ("version", "java", "tag"),
    [("1.21.4", "auto", "java21"), ("1.16.5", "auto", "java8"), ("1.21.4", "25", "java25"), ("LATEST", "17", "java17")],
)
def test_the_tag_names_the_java(version: str, java: str, tag: str) -> None:
    assert service(version=version, java=java)["image"] == f"{IMAGE}:{tag}"


def test_only_the_game_is_open_to_all() -> None:
    assert service()["ports"] == ["25565:25565", "127.0.0.1:25575:25575"]


def test_a_type_of_ones_own_says_what_to_add() -> None:
    assert "CUSTOM_SERVER" in written(type="custom")
    assert "CUSTOM_SERVER" not in written(type="paper")


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("id", "Lobby"), ("id", "-lobby"), ("id", ""), ("id", "a" * 64), ("id", "lobby\n"),
        ("accept_eula", False), ("accept_eula", 1),
        ("type", "TNT"),
        ("version", ""), ("version", "1.21 "), ("version", "${X}"), ("version", "1.21\n"), ("version", "1" * 65),
        ("java", "9"),
        ("max_memory", "255M"), ("max_memory", "1025G"), ("max_memory", "much"), ("max_memory", ""),
        ("motd", "two\nlines"), ("motd", "x" * (MAX_MOTD_CHARACTERS + 1)), ("motd", "\u2028"), ("motd", "\ud800"),
        ("max_players", 0), ("max_players", MAX_PLAYERS + 1),
        ("game_port", 0), ("game_port", 65536),
        ("rcon_port", 0), ("rcon_port", 65536), ("rcon_port", 25565),
        ("rcon_password", ""), ("rcon_password", "a\tb"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_else(name: str, wrong: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        written(**{name: wrong})

    assert list(caught.value.errors) == [name]


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(InvalidRequest) as caught:
        written(id="", accept_eula=False, game_port=0)

    assert set(caught.value.errors) == {"id", "accept_eula", "game_port"}


@pytest.mark.parametrize(
    "edge", [{"id": "a" * 63}, {"max_players": MAX_PLAYERS}, {"game_port": 65535}, {"game_port": 1}]
)
def test_the_last_that_is_allowed(edge: dict[str, object]) -> None:
    assert service(**edge)["restart"] == "unless-stopped"
