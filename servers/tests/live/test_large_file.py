"""One large file of a home-lab, with every long and short form at once: each value is what Docker gets."""

import asyncio
from pathlib import Path

import pytest

from core import programs
from servers.docker.cli import DockerCli
from servers.docker.compose_file.ports import Port
from servers.minecraft.manager import DockerMCManager

pytestmark = pytest.mark.docker  # the Compose of this machine; no engine takes part

CLI = DockerCli(programs.find("docker") or "", programs.find("docker-compose") or "")
G = 1024**3
LARGE = """# my home-lab, überall
name: homelab
x-logging: &logging
  logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}
x-limits: &limits
  deploy: {resources: {limits: {memory: 8g, cpus: "2.5"}}}
  ulimits: {nofile: {soft: 65536, hard: 65536}}
x-common: &common
  <<: [*logging, *limits]
  restart: unless-stopped
  tty: true
  stdin_open: true
x-env: &env
  EULA: "TRUE"
  TZ: Europe/Berlin
  MEMORY: 4G
services:
  mc:
    <<: *common
    image: docker.io/itzg/minecraft-server:java21-graalvm
    container_name: mc-s
    hostname: mc.home.example
    environment:
      <<: *env
      TYPE: fabric
      VERSION: "1.20"
      MAX_MEMORY: 6g
      MOTD: "§aGrüße: # no comment"
      OPS: |
        alex
        bo
      PLUGINS: >-
        https://download.example/a.jar
        https://download.example/b.jar
      MODRINTH_PROJECTS: |-
        fabric-api
        lithium:1.2
      RCON_PASSWORD: "p$$word"
    ports:
      - target: 25565
        published: "25701"
        protocol: tcp
        mode: host
      - "127.0.0.1:25702:25575"
      - "24454:24454/udp"
      - "19132:19132/udp"
      - "8123:8123/tcp"
    volumes:
      - type: bind
        source: ./mc-data
        target: /data
        bind: {create_host_path: true}
      - "./extras:/extras:ro,z"
    networks: {games: {aliases: [survival, lobby.example]}}
    extra_hosts: ["host.docker.internal:host-gateway"]
    labels:
      home.example/group: games
      traefik.enable: "false"
    healthcheck: {test: mc-health, interval: 5s, start_period: 2m, retries: 20}
    stop_grace_period: 1m30s
    depends_on: {web: {condition: service_started}}
  web:
    <<: *logging
    image: nginx:1.27.3
    ports: ["8080:80"]
    networks: [games]
networks:
  games: {driver: bridge}
"""


async def test_every_value_of_a_large_file_is_right(tmp_path: Path) -> None:
    server = DockerMCManager(tmp_path, cli=CLI).get_instance("s")
    (tmp_path / "s/mc-data").mkdir(parents=True)
    (tmp_path / "s/docker-compose.yml").write_text(LARGE)

    info = await server.get_server_info()
    compose = await server.get_minecraft_compose()
    root = await server.data_root()

    assert (info.problem, info.hints, info.service, info.games) == (None, (), "mc", ("mc",))
    assert (info.server_type, info.game_version, info.java_version) == ("FABRIC", "1.20", 21)
    assert (info.max_memory_bytes, info.game_port, info.rcon_port) == (6 * G, 25701, 25702)
    assert root.in_server == "mc-data"
    assert (compose.restart, compose.container_name, compose.stop_grace_period_s) == ("unless-stopped", "mc-s", 90)
    assert sorted(compose.published_ports) == [
        ("", 8080, "tcp"), ("", 8123, "tcp"), ("", 19132, "udp"), ("", 24454, "udp"), ("", 25701, "tcp"),
        ("127.0.0.1", 25702, "tcp"),
    ]
    assert Port(range(24454, 24455), range(24454, 24455), "", "udp") in compose.ports
    assert compose.page_ports == [8080, 8123]
    variables = compose.environment
    assert variables["OPS"] == "alex\nbo\n"
    assert variables["PLUGINS"] == "https://download.example/a.jar https://download.example/b.jar"
    assert (variables["MOTD"], variables["TZ"]) == ("§aGrüße: # no comment", "Europe/Berlin")
    assert variables["RCON_PASSWORD"] == "p$word"
    again = await asyncio.to_thread((tmp_path / "s/docker-compose.yml").read_text)
    assert again == LARGE
