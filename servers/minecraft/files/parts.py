"""The file of a resumable upload while it grows: hidden beside its place, until it is whole and proven."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import Conflict, InvalidRequest
from core.locks import Busy
from core.paths import FileExists, FileMissing, NewFile, Root, explained, printable
from servers.minecraft.files.changes import make_parents

_PIECE_BYTES = 1024 * 1024


class WrongOffset(Conflict):
    """The piece does not begin where the last one ended."""

    code = "wrong_offset"


class Incomplete(Conflict):
    """Some of the file has not been sent yet."""

    code = "upload_incomplete"


class WrongHash(InvalidRequest):
    """What arrived is not what was sent."""

    code = "wrong_hash"


class PartGone(FileMissing):
    """The unfinished file was deleted or its directory moved."""

    code = "upload_gone"


class Part:
    """The unfinished file of the upload ``upload_id`` that will be ``path``. Blocking."""

    def __init__(self, root: Root, path: str, *, upload_id: str) -> None:
        self._root, self.path = root, path
        self._directory, _, self._name = path.rpartition("/")
        self._part = f".mcadmin-{upload_id}.part"

    def create(self, *, overwrite: bool) -> None:
        """Begin it; raises FileExists when the name is taken and ``overwrite`` is off."""
        make_parents(self._root, self._directory)
        if not overwrite and self._root.lstat(self.path) is not None:
            raise FileExists(f"{printable(self.path)} exists already. Delete or rename it, or upload with overwrite.")
        with self._root.new_file(self._directory, name=self._part) as file:
            file.keep()

    @contextmanager
    def held(self) -> Iterator[NewFile]:
        """Hold it for oneself, positioned at its end; raises Busy, PartGone."""
        try:
            file = self._root.new_file(self._directory, name=self._part, is_there=True)
        except FileMissing:
            raise PartGone("The unfinished file is gone. Begin the upload again.") from None
        try:
            try:
                fcntl.flock(file.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Busy("Another request is sending to this upload. Wait for its end.") from None
            with explained(self.path):
                yield file
        finally:
            file.keep()

    def offset(self) -> int:
        """Return how many bytes have arrived; raises PartGone."""
        found = self._root.stat(f"{self._directory}/{self._part}" if self._directory else self._part, follow=False)
        if found is None:
            raise PartGone("The unfinished file is gone. Begin the upload again.")
        return found.st_size

    def give_up(self) -> None:
        """Delete it."""
        with self.held() as file:
            file.close()


def require_offset(file: NewFile, offset: int) -> None:
    """Raise WrongOffset unless the file ends at ``offset``."""
    size = os.fstat(file.fd).st_size
    if size != offset:
        raise WrongOffset(f"{size} bytes have arrived so far: send from offset {size} on.")


def finish(part: Part, *, size: int, sha256: str, overwrite: bool) -> str:
    """Prove the content, give the file its name and return its SHA-256.

    Raises:
        Incomplete, WrongHash (the part is deleted), FileExists, PartGone, Busy.
    """
    with part.held() as file:
        arrived = os.fstat(file.fd).st_size
        if arrived != size:
            raise Incomplete(f"{arrived} of {size} bytes have arrived: send the rest from offset {arrived} on.")
        found = _sha256(file.fd)
        if sha256 and sha256.lower() != found:
            file.close()
            raise WrongHash("The SHA-256 of what arrived is another one: it was damaged. Begin the upload again.")
        try:
            file.commit(part.path.rpartition("/")[2], over=overwrite)
        except FileExistsError:
            sentence = f"{printable(part.path)} exists already. Finish with overwrite, or delete the upload."
            raise FileExists(sentence) from None
    return found


def _sha256(fd: int) -> str:
    total, at = hashlib.sha256(), 0
    while piece := os.pread(fd, _PIECE_BYTES, at):
        total.update(piece)
        at += len(piece)
    return total.hexdigest()
