"""``manage.py createowner``: make an owner, the first one or a further one."""

import sys
from argparse import ArgumentParser
from collections.abc import Callable
from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from accounts.models import User, UserRole


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
        user = User(username=User.normalize_username(_username(options)), role=UserRole.OWNER)
        _check(lambda: user.full_clean(exclude=["password"]))
        password = sys.stdin.readline().rstrip("\r\n") if options["password_stdin"] else _ask_password()
        _check(lambda: validate_password(password, user))
        user.set_password(password)
        try:
            with transaction.atomic():
                user.save()
        except IntegrityError:  # somebody was faster
            raise CommandError(f"There is already a user named {user.username}.") from None
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


def _check(validate: Callable[[], None]) -> None:
    try:
        validate()
    except ValidationError as error:
        raise CommandError(" ".join(error.messages)) from None
