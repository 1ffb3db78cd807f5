"""What the tables over the whole project need of its parts, and both ways that paths are opened."""

import errno
import os

import pytest

from accounts.tests.conftest import quick_hashes
from mcadmin.core.paths import beneath
from servers.tests.conftest import fake, server, server_path

__all__ = ["fake", "quick_hashes", "server", "server_path"]


@pytest.fixture(params=["openat2", "walk"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways of staying beneath: the kernel's, and ours where the kernel has none."""
    if request.param == "walk":

        def absent(_fd: int, path: str, _flags: int, *, follow: bool) -> int:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS), path)

        monkeypatch.setattr(beneath, "_openat2", absent)
    return str(request.param)
