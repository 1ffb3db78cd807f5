import os
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.daily_file import DailyFile

DAY_S = 86400


class Clock:
    def __init__(self) -> None:
        self.days = 0

    def __call__(self) -> float:
        return time.time() + self.days * DAY_S

    def day(self, offset: int) -> str:
        return str((datetime.now(UTC) + timedelta(days=offset)).date())


def test_lines_are_appended_and_nobody_else_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "a.log"
    file = DailyFile(path, keep_days=3)
    file.append(b"one\n")
    file.append(b"two\n")
    file.close()

    assert path.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_day_begins_a_new_file(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "a.log"
    file = DailyFile(path, keep_days=3, now=clock)
    file.append(b"today\n")
    clock.days = 1
    file.append(b"tomorrow\n")

    assert path.read_bytes() == b"tomorrow\n"
    assert (tmp_path / f"a.log.{clock.day(0)}").read_bytes() == b"today\n"


def test_the_file_of_another_day_is_put_aside_at_the_start(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    path.write_bytes(b"old\n")
    old = time.time() - 2 * DAY_S
    os.utime(path, (old, old))

    DailyFile(path, keep_days=3).append(b"new\n")

    assert path.read_bytes() == b"new\n"
    assert (tmp_path / f"a.log.{Clock().day(-2)}").read_bytes() == b"old\n"


def test_files_older_than_kept_go_and_others_stay(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "a.log"
    for name in (f"a.log.{clock.day(-9)}", f"a.log.{clock.day(-9)}.1", f"a.log.{clock.day(-2)}", "a.log.mine", "b"):
        (tmp_path / name).touch()
    path.write_bytes(b"old\n")
    os.utime(path, (time.time() - DAY_S,) * 2)

    DailyFile(path, keep_days=3).append(b"new\n")

    left = {one.name for one in tmp_path.iterdir()}
    assert left == {"a.log", f"a.log.{clock.day(-1)}", f"a.log.{clock.day(-2)}", "a.log.mine", "b"}


def test_a_deleted_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    file = DailyFile(path, keep_days=3)
    file.append(b"one\n")
    path.unlink()
    file.append(b"two\n")

    assert path.read_bytes() == b"two\n"


def test_a_full_disk_is_an_error_and_leaves_no_half_line(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space"):
        DailyFile(Path("/dev/full"), keep_days=1).append(b"x\n")


WRITER = """
import sys, time
from pathlib import Path
from core.daily_file import DailyFile
start = time.time()
# Each process sees the day turn in the middle of its work.
file = DailyFile(Path(sys.argv[1]), keep_days=9, now=lambda: time.time() + (86400 if int(sys.argv[3]) else 0))
for number in range(60):
    file.append(f"{sys.argv[2]}-{number}-{'x' * 300}\\n".encode())
"""


def test_processes_that_write_and_rotate_at_once_lose_and_tear_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    root = Path(__file__).resolve().parents[2]
    children = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(one), str(one % 2)], cwd=root)
        for one in range(4)
    ]
    assert [child.wait(60) for child in children] == [0] * 4

    lines = [line for file in tmp_path.iterdir() for line in file.read_text().splitlines()]
    expected = sorted(f"{one}-{number}-{'x' * 300}" for one in range(4) for number in range(60))
    assert sorted(lines) == expected
