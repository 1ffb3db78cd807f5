"""The end of a file that grows."""

import os
from dataclasses import dataclass

from core.paths import Root

MAX_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Tail:
    """The last lines as text, the size of the file, and whether something stands before them."""

    content: str
    size: int
    is_cut: bool


def tail(root: Root, path: str, *, lines: int) -> Tail:
    """Read the last ``lines`` lines, at most MAX_BYTES; what is not UTF-8 becomes U+FFFD.

    Raises:
        NotAFile, FileMissing, OutsideRoot.
    """
    with os.fdopen(root.open_file(path), "rb") as file:
        size = os.fstat(file.fileno()).st_size
        start = max(0, size - MAX_BYTES)
        file.seek(start)
        content = file.read(MAX_BYTES)
    if start:  # begin at a line, unless there is only one
        content = content[content.find(b"\n") + 1 :]
    ends = content.endswith(b"\n")
    kept = content.removesuffix(b"\n").split(b"\n")[-lines:] if content else []
    text = b"\n".join(kept) + (b"\n" if ends else b"")
    return Tail(text.decode(errors="replace"), size, is_cut=len(text) < size)
