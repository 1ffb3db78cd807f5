"""Readers of consoles: whose lines they are, and how they end."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from servers import wiring
from servers.live.console.hub import ConsoleHub, Source
from servers.live.console.viewer import Viewer
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker


@pytest.fixture
async def hub(server_path: Path, fake: FakeDocker) -> AsyncIterator[ConsoleHub]:
    made = ConsoleHub(server_path, cli=fake.cli, container=wiring.live().container, data_root=wiring.live().data_root)
    yield made
    await made.close()


def write_log(server_path: Path, server: str, text: str) -> None:
    log = server_path / server / "data" / "logs" / "latest.log"
    log.parent.mkdir()
    log.write_text(text)


def text_of(viewer: Viewer) -> str:
    frames = []
    while (frame := viewer._next()) is not None:
        frames.append(frame)
    return "".join(str(frame.get("content", "")) for frame in frames)


@pytest.mark.parametrize("how", ["moved away", "deleted"])
async def test_a_new_server_of_the_same_id_does_not_show_the_old_ones_lines(
    hub: ConsoleHub, server_path: Path, server: str, how: str
) -> None:
    def make_anew() -> None:
        if how == "deleted":
            shutil.rmtree(server_path / server)
        else:
            (server_path / server).rename(server_path / "old")
        write_server(server_path, server)
        write_log(server_path, server, "new\n")

    write_log(server_path, server, "old secret\n")
    async with hub.view(server) as before:
        assert text_of(before) == "old secret\n"
        await asyncio.to_thread(make_anew)
        async with hub.view(server) as after:
            assert text_of(after) == "new\n"
            assert not after.is_ended
        await until(lambda: before.is_ended)


async def test_viewers_of_a_server_that_was_made_anew_end_by_themselves(
    hub: ConsoleHub, server_path: Path, server: str
) -> None:
    write_log(server_path, server, "old\n")
    async with hub.view(server) as log, hub.view(server, source=Source.CONTAINER) as container:
        (server_path / server).rename(server_path / "old")
        await asyncio.sleep(1.5)
        assert not log.is_ended  # nothing has its place
        write_server(server_path, server)
        await until(lambda: log.is_ended and container.is_ended)


async def test_the_end_of_the_panel_meets_readers_whose_time_is_over(
    server_path: Path, fake: FakeDocker, caplog: pytest.LogCaptureFixture
) -> None:
    names = [f"s{number}" for number in range(8)]
    for name in names:
        write_server(server_path, name)
    live = wiring.live()
    hub = ConsoleHub(server_path, cli=fake.cli, container=live.container, data_root=live.data_root, linger_s=0.0)
    async with AsyncExitStack() as views:
        for name in names:
            await views.enter_async_context(hub.view(name))
    await hub.close()
    await asyncio.sleep(0.1)
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not is_so():
            await asyncio.sleep(0.01)
