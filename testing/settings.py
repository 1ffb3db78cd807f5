"""The settings of the tests: the real ones, made from an environment of their own in a scratch folder."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_scratch = Path(tempfile.mkdtemp(prefix="mcadmin-tests-"))
atexit.register(shutil.rmtree, _scratch, ignore_errors=True)
(_scratch / "servers").mkdir()
(_scratch / "config.toml").touch(mode=0o600)
os.environ |= {
    "MC_ADMIN_ENV": str(_scratch / "absent.env"),
    "MC_ADMIN_CONFIG": str(_scratch / "config.toml"),  # empty: the developer's own is not read
    "DATABASE_URL": f"sqlite:///{_scratch}/db.sqlite3",
    "MASTER_TOKEN": "m4st3r-t0ken-of-the-tests",
    "SERVER_PATH": str(_scratch / "servers"),
    "LOGS_DIR": str(_scratch / "logs"),
    "JWT__SECRET_KEY": "s1gning-key-of-the-tests-0123456789abcdef",
    "ALLOWED_HOSTS": "testserver,localhost,127.0.0.1",
}

from mcadmin.settings import *  # noqa: E402, F403 - the environment comes first

DATABASES["default"]["TEST"] = {"NAME": str(_scratch / "test.sqlite3")}  # noqa: F405
PAGE_DIST = _scratch / "no-page"  # whether this checkout has a build changes no test
