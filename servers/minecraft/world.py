"""Look whether the worlds below a directory could be loaded: every level.dat opened, every region's headers checked.

Blocking. Source: the Anvil format, https://minecraft.wiki/w/Region_file_format, and NBT.
"""

import gzip
import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from core.errors import AppError
from core.paths import Node, Root, walk

SECTOR = 4096
MAX_FINDINGS = 50
_MAX_LEVEL_BYTES = 16 * 2**20
_COMPRESSIONS = {1, 2, 3, 4, 127}
_ZLIB_BITS = {1: 31, 2: 15}  # gzip and zlib, as zlib names them
_PIECE_BYTES = 1024 * 1024
_EXTERNAL = 0x80  # the chunk lies in a file of its own beside the region
_MAX_NBT_DEPTH = 64
_BEDROCK_HEAD, _COMPOUND = 9, 10  # version and length, four bytes each, and the first tag

Look = Callable[[io.BufferedReader, int], Iterator[str]]  # with the file's size


@dataclass(frozen=True)
class WorldReport:
    """What was looked at, and what is wrong with it; no findings: all is well.

    Attributes:
        remarks: what is wrong with files that belong to no world, such as a plugin's own backups.
    """

    levels: int
    regions: int
    findings: list[str]
    remarks: list[str] = field(default_factory=list)


def check_worlds(root: Root, folder: str = "", *, must_hold_world: bool = False) -> WorldReport:
    """Check every world file at and below ``folder``.

    Args:
        root: what was restored.
        folder: where in it.
        must_hold_world: whether it is a finding that there is no world at all.
    """
    problems: list[tuple[str, str]] = []  # the file, "" for what could not be read, and what is wrong
    worlds: set[str] = set()
    levels = regions = 0

    def cannot_be_read(error: AppError) -> None:
        problems.append(("", str(error)))

    for node in walk(root, folder, unreadable=cannot_be_read):
        if not node.is_file or _is_of_a_mac(node.path):
            continue
        if node.name == "level.dat":
            levels += 1
            worlds.add(node.path.rpartition("/")[0])
            problems += _check(node, _level)
        elif node.name.endswith(".mca"):
            regions += 1
            problems += _check(node, _region)
        elif _is_player(node.path) and not node.info.st_size:
            problems.append((node.path, f"{node.path}: is empty, so this player's things are lost"))
    findings = [text for path, text in problems if not path or not worlds or _is_in(path, worlds)]
    remarks = [text for path, text in problems if path and worlds and not _is_in(path, worlds)]
    if not levels and (must_hold_world or regions):
        findings.append(f"there is no level.dat, so no game can open this world ({regions} region files are there)")
    return WorldReport(levels, regions, _bounded(findings), _bounded(remarks))


def _bounded(texts: list[str]) -> list[str]:
    more = len(texts) - MAX_FINDINGS
    return texts[:MAX_FINDINGS] + ([f"… and {more} more"] if more > 0 else [])


def _is_in(path: str, worlds: set[str]) -> bool:
    """Tell whether a file lies in one of the folders that hold a level.dat."""
    return any(path.startswith(f"{world}/" if world else "") for world in worlds)


def _is_player(path: str) -> bool:
    return path.endswith(".dat") and "/playerdata/" in f"/{path}"


def _is_of_a_mac(path: str) -> bool:
    """Tell whether a file is what a Mac writes beside the real ones, with the same endings and other content."""
    return path.rpartition("/")[2].startswith("._") or "__MACOSX" in path.split("/")


def _check(node: Node, look: Look) -> list[tuple[str, str]]:
    try:
        with os.fdopen(node.open_file(), "rb") as file:
            return [(node.path, f"{node.path}: {problem}") for problem in look(file, node.info.st_size)]
    except (OSError, AppError) as error:
        return [(node.path, f"{node.path}: could not be read ({type(error).__name__})")]


def _level(file: io.BufferedReader, size: int) -> Iterator[str]:
    """Read a level.dat: gzipped NBT whose root holds ``Data``; of the Bedrock edition, NBT behind its own length."""
    if size > _MAX_LEVEL_BYTES:
        yield "is too large for a level.dat"
        return
    head = file.read(_BEDROCK_HEAD)
    if len(head) == _BEDROCK_HEAD and int.from_bytes(head[4:8], "little") == size - 8 and head[8] == _COMPOUND:
        return
    file.seek(0)
    try:
        with gzip.GzipFile(fileobj=file) as content:
            data = content.read(_MAX_LEVEL_BYTES)
        names = _Nbt(data).root_names()
    except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
        yield f"is no readable level.dat: {error}"
        return
    if "Data" not in names:
        yield "holds no Data"


