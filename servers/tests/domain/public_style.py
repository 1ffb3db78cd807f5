# ruff: noqa: E501, E741, Q003 - texts as people write them
"""Thirty compose files as people write them for the image: each with what it must be listed as.

(type, version, heap in bytes, game port, RCON port, Java)
"""

M, G = 1024**2, 1024**3
Listed = tuple[str, str, int, int, int, int | None]
I = "itzg/minecraft-server"

FILES: dict[str, tuple[str, Listed]] = {
    "smallest": (f"services:\n  mc:\n    image: {I}\n    environment:\n      EULA: \"TRUE\"\n    ports: [\"25565:25565\"]\n    volumes: [\"./data:/data\"]\n",
                 ("VANILLA", "unknown", 0, 25565, 25575, None)),
    "old version key": (f"version: \"3.8\"\n\nservices:\n  mc:\n    image: {I}\n    tty: true\n    stdin_open: true\n    ports:\n      - \"25565:25565\"\n    environment:\n      EULA: \"TRUE\"\n    volumes:\n      - ./data:/data\n",
                        ("VANILLA", "unknown", 0, 25565, 25575, None)),
    "paper": (f"services:\n  mc:\n    image: {I}:java21\n    container_name: mc-paper\n    environment:\n      EULA: \"TRUE\"\n      TYPE: PAPER\n      VERSION: \"1.21.4\"\n      MEMORY: 4G\n    ports:\n      - 25565:25565\n    restart: unless-stopped\n    volumes:\n      - ./data:/data\n",
              ("PAPER", "1.21.4", 4 * G, 25565, 25575, 21)),
    "list of variables": (f"services:\n  mc:\n    image: {I}:java17\n    environment:\n      - EULA=TRUE\n      - TYPE=FABRIC\n      - VERSION=1.20.1\n      - MEMORY=6g\n      - MODS_FILE=/extras/mods.txt\n    ports:\n      - 25570:25565/tcp\n    volumes:\n      - mc:/data\n      - ./mods.txt:/extras/mods.txt:ro\nvolumes:\n  mc: {{}}\n",
                          ("FABRIC", "1.20.1", 6 * G, 25570, 25575, 17)),
    "forge": (f"services:\n  forge:\n    image: {I}:java8\n    environment:\n      EULA: \"true\"\n      TYPE: forge\n      VERSION: 1.12.2\n      FORGE_VERSION: 14.23.5.2859\n      MAX_MEMORY: 3072M\n    ports:\n      - \"0.0.0.0:25565:25565\"\n",
              ("FORGE", "1.12.2", 3 * G, 25565, 25575, 8)),
    "neoforge": (f"services:\n  mc:\n    image: {I}:java21-graalvm\n    environment:\n      EULA: TRUE\n      TYPE: NEOFORGE\n      VERSION: \"1.21.1\"\n      NEOFORGE_VERSION: beta\n      INIT_MEMORY: 1G\n      MAX_MEMORY: 8G\n    ports:\n      - target: 25565\n        published: 25600\n      - target: 25575\n        published: \"25601\"\n        host_ip: 127.0.0.1\n",
                 ("NEOFORGE", "1.21.1", 8 * G, 25600, 25601, 21)),
    "spigot": (f"services:\n  mc:\n    image: {I}:java16\n    environment: {{EULA: \"TRUE\", TYPE: SPIGOT, VERSION: \"1.17.1\", MEMORY: 2048}}\n    ports: [\"25565:25565\", \"25575:25575\"]\n",
               ("SPIGOT", "1.17.1", 2 * G, 25565, 25575, 16)),
    "bukkit": (f"services:\n  mc:\n    image: {I}\n    environment:\n      TYPE: \"BUKKIT\"\n      VERSION: \"1.8\"\n      EULA: \"TRUE\"\n    ports: [\"25565:25565\"]\n",
               ("BUKKIT", "1.8", 0, 25565, 25575, None)),
    "custom jar": (f"services:\n  mc:\n    image: {I}:java21-alpine\n    environment:\n      EULA: \"TRUE\"\n      TYPE: CUSTOM\n      CUSTOM_SERVER: /data/server.jar\n    ports: [\"25565:25565\"]\n",
                   ("CUSTOM", "unknown", 0, 25565, 25575, 21)),
    "number without quotes": (f"services:\n  mc:\n    image: {I}\n    environment:\n      EULA: \"TRUE\"\n      VERSION: 1.20\n    ports: [\"25565:25565\"]\n",
                              ("VANILLA", "1.2", 0, 25565, 25575, None)),
    "latest": (f"services:\n  mc:\n    image: {I}:latest\n    environment:\n      EULA: \"TRUE\"\n      VERSION: LATEST\n    ports: [\"25565:25565\"]\n",
               ("VANILLA", "LATEST", 0, 25565, 25575, None)),
    "snapshot": (f"services:\n  mc:\n    image: {I}:2024.12.1-java21\n    environment:\n      EULA: \"TRUE\"\n      VERSION: SNAPSHOT\n      SNOOPER_ENABLED: \"false\"\n    ports: [\"25565:25565\"]\n",
                 ("VANILLA", "SNAPSHOT", 0, 25565, 25575, 21)),
    "another service name": (f"services:\n  minecraft:\n    image: {I}:java21\n    environment:\n      EULA: \"TRUE\"\n      TYPE: PURPUR\n      VERSION: \"1.20.4\"\n    ports: [\"25566:25565\"]\n",
                             ("PURPUR", "1.20.4", 0, 25566, 25575, 21)),
    "with backups beside": (f"services:\n  mc:\n    image: {I}\n    ports: [\"25565:25565\"]\n    environment:\n      EULA: \"TRUE\"\n      MEMORY: 3G\n    volumes: [\"mc:/data\"]\n  backups:\n    image: itzg/mc-backup\n    environment:\n      BACKUP_INTERVAL: \"2h\"\n      RCON_HOST: mc\n    volumes:\n      - mc:/data:ro\n      - ./mc-backups:/backups\nvolumes:\n  mc: {{}}\n",
                            ("VANILLA", "unknown", 3 * G, 25565, 25575, None)),
    "behind a proxy": (f"services:\n  proxy:\n    image: itzg/bungeecord\n    ports: [\"25565:25577\"]\n  paper:\n    image: {I}\n    environment:\n      EULA: \"TRUE\"\n      TYPE: PAPER\n      ONLINE_MODE: \"FALSE\"\n    expose: [\"25565\"]\n",
                       ("PAPER", "unknown", 0, 25565, 25575, None)),
    "anchors": (f"x-common: &common\n  image: {I}:java21\n  restart: unless-stopped\n  tty: true\nservices:\n  mc:\n    <<: *common\n    environment:\n      EULA: \"TRUE\"\n      TYPE: QUILT\n      VERSION: \"1.19.2\"\n    ports: [\"25565:25565\"]\n",
                ("QUILT", "1.19.2", 0, 25565, 25575, 21)),
    "host network": (f"services:\n  mc:\n    image: {I}:java21\n    network_mode: host\n    environment:\n      EULA: \"TRUE\"\n      TYPE: PAPER\n      SERVER_PORT: \"25700\"\n      RCON_PORT: 25701\n",
                     ("PAPER", "unknown", 0, 25700, 25701, 21)),
    "one to one": (f"services:\n  mc:\n    image: {I}:java21\n    environment:\n      EULA: \"TRUE\"\n      TYPE: PAPER\n      SERVER_PORT: 25700\n    ports: [\"25700:25700\", \"25700:25700/udp\"]\n",
                   ("PAPER", "unknown", 0, 25700, 25575, 21)),
    "variables": (f"services:\n  mc:\n    image: {I}:${{TAG:-java21}}\n    environment:\n      EULA: \"TRUE\"\n      VERSION: ${{VERSION:-1.20}}\n      MEMORY: ${{MEMORY:-4G}}\n    ports: [\"${{PORT:-25565}}:25565\"]\n",
                  ("VANILLA", "unknown", 0, 25565, 25575, None)),
    "bedrock beside by geyser": (f"services:\n  mc:\n    image: {I}:java21\n    environment:\n      EULA: \"TRUE\"\n      TYPE: PAPER\n      PLUGINS: |\n        https://download.example/geyser.jar\n        https://download.example/floodgate.jar\n    ports:\n      - \"25565:25565/tcp\"\n      - \"19132:19132/udp\"\n",
                                 ("PAPER", "unknown", 0, 25565, 25575, 21)),
    "modpack": (f"services:\n  mc:\n    image: {I}:java17\n    environment:\n      EULA: \"true\"\n      MODPACK_PLATFORM: AUTO_CURSEFORGE\n      CF_API_KEY: ${{CF_API_KEY}}\n      CF_SLUG: all-the-mods-9\n      MEMORY: 8G\n    ports: [\"25565:25565\"]\n",
                ("AUTO_CURSEFORGE", "unknown", 8 * G, 25565, 25575, 17)),
    "type of a modpack": (f"services:\n  mc:\n    image: {I}:java17\n    environment:\n      EULA: \"true\"\n      TYPE: AUTO_CURSEFORGE\n      CF_SLUG: vault-hunters\n      MAX_MEMORY: 5.5 GB\n    ports: [\"25565:25565\"]\n",
                          ("AUTO_CURSEFORGE", "unknown", int(5.5 * G), 25565, 25575, 17)),
    "deploy limits": (f"services:\n  mc:\n    image: {I}\n    deploy:\n      resources:\n        limits:\n          memory: 1.5G\n    environment:\n      EULA: \"true\"\n      MAX_MEMORY: 1G\n    ports: [\"25565:25565\"]\n",
                      ("VANILLA", "unknown", G, 25565, 25575, None)),
    "health check": (f"services:\n  mc:\n    image: {I}\n    healthcheck:\n      test: mc-health\n      start_period: 1m\n      interval: 5s\n      retries: 20\n    environment:\n      EULA: \"true\"\n      SERVER_TYPE: PAPER\n    ports: [\"25565:25565\"]\n",
                     ("PAPER", "unknown", 0, 25565, 25575, None)),
    "by digest": (f"services:\n  mc:\n    image: {I}:java21@sha256:{'a' * 64}\n    environment:\n      EULA: \"true\"\n    ports: [\"25565:25565\"]\n",
                  ("VANILLA", "unknown", 0, 25565, 25575, 21)),
    "from ghcr": ("services:\n  mc:\n    image: ghcr.io/itzg/minecraft-server:java21\n    environment:\n      EULA: \"true\"\n      MEMORY: 512M\n    ports: [\"25565:25565\"]\n",
                  ("VANILLA", "unknown", 512 * M, 25565, 25575, 21)),
    "full docker hub name": ("services:\n  mc:\n    image: docker.io/itzg/minecraft-server:java11\n    environment:\n      EULA: \"true\"\n      MEMORY: \"\"\n      MAX_MEMORY: 1T\n    ports: [\"25565:25565\"]\n",
                             ("VANILLA", "unknown", 1024 * G, 25565, 25575, 11)),
    "windows line ends": (f"services:\r\n  mc:\r\n    image: {I}\r\n    environment:\r\n      EULA: \"TRUE\"\r\n      VERSION: \"1.21\"\r\n    ports:\r\n      - \"25565:25565\"\r\n",
                          ("VANILLA", "1.21", 0, 25565, 25575, None)),
    "bom and comments": (f"\ufeff# my server, überall\nservices:\n  mc: # the one\n    image: {I} # default Java\n    environment:\n      EULA: \"TRUE\"\n      MOTD: \"§aGrüße\"\n    ports:\n      - \"25565:25565\" # players\n",
                         ("VANILLA", "unknown", 0, 25565, 25575, None)),
    "ipv6": (f"services:\n  mc:\n    image: {I}\n    environment:\n      EULA: \"TRUE\"\n    ports:\n      - \"[::1]:25567:25565\"\n      - \"127.0.0.1:25577:25575\"\n",
             ("VANILLA", "unknown", 0, 25567, 25577, None)),
    "ranges": (f"services:\n  mc:\n    image: {I}\n    environment:\n      EULA: \"TRUE\"\n    ports:\n      - \"26000-26010:25565-25575\"\n",
               ("VANILLA", "unknown", 0, 26000, 26010, None)),
    "json": ("{\"services\": {\"mc\": {\"image\": \"itzg/minecraft-server:java21\", \"environment\": {\"EULA\": \"TRUE\", \"TYPE\": \"PAPER\"}, \"ports\": [\"25565:25565\"]}}}",
             ("PAPER", "unknown", 0, 25565, 25575, 21)),
    "secrets and env files": (f"services:\n  mc:\n    image: {I}:java21\n    env_file: mc.env\n    environment:\n      EULA: \"TRUE\"\n      RCON_PASSWORD_FILE: /run/secrets/rcon\n    secrets: [rcon]\n    ports: [\"25565:25565\"]\nsecrets:\n  rcon:\n    file: ./rcon.txt\n",
                              ("VANILLA", "unknown", 0, 25565, 25575, 21)),
}

# What Compose makes known of those whose variables hide it.
RENDERED: dict[str, Listed] = {
    "variables": ("VANILLA", "1.20", 4 * G, 25565, 25575, 21),
}

# Which of them have a problem, and which: all else that they do not keep is a hint.
PROBLEMS: dict[str, str] = {
    "number without quotes": "line 6: VERSION without quotes is no text, so the container gets 1.2: quote it.",
}
