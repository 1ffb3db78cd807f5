"""``manage.py prune_audit``: another name of ``audit prune``, for timers."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from audit.management.commands.audit import add_prune_arguments, prune


class Command(BaseCommand):
    """See ``help``."""

    help = "Delete old audit events (the same as: audit prune)."

    def add_arguments(self, parser: CommandParser) -> None:
        add_prune_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(prune(options["days"]))
