"""Whatever the kernel's files hold, reading them ends in figures, in a reason, or in one of the named errors."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from servers.docker.usage.cgroup import CgroupUnknown
from servers.docker.usage.counters import ContainerGone, ContainerUsage, Unread
from servers.docker.usage.network import NetworkIO, find_network
from servers.tests.domain.recorded_host import RecordedHost

CASES = ["v2-systemd-limited", "v2-cgroupfs-limited", "v1-hybrid-limited"]

numbers = st.sampled_from(["-1", "max", "", "1e3", "0x10", "١٢", "9" * 30, "9" * 5000, "1.5", "7:x", ":", "8:0"])
damage = st.one_of(
    st.tuples(st.just("cut"), st.floats(0, 1), st.just("")),
    st.tuples(st.just("insert"), st.floats(0, 1), st.one_of(numbers, st.text(max_size=12))),
    st.tuples(st.just("number"), st.floats(0, 1), numbers),
    st.tuples(st.just("replace"), st.just(0.0), st.text(max_size=200)),
    st.tuples(st.just("remove"), st.just(0.0), st.just("")),
)


@pytest.fixture(params=CASES)
def host(request: pytest.FixtureRequest, tmp_path: Path) -> RecordedHost:
    return RecordedHost.make(tmp_path, request.param)


@given(data=st.data())
@settings(
    max_examples=int(os.environ.get("MCADMIN_EXAMPLES", "30")), deadline=None, database=None,
    derandomize="MCADMIN_EXAMPLES" not in os.environ, suppress_health_check=list(HealthCheck),
)
@pytest.mark.slow
def test_malformed_files_raise_only_the_named_errors(host: RecordedHost, data: st.DataObject) -> None:
    files = sorted(path for path in host.root.rglob("*") if path.is_file())
    spoilt = data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=3, unique=True))
    whole = {path: path.read_bytes() for path in spoilt}
    try:
        for path in spoilt:
            spoil(path, *data.draw(damage))
        read(host)
    finally:
        for path, content in whole.items():
            path.write_bytes(content)


def read(host: RecordedHost) -> None:
    with suppress(CgroupUnknown, ContainerGone):
        usage = host.find().read()
        network = find_network(host.pid, proc=host.proc)
        traffic = network if isinstance(network, Unread) else network.read()
        assert isinstance(usage, ContainerUsage)
        figures = {"memory": usage.memory, "cpu": usage.cpu, "block_io": usage.block_io, "pids": usage.pids}
        assert {name for name, figure in figures.items() if figure is None} == usage.reasons.keys()
        assert usage.memory is None or usage.memory.working_set_bytes >= 0
        assert isinstance(traffic, Unread | NetworkIO)


def spoil(path: Path, how: str, where: float, text: str) -> None:
    """Damage one file of the recorded host."""
    if not path.exists():
        return
    if how == "remove":
        path.unlink()
        return
    content = path.read_text(errors="replace")
    at = int(where * len(content))
    if how == "number":
        words = content.split(" ")
        words[int(where * (len(words) - 1))] = text
        spoilt = " ".join(words)
    else:
        spoilt = {"cut": content[:at], "insert": content[:at] + text + content[at:], "replace": text}[how]
    path.write_bytes(spoilt.encode(errors="replace"))
