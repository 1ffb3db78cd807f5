# ruff: noqa: E501 - texts as people write them
"""Thirty compose files as people have them, with what lies beside them, and what must come of each.

``@I@`` stands for the image, ``@G@``, ``@R@``, ``@U@`` for free ports: of the game, of RCON, of something else.
"""

from dataclasses import dataclass, field

GAME = """    image: @I@
    mem_limit: 384m
    environment: {EULA: "TRUE", VERSION: "1.16.1", RCON_PASSWORD: hunter2hunter2}
"""
MC = "services:\n  mc:\n" + GAME
PORT = '    ports: ["127.0.0.1:@G@:25565"]\n'
DATA = '    volumes: ["./data:/data"]\n'
NAMED = '    volumes: ["mc:/data"]\n'
TINY = "    image: mcadmin-testbed:tiny\n    mem_limit: 32m\n"
LEVEL = {"data/world/level.dat": ""}


@dataclass(frozen=True)
class PublicFile:
    """One file.

    Attributes:
        text: of ``docker-compose.yml``.
        beside: further files by name.
        starts: whether its image is the test bed's.
        level: what its snapshot must claim.
        problem: what its ``problem`` must say; "" for none.
        why: why that level or problem is right, where it is not the usual one.
        restored: whether a new server made of the snapshot has the world.
        edited: whether the API takes a change of it.
        drill: whether a restore drill finds it sound; None: there is no world to look at.
    """

    text: str
    beside: dict[str, str] = field(default_factory=dict)
    starts: bool = True
    level: str = "flushed"
    problem: str = ""
    why: str = ""
    restored: bool = True
    edited: bool = True
    drill: bool | None = True


NO_MOUNT = "nothing is mounted at /data, so the world is lost with the container: the snapshot cannot hold it"
OTHER_WRITES = "another container writes in the server's folder while it is copied"
NOT_OURS = "not an image of the test bed, so it is not started"