def _region(file: io.BufferedReader, size: int) -> Iterator[str]:
    """Check a region's table of chunks, and the header of each chunk."""
    if size == 0:  # the game makes an empty file first
        return
    table = file.read(2 * SECTOR)
    if len(table) < 2 * SECTOR:
        yield "ends within its header"
        return
    if size > 2 * SECTOR and not any(table[:SECTOR]):
        yield f"is {size} bytes long and lists no chunk: a power cut leaves such files"
    used: dict[int, int] = {}
    for index, place in enumerate(struct.unpack(">1024I", table[:SECTOR])):
        if not place:
            continue
        problem = _chunk(file, size, place)
        overlap = [used[sector] for sector in range(place >> 8, (place >> 8) + (place & 255)) if sector in used]
        if problem is None and overlap:
            problem = f"overlaps chunk {overlap[0]}"
        used.update(dict.fromkeys(range(place >> 8, (place >> 8) + (place & 255)), index))
        if problem:
            yield f"chunk {index} {problem}"


def _chunk(file: io.BufferedReader, size: int, place: int) -> str | None:
    """Say what is wrong with the chunk at ``place``: its offset in sectors, and how many it has."""
    offset, sectors = place >> 8, place & 255
    if offset < 2 or not sectors:
        return "lies within the header"
    if offset * SECTOR + 5 > size:
        return "lies past the end of the file"
    file.seek(offset * SECTOR)
    length, compression = struct.unpack(">IB", file.read(5))
    if not 1 <= length <= sectors * SECTOR - 4:
        return f"says that it has {length} bytes"
    if offset * SECTOR + 4 + length > size:
        return "is cut off"
    if compression & ~_EXTERNAL not in _COMPRESSIONS:
        return f"has an unknown compression {compression}"
    return _body_problem(file, length - 1, compression)


def _body_problem(file: io.BufferedReader, size: int, compression: int) -> str | None:
    """Open a chunk's compressed stream to its end. One that lies in a file of its own, or is not packed, is passed."""
    if compression not in _ZLIB_BITS:
        return None
    stream = zlib.decompressobj(_ZLIB_BITS[compression])
    try:
        rest = file.read(size)
        while rest and not stream.eof:
            stream.decompress(rest, _PIECE_BYTES)
            rest = stream.unconsumed_tail
    except zlib.error:
        return "has a broken body"
    return None if stream.eof else "has a body that ends too early"


class _Nbt:
    """Walks one NBT document to its end, without building it."""

    _SIZES = {1: 1, 2: 2, 3: 4, 4: 8, 5: 4, 6: 8}
    _ARRAYS = {7: 1, 11: 4, 12: 8}

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def root_names(self) -> set[str]:
        """Return the names in the root compound; raises ValueError when it is broken."""
        if self._take(1) != b"\x0a":
            raise ValueError("it does not begin with a compound")
        self._take(self._unsigned(2))
        return self._compound(0)

    def _compound(self, depth: int) -> set[str]:
        if depth > _MAX_NBT_DEPTH:
            raise ValueError("it nests too deep")
        names = set()
        while kind := self._take(1)[0]:
            names.add(self._take(self._unsigned(2)).decode(errors="replace"))
            self._value(kind, depth)
        return names

    def _value(self, kind: int, depth: int) -> None:
        if kind in self._SIZES:
            self._take(self._SIZES[kind])
        elif kind in self._ARRAYS:
            self._take(self._unsigned(4) * self._ARRAYS[kind])
        elif kind == 8:
            self._take(self._unsigned(2))
        elif kind == 9:
            self._list(depth)
        elif kind == 10:
            self._compound(depth + 1)
        else:
            raise ValueError(f"it has a tag of the unknown kind {kind}")

    def _list(self, depth: int) -> None:
        if depth > _MAX_NBT_DEPTH:
            raise ValueError("it nests too deep")
        kind, count = self._take(1)[0], self._unsigned(4)
        if kind == 0 and count:
            raise ValueError("it has a list of nothing")
        for _ in range(count):
            self._value(kind, depth + 1)

    def _unsigned(self, size: int) -> int:
        return int.from_bytes(self._take(size), "big")

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if len(taken) != size:
            raise ValueError("it ends too early")
        self._at += size
        return taken
