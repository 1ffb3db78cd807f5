"""What of the machine a confined restic can read: not by a list of ours, but by trying with ``cat`` in its place."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from backups.restic.confinement import Surroundings, for_backup, for_preview, for_restore
from core import confinement
from core.confinement import Confinement

SCHEMES = ("", "sftp", "rclone", "rest", "s3", "gs", "azure", "b2", "swift")
CAT = Path(shutil.which("cat") or "/bin/cat").resolve()


def around(tmp_path: Path, scheme: str, **environment: str) -> Surroundings:
    home = tmp_path / "home"
    (home / ".ssh").mkdir(parents=True, exist_ok=True)
    (home / ".ssh/id").write_text("key")
    (tmp_path / "cache/tmp").mkdir(parents=True, exist_ok=True)
    (tmp_path / "servers/lobby").mkdir(parents=True, exist_ok=True)
    repository = None if scheme else tmp_path / "repository"
    if repository is not None:
        repository.mkdir(exist_ok=True)
    return Surroundings(CAT, repository, scheme, {"HOME": str(home), **environment}, tmp_path / "cache")


async def can_read(confined: Confinement, path: Path | str) -> bool:
    means = await confinement.available()
    if not means:
        pytest.skip("the kernel offers no means")
    words = [*confined.prefix(means), str(CAT), str(path)]
    done = await asyncio.to_thread(subprocess.run, words, capture_output=True, check=False)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode == 0


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_no_repository_lets_the_secrets_of_the_machine_be_read(tmp_path: Path, scheme: str) -> None:
    place = around(tmp_path, scheme)
    for name in ("config.toml", "db.sqlite3", "logs", "servers/other"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("secret")
    secrets: list[str | Path] = [
        "/etc/shadow", "/proc/self/environ", f"/proc/{os.getpid()}/environ", "/proc/1/environ", "/etc/hostname",
        Path.home() / ".bashrc", *(tmp_path / name for name in ("config.toml", "db.sqlite3", "logs", "servers/other")),
    ]
    there = [path for path in secrets if Path(path).exists()]
    assert len(there) >= 7

    for confine in (for_backup, for_restore, for_preview):
        confined = await asyncio.to_thread(confine, place, within=(tmp_path / "servers/lobby",))
        assert [path for path in there if await can_read(confined, path)] == []


@pytest.mark.parametrize(("scheme", "expected"), [("", False), ("sftp", True), ("rest", False), ("s3", False)])
async def test_keys_of_ssh_are_for_repositories_behind_ssh(tmp_path: Path, scheme: str, expected: bool) -> None:
    place = around(tmp_path, scheme)
    confined = await asyncio.to_thread(for_backup, place, within=(tmp_path / "servers/lobby",))
    assert await can_read(confined, tmp_path / "home/.ssh/id") is expected


@pytest.mark.parametrize("confine", [for_backup, for_restore, for_preview])
def test_no_key_can_be_written_but_renewed_tokens_of_rclone(tmp_path: Path, confine: object) -> None:
    """A restore may be led anywhere that can be written to: ~/.ssh/authorized_keys would be somebody's way in."""
    for scheme in SCHEMES:
        place = around(tmp_path, scheme)
        confined = confine(place, within=(tmp_path / "servers/lobby",))  # type: ignore[operator]
        allowed = {place.cache, Path(os.devnull), place.repository}
        if confine is for_backup and scheme == "rclone":
            allowed |= {tmp_path / "home/.config/rclone", tmp_path / "home/.rclone.conf"}
        assert set(confined.write) <= allowed
    assert (tmp_path / "repository" in for_restore(around(tmp_path, ""), within=()).write) is False


async def test_files_that_a_remote_repository_is_given_are_readable(tmp_path: Path) -> None:
    for name in ("key.json", "one", "two"):
        (tmp_path / name).write_text("key")
    place = around(
        tmp_path, "gs", GOOGLE_APPLICATION_CREDENTIALS=f"{tmp_path}/key.json", FILES=f"{tmp_path}/one:{tmp_path}/two"
    )
    confined = await asyncio.to_thread(for_backup, place, within=(tmp_path / "servers/lobby",))
    for name in ("key.json", "one", "two"):
        assert await can_read(confined, tmp_path / name)
    local = around(tmp_path, "", GOOGLE_APPLICATION_CREDENTIALS=f"{tmp_path}/key.json")
    confined = await asyncio.to_thread(for_backup, local, within=(tmp_path / "servers/lobby",))
    assert not await can_read(confined, tmp_path / "key.json")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_only_a_restore_writes_where_games_write(tmp_path: Path, scheme: str) -> None:
    place, within = around(tmp_path, scheme), (tmp_path / "servers/lobby",)
    data = {confine: confine(place, within=within) for confine in (for_backup, for_restore, for_preview)}

    assert {how: (one.data_read, one.data_write) for how, one in data.items()} == {
        for_backup: (within, ()), for_restore: ((), within), for_preview: (within, ()),
    }
    assert [how for how, one in data.items() if place.repository in one.write] == ([] if scheme else [for_backup])
