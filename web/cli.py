"""``manage.py`` as a program of the shell: its streams, its exit codes, and words where a traceback would come."""

import logging
import os
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import Error as DatabaseError
from django.db import OperationalError

from web.config import limits
from web.database_errors import explain

INTERRUPTED = 130  # as shells tell of SIGINT
PIPE_CLOSED = 141  # and of SIGPIPE


def main(argv: list[str]) -> int | str:
    """Run a command; return what ``sys.exit`` takes. With ``--traceback`` errors come as Python has them."""
    _hold_standard_streams()
    if logging.lastResort is not None:
        logging.lastResort.setLevel(logging.ERROR)  # a command's own sentence says what a warning would say before it
    try:
        try:
            execute_from_command_line(argv)
        finally:
            sys.stdout.flush()  # here, where it can be told that it fails
    except BrokenPipeError:  # `| head` has seen enough
        _throw_away_the_rest()
        return PIPE_CLOSED
    except KeyboardInterrupt:
        # What must end in order has done so; a thread that still waits for an answer must not hold the shell up.
        sys.stderr.flush()
        os._exit(INTERRUPTED)
    except ImproperlyConfigured as error:
        return f"MC Admin cannot start:\n{error}"
    except (DatabaseError, OSError) as error:
        if "--traceback" in argv:
            raise
        if isinstance(error, DatabaseError):
            return _about_database(error)
        _throw_away_the_rest()
        return f"The operating system refused: {error}"
    return 0


def like_setting(name: str) -> Callable[[str], int]:
    """Return what reads an option in the place of the setting ``name``: the type of ``add_argument``.

    It raises argparse.ArgumentTypeError for a text that is no whole number, or that the setting would not take.
    """
    least, most = limits(name)
    return lambda text: _number(text, least=least, most=most)


def port(text: str) -> int:
    """Read a port, 0 for any free one; the type of ``add_argument``."""
    return _number(text, least=0, most=65535)


def _number(text: str, *, least: int, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise ArgumentTypeError(f"must be a whole number from {least} to {most}")
    return int(text)


def _hold_standard_streams() -> None:
    """Open what the caller has closed (``>&-``): the next file opened would take its number, and what is printed."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - as long as the process
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def _throw_away_the_rest() -> None:
    """Keep Python from writing once more, at its end, what could not be written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _about_database(error: DatabaseError) -> str:
    from web import migrating  # noqa: PLC0415 - needs settings, which may be what is wrong

    file = migrating.sqlite_file()
    advice = f"Look at {file}, which database_url names." if file else "Check database_url and that its server runs."
    try:
        missing = migrating.unapplied()
    except DatabaseError as cause:
        return f"The database cannot be used: {cause}\n{advice}"
    if missing:
        return (
            f"The database is not up to date: {len(missing)} migrations are not applied.\n"
            "Run: python manage.py migrate (`serve` does it by itself)."
        )
    known = explain(error) if isinstance(error, OperationalError) else None
    return str(known or f"The database refused: {error}")
