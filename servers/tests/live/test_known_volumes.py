"""A volume that a file names is asked about as soon as somebody wants its files, not only in the next round."""

import asyncio
from pathlib import Path

import pytest

from servers import wiring
from servers.minecraft.data_root import DataKind
from servers.tests.conftest import compose_text, write_server
from testing.fake_docker import FakeDocker

LIMIT_S = 10.0  # a round is each minute
OWN = "\nvolumes:\n  world: {}\n"


def write(server_path: Path, name: str) -> None:
    write_server(server_path, name, compose_text(name).replace("./data:", "world:") + OWN)


@pytest.mark.parametrize("is_down", [False, True])
async def test_a_server_made_since_is_asked_about_when_its_files_are_wanted(
    server_path: Path, fake: FakeDocker, tmp_path: Path, *, is_down: bool
) -> None:
    fake.root_dir = tmp_path / "engine"
    (fake.root_dir / "volumes").mkdir(parents=True)
    await asyncio.to_thread(write, server_path, "first")
    live = wiring.live()
    await live.start()
    try:
        while "first_world" not in live.volumes.known.asked:
            await asyncio.sleep(0.01)
        fake.reachable = not is_down
        fake.make_volume("second_world", project="second")
        await asyncio.to_thread(write, server_path, "second")
        before = await asyncio.to_thread(live.data_root, "second")
        await asyncio.sleep(0.1)
        fake.reachable = True
        async with asyncio.timeout(LIMIT_S):
            while (await asyncio.to_thread(live.data_root, "second")).kind is DataKind.ELSEWHERE:
                await asyncio.sleep(0.02)
    finally:
        await live.stop()

    assert (before.kind, before.problem) == (DataKind.ELSEWHERE, None)
    assert "Try again in a moment" in before.sentence
