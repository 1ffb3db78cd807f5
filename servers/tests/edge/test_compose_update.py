"""The steps of an update as the domain alone goes through them: no policy, no snapshot, no revision."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from servers.minecraft import compose_update
from servers.minecraft.compose_update import RollBackFailed, RolledBack
from servers.minecraft.instance import MCInstance
from servers.tests.conftest import compose_text
from testing.fake_docker import FakeDocker

OLD_IMAGE, NEW_IMAGE = "itzg/minecraft-server:java21", "itzg/minecraft-server:java8"


@pytest.fixture(autouse=True)
def short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_update, "WATCH_S", 0.1)
    monkeypatch.setattr(compose_update, "LOOK_S", 0.02)


@pytest.fixture
def instance(fake: FakeDocker, server: str, server_path: Path) -> MCInstance:
    return MCInstance(server_path, server, cli=fake.cli)


async def _absent(instance: MCInstance) -> None: ...


async def _stopped(instance: MCInstance) -> None:
    await instance.up()
    await instance.stop()


async def _running(instance: MCInstance) -> None:
    await instance.up()


@pytest.mark.parametrize(
    ("before", "after"),
    [(_absent, None), (_stopped, "created"), (_running, "running")],
    ids=["absent", "stopped", "running"],
)
async def test_a_server_is_after_an_update_what_it_was_before(
    before: Callable[[MCInstance], Awaitable[None]], after: str | None, instance: MCInstance, fake: FakeDocker
) -> None:
    await before(instance)
    new = compose_text(instance.name, image=NEW_IMAGE)

    assert await instance.update_compose_file(new) == []

    assert await instance.get_compose_file() == new
    assert [(found.image, found.state) for found in fake.containers.values()] == ([(NEW_IMAGE, after)] if after else [])


async def test_what_does_not_run_is_rolled_back(instance: MCInstance, fake: FakeDocker) -> None:
    old = await instance.get_compose_file()
    await instance.up()
    fake.crashing_images.add(NEW_IMAGE)

    with pytest.raises(RolledBack) as caught:
        await instance.update_compose_file(compose_text(instance.name, image=NEW_IMAGE))

    assert await instance.get_compose_file() == old
    assert [(found.image, found.state) for found in fake.containers.values()] == [(OLD_IMAGE, "running")]
    assert caught.value.extra["restored_parts"] == {"compose": True, "data": False}


async def test_an_old_file_that_cannot_start_again_is_in_its_place_all_the_same(
    instance: MCInstance, fake: FakeDocker
) -> None:
    old = await instance.get_compose_file()
    await instance.up()
    fake.taken_ports.add("127.0.0.1")

    with pytest.raises(RollBackFailed) as caught:
        await instance.update_compose_file(compose_text(instance.name, image=NEW_IMAGE))

    assert await instance.get_compose_file() == old
    assert caught.value.extra["restored_parts"] == {"compose": True, "data": True}


async def test_the_file_is_not_replaced_under_a_game_that_still_runs(instance: MCInstance, fake: FakeDocker) -> None:
    old, new = await instance.get_compose_file(), compose_text(instance.name, image=NEW_IMAGE)
    await instance.up()
    fake.hold("stop")
    updating = asyncio.create_task(instance.update_compose_file(new))
    async with asyncio.timeout(10):
        await fake.entered["stop"].wait()

    assert await instance.get_compose_file() == old

    fake.release("stop")
    await updating
    assert await instance.get_compose_file() == new
