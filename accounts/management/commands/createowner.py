"""``manage.py createowner``: make an owner, the first one or a further one."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from getpass import getpass
from typing import Any, ParamSpec, TypeVar

from django.core.management.base import BaseCommand, CommandError

from accounts import users
from accounts.models import UserRole
from core.errors import InvalidRequest

P = ParamSpec("P")
T = TypeVar("T")


class Command(BaseCommand):
    """Make an owner."""

    help = "Make an owner: someone who may do everything, the admin site included."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name and where the password comes from; never the password itself, which `ps` would show."""
        parser.add_argument("--username", help="3 to 50 characters; asked for on a terminal")
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the password from the first line of standard input"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for what is missing, check it, store the owner."""
        username = _username(options)
        _checked(users.check_name, username)  # before a password is asked for
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else _ask_password()
        user = _checked(users.create, username=username, password=password, role=UserRole.OWNER)
        self.stdout.write(f"{user.username} is now an owner.")


def _username(options: dict[str, Any]) -> str:
    if options["username"]:
        return str(options["username"])
    if options["password_stdin"]:
        raise CommandError("--password-stdin needs --username as well.")
    return _ask(lambda: input("Username: ")).strip()


def _ask_password() -> str:
    password = _ask(lambda: getpass("Password: "))
    if password != _ask(lambda: getpass("Password again: ")):
        raise CommandError("The two passwords differ; nothing was made.")
    return password


def _ask(question: Callable[[], str]) -> str:
    if not sys.stdin.isatty():
        raise CommandError("There is no terminal to ask on: give --username and --password-stdin.")
    try:
        return question()
    except (EOFError, KeyboardInterrupt):
        raise CommandError("Stopped; nothing was made.") from None


def _checked(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call it, and turn a refusal into the command's own error."""
    try:
        return call(*args, **kwargs)
    except InvalidRequest as error:
        raise CommandError(str(error)) from None
