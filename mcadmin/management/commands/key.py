"""``manage.py key create|list|end``: API keys of users."""

import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import keys
from accounts.models import Key, User
from audit import recorder
from core.errors import AppError

AT_SHELL = "ended at a shell"


class Command(BaseCommand):
    """See ``help``."""

    help = "Make, list and end API keys."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True, metavar="create|list|end")
        create = what.add_parser("create", help="make a key and print its token, which is shown this once")
        create.add_argument("username", help="whose key it is; it may at most what they may")
        create.add_argument("name", help="what it is for, 1 to 50 characters")
        create.add_argument("--verb", action="append", required=True, choices=[str(verb) for verb in keys.VERBS])
        create.add_argument("--server", action="append", default=[], help="an id, or a pattern with *; again for more")
        create.add_argument("--network", action="append", default=[], help="where it may be used from")
        create.add_argument("--days", type=int, default=keys.DEFAULT_LIFE.days, help="until it expires (default: 90)")
        listed = what.add_parser("list", help="list the keys of all users, or of one")
        listed.add_argument("username", nargs="?")
        listed.add_argument("--json", action="store_true", help="print JSON")
        end = what.add_parser("end", help="end a key at once")
        end.add_argument("id", type=int, help="as `key list` has it")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            {"create": self._create, "list": self._list, "end": self._end}[options["what"]](options)
        except AppError as error:
            raise CommandError(str(error)) from None

    def _create(self, options: dict[str, Any]) -> None:
        if not 1 <= options["days"] <= keys.LONGEST_LIFE.days:
            raise CommandError(f"--days is 1 to {keys.LONGEST_LIFE.days}.")
        body = {name: options[name] for name in ("username", "name", "verb", "server", "network", "days")}
        with recorder.shell_call("key", {"operation": "create", **body}):
            _, token = keys.begin(
                _user(options["username"]), keys.WantedKey(
                    name=options["name"], verbs=options["verb"], servers=options["server"],
                    networks=options["network"], expires_at=timezone.now() + timedelta(days=options["days"]),
                ),
            )
        self.stdout.write(token)
        self.stderr.write("Keep it now; it is not shown again.")

    def _list(self, options: dict[str, Any]) -> None:
        rows = Key.objects.select_related("user")
        if options["username"]:
            rows = rows.filter(user=_user(options["username"]))
        if options["json"]:
            self.stdout.write(json.dumps([_told(row) for row in rows], indent=2))
            return
        for row in rows:
            self.stdout.write(
                f"{row.pk}  mca_{row.prefix}  {row.user.username}  {row.name}  {','.join(row.all_verbs)}"
                f"  on {','.join(row.servers) or '-'}  "
                + (f"{row.ended_why}" if row.ended_at else f"until {row.expires_at:%Y-%m-%d}")
            )
        if not rows:
            self.stdout.write("There are no keys.")

    def _end(self, options: dict[str, Any]) -> None:
        body: dict[str, Any] = {"operation": "end", "id": options["id"]}
        with recorder.shell_call("key", body):
            row = keys.end(options["id"], why=AT_SHELL)
            body |= {"username": row.user.username, "name": row.name}
        self.stdout.write(f"The key {row.name!r} of {row.user.username} has ended.")


def _user(username: str) -> User:
    user = User.objects.filter(username=User.normalize_username(username)).first()
    if user is None:
        raise CommandError(f"There is no user {username!r}.")
    return user


def _told(row: Key) -> dict[str, Any]:
    times = {
        name: at.isoformat() if (at := getattr(row, name)) else None
        for name in ("created_at", "expires_at", "last_used_at", "ended_at")
    }
    return {
        "id": row.pk, "prefix": row.prefix, "username": row.user.username, "name": row.name, "verbs": row.all_verbs,
        "servers": row.servers, "networks": row.networks, "last_address": row.last_address,
        "ended_why": row.ended_why, **times,
    }
