"""Run one command in the game."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit import recorder
from core.errors import AppError
from servers import wiring
from servers.minecraft.game_names import choose_game, split_game
from servers.operations import shell


class Command(BaseCommand):
    """``rcon <id> <command>``."""

    help = "Run one command in the game and print its answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the server's directory name")
        parser.add_argument("--service", default="", help="which game, where the compose file has several")
        parser.add_argument("command", nargs="+", help="the command, e.g. say hello")

    def handle(self, *args: Any, **options: Any) -> None:
        command = " ".join(options["command"])
        success = False
        try:
            answer = shell.in_order(_run(options["id"], options["service"], command))
            success = True
        except AppError as error:
            raise CommandError(str(error)) from None
        finally:  # also at Ctrl-C: the game may have done it
            recorder.record_command(
                user=recorder.shell_user(), server_id=options["id"], command=command, client_ip=None, success=success
            )
        if answer:
            self.stdout.write(answer)


async def _run(server_id: str, service: str, command: str) -> str:
    server = wiring.manager().get_instance(server_id)
    info = await server.get_server_info()
    game = choose_game(server_id, service, main=info.service, games=info.games)
    return await server.game(split_game(game)[1]).send_rcon_command(command)
