# ruff: noqa: E501 - tables of spellings
"""The typed model: both spellings mean the same, faults are named, and a model writes a file that Compose reads."""

import json
import subprocess
from pathlib import Path

import pytest

from core import programs
from servers.docker.compose_file.document import ComposeFile, duration_s, literal, project_name
from servers.docker.compose_file.ports import Port, parse_port
from servers.docker.compose_file.volumes import parse_volume
from servers.docker.compose_file.yaml_text import BadComposeFile
from servers.minecraft.compose import derivations
from servers.minecraft.compose.rules import MCComposeFile
from servers.tests.conftest import compose_text


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("25565:25565", Port(range(25565, 25566), range(25565, 25566))),
        ("25565", Port(range(25565, 25566), None)),
        (25565, Port(range(25565, 25566), None)),
        ("127.0.0.1:1:2/udp", Port(range(2, 3), range(1, 2), "127.0.0.1", "udp")),
        ("[::1]:1:2", Port(range(2, 3), range(1, 2), "::1")),
        ("127.0.0.1::2", Port(range(2, 3), None, "127.0.0.1")),
        ("1-3:4-6", Port(range(4, 7), range(1, 4))),
        ("1-3:4", Port(range(4, 5), range(1, 4))),
        ({"target": 2, "published": "1", "protocol": "TCP"}, Port(range(2, 3), range(1, 2))),
        ({"target": 2, "published": 0}, Port(range(2, 3), None)),
        ("${P}:25565", Port(range(25565, 25566), None, resolved=False)),
        ("${A:-${B}}:1:2", Port(range(2, 3), range(1, 2), resolved=False)),
    ],
)
def test_ports_in_every_spelling(written: object, meant: Port) -> None:
    assert parse_port(written) == meant


@pytest.mark.parametrize("written", ["", "a:b", "70000:1", "0:0", "1-2:1-3", "1:2/icmp", None, True, [], {}, "x:1:2"])
def test_what_is_no_port(written: object) -> None:
    assert parse_port(written) is None


def test_volumes_in_every_spelling() -> None:
    found = [
        parse_volume(one)
        for one in ("./data:/data", "mc:/data:ro", "/data", {"type": "bind", "source": "/x", "target": "/y"}, ":/x", 7)
    ]

    shown = [(one.type, one.source, one.target, one.read_only) if one else None for one in found]
    assert shown == [
        ("bind", "./data", "/data", False), ("volume", "mc", "/data", True), ("volume", None, "/data", False),
        ("bind", "/x", "/y", False), None, None,
    ]


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("2G", 2 * 1024**3), ("1.5 GB", 1536 * 1024**2), ("512", 512 * 1024**2), ("512m", 512 * 1024**2), ("8 gb", 8 * 1024**3),
        ("1T", 1024**4), ("100k", 100 * 1024), ("75%", 0), ("lots", 0), ("", 0), ("${M}", 0), ("9" * 30 + "G", 0),
    ],
)
def test_memory_in_every_spelling(written: str, size: int) -> None:
    assert derivations.max_memory_bytes({"MAX_MEMORY": written}) == size
    assert derivations.max_memory_bytes({"MEMORY": written}) == size


@pytest.mark.parametrize(
    ("image", "allowed"),
    [
        ("itzg/minecraft-server", True), ("itzg/minecraft-server:java21", True), ("docker.io/itzg/minecraft-server", True),
        ("itzg/minecraft-server@sha256:" + "a" * 64, True), ("ghcr.io/acme/mc-1:x", True), ("ghcr.io/acme/mc/x", False),
        ("ITZG/minecraft-server", False), ("evil/itzg/minecraft-server", False), ("itzg/minecraft-server-evil", False),
        ("itzg/minecraft-server:${TAG}", False), ("", False), ("itzg/minecraft-server\n", False), ("xitzg/minecraft-server", False),
    ],
)
def test_images_that_are_allowed(image: str, *, allowed: bool) -> None:
    assert derivations.is_allowed(image, ["itzg/minecraft-server", "ghcr.io/acme/mc*"]) is allowed


@pytest.mark.parametrize(
    ("image", "pattern", "allowed"),
    [
        ("acme/mc:x", "*/mc", True), ("evil.example/mc", "*/mc", False), ("evil:5000/mc:x", "*/mc", False),
        ("localhost/mc", "*/mc", False), ("a.acme.example/mc", "*.acme.example/mc", True),
        ("acme/mc.d", "acme/*", True), ("mc.d", "mc*", True),
    ],
)
def test_a_star_stands_for_no_registry(image: str, pattern: str, *, allowed: bool) -> None:
    assert derivations.is_allowed(image, [pattern]) is allowed


def test_project_names_are_made_as_compose_makes_them() -> None:
    assert [project_name(one) for one in ("My.Srv", "mysrv", "_a-b", "Ä.x", "A_B-c")] == ["mysrv", "mysrv", "a-b", "x", "a_b-c"]


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("1m30s", 90), ("1h", 3600), ("1.5m", 90), ("90", None), ("", None), ("x", None)]
)
def test_durations(text: str, seconds: float | None) -> None:
    assert duration_s(text) == seconds


def test_dollar_signs() -> None:
    assert [literal(one) for one in ("a$$b", "$A", "${A:-b}", "a")] == ["a$b", None, None, "a"]


def test_a_model_is_written_and_read_again() -> None:
    file = ComposeFile.from_yaml(compose_text("x") + "    x-mine: {a: [1, yes]}\nx-top: 08\n")

    again = ComposeFile.from_yaml(file.to_yaml())

    assert again == file
    assert again.services["mc"].environment["VERSION"] == "1.16.1"


@pytest.mark.docker
def test_what_a_model_writes_means_the_same_to_compose(tmp_path: Path) -> None:
    text = compose_text("x").replace("MAX_MEMORY: 2G", 'MAX_MEMORY: 2G\n      A: yes\n      B: 010\n      C: "1.20"\n      D: 1e3\n')
    texts = {"before": text, "after": ComposeFile.from_yaml(text).to_yaml()}
    rendered = {}
    for name, content in texts.items():
        (tmp_path / f"{name}.yaml").write_text(content)
        argv = [programs.find("docker-compose") or "docker-compose", "--project-name", "x", "--project-directory", str(tmp_path)]
        argv += ["--file", str(tmp_path / f"{name}.yaml"), "config", "--format", "json"]
        rendered[name] = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)

    assert rendered["before"] == rendered["after"]
    service = ComposeFile.from_yaml(text).services["mc"]
    assert service.environment == rendered["before"]["services"]["mc"]["environment"]


def test_every_broken_rule_has_its_line() -> None:
    text = compose_text("y").replace('VERSION: "1.16.1"', "VERSION: 1.20").replace(":25575", ":25576")

    with pytest.raises(BadComposeFile) as caught:
        MCComposeFile.from_yaml(text, server_id="x", allowed_images=["acme/*"])

    found = {one.code: one.line for one in caught.value.problems}
    assert found == {"container_name": 4, "image": 3, "version_number": 7, "port_missing": 11}
    lenient = MCComposeFile.read(text, server_id="x", allowed_images=["acme/*"])
    assert (len(lenient.problems), len(lenient.hints)) == (2, 2)
    assert (lenient.service_name, lenient.game_version) == ("mc", "1.2")
