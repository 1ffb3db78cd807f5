"""Restore, browse, download, compare, check and unlock with real restic of both versions."""

import asyncio
import io
import os
import signal
import stat
import subprocess
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from backups.restic import browsing, locks, restoring, upkeep
from backups.restic.command import ResticCommand
from backups.restic.failures import BadResticArgument, RepositoryLocked
from backups.restic.manager import ResticVersion
from backups.restic.restoring import Piece
from core.confined_exec import LANDLOCK, MOUNTS
from core.errors import AppError
from testing.repositories import BINARIES, PASSWORD, RealRepository, make_repository

pytestmark = pytest.mark.restic
ODD = ["a[b]*?\\c", "two\nlines", "grün b", "-x", "a"]
HOLE_BYTES = 8 * 2**20


@dataclass
class Saved:
    """A repository with two snapshots of ``tree``: as it was, and after some changes."""

    repository: RealRepository
    tree: Path
    first: str
    second: str

    @property
    def restic(self) -> ResticCommand:
        return self.repository.manager().command

    @property
    def version(self) -> ResticVersion:
        major, minor = self.repository.version.split(".")
        return ResticVersion(int(major), int(minor))


def make_tree(tree: Path) -> None:
    for name in ODD:
        (tree / name).mkdir(parents=True)
        (tree / name / "in side").write_text(name)
    (tree / "run.sh").write_text("#!/bin/sh\n")
    (tree / "run.sh").chmod(0o750)
    os.chown(tree / "run.sh", 1234, 2345)
    os.utime(tree / "run.sh", (1_000_000_000, 1_000_000_000))
    (tree / "link").symlink_to("run.sh")
    os.link(tree / "run.sh", tree / "hard")
    with open(tree / "holes", "wb") as file:
        file.truncate(HOLE_BYTES)


@pytest.fixture(scope="module", params=BINARIES)
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    folder = tmp_path_factory.mktemp("restoring")
    repository = make_repository("real", request.param, folder)
    assert isinstance(repository, RealRepository)
    tree = folder / "tree"
    make_tree(tree)

    async def save() -> list[str]:
        manager = await repository.made()
        first = await manager.create_snapshot([tree])
        (tree / "new").write_text("12345")
        (tree / "run.sh").write_text("longer than it was\n")
        (tree / "a/in side").unlink()
        second = await manager.create_snapshot([tree])
        return [first.snapshot.id, second.snapshot.id]

    return Saved(repository, tree, *asyncio.run(save()))


@pytest.mark.parametrize("name", ODD)
async def test_folder_of_any_name_comes_back_alone(saved: Saved, name: str, tmp_path: Path) -> None:
    path = f"{saved.tree}/{name}"

    await restoring.restore(saved.restic, Piece(saved.first, path), target=tmp_path, version=saved.version)

    back = tmp_path / str(saved.tree)[1:]
    assert [one.name for one in back.iterdir()] == [name]
    assert (back / name / "in side").read_text() == name


async def test_owner_mode_time_links_and_holes_come_back(saved: Saved, tmp_path: Path) -> None:
    await restoring.restore(saved.restic, Piece(saved.first, str(saved.tree)), target=tmp_path, version=saved.version)

    back = tmp_path / str(saved.tree)[1:]
    found = (back / "run.sh").stat()
    assert (found.st_uid, found.st_gid, stat.S_IMODE(found.st_mode)) == (1234, 2345, 0o750)
    assert found.st_mtime == 1_000_000_000
    assert os.readlink(back / "link") == "run.sh"
    assert (back / "hard").stat().st_ino == found.st_ino
    assert (back / "holes").stat().st_size == HOLE_BYTES
    is_sparse = (back / "holes").stat().st_blocks * 512 < HOLE_BYTES
    assert is_sparse is (saved.repository.version == "0.18")


async def test_path_that_is_not_there_is_told_before_a_restore(saved: Saved) -> None:
    with pytest.raises(browsing.PathNotInSnapshot, match="nothing"):
        await browsing.measure(saved.restic, saved.first, f"{saved.tree}/nope")


