import asyncio
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from channels.layers import BaseChannelLayer
from channels.routing import URLRouter
from channels.testing import WebsocketCommunicator

from accounts.models import User
from servers import wiring
from servers.consumers import console
from servers.routing import websocket_urlpatterns
from testing.consoles import DONE, NOISE, opened, receive, run
from testing.fake_docker import FakeDocker
from web import sockets
from web.rate_limit import FairPlaces

pytestmark = pytest.mark.django_db(transaction=True)

async def test_the_log_and_then_new_lines_without_rcon_noise(
    fake: FakeDocker, server: str, token: str, log: Path
) -> None:
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        first = await receive(socket)
        assert (first["type"], first["content"]) == ("log", DONE)
        with log.open("ab") as file:
            file.write(f"{NOISE}<Stève> h".encode()[:-3])
            file.flush()
            file.write(b"> hi\n")
        second = await receive(socket)
        assert second["type"] == "log"
        assert second["content"].endswith("> hi\n")
        assert "RCON" not in second["content"]
        assert second["epoch"] == first["epoch"]
        assert second["seq"] == 4


async def test_the_filter_goes_off_and_the_log_is_sent_anew(
    fake: FakeDocker, server: str, token: str, log: Path
) -> None:
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        await socket.send_json_to({"type": "set_filter", "filter_rcon": False})
        assert await receive(socket) == {"type": "filter_updated", "filter_rcon": False}
        await socket.send_json_to({"type": "refresh_logs"})
        refreshed = await receive(socket)
        assert (refreshed["type"], refreshed["content"]) == ("logs_refreshed", DONE + NOISE)


async def test_rotation_and_truncation_lose_no_line(
    fake: FakeDocker, server: str, token: str, log: Path
) -> None:
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        seen = (await receive(socket))["content"]
        old = log.open("a")
        log.rename(log.with_name("old.log"))
        with old:
            old.write("last of the old\n")
        log.write_text("first of the new\n")
        while "first of the new" not in seen:
            seen += (await receive(socket))["content"]
        log.write_text("cut\n")
        assert "emptied" in (await receive(socket))["message"]
        while "cut" not in seen:
            seen += (await receive(socket))["content"]
        assert seen == f"{DONE}last of the old\nfirst of the new\ncut\n"


async def test_a_log_that_appears_later_is_followed(
    fake: FakeDocker, server: str, server_path: Path, token: str
) -> None:
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        assert "no log file yet" in (await receive(socket))["message"]
        await socket.send_json_to({"type": "refresh_logs"})
        assert (await receive(socket))["type"] == "info"
        logs = server_path / server / "data" / "logs"
        logs.mkdir()
        (logs / "latest.log").write_text("born\n")
        assert (await receive(socket))["content"] == "born\n"


async def test_a_log_that_links_out_of_the_server_is_not_read(
    fake: FakeDocker, server: str, server_path: Path, token: str, tmp_path: Path
) -> None:
    canary = tmp_path / "canary"
    canary.write_text("secret\n")
    logs = server_path / server / "data" / "logs"
    logs.mkdir()
    (logs / "latest.log").symlink_to(canary)
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        assert (await receive(socket))["message"] == "logs/latest.log leads out of the server's directory."
        await socket.send_json_to({"type": "refresh_logs"})
        assert (await receive(socket))["type"] == "info"
        assert await socket.receive_nothing(timeout=0.3)


@pytest.mark.parametrize("link", ["logs", "logs/latest.log"])
async def test_a_log_that_links_to_another_place_of_the_games_files_is_followed(
    fake: FakeDocker, server: str, server_path: Path, token: str, link: str
) -> None:
    data = server_path / server / "data"
    (data / "elsewhere").mkdir()
    log = data / "elsewhere/latest.log"
    log.write_text("first\n")
    if link == "logs":
        (data / link).symlink_to("elsewhere")
    else:
        (data / "logs").mkdir()
        (data / link).symlink_to("../elsewhere/latest.log")
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        assert (await receive(socket))["content"] == "first\n"
        with log.open("a") as file:
            file.write("second\n")
        assert (await receive(socket))["content"] == "second\n"


