"""Finding a container's cgroup on hosts of every kind."""

from pathlib import Path

import pytest

from servers.docker.usage.cgroup import CgroupUnknown, Place
from servers.docker.usage.counters import ContainerGone, Unread
from servers.tests.domain.recorded_host import RecordedHost

V2 = ["v2-systemd-limited", "v2-systemd-unlimited", "v2-cgroupfs-limited"]
USER_SLICE = "/user.slice/user-1000.slice/user@1000.service/user.slice"


@pytest.mark.parametrize("case", V2)
def test_both_drivers_are_found_in_the_unified_hierarchy(tmp_path: Path, case: str) -> None:
    host = RecordedHost.make(tmp_path, case)

    place = Place(2, str(host.directory()))

    found = host.find()
    assert (found.memory, found.cpu, found.io, found.pids) == (place, place, place, place)


def test_hybrid_host_is_read_from_its_v1_hierarchies(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v1-hybrid-limited")

    found = host.find()

    assert found.memory == Place(1, str(host.directory("memory")))
    assert found.cpu == Place(1, str(host.directory("cpuacct")))
    assert found.io == Place(1, str(host.directory("blkio")))
    assert found.pids == Place(1, str(host.directory("pids")))


def test_joint_v1_hierarchy_is_found_by_each_of_its_controllers(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v1-hybrid-limited")
    (tmp_path / "sys/fs/cgroup/cpuacct").rename(tmp_path / "sys/fs/cgroup/cpu,cpuacct")
    mounts = (host.proc / "self/mountinfo").read_text()
    mounts = mounts.replace("/cpuacct rw,", "/cpu,cpuacct rw,").replace("rw,cpuacct", "rw,cpu,cpuacct")
    host.write_proc("self", "mountinfo", mounts)
    own = (host.proc / f"{host.pid}/cgroup").read_text()
    host.write_proc(str(host.pid), "cgroup", own.replace(":cpuacct:", ":cpu,cpuacct:"))

    assert host.find().cpu == Place(1, str(host.directory("cpu,cpuacct")))


def test_rootless_container_is_found_below_its_users_slice(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    host.rename(f"{USER_SLICE}/docker-{host.container_id}.scope")
    (host.directory() / "cgroup.controllers").write_text("memory pids\n")

    found = host.find()

    assert found.memory == Place(2, str(host.directory()))
    assert isinstance(found.io, Unread)
    assert "io is not enabled" in found.io.reason
    assert found.cpu == Place(2, str(host.directory())), "cpu.stat needs no controller"


def test_process_that_moved_down_is_measured_with_its_whole_container(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-cgroupfs-limited")
    host.write_proc(str(host.pid), "cgroup", f"0::/docker/{host.container_id}/init.scope\n")

    assert host.find().memory == Place(2, str(host.directory()))


def test_nested_engine_is_found_below_the_outer_container(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-cgroupfs-limited")
    host.rename(f"/docker/{'0f' * 32}/docker/{host.container_id}")

    assert host.find().memory == Place(2, str(host.directory()))


def test_only_the_mounted_part_of_the_path_is_looked_for(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-cgroupfs-limited")
    outer = f"/docker/{'0f' * 32}"
    host.write_proc(str(host.pid), "cgroup", f"0::{outer}/docker/{host.container_id}\n")
    host.write_proc("self", "mountinfo", f"30 21 0:25 {outer} /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")

    assert host.find().memory == Place(2, str(host.directory()))


def test_host_tree_is_searched_from_a_cgroup_namespace_of_our_own(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    host.write_proc(str(host.pid), "cgroup", f"0::/../docker-{host.container_id}.scope\n")
    host.write_proc("self", "mountinfo", "30 21 0:25 /../.. /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")

    assert host.find().memory == Place(2, str(host.directory()))


def test_mount_point_with_a_space_is_understood(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    (tmp_path / "sys/fs/cgroup").rename(tmp_path / "sys/fs/c group")
    host.write_proc("self", "mountinfo", "30 21 0:25 / /sys/fs/c\\040group rw - cgroup2 cgroup2 rw\n")

    assert isinstance(host.find().memory, Place)


def test_hierarchy_without_controllers_is_not_taken_for_v2(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    (host.directory() / "cgroup.controllers").write_text("hugetlb\n")

    found = host.find()

    assert isinstance(found.memory, Unread)
    assert isinstance(found.pids, Unread)


def test_process_of_something_else_is_not_trusted(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    host.write_proc(str(host.pid), "cgroup", "0::/system.slice/ssh.service\n")

    with pytest.raises(CgroupUnknown, match="another host or in another PID namespace"):
        host.find()


def test_missing_process_is_gone_or_elsewhere(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    (host.proc / str(host.pid) / "cgroup").rename(tmp_path / "away")
    for name in ("net/dev", "net", ""):
        path = host.proc / str(host.pid) / name
        path.rmdir() if path.is_dir() else path.unlink()

    with pytest.raises(ContainerGone, match="another host or in another PID namespace"):
        host.find()


def test_cgroup_that_no_mount_shows_is_explained(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")
    host.write_proc("self", "mountinfo", "30 21 0:25 /else/where /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n")

    with pytest.raises(CgroupUnknown, match="/sys/fs/cgroup"):
        host.find()


def test_short_id_is_refused_because_it_proves_nothing(tmp_path: Path) -> None:
    host = RecordedHost.make(tmp_path, "v2-systemd-limited")

    with pytest.raises(ValueError, match="full id"):
        RecordedHost(tmp_path, "9ebab", host.pid).find()
