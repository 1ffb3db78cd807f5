"""``manage.py snapshot``: the backups at a shell."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from backups.management import shell, shell_restore
from core.errors import AppError

SUBCOMMANDS = {**shell.SUBCOMMANDS, **shell_restore.SUBCOMMANDS}


class Command(BaseCommand):
    """See ``help``."""

    help = "Make, list and use snapshots."

    def add_arguments(self, parser: ArgumentParser) -> None:
        choices = parser.add_subparsers(dest="subcommand", required=True, metavar="SUBCOMMAND")
        for name, one in SUBCOMMANDS.items():
            one.arguments(choices.add_parser(name, help=one.help, description=one.help))

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            SUBCOMMANDS[options["subcommand"]].handle(options, self.stdout)
        except AppError as error:
            raise CommandError(str(error)) from None
