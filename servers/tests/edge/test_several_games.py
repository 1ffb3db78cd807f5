"""Several games in one compose file: which one is asked, shown and meant."""

import asyncio
import time
from io import StringIO
from pathlib import Path

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from servers import wiring
from servers.tests.conftest import compose_text, write_server
from testing.consoles import opened, receive
from testing.fake_docker import FakeDocker
from testing.fake_game import FakeGame

pytestmark = pytest.mark.django_db(transaction=True)

LOBBY = """  lobby:
    image: itzg/minecraft-server:java21
    environment: {{EULA: "TRUE", VERSION: "1.16.1", RCON_PASSWORD: not-a-secret}}
    ports: ["127.0.0.1:{port}:25575"]
    volumes: ["./lobby:/data"]
"""
HEAD = "There are 1 of a max of 20 players online: "
DEADLINE_S = 30.0


async def start(server_path: Path, fake: FakeDocker, *, main_port: int = 1, lobby_port: int = 1) -> None:
    text = compose_text("survival", rcon_port=main_port) + LOBBY.format(port=lobby_port)
    folder = write_server(server_path, "survival", text)
    (folder / "lobby").mkdir()
    fake.first_health = "healthy"
    await wiring.manager().get_instance("survival").project.up()
    await wiring.live().engine.refresh()


async def test_commands_and_players_are_those_of_the_game_that_is_asked_for(
    owner: APIClient, fake: FakeDocker, server_path: Path
) -> None:
    main = FakeGame(password="not-a-secret", answers={"list": f"{HEAD}Alex".encode(), "seed": b"1"})
    lobby = FakeGame(password="not-a-secret", answers={"list": f"{HEAD}Bo".encode(), "seed": b"2"})
    live = wiring.live()
    async with main.running(), lobby.running():
        await start(server_path, fake, main_port=main.port, lobby_port=lobby.port)
        games = [await asyncio.to_thread(live.game, "survival", one) for one in ("", "mc", "lobby")]
        asked = [await live.command(one, "seed") for one in games]
        live.players_sampler.start()
        end = time.monotonic() + DEADLINE_S
        while not all(live.players(one).online for one in games) and time.monotonic() < end:
            await asyncio.sleep(0.02)
        await live.players_sampler.stop()
        await live.rcon.close()

    def players(query: str) -> object:
        return owner.get(f"/api/servers/survival/players{query}").json()["onlinePlayers"]

    assert asked == ["1", "1", "2"]
    shown = [await sync_to_async(players)(one) for one in ("", "?service=mc", "?service=lobby")]
    assert shown == [["Alex"], ["Alex"], ["Bo"]]


@pytest.mark.parametrize("service", ["other", "survival", "mc:lobby", "x" * 5000])
def test_a_game_that_there_is_not_is_404_with_those_that_are(
    owner: APIClient, fake: FakeDocker, server_path: Path, service: str
) -> None:
    async_to_sync(start)(server_path, fake)

    players = owner.get("/api/servers/survival/players", {"service": service})
    command = owner.post(f"/api/servers/survival/rcon?service={service}", {"command": "list"}, format="json")

    for answer in (players, command):
        assert (answer.status_code, answer.json()["code"]) == (404, "game_not_found")
        assert "mc, lobby" in answer.json()["detail"]


def test_the_detail_names_the_games_and_says_whose_the_figures_are(
    owner: APIClient, fake: FakeDocker, server_path: Path
) -> None:
    async_to_sync(start)(server_path, fake)

    detail = owner.get("/api/servers/survival").json()

    assert detail["games"] == ["mc", "lobby"]
    (hint,) = detail["hints"]
    assert "are those of `mc`" in hint
    assert "`lobby`" in hint
    write_server(server_path, "alone")
    assert owner.get("/api/servers/alone").json()["hints"] == []


def test_the_status_is_the_worst_ones_and_says_whose(owner: APIClient, fake: FakeDocker, server_path: Path) -> None:
    async_to_sync(start)(server_path, fake)
    read = "/api/servers/survival/status"
    assert owner.get(read).json()["status"] == "HEALTHY"

    fake.end(fake.find("survival-lobby-1"), 3)
    async_to_sync(wiring.live().engine.refresh)()

    found = owner.get(read).json()
    assert (found["status"], found["reason"]) == ("CREATED", "Its game `lobby`: Exited with code 3.")
    assert owner.get("/api/servers/survival/players").status_code == 200, "the main one runs"
    assert owner.get("/api/servers/survival/players?service=lobby").status_code == 409

    fake.end(fake.find("mc-survival"), 4)
    async_to_sync(wiring.live().engine.refresh)()
    assert owner.get(read).json()["reason"] == "Exited with code 4."


async def test_the_console_is_that_of_the_game_that_is_asked_for(
    fake: FakeDocker, server_path: Path, token: str
) -> None:
    await start(server_path, fake)
    for folder in ("data", "lobby"):
        (server_path / "survival" / folder / "logs").mkdir()
        (server_path / "survival" / folder / "logs/latest.log").write_text(f"of {folder}\n")
    path = f"/api/servers/survival/console?token={token}"

    for query, folder in (("", "data"), ("&service=mc", "data"), ("&service=lobby", "lobby")):
        async with opened(f"{path}{query}") as socket:
            assert (await receive(socket))["content"] == f"of {folder}\n"
    async with opened(f"{path}&service=other") as socket:
        assert "no game called 'other'" in (await receive(socket))["message"]


def test_the_shell_asks_the_game_that_it_is_told(fake: FakeDocker, server_path: Path) -> None:
    async_to_sync(start)(server_path, fake)
    fake.answers["seed"] = "by rcon-cli"
    said = StringIO()

    call_command("rcon", "survival", "seed", service="lobby", stdout=said)

    assert said.getvalue() == "by rcon-cli\n"
    with pytest.raises(CommandError, match="no game called 'other'"):
        call_command("rcon", "survival", "seed", service="other")