async def test_folder_is_listed_and_measured(saved: Saved) -> None:
    nodes = await browsing.list_folder(saved.restic, saved.first, f"{saved.tree}/")

    assert sorted(node.name for node in nodes) == sorted([*ODD, "run.sh", "link", "hard", "holes"])
    assert {node.name: node.type for node in nodes}["link"] == "symlink"
    root = await browsing.list_folder(saved.restic, saved.first, "/")
    assert [node.path for node in root] == [f"/{saved.tree.parts[1]}"]
    measured = await browsing.measure(saved.restic, saved.first, f"{saved.tree}/-x")
    assert measured == browsing.Measured(files=1, size_bytes=2)


@pytest.mark.parametrize("path", ["relative", "/x/../y", "/nul\0"])
async def test_path_that_is_no_absolute_one_is_refused(saved: Saved, path: str) -> None:
    with pytest.raises(BadResticArgument):
        await browsing.list_folder(saved.restic, saved.first, path)


async def test_file_is_read_as_it_is_and_folder_as_zip(saved: Saved) -> None:
    path = f"{saved.tree}/two\nlines"
    file = await browsing.find(saved.restic, saved.first, f"{path}/in side")
    folder = await browsing.find(saved.restic, saved.first, path)

    content = b"".join([chunk async for chunk in browsing.read_content(saved.restic, saved.first, file)])
    archive = b"".join([chunk async for chunk in browsing.read_content(saved.restic, saved.first, folder)])

    assert content == b"two\nlines"
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert [opened.read(name) for name in opened.namelist() if name.endswith("in side")] == [b"two\nlines"]


async def test_difference_names_each_path_with_its_sizes(saved: Saved) -> None:
    found = await browsing.diff(saved.restic, saved.first, saved.second)

    told = {change.path.removeprefix(f"{saved.tree}/"): change for change in found.changes}
    assert (told["new"].kind, told["new"].old_size, told["new"].new_size) == ("added", None, 5)
    assert (told["a/in side"].kind, told["a/in side"].old_size) == ("removed", 1)
    assert (told["run.sh"].kind, told["run.sh"].old_size, told["run.sh"].new_size) == ("changed", 10, 19)
    assert found.left_out == 0


async def test_preview_needs_0_17(saved: Saved, tmp_path: Path) -> None:
    await restoring.restore(saved.restic, Piece(saved.first, str(saved.tree)), target=tmp_path, version=saved.version)
    present = tmp_path / str(saved.tree)[1:]
    (present / "extra").touch()
    (present / "grün b/in side").write_text("changed")
    (present / "hard").unlink()
    if saved.repository.version == "0.14":
        with pytest.raises(restoring.ResticTooOld, match=r"restic 0\.14\.0 .* needs restic 0\.17\.0"):
            restoring.require(saved.version, restoring.DRY_RUN_SINCE, to="preview")
        return

    piece = Piece(saved.first, str(saved.tree))
    actions = [action async for action in restoring.preview(saved.restic, piece, target=present)]

    told = {Path(one.item or "").name: one.action for one in actions if one.size or one.action == "deleted"}
    assert told["extra"] == "deleted"
    assert told["in side"] == "updated"
    assert told["hard"] == "restored"
    assert (present / "extra").exists()


def link_in_place(data: Path, host: Path) -> None:
    (data / "world").symlink_to(host)


def link_on_the_way(data: Path, host: Path) -> None:
    (host / "world").mkdir()
    (host / "canary").rename(host / "world/canary")
    data.rmdir()
    data.symlink_to(host)


def link_below(data: Path, host: Path) -> None:
    (data / "world").mkdir()
    (data / "world/a").symlink_to(host)


@pytest.mark.parametrize("plant", [link_in_place, link_on_the_way, link_below])
@pytest.mark.parametrize("does_write", [False, True])
@pytest.mark.parametrize("means", [LANDLOCK, MOUNTS])
async def test_a_link_leads_neither_preview_nor_restore_out(
    saved: Saved, tmp_path: Path, plant: Callable[[Path, Path], None], means: str, *, does_write: bool
) -> None:
    """A game can put a link there after we looked: with ``--delete`` restic would empty any folder, or list it."""
    if saved.version < restoring.DRY_RUN_SINCE:  # it can do neither
        return
    server, host = tmp_path / "server", tmp_path / "host"
    (server / "data").mkdir(parents=True)
    host.mkdir()
    (host / "canary").write_text("canary")
    plant(server / "data", host)
    before = sorted(one.relative_to(host) for one in host.rglob("*"))
    restic = replace(saved.restic.confined_to(server), means=frozenset({means}))
    piece, target = Piece(saved.first, str(saved.tree)), server / "data/world"

    told = ""
    with suppress(AppError):
        if does_write:
            await restoring.restore_in_place(restic, piece, target=target, only=())
        else:
            told = str([action async for action in restoring.preview(restic, piece, target=target)])

    assert "canary" not in told
    assert sorted(one.relative_to(host) for one in host.rglob("*")) == before


