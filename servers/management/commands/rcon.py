"""Run one command in the game."""

from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from audit import recorder
from mcadmin.core.errors import AppError
from servers import wiring


class Command(BaseCommand):
    """``rcon <id> <command>``."""

    help = "Run one command in the game and print its answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the server's directory name")
        parser.add_argument("command", nargs="+", help="the command, e.g. say hello")

    def handle(self, *args: Any, **options: Any) -> None:
        command = " ".join(options["command"])
        user = recorder.shell_user()
        try:
            answer = async_to_sync(wiring.manager().get_instance(options["id"]).send_rcon_command)(command)
        except AppError as error:
            recorder.record_command(user=user, server_id=options["id"], command=command, client_ip=None, success=False)
            raise CommandError(str(error)) from None
        recorder.record_command(user=user, server_id=options["id"], command=command, client_ip=None, success=True)
        if answer:
            self.stdout.write(answer)
