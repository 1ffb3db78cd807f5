"""Both ways that paths are opened."""

import errno
import os

import pytest

from core.paths import beneath


@pytest.fixture(params=["openat2", "walk"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of staying beneath: the kernel's, and ours where the kernel has none."""
    if request.param == "walk":

        def absent(_fd: int, path: str, _flags: int, *, follow: bool) -> int:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), path)

        monkeypatch.setattr(beneath, "_openat2", absent)
    return str(request.param)
