"""A restic that gets nowhere is told of and ended; one that only takes its time is left alone."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from backups.restic.manager import ResticManager
from backups.restic.patience import CopyStalled, Patience, Watch
from core import process
from testing.fake_restic import FakeRestic
from testing.repositories import BINARIES, PASSWORD, Access, RealRepository, make_empty

WARN_S, END_S = 0.4, 1.2


def patience(warned: list[str]) -> Patience:
    return Patience(warn_s=WARN_S, end_s=END_S, obstacles=lambda: "the disk of the servers", warn=warned.append)


@pytest.mark.parametrize(
    ("beats", "is_stalled"),
    [
        ([], True),  # silent: the gate holds it
        ([7] * 60, True),  # the same counts again and again, as restic prints them while a disk hangs
        (list(range(60)), False),
    ],
    ids=["silent", "the same counts", "growing counts"],
)
async def test_counts_that_stand_still_end_it(tmp_path: Path, world: Path, beats: list[int], is_stalled: bool) -> None:
    restic = FakeRestic("0.18", passwords={str(tmp_path / "r"): PASSWORD}, beats=beats)
    restic.gate = None if beats else asyncio.Event()
    warned: list[str] = []
    manager = ResticManager(Access(str(tmp_path / "r")), run=restic, binary="restic").patient(patience(warned))

    if not is_stalled:
        await manager.create_snapshot([world])
        assert (warned, len(restic.snapshots)) == ([], 1)
        return
    with pytest.raises(CopyStalled, match="and was ended"):
        await manager.create_snapshot([world])
    assert (len(warned), restic.snapshots) == (1, [])
    assert "so far" in warned[0]


@pytest.mark.restic
@pytest.mark.parametrize("version", BINARIES)
async def test_a_real_restic_that_is_stopped_is_ended_and_frees_its_lock(
    version: str, tmp_path: Path, world: Path
) -> None:
    repository = RealRepository(version, tmp_path)
    make_empty(repository.location, version=version, is_cheap=False)  # restic is stopped while it opens it
    pids: list[int] = []

    async def run(*argv: str, on_start: Any = None, **options: Any) -> str:
        def stop(pid: int) -> None:
            if "backup" in argv:
                pids.append(pid)
                os.kill(pid, signal.SIGSTOP)
            if on_start is not None:
                on_start(pid)

        return await process.run(*argv, on_start=stop, **options)

    warned: list[str] = []
    access = Access(str(repository.location))
    manager = ResticManager(access, run=run, binary=repository.binary).patient(patience(warned))

    with pytest.raises(CopyStalled, match="SIGSTOP"):
        await manager.create_snapshot([world])

    assert len(warned) == 1
    assert not Path(f"/proc/{pids[0]}").exists()
    assert await repository.manager().list_snapshots() == []
    assert list((repository.location / "locks").iterdir()) == []


WORK = """
import sys, time
for _ in range(60):
    print('{"message_type":"status","bytes_done":7}' * LINES, flush=True)
    with open(sys.argv[1], "wb") as file: file.write(bytes(BYTES))
    time.sleep(0.05)
"""


@pytest.mark.parametrize(
    ("lines", "bytes_", "is_stalled"),
    [
        (1, 200_000, False),  # packs are sent
        (1, 500, True),  # a host that is away is tried
        (100, 0, True),  # its own words are none, such as that it tries again
    ],
)
async def test_bytes_that_its_process_moves_are_progress(
    tmp_path: Path, lines: int, bytes_: int, is_stalled: bool
) -> None:
    warned: list[str] = []
    watch = Watch(patience(warned))
    code = WORK.replace("LINES", str(lines)).replace("BYTES", str(bytes_))
    argv = (sys.executable, "-c", code, str(tmp_path / "file"))

    running = watch.over(process.run(*argv, on_line=watch.read, on_start=watch.begin))

    if is_stalled:
        with pytest.raises(CopyStalled):
            await running
    else:
        await running
        assert warned == []
