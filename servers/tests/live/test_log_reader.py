"""Lines in = lines out, however the bytes come and whatever happens to the file."""

import gzip
import os
import tempfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.paths import Root
from servers.live.console import log_reader
from servers.live.console.log_reader import EMPTIED, TAIL_BYTES, Batch, LogReader
from servers.minecraft.log_lines import CUT_MARK, MAX_LINE_BYTES

LINES = st.lists(st.text(st.sampled_from("ab ü雪🙂é§\t"), max_size=12), max_size=8)


class Game:
    """Writes a log as a game does, and knows which lines a reader must have given so far."""

    def __init__(self, data: Path) -> None:
        self.log = self._file = data / "logs" / "latest.log"
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.log.touch()
        self.said: list[str] = []
        self._open = b""  # of the last line, which has no end yet

    def write(self, block: bytes) -> None:
        with self._file.open("ab") as file:
            file.write(block)
        *whole, self._open = (self._open + block).split(b"\n")
        self.said += [line.decode() for line in whole]

    def rename(self) -> None:
        """Give the file a dated name, as the game's logger does at midnight and at a start."""
        self._file = self.log.with_name(f"2026-01-01-{len(self.said)}.log")
        self.log.rename(self._file)

    def begin_anew(self, *, compress: bool) -> None:
        """End the renamed file and begin another."""
        self._end()
        if compress:
            self._file.with_suffix(".log.gz").write_bytes(gzip.compress(self._file.read_bytes()))
            self._file.unlink()
        self._file = self.log
        self.log.touch()

    def truncate(self) -> None:
        os.truncate(self.log, 0)
        self._end()

    def _end(self) -> None:
        """End the file: a line without an end is whole now."""
        if self._open:
            self.said.append(self._open.decode())
        self._open = b""


def read_all(reader: LogReader, into: list[str]) -> list[Batch]:
    batches = []
    while True:
        batches.append(batch := reader.read())
        into += batch.lines
        if not batch.more:
            return batches


def pieces(raw: bytes, cuts: list[int]) -> list[bytes]:
    """Cut ``raw`` anywhere, in the middle of a character too."""
    at = sorted({cut % (len(raw) + 1) for cut in cuts} | {0, len(raw)})
    return [raw[start:end] for start, end in pairwise(at)]


Step = tuple[str, list[str] | None, list[int] | None]
STEP = st.one_of(
    st.tuples(st.just("write"), LINES, st.lists(st.integers(0, 200), max_size=6)),
    st.tuples(st.just("open"), LINES, st.lists(st.integers(0, 200), max_size=6)),
    st.tuples(st.just("read"), st.none(), st.none()),
    st.tuples(st.sampled_from(["rotate", "compress", "rotate late", "truncate"]), st.none(), st.none()),
)


@given(steps=st.lists(STEP, max_size=25), chunk=st.integers(4, 40), ends=st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=80, deadline=None)
def test_every_line_comes_out_once_and_in_order(steps: list[Step], chunk: int, ends: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_reader, "CHUNK_BYTES", chunk)
        game, reader = Game(Path(folder)), LogReader(lambda: Root(Path(folder)))
        got: list[str] = []
        has_rotated = True
        for what, lines, cuts in steps:
            # Two rotations at one look would hide a file.
            if what == "read" or (what not in {"write", "open"} and has_rotated):
                read_all(reader, got)
                has_rotated = False
            match what:
                case "write" | "open":
                    text = "".join(line + ends for line in lines or ()) + ("no end yet" if what == "open" else "")
                    for piece in pieces(text.encode(), cuts or []):
                        game.write(piece)
                        got += reader.read().lines  # a bounded part: the reader may fall behind
                case "truncate":
                    read_all(reader, got)  # what was not read before is gone for everybody
                    game.truncate()
                    read_all(reader, got)
                case "rotate" | "compress":
                    game.rename()
                    game.begin_anew(compress=what == "compress")
                    has_rotated = True
                case "rotate late":
                    game.rename()
                    got += reader.read().lines
                    game.write(b"late\n")
                    game.begin_anew(compress=False)
                    has_rotated = True
        read_all(reader, got)
        reader.close()
        assert got == [line.removesuffix("\r") for line in game.said]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path


