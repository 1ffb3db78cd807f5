"""Each warning by the line of a compose file that brings it, and by the line that takes it away."""

import pytest

from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.compose.warnings import memory_limit_bytes, pids_limit, warnings_of, whole
from servers.tests.conftest import RCON_PORT, compose_text

# A file of which there is nothing to say.
GOOD = compose_text("lobby", image="itzg/minecraft-server:java8").replace(
    "    environment:\n", "    stop_grace_period: 90s\n    pids_limit: 4096\n    environment:\n"
)


def read(text: str) -> MCComposeFile:
    return MCComposeFile.read(text, server_id="lobby", allowed_images=("itzg/minecraft-server", "itzg/mc-proxy"))


def test_a_good_file_has_no_warning() -> None:
    assert list(warnings_of(read(GOOD))) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    pids_limit: 4096\n", "    pids_limit: 4096\n    mem_limit: 2g\n", "the kernel will kill the game"),
        ("    pids_limit: 4096\n", "    pids_limit: 4096\n    mem_limit: 2147483648\n", "kernel will kill"),
        ("    pids_limit: 4096\n", "    pids_limit: 4096\n    mem_limit: 3g\n", None),
        ("    stop_grace_period: 90s\n", "", "Without stop_grace_period"),
        ("    pids_limit: 4096\n", "", "Without pids_limit"),
        ("    pids_limit: 4096\n", "    pids_limit: 0\n", "Without pids_limit"),
        ("    pids_limit: 4096\n", "    deploy: {resources: {limits: {pids: 100}}}\n", None),
        ("    pids_limit: 4096\n", "    pids_limit: 4096\n    profiles: [games]\n", "has `profiles`"),
        ("127.0.0.1:<rcon>", "<rcon>", "RCON is published on all interfaces"),
        ("127.0.0.1:<rcon>", "0.0.0.0:<rcon>", "RCON is published on all interfaces"),
        ("127.0.0.1:<rcon>", "[::]:<rcon>", "RCON is published on all interfaces"),
        ("127.0.0.1:<rcon>", "192.0.2.1:<rcon>", None),
        (":java8", "", "no fixed tag"),
        (":java8", ":stable", "no fixed tag"),
        (":java8", f"@sha256:{'0' * 64}", None),
        ("      - ./data:/data\n", "      - ./data:/elsewhere\n", "Nothing is mounted at /data"),
        ("      - ./data:/data\n", "      - /data\n", "Nothing is mounted at /data"),
        ("      - ./data:/data\n", "      - ./data:/data:ro\n", "/data is mounted read-only"),
        (":java8", ":java21", "Java"),
        (":java8", ":2024.1.0", None),  # the tag does not say which Java
        ('VERSION: "1.16.1"', "VERSION: ${GAME}", None),
        ("TYPE: PAPER", "TYPE: AUTO_CURSEFORGE", None),
    ],
)
def test_what_brings_a_warning(old: str, new: str, said: str | None) -> None:
    # A free port of this process; in the table it would give the test another name in each.
    old, new = old.replace("<rcon>", str(RCON_PORT)), new.replace("<rcon>", str(RCON_PORT))
    assert old in GOOD
    found = list(warnings_of(read(GOOD.replace(old, new))))

    assert len(found) == (0 if said is None else 1), found
    assert (said or "") in "".join(found)


@pytest.mark.parametrize(
    ("line", "limit"),
    [
        ("mem_limit: 512m", 512 * 1024**2),
        ("mem_limit: 1073741824", 1024**3),
        ('mem_limit: "1073741824"', 1024**3),
        ("deploy: {resources: {limits: {memory: 2G}}}", 2 * 1024**3),
        ("deploy: {resources: {limits: [1]}}", 0),
        ("deploy: {resources: none}", 0),
        ("deploy: {}", 0),
        ("mem_limit: much", 0),
        ("mem_limit: ${LIMIT}", 0),
    ],
)
def test_the_memory_limit_in_each_spelling(line: str, limit: int) -> None:
    text = GOOD.replace("    pids_limit: 4096\n", f"    {line}\n")

    assert memory_limit_bytes(read(text).service) == limit


def test_a_limit_of_processes_that_is_no_number_is_none() -> None:
    assert pids_limit(read(GOOD.replace("pids_limit: 4096", "pids_limit: -1")).service) == 0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0), ("42", 42), ("9" * 18, int("9" * 18)), ("9" * 19, None),
        ("٣", None), ("²", None), ("-1", None), ("", None),
    ],
)
def test_only_digits_of_ours_are_numbers(text: str, number: int | None) -> None:
    assert whole(text) == number
