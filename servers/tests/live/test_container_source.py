"""What a container prints, across restarts, a crash loop and re-creation."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from servers import wiring
from servers.live.console import container_source
from servers.live.console.hub import ConsoleHub, Source
from servers.live.console.viewer import Frame, Viewer
from servers.live.services import Services
from testing.fake_docker import FakeContainer, FakeDocker, now


@pytest.fixture
async def live(fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Services]:
    monkeypatch.setattr(container_source, "AGAIN_S", 0.1)
    monkeypatch.setattr(container_source, "FIRST_WORD_S", 0.2)
    monkeypatch.setattr(container_source, "QUIET_S", 0.02)
    services = wiring.live()
    services.engine.listen(lambda _: services.console.engine_changed())
    yield services
    await services.console.close()


async def up(fake: FakeDocker, server: str) -> FakeContainer:
    await wiring.manager().get_instance(server).project.up()
    await wiring.live().engine.refresh()
    return fake.find(f"mc-{server}")


class Eyes:
    """Reads a viewer's frames one by one."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self._frames = aiter(viewer)
        self.lines: list[str] = []

    async def frame(self) -> Frame:
        async with asyncio.timeout(10):
            return await anext(self._frames)

    async def see(self, line: str) -> None:
        while line not in self.lines:
            frame = await self.frame()
            self.lines += str(frame.get("content", "")).splitlines()


@asynccontextmanager
async def watching(hub: ConsoleHub, server: str) -> AsyncIterator[Eyes]:
    async with hub.view(server, source=Source.CONTAINER, filter_rcon=False) as viewer:
        yield Eyes(viewer)


async def test_what_was_printed_before_comes_first_then_what_follows(
    fake: FakeDocker, server: str, live: Services
) -> None:
    one = await up(fake, server)
    fake.print(one, "[init] Starting")
    fake.print(one, "\x1b]0;title\x07[init] Pulling")
    async with watching(live.console, server) as eyes:
        assert (await eyes.frame())["content"] == "[init] Starting\n[init] Pulling\n"
        fake.print(one, "Done")
        assert (await eyes.frame())["content"] == "Done\n"


async def test_a_restart_doubles_no_line_and_loses_none(fake: FakeDocker, server: str, live: Services) -> None:
    one = await up(fake, server)
    async with watching(live.console, server) as eyes:
        one.output += [("2026-01-01T00:00:00.000000001Z", "same moment, 1"), ("2026-01-01T00:00:00.000000001Z", "2")]
        fake.print(one, "before")
        one.output.append((one.output[-1][0], "in the same moment"))
        await eyes.see("in the same moment")
        fake.end(one, 1)
        await live.engine.refresh()
        await asyncio.sleep(0.05)
        one.output.append((one.output[-1][0], "and this too, printed while nobody followed"))
        fake._start(one)
        fake.print(one, "after")
        await live.engine.refresh()
        await eyes.see("after")
        assert eyes.lines == [line for _, line in one.output]


async def test_a_container_made_anew_is_followed_from_its_first_line(
    fake: FakeDocker, server: str, live: Services
) -> None:
    one = await up(fake, server)
    fake.print(one, "old")
    async with watching(live.console, server) as eyes:
        await eyes.see("old")
        await wiring.manager().get_instance(server).project.down(timeout_s=1)
        await live.engine.refresh()
        new = await up(fake, server)
        fake.print(new, "new")
        await eyes.see("new")
        assert eyes.lines == ["old", "new"]


async def test_before_there_is_a_container_the_reason_is_told(
    fake: FakeDocker, server: str, live: Services
) -> None:
    async with live.console.view(server, source=Source.CONTAINER) as viewer:
        await viewer.refresh()
        assert "no container yet" in (await Eyes(viewer).frame())["message"]
        one = await up(fake, server)
        fake.print(one, "born")
        await Eyes(viewer).see("born")


