"""Who may see a server, and not its compose file, reads no login out of it and no place of the host."""

from pathlib import Path
from typing import Any

import pytest
from rest_framework.test import APIClient

from servers.tests.conftest import compose_text, write_server
from servers.tests.edge.test_secret_files import client_of
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

SECRETS = {
    "DB_PASS": "hunter2", "MYSQL_PWD": "hunter3", "JVM_DD_OPTS": "rcon.password=hunter4", "RCON_PASSWORD": "hunter5",
    "DISCORD_WEBHOOK": "https://discord.example/api/webhooks/1/hunter6", "MODS": "https://cdn.example/a?sig=hunter7",
}
PLAIN = {
    "EULA": "TRUE", "VERSION": "1.16.1", "MAX_MEMORY": "2G", "MOTD": "Hello, all", "ENABLE_X": "false", "NOTHING": "",
}
MASKED_FOR_ALL = {"RCON_PASSWORD"}


@pytest.fixture
def envy(fake: FakeDocker, server_path: Path) -> str:
    text = compose_text("envy")
    start, end = text.index("    environment:"), text.index("    ports:")
    values = "".join(f'      {name}: "{value}"\n' for name, value in (PLAIN | SECRETS).items())
    text = f"{text[:start]}    environment:\n{values}{text[end:]}"
    mounts = "./data:/data\n      - /srv/maps:/maps\n      - ../other/data:/other\n      - cache:/cache"
    write_server(server_path, "envy", text.replace("./data:/data", mounts) + "volumes:\n  cache: {}\n")
    return "envy"


def read(client: APIClient, server: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/api/servers/{server}").json()
    return found


def test_an_environment_is_shown_by_names_that_are_known(envy: str, owner: APIClient) -> None:
    viewer, manager = client_of("view", server=envy), client_of("view", "compose", server=envy)

    shown = read(viewer, envy)

    assert "hunter" not in str(shown)
    assert {name: shown["environment"][name] for name in PLAIN} == PLAIN
    assert {shown["environment"][name] for name in SECRETS} == {"***"}
    whole = PLAIN | SECRETS | dict.fromkeys(MASKED_FOR_ALL, "***")
    assert read(manager, envy)["environment"] == read(owner, envy)["environment"] == whole


def test_places_of_the_host_are_for_who_may_read_the_compose_file(envy: str, owner: APIClient) -> None:
    viewer, manager = client_of("view", server=envy), client_of("view", "compose", server=envy)

    def sources(client: APIClient) -> list[str]:
        return [one["source"] for one in read(client, envy)["volumes"]]

    assert sources(viewer) == ["./data", "***", "***", "cache"]
    assert sources(manager) == sources(owner)
    assert sources(owner)[1] == "/srv/maps"
    said = [[one["message"] for one in read(client, envy)["findings"]] for client in (viewer, owner)]
    assert "/srv/maps" not in str(said[0])
    assert len(said[0]) == len(said[1]) > 0


def test_nor_is_told_where_a_games_files_are(fake: FakeDocker, server_path: Path, owner: APIClient) -> None:
    write_server(server_path, "away", compose_text("away").replace("./data:/data", "/srv/worlds:/data"))
    viewer = client_of("view", "files.read", server="away")

    said = [(read(one, "away"), one.get("/api/servers").json()[0]) for one in (viewer, owner)]
    refused = [one.get("/api/servers/away/files/tail?path=x") for one in (viewer, owner)]

    assert "/srv/worlds" not in str(said[0])
    assert "outside the server's directory" in said[0][0]["dataRoot"]["sentence"]
    assert "/srv/worlds" in said[1][0]["dataRoot"]["sentence"]
    assert "/srv/worlds" in said[1][1]["problem"]
    assert {answer.json()["code"] for answer in refused} == {"data_elsewhere"}
    assert ["/srv/worlds" in answer.json()["detail"] for answer in refused] == [False, True]
