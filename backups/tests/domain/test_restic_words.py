"""What restic says, recorded, and what we make of it."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from backups.restic import restoring
from backups.restic.command import ResticCommand
from backups.restic.events import MAX_WARNINGS, BackupEvents, BackupProgress
from backups.restic.failures import (
    NoRepository,
    RepositoryFull,
    RepositoryUnreachable,
    ResticFailed,
    ResticNotInstalled,
    TemporaryDiskFull,
    explain,
)
from backups.restic.manager import ResticManager, ResticVersion
from backups.restic.restoring import Piece, RestoreProgress
from backups.restic.snapshot import parse_snapshots
from core.errors import AppError, TimedOut
from core.process import ProgramFailed, ProgramMissing
from testing.repositories import Access

AWAY = (
    'Fatal: unable to open config file: client.Head: Head "http://u:***@127.0.0.1:1/x/config": dial tcp '
    "127.0.0.1:1: connect: connection refused\nIs there a repository at the following location?\n"
    "rest:http://u:***@127.0.0.1:1/x/\n"
)
NO_SSH = (
    "subprocess ssh: ssh: connect to host 127.0.0.1 port 22: Connection refused\n"
    "Fatal: unable to open repository at sftp:nobody@127.0.0.1:/x: "
    "unable to start the sftp session, error: EOF\n"
)
NOT_OURS = (
    "Fatal: unable to open config file: open /b/config: permission denied\n"
    "Is there a repository at the following location?\n/b\n"
)
SNAPSHOT = {
    "time": "2026-11-24T02:00:00.125364691Z", "tree": "03" * 32, "paths": ["/w"], "hostname": "mcadmin",
    "username": "root", "id": "74" * 32, "short_id": "74747474",
}


class Answers:
    """A process boundary that always ends the same way, and remembers what it was given."""

    def __init__(self, outcome: str | Exception) -> None:
        self.outcome = outcome
        self.argv: tuple[str, ...] = ()
        self.env: dict[str, str] = {}

    async def __call__(self, *argv: str, env: Any = None, on_line: Any = None, **options: Any) -> str:
        self.argv, self.env = argv, dict(env)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if on_line is not None:
            on_line(self.outcome)
        return self.outcome


@pytest.mark.parametrize(
    ("code", "stderr", "error"),
    [
        (1, AWAY, RepositoryUnreachable),
        (1, NO_SSH, RepositoryUnreachable),
        (1, NOT_OURS, RepositoryUnreachable),
        (10, "", NoRepository),
        (1, "Save(<data/ab>) failed: write: no space left on device", RepositoryFull),
        (1, 'failed to save blob from file "x": Write: write /tmp/restic-temp-pack-3307736038: no space left on device',
         TemporaryDiskFull),
        (127, "nice: 'restic': No such file or directory", ResticNotInstalled),
        (1, "Fatal: something new at /srv/secret", ResticFailed),
        (99, "", ResticFailed),
    ],
)
def test_failure_is_told_by_code_or_words(code: int, stderr: str, error: type[AppError]) -> None:
    found = explain(ProgramFailed("restic", code, stderr))

    assert type(found) is error
    assert "/srv" not in str(found)


async def test_missing_program_is_told(tmp_path: Path) -> None:
    manager = ResticManager(Access("/r"), run=Answers(ProgramMissing("x")), binary="restic")

    with pytest.raises(ResticNotInstalled):
        await manager.version()


async def test_silent_repository_is_unreachable() -> None:
    with pytest.raises(RepositoryUnreachable, match="did not answer"):
        await ResticManager(Access("/r"), run=Answers(TimedOut("x")), binary="restic").list_snapshots()


async def test_secrets_are_in_the_environment_and_not_among_the_arguments(tmp_path: Path) -> None:
    run = Answers("[]\n")
    theirs = {"AWS_SECRET_ACCESS_KEY": "k3y", "RESTIC_PASSWORD_FILE": "/x", "RESTIC_PASSWORD": "other"}
    access = Access("s3:https://u:geheim@host/b", "pass-word", theirs)

    await ResticManager(access, run=run, binary="restic", cache_dir=tmp_path).list_snapshots()

    assert run.env["RESTIC_REPOSITORY"] == access.repository_path
    assert run.env["RESTIC_PASSWORD"] == "pass-word"
    assert run.env["RESTIC_CACHE_DIR"] == str(tmp_path)
    assert run.env["AWS_SECRET_ACCESS_KEY"] == "k3y"
    assert "RESTIC_PASSWORD_FILE" not in run.env
    assert not any(secret in arg for arg in run.argv for secret in ("geheim", "pass-word", "k3y"))


async def test_no_secret_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    said = "Fatal: k3y and pass-word at s3:https://u:geheim@host/b are odd"
    access = Access("s3:https://u:geheim@host/b", "pass-word", {"AWS_SECRET_ACCESS_KEY": "k3y"})
    command = ResticCommand(access, Answers(ProgramFailed("restic", 1, said)), "restic")

    with caplog.at_level(logging.WARNING), pytest.raises(ResticFailed):
        await command.read("snapshots")

    assert "are odd" in caplog.text
    assert not any(secret in caplog.text + repr(command) for secret in ("geheim", "pass-word", "k3y"))


@pytest.mark.parametrize("summary", ["", '{"message_type":"summary","files_new":"many"}'])
async def test_backup_that_names_no_snapshot_is_a_failure(tmp_path: Path, summary: str) -> None:
    with pytest.raises(ResticFailed, match="which snapshot"):
        await ResticManager(Access("/r"), run=Answers(summary), binary="restic").create_snapshot([tmp_path])


def test_progress_is_read_from_both_versions() -> None:
    seen: list[BackupProgress] = []
    events = BackupEvents([], on_progress=seen.append)

    events.read('{"message_type":"status","percent_done":0,"total_files":1,"total_bytes":3}')
    events.read(
        '{"message_type":"status","seconds_elapsed":2,"seconds_remaining":1,"percent_done":0.74,"total_files":4,'
        '"files_done":3,"total_bytes":603000005,"bytes_done":445918276,"current_files":["/tmp/rt/src/huge"]}'
    )

    assert seen == [
        BackupProgress(total_files=1, total_bytes=3),
        BackupProgress(
            percent_done=0.74, total_files=4, files_done=3, total_bytes=603000005, bytes_done=445918276,
            seconds_elapsed=2, seconds_remaining=1,
        ),
    ]
    assert events.warnings == []


def test_lines_that_are_not_json_are_warnings_without_our_paths() -> None:
    events = BackupEvents([Path("/srv/mc/vanilla")])

    events.read("/srv/mc/vanilla/data does not exist, skipping")
    events.read("")
    events.read("{half")
    events.read("Warning: at least one source file could not be read")

    assert events.warnings == ["vanilla/data does not exist, skipping", "{half"]


def test_many_warnings_are_counted() -> None:
    events = BackupEvents([])

    for number in range(MAX_WARNINGS + 7):
        events.read(f"warning {number}")

    assert len(events.warnings) == MAX_WARNINGS + 1
    assert events.warnings[-1] == "… and 7 more"


def test_list_is_found_among_other_lines_and_put_together_from_pieces() -> None:
    text = json.dumps([SNAPSHOT, SNAPSHOT])

    found = parse_snapshots(f"some remark\n{text[:150]}\n{text[150:]}\nanother remark\n")

    assert [snapshot.id for snapshot in found] == ["74" * 32] * 2


@pytest.mark.parametrize("output", ["", "nothing", "[{}]", "[1", '{"a": 1}'])
def test_list_that_is_not_understood_is_a_failure(output: str) -> None:
    with pytest.raises(ResticFailed):
        parse_snapshots(output)


def test_null_is_an_empty_list() -> None:
    assert parse_snapshots("null\n") == []


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        ('"percent_done":0.5,"total_bytes":30,"bytes_restored":15', RestoreProgress(50.0, 15, 30)),
        ('"percent_done":0.5', RestoreProgress(50.0)),  # as restic 0.14 prints none of it
    ],
)
async def test_a_restore_tells_the_bytes_that_restic_tells(said: str, seen: RestoreProgress, tmp_path: Path) -> None:
    restic = ResticCommand(Access("/r"), run=Answers(f'{{"message_type":"status",{said}}}'), binary="restic")
    told: list[RestoreProgress] = []
    await restoring.restore(
        restic, Piece("ab", "/"), target=tmp_path, version=ResticVersion(0, 17), on_progress=told.append
    )
    assert told == [seen]