FILES: dict[str, PublicFile] = {
    "smallest": PublicFile(MC + PORT + DATA),
    "named volume": PublicFile(MC + PORT + NAMED + "volumes:\n  mc: {}\n"),
    "named volume, own name": PublicFile(
        MC + PORT + NAMED + "volumes:\n  mc: {name: @N@-world}\n",
        restored=False, why="a new server would have the old one's volume: refused, with what to do",
    ),
    "folder of another name": PublicFile(MC + PORT + '    volumes: ["./mc-data:/data"]\n'),
    "folder below a folder": PublicFile(MC + PORT + '    volumes: ["./docker/minecraft/data:/data"]\n'),
    "old version key": PublicFile('version: "3.8"\n' + MC + PORT + "    tty: true\n    stdin_open: true\n    restart: unless-stopped\n" + DATA),
    "list of variables": PublicFile("services:\n  minecraft:\n    image: @I@\n    mem_limit: 384m\n    environment:\n      - EULA=TRUE\n      - TYPE=PAPER\n      - VERSION=1.16.1\n      - MEMORY=256M\n      - RCON_PASSWORD=hunter2hunter2\n" + PORT + DATA),
    "everything from .env": PublicFile(
        'services:\n  mc:\n    image: itzg/minecraft-server:${TAG:-java17}\n    mem_limit: 384m\n    environment: {EULA: "TRUE", TYPE: "${TYPE}", VERSION: "${VERSION}"}\n    ports: ["127.0.0.1:${PORT}:25565"]\n    volumes: ["${DATA:-./data}:/data"]\n',
        {".env": "TAG=java21\nTYPE=PAPER\nVERSION=1.16.1\nPORT=@G@\n"},
    ),
    "env_file": PublicFile("services:\n  mc:\n    image: @I@\n    mem_limit: 384m\n    env_file: [mc.env]\n" + PORT + DATA, {"mc.env": "EULA=TRUE\nTYPE=FABRIC\nVERSION=1.16.1\n"}),
    "override file": PublicFile(
        'services:\n  mc:\n    image: @I@\n    mem_limit: 384m\n    environment: {EULA: "TRUE"}\n',
        {"docker-compose.override.yml": 'services:\n  mc:\n    mem_limit: 384m\n    stop_grace_period: 90s\n    environment: {VERSION: "1.16.1"}\n' + PORT.replace("    ports", "    ports") + DATA},
    ),
    "include": PublicFile("include: [mc.yml]\n", {"mc.yml": MC + PORT + DATA}),
    "extends": PublicFile(
        "services:\n  mc:\n    extends: {file: base.yml, service: game}\n" + PORT + DATA,
        {"base.yml": "services:\n  game:\n" + GAME},
    ),
    "anchors": PublicFile('x-common: &common\n  image: @I@\n  mem_limit: 384m\n  restart: unless-stopped\nservices:\n  mc:\n    <<: *common\n    environment: {EULA: "TRUE", VERSION: "1.16.1", TYPE: QUILT}\n' + PORT + DATA),
    "two games": PublicFile("services:\n  lobby:\n" + GAME + PORT + '    volumes: ["./lobby:/data"]\n  survival:\n' + GAME + '    volumes: ["./survival:/data"]\n'),
    "two games, one in a volume": PublicFile(
        "services:\n  lobby:\n" + GAME + PORT + '    volumes: ["./lobby:/data"]\n  survival:\n' + GAME + '    volumes: ["survival:/data"]\nvolumes: {survival: {}}\n',
        level="partial", why="snapshots hold the volume of a server's main game alone, and say so",
    ),
    "sidecar that reads": PublicFile(MC + PORT + DATA + "  map:\n" + TINY + '    command: [sleep, "600"]\n    init: true\n    volumes: ["./data:/world:ro"]\n'),
    "sidecar that writes": PublicFile(
        MC + PORT + DATA + "  backups:\n" + TINY + '    command: [sleep, "600"]\n    init: true\n    volumes: ["./data:/data", "./backups:/backups"]\n',
        level="live", why=OTHER_WRITES,
    ),
    "one-shot helper": PublicFile(MC + PORT + DATA + "    depends_on: {prepare: {condition: service_completed_successfully}}\n  prepare:\n" + TINY + '    entrypoint: ["sh", "-c", "exit 0"]\n    restart: "no"\n'),
    "modpack": PublicFile('services:\n  mc:\n    image: @I@\n    mem_limit: 384m\n    environment:\n      EULA: "TRUE"\n      MODPACK_PLATFORM: AUTO_CURSEFORGE\n      CF_API_KEY: $$2a$$10$$abcdefgh\n      CF_SLUG: all-the-mods-9\n      VERSION: 1.16.1\n      MEMORY: 256M\n' + PORT + DATA),
    "host network": PublicFile('services:\n  mc:\n    image: @I@\n    mem_limit: 384m\n    network_mode: host\n    environment: {EULA: "TRUE", VERSION: "1.16.1", SERVER_PORT: "@G@", RCON_PORT: "@R@", RCON_PASSWORD: hunter2hunter2}\n' + DATA),
    "one to one ports": PublicFile('services:\n  mc:\n    image: @I@\n    mem_limit: 384m\n    environment: {EULA: "TRUE", VERSION: "1.16.1", SERVER_PORT: "@G@"}\n    ports: ["127.0.0.1:@G@:@G@"]\n' + DATA),
    "RCON published, voice by UDP": PublicFile(MC + '    ports: ["127.0.0.1:@G@:25565", "127.0.0.1:@R@:25575", "127.0.0.1:@U@:24454/udp"]\n' + DATA),
    "profile of a helper": PublicFile(MC + PORT + DATA + "  tools:\n" + TINY + '    profiles: [tools]\n    command: [sleep, "600"]\n    init: true\n'),
    "health check off": PublicFile(MC + PORT + DATA + "    healthcheck: {disable: true}\n"),
    "windows line ends and a mark": PublicFile(("\ufeff# mein Server, überall\n" + MC + PORT + DATA).replace("\n", "\r\n")),
    "no mount at all": PublicFile(
        MC + PORT, level="partial", problem="inside its container", why=NO_MOUNT, restored=False, drill=False
    ),
    "read-only extras": PublicFile(MC + PORT + '    volumes: ["./data:/data", "./mods.txt:/extras/mods.txt:ro"]\n', {"mods.txt": "fabric-api\n"}),
    "number without quotes": PublicFile(
        'services:\n  mc:\n    image: @I@\n    mem_limit: 384m\n    environment:\n      EULA: "TRUE"\n      VERSION: 1.20\n' + PORT + DATA,
        problem="quote it", why="the container gets 1.2, another version than the one that is written",
    ),
    "Bedrock": PublicFile(
        'services:\n  bds:\n    image: itzg/minecraft-bedrock-server\n    mem_limit: 384m\n    environment: {EULA: "TRUE"}\n    ports: ["@U@:19132/udp"]\n' + DATA, LEVEL,
        starts=False, level="stopped", why=NOT_OURS,
    ),
    "Velocity before a game": PublicFile(
        'services:\n  proxy:\n    image: itzg/mc-proxy\n    mem_limit: 384m\n    environment: {TYPE: VELOCITY}\n    ports: ["127.0.0.1:@R@:25577"]\n    volumes: ["./velocity:/server"]\n  paper:\n' + GAME + DATA, LEVEL,
        starts=False, level="stopped", why=NOT_OURS,
    ),
    "no game at all": PublicFile(
        'services:\n  web:\n    image: nginx:1.27.3\n    mem_limit: 64m\n    ports: ["127.0.0.1:@G@:80"]\n', {"data/notes.txt": "mine\n"},
        starts=False, level="stopped", problem="There must be a service called `mc`", why="none of its services is a game that the panel could run, and a change must mend that", restored=False, drill=None, edited=False,
    ),
}