async def test_a_folder_in_the_place_of_the_log_is_said_to_be_one(
    fake: FakeDocker, server: str, server_path: Path, token: str
) -> None:
    (server_path / server / "data/logs/latest.log").mkdir(parents=True)
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        assert (await receive(socket))["message"] == "logs/latest.log is not a regular file."


async def test_commands_are_answered_and_shown_to_the_others(
    fake: FakeDocker, server: str, server_path: Path, token: str, log: Path
) -> None:
    fake.first_health = "healthy"
    await run(server, server_path)
    path = f"/api/servers/{server}/console?token={token}"
    async with opened(path) as socket, opened(path) as other:
        await receive(socket)
        await receive(other)
        await socket.send_json_to({"type": "command", "command": " list "})
        assert await receive(socket) == {"type": "command_result", "command": "list", "result": "ran list"}
        assert await receive(other) == {"type": "command", "username": "olivia", "command": "list"}


async def test_a_command_to_a_stopped_server_is_an_error_that_keeps_the_socket(
    fake: FakeDocker, server: str, token: str, log: Path
) -> None:
    await wiring.live().engine.refresh()
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        await socket.send_json_to({"type": "command", "command": "list"})
        answer = await receive(socket)
        assert answer["type"] == "error"
        assert "not running" in answer["message"]


@pytest.mark.parametrize("text", ["no json", "[1]", '"x"', "5", '{"type":"command","command":5}', "null"])
async def test_malformed_frames_never_close(
    fake: FakeDocker, server: str, token: str, log: Path, text: str
) -> None:
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        await socket.send_to(text_data=text)
        assert (await receive(socket))["type"] == "error"
        await socket.send_json_to({"type": "set_filter", "filter_rcon": True})
        assert (await receive(socket))["type"] == "filter_updated"


async def test_a_huge_frame_closes_with_1009(fake: FakeDocker, server: str, token: str, log: Path) -> None:
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        await socket.send_to(text_data="x" * (32 * 1024 + 1))
        assert await socket.receive_output(timeout=5) == {"type": "websocket.close", "code": 1009}


@pytest.mark.parametrize(("name", "code"), [("none", 4401), ("bad", 4401), ("ghost", 4404)])
async def test_strangers_are_told_why_then_held_then_closed(
    fake: FakeDocker, server: str, token: str, monkeypatch: pytest.MonkeyPatch, name: str, code: int
) -> None:
    monkeypatch.setattr(sockets, "HOLD_S", 0.05)
    query = {"none": "", "bad": "?token=x.y.z", "ghost": f"?token={token}"}[name]
    server_id = "ghost" if name == "ghost" else server
    async with opened(f"/api/servers/{server_id}/console{query}") as socket:
        assert (await receive(socket))["type"] == "error"
        closed = await socket.receive_output(timeout=5)
        assert (closed["type"], closed["code"]) == ("websocket.close", code)


async def test_the_token_may_come_as_a_subprotocol(fake: FakeDocker, server: str, token: str, log: Path) -> None:
    async with opened(f"/api/servers/{server}/console/", subprotocols=["bearer", token]) as socket:
        assert (await receive(socket))["content"] == DONE


async def test_a_socket_that_ends_leaves_no_task(fake: FakeDocker, server: str, token: str, log: Path) -> None:
    before = asyncio.all_tasks()
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
    assert asyncio.all_tasks() == before
    assert await sync_to_async(User.objects.count)() == 1


