"""The panel's own state in a global snapshot: its database and its settings without secrets."""

import errno
import io
import json
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection

from core.paths import explained
from core.redaction import without_login

FOLDER = ".mcadmin"
NAME = "state.tar"
_SCRATCH = "tmp"
_SECRET = ("password", "token", "secret", "environment", "redis_url", "database_url")


@contextmanager
def written(server_path: Path) -> Iterator[Path]:
    """Write ``.mcadmin/state.tar`` below ``server_path`` for the time of a global snapshot; blocking.

    Raises:
        DiskFull, Forbidden: it cannot be written there.
    """
    folder = server_path / FOLDER
    file = folder / NAME
    try:
        with explained(f"{FOLDER}/{NAME}"):
            folder.mkdir(mode=0o700, exist_ok=True)
            for left in folder.glob(f"{_SCRATCH}*"):  # by a process that was killed: a whole copy of the database
                shutil.rmtree(left, ignore_errors=True)
            file.touch(mode=0o600)
            _write(file)
        yield file
    finally:
        with suppress(OSError):  # the next one overwrites it
            file.unlink()


def _write(file: Path) -> None:
    with (
        tarfile.open(file, "w") as tar,
        tempfile.TemporaryDirectory(dir=file.parent, prefix=_SCRATCH) as scratch,
    ):
        _add(tar, "config.json", json.dumps(safe_settings(), indent=2).encode())
        database = _copy_database(Path(scratch))
        tar.add(database, arcname=database.name)


def safe_settings() -> dict[str, Any]:
    """Return the settings as JSON, without what is secret or may hold a secret."""
    return _without_secrets(settings.MC_ADMIN.model_dump(mode="json"))


def _without_secrets(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: _without_secrets(value) if isinstance(value, Mapping) else _without_login(value)
        for key, value in values.items()
        if not any(word in key for word in _SECRET) or key == "sensitive_fields"
    }


def _without_login(value: Any) -> Any:
    """Take name and password out of an address: a repository's may have them."""
    return without_login(value) if isinstance(value, str) else value


def _copy_database(folder: Path) -> Path:
    """Copy SQLite by its own backup, which is whole whoever writes meanwhile; dump another database as JSON."""
    if connection.vendor == "sqlite":
        copy = folder / "db.sqlite3"
        try:
            with (
                closing(sqlite3.connect(connection.settings_dict["NAME"])) as from_,
                closing(sqlite3.connect(copy)) as to,
            ):
                from_.backup(to)
        except sqlite3.OperationalError as error:
            if "disk is full" not in str(error):
                raise
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), copy.name) from error
        return copy
    copy = folder / "database.json"
    try:
        call_command("dumpdata", output=str(copy), verbosity=0)
    finally:
        connection.close()  # of this thread, which nobody else uses it in
    return copy


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), 0o600
    tar.addfile(entry, io.BytesIO(content))
