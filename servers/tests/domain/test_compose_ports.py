"""Published ports: which port leads where, how an entry is written again, and what is none, to the last port."""

from typing import Any

import pytest

from servers.docker.compose_file.ports import UNKNOWN_TARGET, Port, parse_port

MAX_PORT = 65535


def one(number: int) -> range:
    return range(number, number + 1)


@pytest.mark.parametrize(
    ("entry", "target", "published"),
    [
        ("25570:25565", 25565, 25570),
        ("25570:25565", 25564, None),
        ("25570:25565", 25566, None),
        ("25570-25572:25565-25567", 25565, 25570),
        ("25570-25572:25565-25567", 25567, 25572),
        ("25570-25572:25565-25567", 25568, None),
        ("25570-25572:25565", 25565, 25570),
        ("25565", 25565, None),
        ("0:25565", 25565, None),
        ("${P}:25565", 25565, None),
        ("25570:${P}", 25565, None),
        ({"target": 25565, "published": "25570"}, 25565, 25570),
        ({"target": 25565}, 25565, None),
    ],
)
def test_a_port_inside_leads_to_its_own_port_of_the_machine(entry: Any, target: int, published: int | None) -> None:
    port = parse_port(entry)

    assert port is not None
    assert port.published_for(target) == published


@pytest.mark.parametrize(
    ("port", "text"),
    [
        (Port(one(25565), one(25570)), "25570:25565/tcp"),
        (Port(one(19132), one(19132), protocol="udp"), "19132:19132/udp"),
        (Port(one(25565), None), "25565/tcp"),
        (Port(one(25565), None, "127.0.0.1"), "127.0.0.1::25565/tcp"),
        (Port(one(25565), one(1), "127.0.0.1"), "127.0.0.1:1:25565/tcp"),
        (Port(one(25565), one(1), "::1"), "[::1]:1:25565/tcp"),
        (Port(range(4, 7), range(1, 4)), "1-3:4-6/tcp"),
        (Port(one(4), range(1, 4)), "1-3:4/tcp"),
    ],
)
def test_a_port_of_our_own_is_written_so_that_it_is_read_again(port: Port, text: str) -> None:
    assert port.written() == text
    assert parse_port(text) == port


@pytest.mark.parametrize(
    "entry",
    ["25565", 25565, "127.0.0.1::2", "${A:-${B}}:1:2", {"target": 2, "published": "1", "mode": "host"}, "1:2/UDP"],
)
def test_an_entry_that_was_read_is_written_as_it_stood(entry: Any) -> None:
    port = parse_port(entry)

    assert port is not None
    assert port.written() is entry


@pytest.mark.parametrize(
    ("entry", "target", "published", "host", "protocol"),
    [
        ("${H}:1:2", one(2), one(1), "", "tcp"),
        ("$H:1:2", one(2), one(1), "", "tcp"),
        ("1:${T}", UNKNOWN_TARGET, one(1), "", "tcp"),
        ("1:2/${K}", one(2), one(1), "", ""),
        ("1:2/$K", one(2), one(1), "", ""),
        ("1${P}:2", one(2), None, "", "tcp"),
        ("1-3:${T}", UNKNOWN_TARGET, range(1, 4), "", "tcp"),
        ("${P:-${Q:-${R}}}:2", one(2), None, "", "tcp"),
        ({"target": "${T}", "published": "${P}"}, UNKNOWN_TARGET, None, "", "tcp"),
        ({"target": 2, "host_ip": "${H}", "protocol": "udp"}, one(2), None, "", "udp"),
    ],
)
def test_a_variable_hides_its_part_and_no_other(
    entry: Any, target: range, published: range | None, host: str, protocol: str
) -> None:
    assert parse_port(entry) == Port(target, published, host, protocol, resolved=False)


@pytest.mark.parametrize(
    ("entry", "target", "published"),
    [
        (f"{MAX_PORT}", one(MAX_PORT), None),
        (f"1:{MAX_PORT}", one(MAX_PORT), one(1)),
        (f"{MAX_PORT}:1", one(1), one(MAX_PORT)),
        ("1-1:2-2", one(2), one(1)),
        ("000001:2", one(2), one(1)),
        ("000:2", one(2), None),
        (":2", one(2), None),
        ("1:2/", one(2), one(1)),
        ("1:2/SCTP", one(2), one(1)),
        (1, one(1), None),
    ],
)
def test_the_first_and_the_last_port_are_ports(entry: Any, target: range, published: range | None) -> None:
    port = parse_port(entry)

    assert port is not None
    assert (port.target, port.published, port.resolved) == (target, published, True)


@pytest.mark.parametrize(
    "entry",
    [
        0, -1, MAX_PORT + 1, False, 1.5, b"1", ("1", "2"), "0", f"{MAX_PORT + 1}", f"1:{MAX_PORT + 1}", "3-1", "1-",
        "-1", "1--2", "1-2-3", "1-3:4-5", "1-2:4-6", "1:4-6", " 1", "1 :2", "0x10", "\u0661", "0000001", "1" * 65,
        "9" * 100_000, "1-2:" + "9" * 5000, "$", "1:$$2", "1:2/tcp/udp", "1:2/tc", "[::1:1:2", "::1]:1:2",
        "127.0.0.256:1:2", "localhost:1:2", "1:2:3:4",
        {"target": "1-2"}, {"published": 1}, {"target": None}, {"target": True}, {"target": [1]}, {"target": 1.0},
        {"target": 1, "published": True}, {"target": 1, "host_ip": "x"}, {"target": 1, "protocol": "icmp"},
        {"target": 1, "protocol": 6}, {"target": 1, "published": "2-1"}, {"target": {}, "published": 1},
    ],
    ids=lambda entry: str(entry)[:20].encode("unicode_escape").decode(),
)
def test_an_entry_that_compose_takes_for_no_port_is_none(entry: Any) -> None:
    assert parse_port(entry) is None


@pytest.mark.parametrize(
    ("entry", "host"),
    [
        ("127.0.0.1:1:2", "127.0.0.1"),
        ("192.0.2.7:1:2", "192.0.2.7"),
        ("[0:0::1]:1:2", "::1"),
        ("::1:1:2", "::1"),
        ({"target": 2, "published": 1, "host_ip": "::1"}, "::1"),
        ({"target": 2, "published": 1, "host_ip": "[::1]"}, "::1"),
        ({"target": 2, "published": 1, "host_ip": None}, ""),
        ({"target": 2, "published": 1, "host_ip": ""}, ""),
    ],
)
def test_an_address_is_told_in_its_one_spelling(entry: Any, host: str) -> None:
    assert parse_port(entry) == Port(one(2), one(1), host)


def test_of_a_long_entry_a_range_of_the_machine_leads_to_one_port() -> None:
    assert parse_port({"target": 2, "published": "10-12"}) == Port(one(2), range(10, 13))
