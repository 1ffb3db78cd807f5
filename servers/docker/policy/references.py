"""Files that a compose file leads to, opened by us and never through a link, so that nothing outside is read."""

import posixpath
import re
from dataclasses import dataclass, field
from typing import Any

from core.errors import AppError
from core.paths import FileMissing, Root
from servers.docker.compose_file.quoting import quoted
from servers.docker.compose_file.yaml_text import Problem
from servers.docker.folders import DATA

MAX_FILE_BYTES = 1024 * 1024
MAX_FILES = 32
_PLAIN = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.@+ -]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.@+ -]*)*")

_ADDRESSES = ("github.com/",)  # Compose clones such a path, scheme or not


@dataclass
class References:
    """What was read of the files in the server's directory (None: there is none yet).

    Attributes:
        compose_file: name of the compose file itself: what lies there is not yet what is to be judged.
        found: content by path relative to the directory.
        missing: paths that may be missing, and are: what appears there is read the next time.
    """

    root: Root | None
    compose_file: str
    found: dict[str, bytes] = field(default_factory=dict)
    missing: set[str] = field(default_factory=set)

    def read(
        self, path: Any, *, base: str, at: tuple[int | None, str], required: bool = True
    ) -> tuple[bytes | None, Problem | None]:
        """Read the file that ``path`` names relative to ``base``, and return what speaks against it.

        What lies in ``data/`` is both read and spoken against, so that who accepts it accepts these bytes.

        Args:
            path: as written in the file.
            base: directory of the file that names it, relative to the server's; empty for that itself.
            at: line and file where it is named.
            required: whether a missing file is a problem.
        """
        line, file = at
        relative = plain_path(path, base=base) or ""
        if refusal := self._refusal(path, relative):
            return None, Problem(*refusal, line, file)
        try:
            content = self._content(relative)
        except AppError:
            message = f"{quoted(path)} must be a regular file of at most 1 MiB, without links on the way."
            return None, Problem("reference_not_regular", message, line, file)
        if in_data(relative):
            message = f"{quoted(path)} lies in data/, where a plugin could change it. Move it beside the compose file."
            return content, Problem("reference_in_data", message, line, file)
        if content is None and required:
            message = f"{quoted(path)} does not exist beside the compose file."
            return None, Problem("reference_missing", message, line, file)
        if content is None:
            self.missing.add(relative)
        return content, None

    def _refusal(self, path: Any, relative: str) -> tuple[str, str] | None:
        """Return code and sentence of what speaks against a path, before anything is opened."""
        if not relative:
            message = f"{quoted(path)} must be a plain path inside the server's directory: no variable, no address."
            return "reference_not_plain", message
        if relative == self.compose_file:
            message = f"{quoted(path)} is the compose file itself. Name another file, or a service without one."
            return "reference_to_itself", message
        if relative not in self.found and len(self.found) >= MAX_FILES:
            return "too_many_files", f"The file leads to more than {MAX_FILES} other files."
        return None

    def _content(self, relative: str) -> bytes | None:
        if self.root is None:
            return None
        try:
            self.found[relative] = self.root.read_bytes(relative, max_bytes=MAX_FILE_BYTES, follow=False)
        except FileMissing:
            return None
        return self.found[relative]


def plain_path(path: Any, *, base: str) -> str | None:
    """Return ``path`` relative to the server's directory; None when it is not plain or leads out."""
    if not isinstance(path, str):
        return None
    bare = path.removeprefix("./")
    if not _PLAIN.fullmatch(bare) or ".." in bare.split("/") or path.lower().startswith(_ADDRESSES):
        return None
    return posixpath.normpath(posixpath.join(base, bare))


def in_data(relative: str) -> bool:
    """Tell whether a path relative to the server's directory lies where the game may write."""
    return relative.partition("/")[0] == DATA