async def test_a_socket_that_comes_back_gets_exactly_what_it_missed(
    fake: FakeDocker, server: str, token: str, log: Path
) -> None:
    path = f"/api/servers/{server}/console?token={token}"
    socket = WebsocketCommunicator(URLRouter(websocket_urlpatterns), path)
    await socket.connect(timeout=5)
    first = await receive(socket)
    await socket.disconnect()
    with log.open("a") as file:
        file.write(f"{NOISE}missed\n")
    async with opened(f"{path}&after={first['seq']}&epoch={first['epoch']}") as again:
        missed = await receive(again)
        assert (missed["content"], missed["seq"]) == ("missed\n", first["seq"] + 2)
        assert missed["epoch"] == first["epoch"]


async def test_the_containers_own_output_is_a_source(
    fake: FakeDocker, server: str, server_path: Path, token: str
) -> None:
    await run(server, server_path)
    fake.print(fake.find(f"mc-{server}"), "[init] EULA is not accepted")
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        assert (await receive(socket))["type"] == "info"
        await socket.send_json_to({"type": "source", "source": "container"})
        assert await receive(socket) == {"type": "source_changed", "source": "container"}
        assert (await receive(socket))["content"] == "[init] EULA is not accepted\n"
    async with opened(f"/api/servers/{server}/console?token={token}&source=container") as socket:
        assert (await receive(socket))["content"] == "[init] EULA is not accepted\n"


async def test_commands_that_come_too_fast_are_not_run(
    fake: FakeDocker, server: str, server_path: Path, token: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake.first_health = "healthy"
    await run(server, server_path)
    monkeypatch.setattr(console, "COMMANDS_PER_S", 0.0)
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        for _ in range(12):
            await socket.send_json_to({"type": "command", "command": "list"})
        answers = [await receive(socket) for _ in range(12)]
        assert [answer["type"] for answer in answers].count("command_result") == 10
        assert [answer.get("message", "").startswith("Too many commands") for answer in answers].count(True) == 2


async def test_messages_that_come_too_fast_are_dropped_and_the_socket_stays(
    fake: FakeDocker, server: str, token: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "FRAME_BURST", 2.0)
    monkeypatch.setattr(console, "FRAMES_PER_S", 0.0)
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        await receive(socket)
        for _ in range(3):
            await socket.send_json_to({"type": "set_filter"})
        assert [(await receive(socket))["type"] for _ in range(3)] == ["filter_updated", "filter_updated", "error"]


async def test_one_console_too_many_is_refused_and_one_that_ends_makes_room(
    fake: FakeDocker, server: str, token: str, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sockets, "HOLD_S", 0.05)
    monkeypatch.setattr(console, "_of_server", FairPlaces(1))
    path = f"/api/servers/{server}/console?token={token}"
    async with opened(path) as socket:
        await receive(socket)
        async with opened(path) as refused:
            assert "1 consoles of this server are open" in (await receive(refused))["message"]
            assert (await refused.receive_output(timeout=5))["code"] == 4429
    async with opened(path) as socket:
        assert (await receive(socket))["type"] == "log"


async def test_nothing_a_terminal_would_obey_reaches_the_page(
    fake: FakeDocker, server: str, token: str, log: Path
) -> None:
    log.write_text("\x1b]52;c;cm0gLXJm\x07\x1b[31mred\x1b[0m \x1b[2J\x1b]8;;http://evil\x1b\\link\n")
    async with opened(f"/api/servers/{server}/console?token={token}") as socket:
        assert (await receive(socket))["content"] == "\x1b[31mred\x1b[0m link\n"


# Games that would share a group if their names were cut, or written in the characters that a group takes.
GAMES = [
    "survival:mc2", "survival..mc2", "survival.:mc2", "survival.mc2", "survival:.mc2", "survival-mc2", "survival_mc2",
    "survival", "Survival", "s" * 63, f"{'s' * 63}:{'m' * 63}", f"{'s' * 63}:{'m' * 62}n",
]


def test_no_two_games_share_the_group_of_their_viewers() -> None:
    groups = [console.group_of(game) for game in GAMES]

    assert len(set(groups)) == len(GAMES)
    assert all(BaseChannelLayer().require_valid_group_name(group) for group in groups)
