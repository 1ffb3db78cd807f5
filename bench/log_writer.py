"""Writes a server's log as a game would, or as fast as the disk takes it; run it as a process of its own.

``python -m bench.log_writer paced FILE LINES PER_S`` or ``flood FILE SECONDS``; prints one JSON object at the end.
"""

import gzip
import json
import os
import sys
import time
from io import FileIO
from pathlib import Path

PREFIX = "[12:00:00] [Server thread/INFO]: "
TAIL = "<Jürgen> 雪だるま ❄ Ωμέγα — a line as players write them 🙂"
NUMBER = slice(len(PREFIX), len(PREFIX) + 8)
STAMP = slice(len(PREFIX) + 9, len(PREFIX) + 27)
TICK_S = 0.01
BEFORE_CUT_S = 0.5  # what is cut off before anybody read it is gone for everybody
SYNC_BYTES = 32 * 1024 * 1024
MAX_FLOOD_BYTES = 20 * 1024**3


def line(number: int) -> str:
    """Return line ``number`` with the time of its writing, the same clock in every process."""
    return f"{PREFIX}{number:08d} {time.monotonic():018.6f} {TAIL}\n"


def paced(path: Path, lines: int, per_s: int) -> dict[str, float]:
    """Write ``lines`` numbered lines at ``per_s``: two rotations by rename and gzip, one truncation in between."""
    events = {lines // 4: rotate, lines // 2: cut, lines * 3 // 4: rotate}
    file, written, started, paused = path.open("ab", buffering=0), 0, time.monotonic(), 0.0
    while written < lines:
        due = min(lines, int((time.monotonic() - started - paused) * per_s))
        due = min([due, *(at for at in events if written < at)])
        if due > written:
            file.write("".join(line(number) for number in range(written + 1, due + 1)).encode())
            written = due
        if event := events.pop(written, None):
            before = time.monotonic()
            file = event(path, file)
            paused += time.monotonic() - before
        time.sleep(TICK_S)
    file.close()
    return {"lines": written, "seconds": time.monotonic() - started - paused}


def rotate(path: Path, file: FileIO) -> FileIO:
    """Do what the game's logger does at midnight: another name, compressed, a new file."""
    file.close()
    old = path.with_name(f"{time.monotonic_ns()}.log")
    path.rename(old)
    new = path.open("ab", buffering=0)
    with gzip.open(f"{old}.gz", "wb", compresslevel=1) as packed:
        packed.write(old.read_bytes())
    old.unlink()
    return new


def cut(path: Path, file: FileIO) -> FileIO:  # noqa: ARG001 - the same form as `rotate`
    """Empty the file, as ``copytruncate`` does, once readers have had the time to read it."""
    time.sleep(BEFORE_CUT_S)
    file.truncate(0)
    return file


def flood(path: Path, seconds: float) -> dict[str, float]:
    """Write numbered lines as fast as the disk takes them."""
    written, size, started, unsynced = 0, 0, time.monotonic(), 0
    block = 10_000
    tail = (TAIL + "\n").encode()
    with path.open("ab", buffering=0) as file:
        while time.monotonic() - started < seconds and size < MAX_FLOOD_BYTES:
            content = b"".join(b"%s%08d %s" % (PREFIX.encode(), number, tail) for number in range(block))
            for _ in range(20):
                file.write(content)
                written, size, unsynced = written + block, size + len(content), unsynced + len(content)
                if unsynced > SYNC_BYTES:
                    os.fdatasync(file.fileno())
                    unsynced = 0
                if time.monotonic() - started >= seconds:
                    break
    return {"lines": written, "bytes": size, "seconds": time.monotonic() - started}


def main() -> None:
    """Run one of the two."""
    what, path, *numbers = sys.argv[1:]
    if what == "paced":
        print(json.dumps(paced(Path(path), int(numbers[0]), int(numbers[1]))))
    else:
        print(json.dumps(flood(Path(path), float(numbers[0]))))


if __name__ == "__main__":
    main()
