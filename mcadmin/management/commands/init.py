"""``manage.py init``: a config.toml with fresh secrets."""

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from mcadmin import config

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
"""


class Command(BaseCommand):
    """See ``help``."""

    help = "Write a config.toml with fresh random secrets (mode 0600); one that is there is kept."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        path = config.config_path()
        server_path = choose_server_path(path.absolute().parent)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            self.stdout.write(f"{path} is there already and is kept as it is.")
            return
        except OSError as error:
            raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(render(server_path))
        (path.absolute().parent / server_path).mkdir(exist_ok=True)
        self.stdout.write(
            f"Wrote {path} with fresh secrets. Servers will live in {server_path}.\n"
            "Next: python manage.py migrate, python manage.py createowner, python manage.py serve\n"
            "(or sign in with the master token in that file)."
        )


def choose_server_path(folder: Path) -> str:
    """Return ``./servers``, or ``./minecraft`` in our own checkout, where ``servers`` is a package of ours."""
    return "./minecraft" if (folder / "servers" / "__init__.py").is_file() else "./servers"


def render(server_path: str) -> str:
    """Return a configuration with new secrets. JSON's strings are TOML's."""
    return _TEXT.format(
        server_path=json.dumps(server_path),
        master_token=json.dumps(secrets.token_urlsafe(32)),
        secret_key=json.dumps(secrets.token_urlsafe(48)),
    )
