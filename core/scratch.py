"""A folder of our own for what a program must find as a file, gone when it is done."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def scratch_folder(files: Mapping[str, bytes]) -> Iterator[Path]:
    """Make a folder that only we can read, with ``files`` in it by name. Blocking."""
    with tempfile.TemporaryDirectory(prefix="mcadmin-") as name:
        folder = Path(name)
        for file, content in files.items():
            fd = os.open(folder / file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(fd, "wb") as written:
                written.write(content)
        yield folder
