"""``manage.py import_legacy``: move over from the earlier version; nothing of it is changed."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.errors import AppError
from mcadmin import legacy_config
from web import config, migrating

NEW_NAME = "config.mcadmin.toml"


class Command(BaseCommand):
    """See ``help``."""

    help = (
        "Write a new configuration beside the earlier version's config.toml and take over its users, whose passwords "
        "keep working. The old files are only read. Settings from the environment or .env are not looked at."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("config", type=Path, help="the earlier version's config.toml")
        parser.add_argument("--output", type=Path, help=f"the new file (default: {NEW_NAME} beside the old one)")
        parser.add_argument("--users-from", type=Path, help="the users' SQLite file, if it is elsewhere")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"] or options["config"].resolve().parent / NEW_NAME
        try:
            converted = legacy_config.convert(options["config"])
            users = options["users_from"] or converted.users
            if os.environ.get(config.CONFIG_VARIABLE) == str(output) and not settings.MC_ADMIN_PROBLEM:
                self._take_users(users)
                return
        except AppError as error:
            raise CommandError(str(error)) from None
        self._write(output, converted.text)
        for note in converted.notes:
            self.stdout.write(note)
        self._again(output, options)

    def _write(self, output: Path, text: str) -> None:
        try:
            fd = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            raise CommandError(f"{output} is there already; move it away or name another with --output.") from None
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from None
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write(text)
        self.stdout.write(f"Wrote {output}.")

    def _again(self, output: Path, options: dict[str, Any]) -> None:
        """Run this command once more under the new configuration: a process has one database, chosen at its start."""
        argv = [sys.executable, sys.argv[0], "import_legacy", str(options["config"].resolve()), "--output", str(output)]
        if options["users_from"]:
            argv += ["--users-from", str(options["users_from"].resolve())]
        self.stdout.flush()
        done = subprocess.run(argv, env=os.environ | {config.CONFIG_VARIABLE: str(output)}, check=False)  # noqa: S603 - ourselves
        if done.returncode:
            raise CommandError("The users were not taken over, see above. Mend the cause, remove the new file, repeat.")
        self.stdout.write(f"Start the panel with: MC_ADMIN_CONFIG={output} python manage.py serve")

    def _take_users(self, users: Path | None) -> None:
        from accounts import legacy_users  # noqa: PLC0415 - needs usable settings
        from accounts.models import User, UserRole  # noqa: PLC0415

        migrating.migrate()
        if users is None or not users.is_file():
            self.stdout.write(f"No users were taken over: {users or 'the old database'} is not a SQLite file here.")
        else:
            for one in legacy_users.take_over(users):
                self.stdout.write(
                    f"{one.username} ({one.role}) was left out: {one.reason}" if one.reason
                    else f"{one.username} ({one.role}) was taken over."
                )
        if not User.objects.filter(role=UserRole.OWNER, is_active=True).exists():
            self.stdout.write("There is no owner yet: python manage.py createowner")
