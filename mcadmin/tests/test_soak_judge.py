"""The soak counts lost lines right: its own judge, on viewers that are told what to have been shown."""

import gzip
from pathlib import Path

from bench.soak_viewers import ConsoleViewer, judge, written_by

LINES = [f"[00:00:{number:02}] [Server thread/INFO]: flood {number}" for number in range(10)]


def viewer(*frames: tuple[str, list[str]]) -> ConsoleViewer:
    """A viewer that was shown lines by epoch, a connection each."""
    one = ConsoleViewer("", lambda: "")
    for link, (epoch, lines) in enumerate(frames):
        one.links = link
        one.take({"type": "log", "content": "".join(f"{line}\n" for line in lines), "seq": 1, "epoch": epoch})
    return one


def test_whole_is_whole_over_a_resumed_connection_and_another_panel() -> None:
    verdict = judge(viewer(("a", LINES[2:4]), ("a", LINES[4:6]), ("b", LINES[3:])), LINES)

    assert (verdict.written, verdict.missing, verdict.within, verdict.doubled, verdict.anew) == (8, 0, 0, 0, 1)


def test_a_hole_across_a_resumed_connection_is_a_jump() -> None:
    verdict = judge(viewer(("a", LINES[:4]), ("a", LINES[6:])), LINES)

    assert (verdict.missing, verdict.within) == (2, 2)


def test_a_hole_between_two_panels_and_at_the_end_is_missing() -> None:
    verdict = judge(viewer(("a", LINES[:4]), ("b", LINES[6:9])), LINES)

    assert (verdict.missing, verdict.within) == (3, 0)


def test_what_comes_twice_or_was_never_written_is_told() -> None:
    verdict = judge(viewer(("a", [*LINES[:4], LINES[3], LINES[4].replace("4", "x9")])), LINES)

    assert (verdict.doubled, verdict.unknown) == (1, 0)
    assert judge(viewer(("a", ["[x]: flood 77"])), LINES).unknown == 1


def test_files_are_read_in_the_order_of_writing(tmp_path: Path) -> None:
    for name, line in (("2026-01-01-2", 0), ("2026-01-01-10", 1)):
        (tmp_path / f"{name}.log.gz").write_bytes(gzip.compress(f"{LINES[line]}\n".encode()))
    (tmp_path / "latest.log").write_text(f"Done\n{LINES[2]}\n")

    assert written_by(tmp_path) == LINES[:3]