async def test_why_the_engine_could_not_start_it_is_a_line(fake: FakeDocker, server: str, live: Services) -> None:
    one = await up(fake, server)
    fake.change(one, "die", state="created", error="exec: no such file: unknown", pid=0)
    await live.engine.refresh()
    async with watching(live.console, server) as eyes:
        await eyes.see("The engine could not start the container: exec: no such file: unknown")


async def test_an_engine_that_was_away_is_followed_again(fake: FakeDocker, server: str, live: Services) -> None:
    one = await up(fake, server)
    async with watching(live.console, server) as eyes:
        fake.print(one, "before")
        await eyes.see("before")
        fake.reachable = False
        one.state = "exited"
        one.printed.set()
        await asyncio.sleep(0.2)
        one.state, fake.reachable = "running", True
        fake.print(one, "after")
        await eyes.see("after")
        assert eyes.lines == ["before", "after"]


async def test_a_reader_ends_a_while_after_its_last_viewer(
    fake: FakeDocker, server: str, live: Services, server_path: Path
) -> None:
    hub = ConsoleHub(server_path, cli=fake.cli, container=live.container, data_root=live.data_root, linger_s=0.05)
    one = await up(fake, server)
    fake.print(one, "x")
    async with watching(hub, server) as eyes:
        epoch = (await eyes.frame())["epoch"]
    async with hub.view(server, source=Source.CONTAINER, after=1, epoch=epoch) as viewer:
        fake.print(one, "y")
        assert (await Eyes(viewer).frame())["content"] == "y\n"
    await asyncio.sleep(0.2)
    assert hub._readers == {}
    async with watching(hub, server) as eyes:
        assert (await eyes.frame())["epoch"] != epoch
    await hub.close()


async def test_turning_back_and_forth_keeps_each_sources_place(
    fake: FakeDocker, server: str, live: Services, server_path: Path
) -> None:
    log = server_path / server / "data" / "logs" / "latest.log"
    log.parent.mkdir()
    log.write_text("of the log\n")
    one = await up(fake, server)
    fake.print(one, "printed")
    async with live.console.view(server) as viewer:
        eyes = Eyes(viewer)
        first = await eyes.frame()
        await live.console.turn(viewer, server, Source.CONTAINER)
        assert [(await eyes.frame()).get("content") for _ in range(2)] == [None, "printed\n"]
        with log.open("a") as file:
            file.write("meanwhile\n")
        await live.console.turn(viewer, server, Source.LOG, after=first["seq"], epoch=first["epoch"])
        assert (await eyes.frame()) == {"type": "source_changed", "source": "log"}
        assert (await eyes.frame())["content"] == "meanwhile\n"


@pytest.mark.parametrize("leaves_meanwhile", [False, True])
async def test_who_left_is_kept_by_nothing_that_it_still_asked(
    fake: FakeDocker, server: str, live: Services, leaves_meanwhile: bool
) -> None:
    await up(fake, server)
    async with live.console.view(server) as viewer:
        turning = asyncio.create_task(live.console.turn(viewer, server, Source.CONTAINER))
        if leaves_meanwhile:
            await asyncio.sleep(0)
    await turning
    await live.console.turn(viewer, server, Source.LOG)
    kept = weakref.ref(viewer)
    del viewer, turning
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize("words_first", [True, False])
async def test_dockers_own_words_keep_no_line_from_being_sent_anew(
    fake: FakeDocker, server: str, live: Services, words_first: bool
) -> None:
    one = await up(fake, server)
    one.output.append((now(), "first"))
    one.output.insert(0 if words_first else 1, ("", "WARNING: the log is damaged"))
    async with watching(live.console, server) as eyes:
        await eyes.see("first")
        await eyes.viewer.refresh()
        refreshed = await eyes.frame()
        assert (refreshed["type"], refreshed["content"]) == ("logs_refreshed", "first\n")
        if not words_first:
            assert "damaged" in (await eyes.frame())["message"]
