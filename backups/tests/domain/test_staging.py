"""A restore on disk: whoever dies at whatever step leaves the old tree or the new one, and the old is kept."""

import os
import shutil
from pathlib import Path

import pytest

from backups.restores import staging
from backups.restores.plan import Place, Plan, Present
from core.paths import OutsideRoot, mount_points_at_or_below

OPERATION = "0b54cf7e-1111-4222-8333-444455556666"


@pytest.fixture
def servers(tmp_path: Path) -> Path:
    """A server whose files say "old"; its cache and lock are what snapshots leave out."""
    data = tmp_path / "lobby/data"
    for name in ("world/level.dat", "world/session.lock", "cache/deep/er/jar", "server.properties"):
        (data / name).parent.mkdir(parents=True, exist_ok=True)
        (data / name).write_text("old")
    (data / "cache/link").symlink_to("jar")
    (data / "cache").chmod(0o710)
    os.chown(data / "cache", 1000, 1001)
    os.utime(data / "cache", (1_000_000_000, 1_000_000_000))
    (tmp_path / "lobby/compose.yaml").write_text("old")
    return tmp_path


def begin(servers: Path, target: str = "lobby", source: str = "/then/lobby") -> Plan:
    """Make the plan, and write what restic would write."""
    plan = staging.make(servers, OPERATION, Place(server_id="lobby", target=target, source=source))
    staged = servers / plan.staged
    if target == "lobby":
        (staged / "data/world").mkdir(parents=True)
        (staged / "data/world/level.dat").write_text("new")
        (staged / "compose.yaml").write_text("new")
    else:
        staged.parent.mkdir(parents=True)
        staged.write_text("new")
    return plan


def kept(servers: Path) -> Path:
    return servers / f".removed/lobby-before-{OPERATION}"


def left_out(path: str) -> bool:
    return path in {"data/cache", "data/world/session.lock"}


def test_swap_puts_the_new_tree_in_place_and_keeps_the_old(servers: Path) -> None:
    plan = staging.complete(servers, begin(servers))
    staging.swap(servers, plan)

    found, present = staging.settle(servers, OPERATION)

    assert (found, present) == (plan, Present.NEW)
    assert (servers / "lobby/data/world/level.dat").read_text() == "new"
    assert (kept(servers) / "data/world/level.dat").read_text() == "old"
    assert list((servers / ".restoring").iterdir()) == []


@pytest.mark.parametrize("steps", range(5))
def test_after_a_death_at_each_step_the_tree_is_the_old_or_the_new(servers: Path, steps: int) -> None:
    if steps > 0:
        plan = begin(servers)
    if steps > 1:
        staging.carry_over(servers, plan, left_out=left_out)
    if steps > 2:
        plan = staging.complete(servers, plan)
    if steps > 3:
        staging.swap(servers, plan)

    _, present = staging.settle(servers, OPERATION)
    again = staging.settle(servers, OPERATION)

    assert present is (Present.NEW if steps > 3 else Present.OLD)
    files = {path: path.read_text() for path in (servers / "lobby").rglob("*") if path.suffix in {".dat", ".yaml"}}
    assert set(files.values()) == {present.value}
    assert kept(servers).exists() is (present is Present.NEW)
    assert again == (None, present)
    assert staging.list_unsettled(servers) == []


def test_death_between_two_renames_brings_the_old_tree_back(servers: Path) -> None:
    staging.complete(servers, begin(servers))
    (servers / ".removed").mkdir()
    (servers / "lobby").rename(kept(servers))

    _, present = staging.settle(servers, OPERATION)

    assert present is Present.OLD
    assert (servers / "lobby/data/world/level.dat").read_text() == "old"


def test_death_after_both_renames_leaves_the_new_tree(servers: Path) -> None:
    plan = staging.complete(servers, begin(servers))
    (servers / ".removed").mkdir()
    (servers / "lobby").rename(kept(servers))
    (servers / plan.staged).rename(servers / "lobby")

    _, present = staging.settle(servers, OPERATION)

    assert present is Present.NEW
    assert (kept(servers) / "compose.yaml").read_text() == "old"


