"""Which part of a file a client wants: the Range header of RFC 9110, one range at a time."""

import re

_MAX_CHARS = 100  # two numbers of any file's size, with all the blanks somebody may put around them
_RANGE = re.compile(r"\s*bytes\s*=\s*([0-9]*)\s*-\s*([0-9]*)\s*", re.IGNORECASE)


class NotSatisfiable(Exception):
    """The range lies outside the file."""


def wanted_range(header: str | None, *, size: int) -> tuple[int, int] | None:
    """Return first and last byte wanted, or None for the whole file.

    A header that is malformed, or asks for several ranges, is ignored, as the RFC allows.

    Raises:
        NotSatisfiable.
    """
    if header is None or len(header) > _MAX_CHARS:  # Python refuses numbers of more than 4,300 digits
        return None
    found = _RANGE.fullmatch(header)
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        length = min(int(found[2]), size)
        if length == 0:
            raise NotSatisfiable
        return size - length, size - 1
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    if found[2] and int(found[2]) < first:
        return None
    if first >= size:
        raise NotSatisfiable
    return first, last
