"""ResticManager against the fake and against real restic of both versions."""

import os
from pathlib import Path

import pytest

from backups.restic.failures import (
    BackupPathMissing,
    BadResticArgument,
    NoRepository,
    RepositoryExists,
    RepositoryLocked,
    SnapshotNotFound,
    WrongRepositoryPassword,
)
from backups.restic.manager import ResticVersion
from testing.repositories import Repository


async def test_version_is_told_without_a_repository(repository: Repository) -> None:
    version = await repository.manager().version()

    assert f"{version.major}.{version.minor}" == repository.version
    assert (version >= ResticVersion(0, 17)) is (repository.version == "0.18")


async def test_new_repository_is_empty(repository: Repository) -> None:
    await repository.manager().init()

    assert await repository.manager().list_snapshots() == []


async def test_repository_is_made_only_once(repository: Repository, world: Path) -> None:
    await repository.manager().init()
    made = await repository.manager().create_snapshot([world])

    with pytest.raises(RepositoryExists):
        await repository.manager().init()

    assert await repository.manager().list_snapshots() == [made.snapshot]


async def test_snapshot_holds_what_was_given(repository: Repository, world: Path) -> None:
    manager = await repository.made()

    made = await manager.create_snapshot([str(world)], tags=["mcadmin", "server:vanilla"], excludes=["*.tmp"])

    assert made.snapshot.paths == [str(world)]
    assert made.snapshot.hostname == "mcadmin"
    assert made.snapshot.tags == ["mcadmin", "server:vanilla"]
    assert made.snapshot.excludes == ["*.tmp"]
    assert len(made.snapshot.id) == 64
    assert made.snapshot.id.startswith(made.snapshot.short_id)
    assert made.snapshot.time.utcoffset() is not None
    assert made.summary.total_files_processed == 2
    assert made.summary.total_bytes_processed == 605
    assert made.warnings == []


async def test_fields_of_newer_restic_are_none_with_the_older(repository: Repository, world: Path) -> None:
    await repository.made()

    made = await repository.manager().create_snapshot([world])

    is_new = repository.version == "0.18"
    assert (made.summary.backup_end is not None) is is_new
    assert (made.summary.data_added_packed is not None) is is_new
    assert (made.snapshot.summary is not None) is is_new
    assert (made.snapshot.program_version is not None) is is_new
    assert made.summary.total_duration is not None


async def test_snapshots_are_found_by_all_their_tags_and_paths(repository: Repository, world: Path) -> None:
    manager = await repository.made()
    first = (await manager.create_snapshot([world], tags=["a", "b"])).snapshot
    second = (await manager.create_snapshot([world / "region"], tags=["a"])).snapshot

    assert await manager.list_snapshots() == [first, second]
    assert await manager.list_snapshots(tags=["a"]) == [first, second]
    assert await manager.list_snapshots(tags=["a", "b"]) == [first]
    assert await manager.list_snapshots(paths=[world / "region"]) == [second]
    assert await manager.list_snapshots(tags=["b"], paths=[world / "region"]) == []


async def test_snapshot_is_found_by_its_long_and_short_id(repository: Repository, world: Path) -> None:
    manager = await repository.made()
    made = (await manager.create_snapshot([world])).snapshot

    assert await manager.get_snapshot(made.id) == made
    assert await manager.get_snapshot(made.short_id) == made


async def test_unknown_snapshot_is_not_found(repository: Repository, world: Path) -> None:
    await repository.made()
    await repository.manager().create_snapshot([world])

    with pytest.raises(SnapshotNotFound):
        await repository.manager().get_snapshot("00000000")


@pytest.mark.parametrize("id", ["latest", "--help", "", "1234567", "0" * 65, "DEADBEEF", "deadbee\n"])
async def test_id_that_is_none_never_reaches_restic(repository: Repository, id: str) -> None:
    with pytest.raises(BadResticArgument):
        await repository.manager().get_snapshot(id)


async def test_missing_path_is_refused_before_anything_is_saved(repository: Repository, world: Path) -> None:
    await repository.made()

    with pytest.raises(BackupPathMissing, match=r"^nether ") as caught:
        await repository.manager().create_snapshot([world, world / "nether"])

    assert str(world) not in str(caught.value)
    assert await repository.manager().list_snapshots() == []


@pytest.mark.parametrize("paths", [[], ["world"], ["/a\0b"]])
async def test_paths_that_cannot_be_meant_are_refused(repository: Repository, paths: list[str]) -> None:
    with pytest.raises(BadResticArgument):
        await repository.manager().create_snapshot(paths)


@pytest.mark.parametrize("tag", ["", "a,b", "a b", "a\n"])
async def test_tag_that_restic_would_read_otherwise_is_refused(
    repository: Repository, world: Path, tag: str
) -> None:
    with pytest.raises(BadResticArgument):
        await repository.manager().create_snapshot([world], tags=[tag])
    with pytest.raises(BadResticArgument):
        await repository.manager().list_snapshots(tags=[tag])


async def test_path_like_an_option_is_a_path(repository: Repository, world: Path) -> None:
    await repository.made()
    odd = world / "--dry-run [*]"
    odd.write_bytes(b"x")

    made = await repository.manager().create_snapshot([odd])

    assert made.snapshot.paths == [str(odd)]
    assert made.summary.total_files_processed == 1


async def test_unreadable_file_is_a_warning_and_the_snapshot_is_good(
    repository: Repository, world: Path
) -> None:
    await repository.made()
    unreadable = Path(f"/proc/{os.getpid()}/mem")  # for root too; who is confined may not even open it

    made = await repository.manager().create_snapshot([world, unreadable])

    (warning,) = made.warnings
    assert warning.lower() in {"mem: input/output error", "mem: permission denied"}
    assert [found.id for found in await repository.manager().list_snapshots()] == [made.snapshot.id]


async def test_missing_repository_is_told_and_how_to_make_it(repository: Repository, world: Path) -> None:
    with pytest.raises(NoRepository, match="snapshot init") as caught:
        await repository.manager().list_snapshots()
    with pytest.raises(NoRepository):
        await repository.manager().create_snapshot([world])

    assert str(repository.location) not in str(caught.value)


async def test_wrong_password_is_told(repository: Repository, world: Path) -> None:
    await repository.made()

    with pytest.raises(WrongRepositoryPassword):
        await repository.manager(password="wrong").list_snapshots()
    with pytest.raises(WrongRepositoryPassword):
        await repository.manager(password="wrong").create_snapshot([world])


async def test_locked_repository_is_told_and_can_still_be_read(repository: Repository, world: Path) -> None:
    manager = await repository.made()
    made = await manager.create_snapshot([world])

    with repository.locked():
        with pytest.raises(RepositoryLocked, match=r"\(process \d+ on .+, for \d+m?s\)"):
            await manager.create_snapshot([world])
        assert await manager.list_snapshots() == [made.snapshot]