def test_what_snapshots_leave_out_is_carried_over_with_its_looks(servers: Path) -> None:
    plan = begin(servers)

    carried = staging.carry_over(servers, plan, left_out=left_out)

    new = servers / plan.staged / "data"
    assert (carried.count, carried.problems) == (6, [])  # cache, deep, er, jar, link, session.lock
    assert (new / "cache/deep/er/jar").read_text() == "old"
    assert os.readlink(new / "cache/link") == "jar"
    found = (new / "cache").stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777, found.st_mtime) == (1000, 1001, 0o710, 1_000_000_000)
    assert not (new / "server.properties").exists()


def test_carrying_over_changes_no_time_of_the_restored_folders(servers: Path) -> None:
    plan = begin(servers)
    world = servers / plan.staged / "data/world"
    os.utime(world, (1_000_000_001, 1_000_000_001))

    staging.carry_over(servers, plan, left_out=left_out)

    assert (world / "session.lock").exists()
    assert world.stat().st_mtime == 1_000_000_001


def test_one_file_is_swapped_and_the_old_one_kept_at_its_path(servers: Path) -> None:
    plan = staging.complete(servers, begin(servers, "lobby/data/world/level.dat", "/then/lobby/data/world/level.dat"))
    staging.swap(servers, plan)
    staging.settle(servers, OPERATION)

    assert (servers / "lobby/data/world/level.dat").read_text() == "new"
    assert (servers / "lobby/compose.yaml").read_text() == "old"
    assert (kept(servers) / "data/world/level.dat").read_text() == "old"


def test_what_was_deleted_meanwhile_comes_back_with_its_folders(servers: Path) -> None:
    shutil.rmtree(servers / "lobby/data/world")
    os.chown(servers / "lobby/data", 1000, 1001)
    plan = staging.complete(servers, begin(servers, "lobby/data/world/level.dat", "/then/lobby/data/world/level.dat"))
    staging.swap(servers, plan)
    _, present = staging.settle(servers, OPERATION)

    assert present is Present.NEW
    assert (servers / "lobby/data/world/level.dat").read_text() == "new"
    assert (servers / "lobby/data/world").stat().st_uid == 1000
    assert not kept(servers).exists()


@pytest.mark.parametrize("link", ["lobby/data", "lobby/data/world"])
def test_link_on_the_way_to_the_target_is_refused(servers: Path, link: str) -> None:
    outside = servers / "outside"
    outside.mkdir()
    (outside / "level.dat").write_text("canary")
    shutil.rmtree(servers / link)
    (servers / link).symlink_to(outside)
    target = "lobby/data/world/level.dat"
    plan = staging.complete(servers, begin(servers, target, "/then/level.dat"))

    with pytest.raises(OutsideRoot):
        staging.check_target(servers, target)
    with pytest.raises(OutsideRoot):
        staging.swap(servers, plan)

    assert (outside / "level.dat").read_text() == "canary"


def test_restore_that_would_not_fit_is_refused_before_it_begins(servers: Path) -> None:
    with pytest.raises(staging.NotEnoughRoom, match="nothing was changed"):
        staging.check_room(servers, size_bytes=2**60, files=1)


def test_mount_points_are_found_at_and_below_a_path(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 0:1 / /srv rw - ext4 /dev/a rw\n"
        "23 1 0:2 / /srv/my\\040server/data rw - ext4 /dev/b rw\n"
        "24 1 0:3 / /srv/my\\040server2 rw - ext4 /dev/c rw\n"
    )

    assert mount_points_at_or_below(Path("/srv/my server"), mountinfo=table) == [Path("/srv/my server/data")]
    assert mount_points_at_or_below(Path("/srv/my server/data/world"), mountinfo=table) == []
