"""Bring a removed server back."""

from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from core.errors import AppError
from servers.changes import removed
from servers.operations.shell import run_at_shell, shell_caller


class Command(BaseCommand):
    """``restore_removed <name>``."""

    help = "Move a removed server back to its place; `servers --removed` lists the names. It is not started."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="its name below .removed/, e.g. lobby-20260101T120000000000Z")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = run_at_shell(async_to_sync(removed.restore_job)(options["name"], by=shell_caller()))
        except AppError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"{done.server_id} is back. Start it with: manage.py server {done.server_id} up")
