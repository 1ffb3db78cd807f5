"""Look whether the worlds below a directory could be loaded: every level.dat opened, every region's headers checked.

Blocking. Source: the Anvil format, https://minecraft.wiki/w/Region_file_format, and NBT.
"""

import gzip
import io
import os
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from mcadmin.core.errors import AppError
from mcadmin.core.paths import Node, Root, walk

SECTOR = 4096
MAX_FINDINGS = 50
_MAX_LEVEL_BYTES = 16 * 2**20
_COMPRESSIONS = {1, 2, 3, 4, 127}
_EXTERNAL = 0x80  # the chunk lies in a file of its own beside the region
_MAX_NBT_DEPTH = 64

Look = Callable[[io.BufferedReader, int], Iterator[str]]  # with the file's size


@dataclass(frozen=True)
class WorldReport:
    """What was looked at, and what is wrong with it; no findings: all is well."""

    levels: int
    regions: int
    findings: list[str]


def check_worlds(root: Root, folder: str = "") -> WorldReport:
    """Check every world file at and below ``folder``."""
    levels = regions = 0
    findings: list[str] = []
    def cannot_be_read(error: AppError) -> None:
        findings.append(str(error))

    for node in walk(root, folder, unreadable=cannot_be_read):
        if not node.is_file:
            continue
        if node.name == "level.dat":
            levels += 1
            findings += _check(node, _level)
        elif node.name.endswith(".mca"):
            regions += 1
            findings += _check(node, _region)
    more = len(findings) - MAX_FINDINGS
    told = findings[:MAX_FINDINGS] + ([f"… and {more} more"] if more > 0 else [])
    return WorldReport(levels, regions, told)


def _check(node: Node, look: Look) -> list[str]:
    try:
        with os.fdopen(node.open_file(), "rb") as file:
            return [f"{node.path}: {problem}" for problem in look(file, node.info.st_size)]
    except (OSError, AppError) as error:
        return [f"{node.path}: could not be read ({type(error).__name__})"]


def _level(file: io.BufferedReader, size: int) -> Iterator[str]:
    """Read a level.dat: gzipped NBT whose root holds ``Data``."""
    if size > _MAX_LEVEL_BYTES:
        yield "is too large for a level.dat"
        return
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
    return None


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
