"""Snapshots of what has no ``save-all``: nothing is asked of it, and the level says why it is no better."""

import struct
from pathlib import Path

import pytest
from django.conf import LazySettings

from backups.tests.edge.test_quiesce import back_up, facts_left, level
from core.paths import Root
from servers import wiring as servers_wiring
from servers.minecraft.world import check_worlds
from servers.tests.conftest import write_server
from servers.tests.live.test_other_editions import BEDROCK, IMAGES, PROXY
from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BEDROCK.format(port=24561), "of the Bedrock edition, which takes no save commands: stop it for a whole copy"),
        (PROXY, "it is a proxy, which has no world to save"),
    ],
    ids=["bedrock", "proxy"],
)
async def test_no_save_command_is_sent_and_the_level_says_why(
    server_path: Path, fake: FakeDocker, restic: FakeRestic, settings: LazySettings, text: str, why: str
) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"allowed_images": list(IMAGES)})
    servers_wiring.reset()
    folder = write_server(server_path, "other", text)
    (folder / "velocity").mkdir()
    for place in ("data", "velocity"):
        (folder / place / "server.properties").write_text("a=b\n")
    fake.first_health = "healthy"
    await servers_wiring.manager().get_instance("other").project.up()
    await servers_wiring.live().engine.refresh()
    fake.answers["save-off"] = "Automatic saving is now disabled"

    operation = await back_up(server_id="other")

    assert level(operation) == "live"
    assert [one for one in operation.warnings if why in one]
    assert await facts_left() == 0
    for one in fake.containers.values():
        fake.end(one, 0)
    assert level(await back_up(server_id="other")) == "stopped"


def test_the_world_of_a_bedrock_server_is_no_finding(tmp_path: Path) -> None:
    (tmp_path / "worlds/Bedrock level/db").mkdir(parents=True)
    level_dat = tmp_path / "worlds/Bedrock level/level.dat"
    body = b"\x0a\x00\x00\x00"
    level_dat.write_bytes(struct.pack("<II", 10, len(body)) + body)
    with Root(tmp_path) as root:
        assert check_worlds(root, must_hold_world=True).findings == []
        level_dat.write_bytes(struct.pack("<II", 10, len(body) + 1) + body)
        assert "no readable level.dat" in check_worlds(root).findings[0]