def test_the_first_read_begins_at_a_lines_start_in_the_last_mebibyte(data: Path) -> None:
    game = Game(data)
    line = "x" * 99
    game.write(f"{line}\n".encode() * 20_000)
    reader, got = LogReader(lambda: Root(data)), list[str]()
    read_all(reader, got)
    assert set(got) == {line}
    assert len(got) == TAIL_BYTES // 100
    assert reader.tail() == tuple(got)
    reader.close()


def test_a_backlog_is_counted_instead_of_read(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_reader, "BACKLOG_BYTES", 10_000)
    monkeypatch.setattr(log_reader, "CAUGHT_UP_BYTES", 1_000)
    game, reader, got = Game(data), LogReader(lambda: Root(data)), list[str]()
    read_all(reader, got)
    game.write(b"".join(b"line %d\n" % number for number in range(10_000)))
    batches = read_all(reader, got)
    assert sum(batch.skipped for batch in batches) + len(got) == 10_000
    assert got[-1] == "line 9999"
    assert got == [f"line {number}" for number in range(10_000 - len(got), 10_000)]
    reader.close()


def test_a_log_that_was_emptied_is_read_anew_and_that_is_told(data: Path) -> None:
    game, reader, got = Game(data), LogReader(lambda: Root(data)), list[str]()
    read_all(reader, got)
    game.write(b"one\ntwo\n")
    read_all(reader, got)
    game.truncate()
    game.write(b"three\n")
    assert [batch.note for batch in read_all(reader, got)] == [EMPTIED, None]
    assert got == ["one", "two", "three"]
    reader.close()


def test_a_log_written_anew_to_the_same_length_is_noticed(data: Path) -> None:
    game, reader, got = Game(data), LogReader(lambda: Root(data)), list[str]()
    read_all(reader, got)
    game.write(b"one\n")
    read_all(reader, got)
    game.log.write_bytes(b"two\n")
    read_all(reader, got)
    assert got == ["one", "two"]
    reader.close()


def test_a_log_written_anew_with_lines_of_one_length_that_end_alike_is_noticed(data: Path) -> None:
    game, reader, got = Game(data), LogReader(lambda: Root(data)), list[str]()
    read_all(reader, got)
    ending = "the same words at the end " * 80
    game.write(f"1 {ending}\n2 {ending}\n".encode())
    read_all(reader, got)
    game.truncate()
    game.write(f"3 {ending}\n4 {ending}\n".encode())
    read_all(reader, got)
    assert [line[0] for line in got] == ["1", "2", "3", "4"]
    reader.close()


def test_a_directory_that_was_made_anew_is_followed(data: Path) -> None:
    game, reader, got = Game(data), LogReader(lambda: Root(data)), list[str]()
    game.write(b"one\n")
    read_all(reader, got)
    places = reader.places
    game.log.parent.rename(data / "old")
    game = Game(data)
    game.write(b"two\n")
    read_all(reader, got)
    assert got == ["one", "two"]
    assert reader.places != places
    reader.close()


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_is_said_to_be_none(data: Path, make: Callable[[Path], None]) -> None:
    (data / "logs").mkdir()
    make(data / "logs" / "latest.log")
    reader = LogReader(lambda: Root(data))
    assert reader.read() == Batch()
    assert "not a regular file" in (reader.problem or "")


def test_a_line_without_end_neither_grows_nor_hides_what_follows(data: Path) -> None:
    game, reader, got = Game(data), LogReader(lambda: Root(data)), list[str]()
    read_all(reader, got)
    for _ in range(40):
        game.write(b"y" * 100_000)
        read_all(reader, got)
    game.write(b"\nshort\n")
    read_all(reader, got)
    assert got == ["y" * MAX_LINE_BYTES + CUT_MARK, "short"]
    reader.close()
