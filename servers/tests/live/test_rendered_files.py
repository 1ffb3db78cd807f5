"""Values as Docker gets them: rendered in the background, once for each state of the files that take part."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from servers.docker.cli import DockerCli
from servers.live.catalog import Catalog
from servers.live.rendered_files import RenderedFiles
from servers.minecraft.instance import ALLOWED_IMAGES
from servers.minecraft.manager import DockerMCManager
from servers.minecraft.server_info import ServerInfo

pytestmark = pytest.mark.docker  # the Compose of this machine; no engine takes part

DEADLINE_S = 30.0
G = 1024**3
MAIN = """services:
  mc:
    image: itzg/minecraft-server:${TAG:-java21}
    container_name: mc-s
    environment: {EULA: "TRUE", TYPE: "${TYPE:-PAPER}", VERSION: "${MC_VERSION}", MEMORY: "${MEMORY}"}
    ports: ["${SERVER_PORT:-25565}:25565", "127.0.0.1:${RCON_PORT}:25575"]
    volumes: ["${DATA_DIR:-./data}:/data"]
"""
ENV = "MC_VERSION=1.16.1\nMEMORY=6G\nSERVER_PORT=25999\nRCON_PORT=25998\n"
PLAIN = """services:
  mc:
    image: itzg/minecraft-server:java21
    container_name: mc-s
    environment: {EULA: "TRUE"}
"""
BESIDE = """services:
  mc:
    environment: {VERSION: "1.16.1", MEMORY: 6G, TYPE: PAPER}
    ports: ["25999:25565", "127.0.0.1:25998:25575"]
    volumes: ["./data:/data"]
