"""Where a path really lies, for programs that follow links by themselves."""

import os
from pathlib import Path

from mcadmin.core.paths.beneath import explained, open_beneath
from mcadmin.core.paths.root import Root


def real_path(root: Root, path: str) -> Path:
    """Return where ``path`` below ``root`` really lies, every link followed, none of them out of it.

    Raises:
        OutsideRoot, FileMissing, Forbidden: as from ``Root``.
    """
    with explained(path):
        fd = open_beneath(root.fd, path, os.O_PATH)
        try:
            return Path(os.readlink(f"/proc/self/fd/{fd}"))
        finally:
            os.close(fd)
