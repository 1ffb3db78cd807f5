"""Tell a whole copy of the stand-in's world from a torn one.

A whole world has a readable ``level.dat``, every chunk that it promises with a right checksum, and one
generation number in all of them. See ``server/src/world.js`` for how a copy comes to be torn.
"""

import gzip
import hashlib
import struct
import sys
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SECTOR = 4096
_NUMBERS: dict[int, str] = {1: "b", 2: "h", 3: "i", 4: "q", 5: "f", 6: "d"}


class _Nbt:
    """A reader of NBT, big-endian, as far as world files use it."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def root(self) -> dict[str, Any]:
        if self._number("b") != 10:
            raise ValueError("not a compound")
        self._text()
        return self._compound()

    def _take(self, size: int) -> bytes:
        taken = self._data[self._at : self._at + size]
        if size < 0 or len(taken) != size:
            raise ValueError("ends too early")
        self._at += size
        return taken

    def _number(self, kind: str) -> Any:
        return struct.unpack(f">{kind}", self._take(struct.calcsize(f">{kind}")))[0]

    def _text(self) -> str:
        return self._take(self._number("H")).decode()

    def _compound(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while kind := self._number("b"):
            name = self._text()
            found[name] = self._value(kind)
        return found

    def _list(self) -> list[Any]:
        kind = self._number("b")
        return [self._value(kind) for _ in range(self._number("i"))]

    def _value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self._number(_NUMBERS[kind])
        readers: dict[int, Callable[[], Any]] = {
            7: lambda: self._take(self._number("i")),
            8: self._text,
            9: self._list,
            10: self._compound,
            11: lambda: self._take(4 * self._number("i")),
            12: lambda: self._take(8 * self._number("i")),
        }
        if kind not in readers:
            raise ValueError(f"unknown tag {kind}")
        return readers[kind]()


def _read_chunk(run: bytes) -> dict[str, Any]:
    size, compression = struct.unpack(">ib", run[:5])
    if compression != 2 or not 1 < size <= len(run) - 4:
        raise ValueError("bad chunk header")
    level = _Nbt(zlib.decompress(run[5 : 4 + size])).root()["Level"]
    x, z = level["xPos"], level["zPos"]
    head = f"{x // 32},{z // 32},{x % 32},{level['Generation']},".encode()
    if hashlib.sha1(head + level["Noise"], usedforsecurity=False).hexdigest() != level["Checksum"]:
        raise ValueError("wrong checksum")
    return dict(level)


def _read_region(file: Path, problems: list[str]) -> list[int]:
    """Return the generations of the good chunks of one region file."""
    data = file.read_bytes()
    if len(data) < 2 * SECTOR:
        problems.append(f"{file.name}: no header")
        return []
    generations = []
    for i, place in enumerate(struct.unpack(">1024I", data[:SECTOR])):
        offset, sectors = place >> 8, place & 255
        if not place:
            continue
        try:
            level = _read_chunk(data[offset * SECTOR : (offset + sectors) * SECTOR])
            generations.append(level["Generation"])
        except (ValueError, KeyError, struct.error, zlib.error) as error:
            problems.append(f"{file.name}: chunk {i}: {error}")
    return generations


def verify(path: Path) -> list[str]:
    """List what is wrong with the world in ``path``, the folder with ``level.dat``; empty for a whole one."""
    problems: list[str] = []
    try:
        level = _Nbt(gzip.decompress((path / "level.dat").read_bytes())).root()["Data"]
        generation, chunks = int(level["Generation"]), int(level["Chunks"])
    except (OSError, EOFError, ValueError, KeyError, struct.error, zlib.error) as error:
        return [f"level.dat: {error}"]
    found: list[int] = []
    for file in sorted((path / "region").glob("*.mca")):
        generations = _read_region(file, problems)
        if strays := sorted(set(generations) - {generation}):
            problems.append(f"{file.name}: generations {strays}, level.dat has {generation}")
        found += generations
    if len(found) != chunks:
        problems.append(f"{len(found)} good chunks of {chunks}")
    return problems


def main() -> int:
    """Print "whole", or "torn" and why."""
    if len(sys.argv) != 2:
        print("usage: verify_world.py FOLDER_WITH_LEVEL_DAT", file=sys.stderr)  # noqa: T201
        return 2
    problems = verify(Path(sys.argv[1]))
    print("torn" if problems else "whole", *problems, sep="\n  ")  # noqa: T201
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
