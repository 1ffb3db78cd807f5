"""Which changes of a compose file may change a world for good, and which are none of the world's business."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from servers.docker.container import Container
from servers.minecraft.compose.game_version import changes_game, differs_from_what_ran, game_choices
from servers.minecraft.compose.rules import MCComposeFile
from servers.tests.conftest import compose_text
from servers.tests.domain.test_status import RUNNING

LABELS = {"com.docker.compose.service": "mc"}
RAN = replace(
    RUNNING, labels=LABELS, environment={"VERSION": "1.16.1", "TYPE": "PAPER", "MAX_MEMORY": "1G", "PATH": "/bin"}
)


def read(text: str) -> MCComposeFile:
    return MCComposeFile.read(text, server_id="lobby", allowed_images=("itzg/minecraft-server",))


def with_variable(line: str) -> str:
    return compose_text("lobby").replace("      MAX_MEMORY: 2G\n", f"      MAX_MEMORY: 2G\n      {line}\n")


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        ('MODPACK: "https://example.org/pack.zip"', True),
        ("MODS_FILE: /extras/mods.txt", True),
        ('PAPER_BUILD: "12"', True),
        ("PAPER_CHANNEL: experimental", True),
        ("FORGE_INSTALLER_URL: https://example.org/a.jar", True),
        ("MODRINTH_PROJECTS: fabric-api", True),
        ("CF_SLUG: all-the-mods", True),
        ("CUSTOM_SERVER: /data/server.jar", True),
        ("version: x", True),  # the image knows capitals only, but nothing is lost by a snapshot too many
        ("CF_API_KEY: changed", False),
        ("MODRINTH_TOKEN: changed", False),
        ("MOTD: changed", False),
        ("DIFFICULTY: hard", False),
        ("VIEW_DISTANCE: 12", False),
    ],
)
def test_which_variables_choose_the_game(line: str, changes: bool) -> None:
    assert changes_game(read(compose_text("lobby")), read(with_variable(line))) is changes


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ('"1.16.1"', '"1.16.1"', False),
        ('"1.16.1"', '"1.16.2"', True),
        ("PAPER", "FABRIC", True),
        (":java21", ":java17", True),
        ("MAX_MEMORY: 2G", "MAX_MEMORY: 4G", False),
        ("mc:\n", "game:\n", True),
    ],
)
def test_which_changes_are_of_the_game(old: str, new: str, changes: bool) -> None:
    text = compose_text("lobby")

    assert changes_game(read(text), read(text.replace(old, new))) is changes


def test_a_variable_without_a_value_is_a_choice_that_nobody_can_compare() -> None:
    compose = read(compose_text("lobby").replace('VERSION: "1.16.1"', "VERSION:"))

    assert game_choices(compose)["mc"]["VERSION"] is None
    assert not differs_from_what_ran(compose, [replace(RAN, environment={"VERSION": "1.21", "TYPE": "PAPER"})])


@pytest.mark.parametrize(
    ("container", "differs"),
    [
        (RAN, False),
        (replace(RAN, environment={**RAN.environment, "VERSION": "1.12"}), True),
        (replace(RAN, environment={"TYPE": "PAPER"}), True),
        (replace(RAN, environment={**RAN.environment, "MODPACK": "of the image"}), False),
        (replace(RAN, image="itzg/minecraft-server:java8"), True),
        (replace(RAN, image="other", started_at=None), False),  # it never ran
        (replace(RAN, image="other", labels={"com.docker.compose.service": "db"}), False),
        (replace(RAN, image="other", started_at=datetime(2020, 1, 1, tzinfo=UTC)), True),
    ],
)
def test_what_ran_is_compared_with_what_shall_run(container: Container, differs: bool) -> None:
    assert differs_from_what_ran(read(compose_text("lobby")), [container]) is differs
