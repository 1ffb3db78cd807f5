"""Delete removed servers for good."""

from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.errors import AppError
from servers.changes import removed
from servers.operations.shell import run_at_shell, shell_caller
from web import cli


class Command(BaseCommand):
    """``purge_removed [name…] [--older-than DAYS]``."""

    help = "Delete removed servers, worlds included, for good: those named, else those older than removed_keep_days."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="*", help="names below .removed/")
        days = cli.like_setting("removed_keep_days")
        parser.add_argument("--older-than", type=days, metavar="DAYS", help="instead of removed_keep_days")
        parser.add_argument("--dry-run", action="store_true", help="say what would go, and leave it")

    def handle(self, *args: Any, **options: Any) -> None:
        keep_days = settings.MC_ADMIN.removed_keep_days if options["older_than"] is None else options["older_than"]
        try:
            gone = async_to_sync(removed.purge)(options["names"], keep_days=keep_days, dry_run=True)
            if gone and not options["dry_run"]:
                run_at_shell(async_to_sync(removed.purge_job)(gone, by=shell_caller()))
        except AppError as error:
            raise CommandError(str(error)) from None
        word = "Would delete" if options["dry_run"] else "Deleted"
        for name in gone:
            self.stdout.write(f"{word} {name}.")
        if not gone:
            self.stdout.write("There is nothing to delete.")
