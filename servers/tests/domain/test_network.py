"""A container's network traffic from /proc."""

import shutil
from pathlib import Path

import pytest

from servers.docker.usage.counters import ContainerGone, Unread
from servers.docker.usage.network import NetworkIO, read_network
from servers.tests.domain.recorded_host import RecordedHost

HEAD = "Inter-|   Receive |  Transmit\n face |bytes packets errs drop fifo frame compressed multicast|bytes\n"


def line(name: str, received: int, sent: int) -> str:
    return f"{name:>6}: {received} 1 0 0 0 0 0 0 {sent} 1 0 0 0 0 0 0\n"


@pytest.fixture
def host(tmp_path: Path) -> RecordedHost:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    host.write_proc("self", "net/dev", HEAD + line("lo", 5, 5) + line("eth0", 900, 800))
    host.set_namespace("self", "net:[1]")
    return host


def test_recorded_container(host: RecordedHost) -> None:
    host.set_namespace(str(host.pid), "net:[2]")

    assert read_network(host.pid, proc=host.proc) == NetworkIO(received_bytes=1252, sent_bytes=0)


def test_all_interfaces_count_except_loopback(host: RecordedHost) -> None:
    host.set_namespace(str(host.pid), "net:[2]")
    text = HEAD + line("lo", 10**6, 10**6) + line("eth0", 100, 10) + line("eth1", 20, 3)
    host.write_proc(str(host.pid), "net/dev", text)

    assert read_network(host.pid, proc=host.proc) == NetworkIO(120, 13)


@pytest.mark.parametrize("ours", ["self", "1"])
def test_host_network_is_not_taken_for_the_containers(host: RecordedHost, ours: str) -> None:
    if ours == "1":
        host.set_namespace("1", "net:[3]")
    host.set_namespace(str(host.pid), "net:[3]" if ours == "1" else "net:[1]")

    found = read_network(host.pid, proc=host.proc)

    assert isinstance(found, Unread)
    assert "host's network" in found.reason


def test_host_network_is_known_by_its_counters_where_namespaces_are_hidden(host: RecordedHost) -> None:
    host.write_proc(str(host.pid), "net/dev", (host.proc / "self/net/dev").read_text())

    assert isinstance(read_network(host.pid, proc=host.proc), Unread)


def test_container_is_read_where_namespaces_are_hidden(host: RecordedHost) -> None:
    assert read_network(host.pid, proc=host.proc) == NetworkIO(1252, 0)


def test_process_that_ended_is_gone(host: RecordedHost) -> None:
    shutil.rmtree(host.proc / str(host.pid))

    with pytest.raises(ContainerGone):
        read_network(host.pid, proc=host.proc)
