"""``manage.py init``: a config.toml with fresh secrets."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from backups.repository import embedded
from core.errors import AppError
from web import config

_TEXT = """\
# Settings of MC Admin; README.md lists them all. This file holds secrets: keep its mode at 0600.

# Relative paths count from this file's folder.
server_path = {server_path}
database_url = "sqlite:///./db.sqlite3"
logs_dir = "./logs"

# Whoever knows it is an owner. An empty text switches it off.
master_token = {master_token}

[jwt]
secret_key = {secret_key}

# Backups. Better on another disk or machine than the servers: move the folder there and name it here.
# Keep a copy of the password elsewhere: without it nothing comes back.
[restic]
repository_path = "./snapshots"
password = {restic_password}
"""


class Command(BaseCommand):
    """See ``help``."""

    help = (
        "Write a config.toml with fresh random secrets (mode 0600) and make its backup repository; what is there stays."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        path = config.config_path()
        if self._write(path):
            self._plan()
        self._make_repository()

    def _write(self, path: Path) -> bool:
        """Write the configuration, and tell whether there was none."""
        server_path = choose_server_path(path.absolute().parent)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            self.stdout.write(f"{path} is there already and is kept as it is.")
            return False
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(render(server_path))
        (path.absolute().parent / server_path).mkdir(exist_ok=True)
        self.stdout.write(
            f"Wrote {path} with fresh secrets. Servers will live in {server_path}.\n"
            "Next: python manage.py serve. It prints a link to make the first account by\n"
            "(or sign in with the master token in that file)."
        )
        return True

    def _plan(self) -> None:
        """Plan the repository that the new file names, unless the environment or .env names another one."""
        section = _effective()
        if section is None or Path(section.repository_path) != config.config_path().resolve().parent / "snapshots":
            return
        try:
            embedded.plan(section)
        except AppError as error:
            self.stderr.write(str(error))

    def _make_repository(self) -> None:
        """Make what was planned, now or by an earlier run; without restic the plan stays, and the panel starts."""
        if (section := _effective()) is None:
            return
        try:
            if async_to_sync(embedded.make_planned)(section):
                self.stdout.write(
                    f"Made the backup repository {section.repository_path}. Keep the password of [restic] elsewhere, "
                    "too: without it nothing comes back."
                )
        except AppError as error:
            self.stderr.write(f"The backup repository is not made yet: {error}")


def _effective() -> config.ResticSettings | None:
    """Return the backups' settings as the panel will see them; None when they, or any others, cannot be used."""
    try:
        return config.load().restic
    except config.ConfigError:
        return None


def choose_server_path(folder: Path) -> str:
    """Return ``./servers``, or ``./minecraft`` in our own checkout, where ``servers`` is a package of ours."""
    return "./minecraft" if (folder / "servers" / "__init__.py").is_file() else "./servers"


def render(server_path: str) -> str:
    """Return a configuration with new secrets. JSON's strings are TOML's."""
    return _TEXT.format(
        server_path=json.dumps(server_path),
        master_token=json.dumps(secrets.token_urlsafe(32)),
        secret_key=json.dumps(secrets.token_urlsafe(48)),
        restic_password=json.dumps(secrets.token_urlsafe(32)),
    )
