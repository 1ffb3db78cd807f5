"""Bedrock servers and proxies: nothing is expected of them that they do not have."""

import asyncio
import struct
import time
from pathlib import Path

import pytest

from servers import wiring
from servers.api.items import server_items
from servers.live.rcon.players import PlayersSample
from servers.minecraft.instance import RconCliFailed
from servers.minecraft.server_ping import PingFailed, ping
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

MAGIC = bytes.fromhex("00ffff00fefefefefdfdfdfd12345678")
BEDROCK = """services:
  bds:
    image: itzg/minecraft-bedrock-server
    environment: {{EULA: "TRUE"}}
    ports: ["127.0.0.1:{port}:19132/udp"]
    volumes: ["./data:/data"]
"""
PROXY = """services:
  proxy:
    image: itzg/mc-proxy:java21
    environment: {TYPE: VELOCITY}
    ports: ["127.0.0.1:24560:25577"]
    volumes: ["./velocity:/server"]
"""
IMAGES = ("itzg/minecraft-server", "itzg/minecraft-bedrock-server", "itzg/mc-proxy")
DEADLINE_S = 30.0


class Pong(asyncio.DatagramProtocol):
    """Answers the ping of the Bedrock edition."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.DatagramTransport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        text = self.answer.encode()
        self.transport.sendto(b"\x1c" + data[1:9] + bytes(8) + MAGIC + struct.pack(">H", len(text)) + text, addr)


async def pong(answer: str) -> tuple[asyncio.DatagramTransport, int]:
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: Pong(answer), ("127.0.0.1", 0))
    return transport, int(transport.get_extra_info("sockname")[1])


async def sampled(server: str) -> PlayersSample:
    """Sample the players of a running server as the panel does."""
    live = wiring.live()
    live.players_sampler.start()
    end = time.monotonic() + DEADLINE_S
    while live.players(server).sampled_at is None and time.monotonic() < end:
        await asyncio.sleep(0.02)
    await live.players_sampler.stop()
    return live.players(server)


@pytest.fixture
def images(fake: FakeDocker, settings: pytest.FixtureRequest) -> None:
    """The owner allows these editions."""
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"allowed_images": list(IMAGES)})  # type: ignore[attr-defined]
    wiring.reset()


async def run(server_path: Path, fake: FakeDocker, text: str) -> None:
    write_server(server_path, "other", text)
    fake.first_health = "healthy"
    await wiring.manager().get_instance("other").project.up()
    await wiring.live().engine.refresh()


async def test_a_bedrock_server_tells_how_many_are_on_by_a_ping(
    images: None, fake: FakeDocker, server_path: Path
) -> None:
    transport, port = await pong("MCPE;§aMy world;686;1.21.3;2;10;1;Bedrock level;Survival;1;19132;19133;")
    await run(server_path, fake, BEDROCK.format(port=port))

    found = await sampled("other")
    transport.close()

    assert (found.online, found.count, found.maximum, found.motd) == ((), 2, 10, "My world")
    (item,) = await asyncio.to_thread(server_items)
    assert (item["gamePort"], item["problem"], item["status"]) == (port, None, "HEALTHY")
    with pytest.raises(RconCliFailed, match="of the Bedrock edition, which has no RCON"):
        await wiring.live().command("other", "list")


async def test_a_port_where_no_bedrock_game_answers_is_a_ping_that_failed() -> None:
    transport, port = await pong("rubbish")
    with pytest.raises(PingFailed):
        await ping([("127.0.0.1", port)], bedrock=True, timeout_s=1)
    transport.close()
    with pytest.raises(PingFailed):
        await ping([("127.0.0.1", port)], bedrock=True, timeout_s=0.3)


async def test_a_proxy_is_asked_for_no_list_and_its_files_are_where_they_are(
    images: None, fake: FakeDocker, server_path: Path
) -> None:
    await run(server_path, fake, PROXY)
    fake.failures["list"] = "must not be asked"
    live = wiring.live()

    info = await asyncio.to_thread(live.catalog.info, "other")
    root = await asyncio.to_thread(live.data_root, "other")
    said = await asyncio.gather(live._list_players("other"), return_exceptions=True)

    assert (info.problem, info.server_type, info.game_port) == (None, "VELOCITY", 24560)
    assert not any("VERSION" in one or "RCON" in one for one in info.hints)
    assert root.in_server == "velocity"
    assert "no command that lists its players" in str(said[0])
    fake.failures["glist"] = "connection refused"
    with pytest.raises(RconCliFailed, match="is a proxy, which takes commands only where a plugin brings RCON"):
        await live.command("other", "glist")