"""
WHOLE = PLAIN.replace('{EULA: "TRUE"}', '{EULA: "TRUE", VERSION: "1.16.1", MEMORY: 6G, TYPE: PAPER}')
WHOLE += '    ports: ["25999:25565", "127.0.0.1:25998:25575"]\n    volumes: ["./data:/data"]\n'

# What people have, each saying the same: by name, the files beside each other.
SPELLINGS: dict[str, dict[str, str]] = {
    "all in one": {"compose.yaml": WHOLE},
    "everything from .env": {"compose.yaml": MAIN, ".env": ENV},
    "an override file": {"docker-compose.yml": PLAIN, "docker-compose.override.yml": BESIDE},
    "an env_file": {
        "compose.yaml": PLAIN + "    env_file: mc.env\n" + WHOLE[WHOLE.index("    ports") :],
        "mc.env": "TYPE=PAPER\nVERSION=1.16.1\nMEMORY=6G\n",
    },
    "include": {"compose.yaml": "include: [mc.yml]\n", "mc.yml": WHOLE},
    "extends": {
        "compose.yaml": "services:\n  mc:\n    extends: {file: base.yml, service: game}\n    container_name: mc-s\n",
        "base.yml": WHOLE.replace("  mc:", "  game:").replace("    container_name: mc-s\n", ""),
    },
}


class Counted:
    """Compose, each call counted."""

    def __init__(self) -> None:
        self.calls = 0
        self.cli = replace(DockerCli(), run=self._run)

    async def _run(self, *argv: str, **options: object) -> str:
        self.calls += 1
        return await DockerCli().run(*argv, **options)  # type: ignore[arg-type]


@pytest.fixture
def compose() -> Counted:
    return Counted()


@pytest.fixture
async def catalog(tmp_path: Path, compose: Counted) -> AsyncIterator[Catalog]:
    manager = DockerMCManager(tmp_path, cli=compose.cli)
    rendered = RenderedFiles(manager)
    rendered.start()
    yield Catalog(manager, ALLOWED_IMAGES, rendered=rendered)
    await rendered.stop()


def write(directory: Path, files: dict[str, str]) -> None:
    (directory / "data").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text)


def listed(info: ServerInfo) -> tuple[object, ...]:
    return info.server_type, info.game_version, info.max_memory_bytes, info.game_port, info.rcon_port, info.java_version


async def until(catalog: Catalog, wanted: tuple[object, ...]) -> ServerInfo:
    """Read as a page does until the server is listed as ``wanted``."""
    end = time.monotonic() + DEADLINE_S
    while True:
        info = await asyncio.to_thread(catalog.info, "s")
        if listed(info) == wanted or time.monotonic() > end:
            assert listed(info) == wanted
            return info
        await asyncio.sleep(0.02)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_values_are_those_that_docker_gets(catalog: Catalog, tmp_path: Path, spelling: str) -> None:
    write(tmp_path / "s", SPELLINGS[spelling])

    info = await until(catalog, ("PAPER", "1.16.1", 6 * G, 25999, 25998, 21))

    assert info.problem is None
    assert sorted(info.published_ports) == [("", 25999, "tcp"), ("127.0.0.1", 25998, "tcp")]
    while (project := await asyncio.to_thread(catalog.project, "s")) is None:
        await asyncio.sleep(0.02)
    service = project.services["mc"]
    (mount,) = service.volumes
    assert (mount.type, mount.source, mount.target) == ("bind", str(tmp_path / "s" / "data"), "/data")
    assert service.environment["VERSION"] == "1.16.1"


async def test_each_file_that_takes_part_is_watched(catalog: Catalog, tmp_path: Path, compose: Counted) -> None:
    write(tmp_path / "s", SPELLINGS["everything from .env"])
    await until(catalog, ("PAPER", "1.16.1", 6 * G, 25999, 25998, 21))

    (tmp_path / "s" / ".env").write_text(ENV.replace("6G", "2G"))
    await until(catalog, ("PAPER", "1.16.1", 2 * G, 25999, 25998, 21))
    override = tmp_path / "s" / "compose.override.yml"
    override.write_text("services: {mc: {environment: {TYPE: FABRIC}}}")
    await until(catalog, ("FABRIC", "1.16.1", 2 * G, 25999, 25998, 21))
    override.unlink()
    await until(catalog, ("PAPER", "1.16.1", 2 * G, 25999, 25998, 21))

    assert compose.calls == 3, "the fourth state is the second again"


async def test_what_has_not_changed_is_rendered_once(catalog: Catalog, tmp_path: Path, compose: Counted) -> None:
    write(tmp_path / "s", SPELLINGS["an override file"])
    await until(catalog, ("PAPER", "1.16.1", 6 * G, 25999, 25998, 21))

    for _ in range(30):
        await asyncio.to_thread(catalog.info, "s")
        await asyncio.to_thread(catalog.all)
        await asyncio.sleep(0.02)

    assert compose.calls == 1


async def test_many_servers_are_rendered_a_few_at_a_time(tmp_path: Path) -> None:
    running = most = 0

    async def run(*argv: str, **options: object) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await DockerCli().run(*argv, **options)  # type: ignore[arg-type]
        finally:
            running -= 1

    for number in range(8):
        write(tmp_path / f"s{number}", {"compose.yaml": WHOLE.replace("6G", f"{number + 1}G")})
    manager = DockerMCManager(tmp_path, cli=replace(DockerCli(), run=run))
    rendered = RenderedFiles(manager)
    rendered.start()
    catalog = Catalog(manager, ALLOWED_IMAGES, rendered=rendered)
    end = time.monotonic() + DEADLINE_S
    while not await asyncio.to_thread(lambda: all(map(catalog.project, catalog.names()))):
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
    await rendered.stop()

    assert 1 <= most <= 2


async def test_what_the_policy_refuses_is_not_shown_to_compose(
    catalog: Catalog, tmp_path: Path, compose: Counted
) -> None:
    secret = tmp_path / "secret.env"
    secret.write_text("VERSION=stolen\n")
    write(tmp_path / "s", {"compose.yaml": PLAIN + f"    env_file: {secret}\n"})

    for _ in range(10):
        info = await asyncio.to_thread(catalog.info, "s")
        await asyncio.sleep(0.05)

    assert (info.game_version, compose.calls) == ("unknown", 0)
    assert await asyncio.to_thread(catalog.project, "s") is None


async def test_a_file_that_compose_refuses_is_a_problem(catalog: Catalog, tmp_path: Path) -> None:
    write(tmp_path / "s", {"compose.yaml": WHOLE.replace("    ports:", "    depends_on: [ghost]\n    ports:")})
    end = time.monotonic() + DEADLINE_S
    while (info := await asyncio.to_thread(catalog.info, "s")).problem is None:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)

    assert "undefined service" in info.problem
    assert info.game_port == 25999, "the text still tells"


async def test_the_text_tells_until_its_rendering_is_there(tmp_path: Path, compose: Counted) -> None:
    write(tmp_path / "s", SPELLINGS["everything from .env"])
    manager = DockerMCManager(tmp_path, cli=compose.cli)

    catalog = Catalog(manager, ALLOWED_IMAGES, rendered=RenderedFiles(manager))
    info = await asyncio.to_thread(catalog.info, "s")

    assert (info.game_version, info.game_port, compose.calls) == ("unknown", 25565, 0)


async def test_without_the_panel_the_values_are_the_same(tmp_path: Path) -> None:
    write(tmp_path / "s", SPELLINGS["an override file"])

    info = await DockerMCManager(tmp_path).get_instance("s").get_server_info()

    assert listed(info) == ("PAPER", "1.16.1", 6 * G, 25999, 25998, 21)
