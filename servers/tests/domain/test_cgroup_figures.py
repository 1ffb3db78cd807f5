"""Reading a container's figures from recorded kernel files of both cgroup versions."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from servers.docker.usage.counters import BlockIO, ContainerGone, ContainerUsage, CpuTime, DeviceIO, MemoryUsage, Unread
from servers.tests.domain.recorded_host import RecordedHost


def read(root: Path, case: str) -> ContainerUsage:
    return RecordedHost.make(root, case).find().read()


def test_v2_container_with_page_cache(tmp_path: Path) -> None:
    usage = read(tmp_path, "v2-systemd-limited")

    assert usage == ContainerUsage(
        memory=MemoryUsage(
            anon_bytes=61440,
            file_bytes=31457280,
            kernel_bytes=1196032,
            total_bytes=32714752,
            working_set_bytes=32714752 - 31457280,
            limit_bytes=67108864,
            peak_bytes=34144256,
            oom_kills=0,
        ),
        cpu=CpuTime(usage_us=25412818),
        block_io=BlockIO((DeviceIO(254, 0, rbytes=0, wbytes=31457280, rios=0, wios=31),)),
        pids=1,
    )


def test_v1_container_gives_the_same_figures(tmp_path: Path) -> None:
    usage = read(tmp_path, "v1-hybrid-limited")

    assert usage.memory == MemoryUsage(
        anon_bytes=57344,
        file_bytes=21921792,
        kernel_bytes=876544,
        total_bytes=23191552,
        working_set_bytes=23191552 - 19496960,
        limit_bytes=67108864,
        peak_bytes=23400448,
        oom_kills=0,
    )
    assert usage.cpu == CpuTime(usage_us=342556), "the kernel's nanoseconds"
    assert usage.pids == 1


def test_v1_counters_that_stay_empty_are_not_counted_rather_than_zero(tmp_path: Path) -> None:
    usage = read(tmp_path, "v1-hybrid-limited")

    assert usage.block_io is None
    assert "not counted here" in usage.reasons["block_io"]


def test_v1_counters_where_the_kernel_keeps_them(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v1-hybrid-limited")
    lines = "8:16 Read 1\n8:16 Write 2\n8:0 Read {}\n8:0 Write {}\n8:0 Sync 7\n8:0 Total 7\nTotal 7\n"
    (host.directory("blkio") / "blkio.throttle.io_service_bytes").write_text(lines.format(4096, 8192))
    (host.directory("blkio") / "blkio.throttle.io_serviced").write_text("8:0 Read 3\n8:0 Write 5\nTotal 8\n")

    block_io = host.find().read_block_io()

    assert block_io == BlockIO((DeviceIO(8, 0, 4096, 8192, 3, 5), DeviceIO(8, 16, 1, 2, 0, 0)))


def test_totals_are_the_sum_over_devices() -> None:
    block_io = BlockIO((DeviceIO(8, 0, 1, 20, 300, 4000), DeviceIO(8, 16, 2, 30, 400, 5000)))

    totals = (block_io.read_bytes, block_io.write_bytes, block_io.read_operations, block_io.write_operations)
    assert totals == (3, 50, 700, 9000)


@pytest.mark.parametrize("case", ["v2-systemd-unlimited", "v2-cgroupfs-limited"])
def test_v2_container_that_touched_no_disk_has_zero_traffic(tmp_path: Path, case: str) -> None:
    assert read(tmp_path, case).block_io == BlockIO(())


@pytest.mark.parametrize(
    ("case", "controller", "name", "text"),
    [
        ("v2-systemd-limited", "", "memory.max", "max\n"),
        ("v1-hybrid-limited", "memory", "memory.limit_in_bytes", "9223372036854771712\n"),
    ],
)
def test_no_limit_is_none_without_a_reason(
    tmp_path: Path, case: str, controller: str, name: str, text: str
) -> None:
    host = RecordedHost.make(tmp_path, case)
    (host.directory(controller) / name).write_text(text)

    memory = host.find().read_memory()

    assert isinstance(memory, MemoryUsage)
    assert memory.limit_bytes is None
    assert memory.reasons == {}


@pytest.mark.parametrize(
    ("case", "controller", "name", "field"),
    [
        ("v2-systemd-limited", "", "memory.peak", "peak_bytes"),
        ("v2-systemd-limited", "", "memory.events", "oom_kills"),
        ("v2-systemd-limited", "", "memory.max", "limit_bytes"),
        ("v1-hybrid-limited", "memory", "memory.kmem.usage_in_bytes", "kernel_bytes"),
        ("v1-hybrid-limited", "memory", "memory.oom_control", "oom_kills"),
    ],
)
def test_file_that_this_kernel_lacks_is_none_with_a_reason(
    tmp_path: Path, case: str, controller: str, name: str, field: str
) -> None:
    host = RecordedHost.make(tmp_path, case)
    (host.directory(controller) / name).unlink()

    memory = host.find().read_memory()

    assert isinstance(memory, MemoryUsage)
    assert getattr(memory, field) is None
    assert name in memory.reasons[field]


def test_missing_io_stat_is_none_with_a_reason_and_harms_nothing_else(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    (host.directory() / "io.stat").unlink()

    usage = host.find().read()

    assert usage.block_io is None
    assert "io.stat" in usage.reasons["block_io"]
    assert (usage.cpu, usage.pids) == (CpuTime(usage_us=25412818), 1)


def test_a_file_larger_than_one_reading_is_read_whole(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    lines = [f"8:{minor} rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n" for minor in range(3000)]
    (host.directory() / "io.stat").write_text("".join(lines))

    block_io = host.find().read_block_io()

    assert isinstance(block_io, BlockIO)
    assert block_io.write_bytes == 6000


def test_kernel_memory_is_added_up_where_the_kernel_does_not(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    stat = host.directory() / "memory.stat"
    stat.write_text(stat.read_text().replace("kernel 1196032\n", ""))

    memory = host.find().read_memory()

    assert isinstance(memory, MemoryUsage)
    assert memory.kernel_bytes == 16384 + 20480 + 996 + 8192 + 1126464


def test_old_kernels_joined_io_lines_are_told_apart(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    line = "7:7 7:6 254:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n8:0 \n"
    (host.directory() / "io.stat").write_text(line)

    assert host.find().read_block_io() == BlockIO((DeviceIO(254, 0, 1, 2, 3, 4),))


@pytest.mark.parametrize(
    ("case", "controller"), [("v2-systemd-limited", ""), ("v1-hybrid-limited", "memory")]
)
def test_cgroup_that_vanishes_between_two_readings_is_gone(
    tmp_path: Path, case: str, controller: str
) -> None:
    host = RecordedHost.make(tmp_path, case)
    found = host.find()
    found.read()
    shutil.rmtree(host.directory(controller))

    with pytest.raises(ContainerGone):
        found.read()


def test_cgroup_that_vanishes_between_open_and_read_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = RecordedHost.make(tmp_path, "v2-systemd-limited").find()

    def vanished(fd: int, size: int) -> bytes:
        raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))  # what the kernel answers then

    with monkeypatch.context() as patch:
        patch.setattr(os, "read", vanished)
        with pytest.raises(ContainerGone):
            found.read_pids()


def test_unexpected_content_is_a_reason_and_no_crash(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    for name in ("memory.current", "pids.current", "cpu.stat"):
        (host.directory() / name).write_text("")

    usage = host.find().read()

    assert (usage.memory, usage.cpu, usage.pids) == (None, None, None)
    assert usage.reasons.keys() == {"memory", "cpu", "pids"}
    assert isinstance(host.find().read_pids(), Unread)
