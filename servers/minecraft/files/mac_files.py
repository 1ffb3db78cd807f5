"""What macOS puts into archives for itself: no other system has a use for it, and games stumble over it."""

from typing import Protocol

_FOLDER = "__MACOSX"
# By the name's beginning, the first bytes. Source: RFC 1740 (AppleDouble), appendix B; the format of .DS_Store.
_SIGNS = {"._": b"\x00\x05\x16\x07", ".DS_Store": b"\x00\x00\x00\x01Bud1"}


class _Source(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class _Begun:
    """A source whose first bytes were read already."""

    def __init__(self, first: bytes, rest: _Source) -> None:
        self._first, self._rest = first, rest

    def read(self, size: int = -1, /) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first  # at most what was asked for: nobody asks for less than a sign's length
        return self._rest.read(size)


def content_unless_mac(path: str, source: _Source) -> _Source | None:
    """Return the content of a member of an archive; None for the files and folders that macOS keeps for itself.

    A file that only has such a name is kept: its first bytes decide.
    """
    if path.split("/", 1)[0] == _FOLDER:
        return None
    name = path.rpartition("/")[2]
    sign = next((one for begin, one in _SIGNS.items() if name.startswith(begin)), None)
    if sign is None:
        return source
    first = source.read(len(sign))
    return None if first == sign else _Begun(first, source)