async def test_forgotten_snapshots_are_gone_and_gone_ones_passed_over(saved: Saved) -> None:
    manager = saved.repository.manager()
    third = (await manager.create_snapshot([saved.tree / "run.sh"])).snapshot.id

    await upkeep.forget(saved.restic, [third, "0" * 64])

    assert [one.id for one in await manager.list_snapshots()] == [saved.first, saved.second]


async def test_prune_and_check_tell_their_progress(saved: Saved) -> None:
    lines: list[str] = []

    await upkeep.prune(saved.restic, on_line=lines.append)
    await upkeep.check(saved.restic, read_data_percent=50, on_line=lines.append)

    assert 100.0 in [upkeep.percent_of(line) for line in lines]


async def test_damage_is_found(saved: Saved, tmp_path: Path) -> None:
    subprocess.run(["cp", "-a", saved.repository.location, tmp_path / "repository"], check=True)
    repository = make_repository("real", saved.repository.version, tmp_path)
    packs = [path for path in repository.location.joinpath("data").rglob("*") if path.is_file()]
    largest = max(packs, key=lambda path: path.stat().st_size)
    largest.chmod(0o600)
    content = bytearray(largest.read_bytes())
    content[10] ^= 255
    largest.write_bytes(content)

    with pytest.raises(upkeep.RepositoryDamaged, match="damaged") as caught:
        await upkeep.check(repository.manager().command, read_data_percent=100, on_line=lambda _: None)

    assert caught.value.result["findings"]


LOCK_NAME = 64  # digits; while restic still writes the file, "-tmp-…" follows them


def abandoned_lock(saved: Saved) -> int:
    """Kill a restic while it holds the lock; return its process number."""
    env = {**os.environ, "RESTIC_REPOSITORY": str(saved.repository.location), "RESTIC_PASSWORD": PASSWORD}
    folder = saved.repository.location / "locks"
    before = set(folder.iterdir())
    restic = subprocess.Popen(
        [saved.repository.binary, "backup", "--stdin", "--no-cache"], env=env, stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    while not any(len(one.name) == LOCK_NAME for one in set(folder.iterdir()) - before):
        assert restic.poll() is None
        time.sleep(0.01)
    restic.send_signal(signal.SIGKILL)
    restic.communicate()
    return restic.pid


async def test_dead_lock_is_removed_and_a_living_one_stays(saved: Saved) -> None:
    pid = await asyncio.to_thread(abandoned_lock, saved)
    with pytest.raises(RepositoryLocked):
        await upkeep.prune(saved.restic, on_line=lambda _: None)

    removed = await locks.unlock(saved.restic)

    assert [lock.pid for lock in removed if isinstance(lock, locks.RepositoryLock)] == [pid]
    assert await locks.list_locks(saved.restic) == []
    living = saved.repository.locked()
    await asyncio.to_thread(living.__enter__)
    try:
        assert await locks.unlock(saved.restic) == []
        assert len(await locks.list_locks(saved.restic)) == 1
    finally:
        await asyncio.to_thread(living.__exit__, None, None, None)
        restore_packs(saved.repository.location)
    assert len(await locks.unlock(saved.restic)) == 1


def restore_packs(location: Path) -> None:
    """Undo what ``locked`` did to the packs, for the tests that follow."""
    for kept in location.joinpath("data").rglob("*.kept"):
        kept.rename(kept.with_suffix(""))


async def test_lock_of_another_machine_is_not_proven_dead(
    saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(abandoned_lock, saved)
    monkeypatch.setattr(locks, "STALE_AFTER", timedelta(0))
    monkeypatch.setattr("socket.gethostname", lambda: "elsewhere")

    with pytest.raises(locks.LocksNotProvenDead, match="process"):
        await locks.unlock(saved.restic)

    monkeypatch.undo()
    assert len(await locks.unlock(saved.restic)) == 1

