"""What a compose file names can change between check and start: by the game that ends, or by the one that failed."""

import asyncio
from pathlib import Path

import pytest

from servers.changes import actions, compose
from servers.changes.actions import Action
from servers.changes.compose import ComposeChange
from servers.changes.compose_safety import Acceptance, UnsafeCompose
from servers.minecraft import compose_update
from servers.minecraft.compose_update import RollBackFailed
from servers.models import Operation
from servers.operations import runner
from servers.operations.caller import Caller
from servers.tests.conftest import compose_text
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

ADMIN = Acceptance(by=Caller("adam"))


@pytest.fixture(autouse=True)
def short_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose_update, "WATCH_S", 0.1)
    monkeypatch.setattr(compose_update, "LOOK_S", 0.02)


def below(server: str, folder: Path) -> str:
    """A text that binds a place inside ``p``, which is a real directory as yet."""
    (folder / "p" / "x").mkdir(parents=True)
    return f"{compose_text(server)}      - ./p/x:/x\n"


def turn_into_link(folder: Path) -> None:
    (folder / "p" / "x").rmdir()
    (folder / "p" / "x").symlink_to("/")


async def update(server: str, text: str) -> Operation:
    job = await compose.compose_job(ComposeChange(server_id=server, text=text), acceptance=ADMIN)
    return await runner.run(job)


async def test_what_the_old_game_changes_while_it_ends_is_found(
    fake: FakeDocker, server: str, server_path: Path
) -> None:
    folder = server_path / server
    old = f"{compose_text(server)}      - ./p:/p\n"
    new = below(server, folder)
    await asyncio.to_thread((folder / "compose.yaml").write_text, old)
    await actions.run(server, Action.UP, acceptance=ADMIN)
    fake.hold("stop")
    updating = asyncio.create_task(update(server, new))
    await fake.entered["stop"].wait()
    await asyncio.to_thread(turn_into_link, folder)
    fake.release("stop")

    with pytest.raises(UnsafeCompose, match="bind_link"):
        await updating

    assert await asyncio.to_thread((folder / "compose.yaml").read_text) == old
    assert fake.find(f"mc-{server}").state == "running"


async def test_the_old_file_is_not_started_with_what_the_failed_one_changed(
    fake: FakeDocker, server: str, server_path: Path
) -> None:
    folder = server_path / server
    old = below(server, folder)
    new = f"{compose_text(server)}      - ./p:/p\n".replace("java21", "java8")
    await asyncio.to_thread((folder / "compose.yaml").write_text, old)
    await actions.run(server, Action.UP, acceptance=ADMIN)
    fake.crashing_images.add("itzg/minecraft-server:java8")
    fake.hold("up")
    updating = asyncio.create_task(update(server, new))
    await fake.entered["up"].wait()
    await asyncio.to_thread(turn_into_link, folder)
    fake.release("up")

    with pytest.raises(RollBackFailed, match="bind_link"):
        await updating

    assert await asyncio.to_thread((folder / "compose.yaml").read_text) == old
    assert fake.containers == {}
