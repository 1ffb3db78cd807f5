"""``manage.py audit verify|export|prune``: check the log, write it out, delete what is old."""

import json
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import query, recorder, store
from audit.log_file import to_line
from core.errors import AppError
from web import cli

_TIMES = (("begin", "--from"), ("end", "--to"))
SHOWN = 20  # of many broken rows


class Command(BaseCommand):
    """See ``help``."""

    help = "Check that no audit event was changed behind the panel's back; write the log out; delete old events."

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="verify|export|prune")
        verify = what.add_parser("verify", help="check the chain of all rows; exit 1 when one was changed")
        verify.add_argument("--json", action="store_true", help="print one JSON object")
        export = what.add_parser("export", help="write events to standard output or a file, oldest first")
        export.add_argument("--format", choices=["jsonl", "csv"], default="jsonl")
        export.add_argument("--output", metavar="FILE", help="a new file, readable by its owner only")
        for name, text in (("user", "username"), ("server", "server id"), ("path", "part of the path")):
            export.add_argument(f"--{name}", default="", help=text)
        export.add_argument("--from", dest="begin", default="", help="since this time (ISO 8601)")
        export.add_argument("--to", dest="end", default="", help="before this time")
        add_prune_arguments(what.add_parser("prune", help="delete old events; the chain begins after them"))

    def handle(self, *args: Any, **options: Any) -> None:
        {"verify": self._verify, "export": self._export, "prune": self._prune}[options["what"]](options)

    def _verify(self, options: dict[str, Any]) -> None:
        broken = list(store.verify())
        end = store.last()
        if options["json"]:
            self.stdout.write(json.dumps({"broken": broken, "last": end.sequence, "hash": end.hash}))
        else:
            for told in broken[:SHOWN]:
                self.stdout.write(to_line(told)[1:-1])
        if broken:
            raise CommandError(f"{len(broken)} breaks: rows were changed, moved or deleted other than by the panel.")
        if not options["json"]:
            self.stdout.write(f"Whole. The last event is {end.sequence}, its hash {end.hash}")

    def _export(self, options: dict[str, Any]) -> None:
        try:
            begin, end = (query.instant(options[name], name=option) for name, option in _TIMES)
        except AppError as error:
            raise CommandError(str(error)) from None
        wanted = {name: options[name] for name in ("user", "server", "path")}
        lines = query.as_csv if options["format"] == "csv" else query.as_jsonl
        with _output(options["output"]) as out:
            out.write(query.csv_head() if options["format"] == "csv" else "")
            for page in query.pages(query.Filter(begin=begin, end=end, **wanted).rows()):
                out.write(lines(page))

    def _prune(self, options: dict[str, Any]) -> None:
        self.stdout.write(prune(options["days"]))


def add_prune_arguments(parser: ArgumentParser) -> None:
    """Declare what ``audit prune`` and ``prune_audit`` take."""
    parser.add_argument(
        "--days", type=cli.like_setting("audit_keep_days"), metavar="N",
        help="keep events of the last N days (default: audit_keep_days)",
    )


def prune(days: int | None) -> str:
    """Delete old events, leave an event about it, and say how many they were."""
    keep_days = settings.MC_ADMIN.audit_keep_days if days is None else days
    deleted = store.prune(keep_days=keep_days)
    body = {"keep_days": keep_days, "deleted": deleted}
    recorder.record_call(user=recorder.shell_user(), method="SHELL", path="audit prune", success=True, body=body)
    return f"{deleted} audit events older than {keep_days} days are deleted."


@contextmanager
def _output(path: str | None) -> Iterator[IO[str]]:
    if path is None:
        yield sys.stdout
        return
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
        yield file
