"""``manage.py grant``: give users roles on servers, take them, and list what they have."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Access, User
from accounts.rights import grants
from audit import recorder
from core.errors import AppError
from servers import members


class Command(BaseCommand):
    """See ``help``."""

    help = "Give a user a role on a server (or on all that fit a pattern), take it, or list what they have."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username", help="whose rights they are")
        parser.add_argument("role", nargs="?", help="viewer, helper, operator, manager, or one that an owner made")
        parser.add_argument("server", nargs="?", help="its id, or a pattern with *, such as lobby-*")
        parser.add_argument("--take", metavar="SERVER", help="take what was given on this server or pattern")
        parser.add_argument("--keep-access", action="store_true", help="leave access to everything as it is")
        parser.add_argument("--list", action="store_true", help="list what they have (also without anything else)")
        parser.add_argument("--json", action="store_true", help="print the list as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        user = _user(options["username"])
        if options["role"] and not options["server"]:
            raise CommandError("Which server? Name its id, or a pattern such as lobby-*.")
        try:
            if options["server"]:
                self._give(user, options)
            elif options["take"]:
                self._take(user, options["take"])
            else:
                self._list(user, as_json=options["json"])
        except AppError as error:
            raise CommandError(str(error)) from None

    def _give(self, user: User, options: dict[str, Any]) -> None:
        narrows = user.access == Access.EVERYTHING and not options["keep_access"]
        body = {
            "operation": "give", "username": user.username, "role": options["role"], "server": options["server"],
            "access": str(Access.GRANTED.value) if narrows else user.access,
        }
        with recorder.shell_call("grant", body):
            grants.add(user.pk, members.wanted(options["role"], options["server"]), narrows=narrows)
        self.stdout.write(f"{user.username} is {options['role']} of {options['server']} now.")
        if user.is_owner:
            self.stdout.write("As an owner they may do everything all the same.")

    def _take(self, user: User, server: str) -> None:
        with recorder.shell_call("grant", {"operation": "take", "username": user.username, "server": server}):
            if not grants.take(user.pk, server):
                raise CommandError(
                    f"{user.username} has nothing on {server!r}. `grant {user.username} --list` shows it."
                )
        self.stdout.write(f"Taken: what {user.username} had on {server}.")

    def _list(self, user: User, *, as_json: bool) -> None:
        rows = grants.of(user.pk)
        if as_json:
            told = [{"role": row.role_name, "server": row.server, "counts": row.counts} for row in rows]
            answer = {"access": user.access, "create": user.may_create, "grants": told}
            self.stdout.write(json.dumps(answer, indent=2))
            return
        self.stdout.write(f"{user.username}: access to {'everything' if user.access == Access.EVERYTHING else 'these'}")
        for row in rows:
            self.stdout.write(f"  {row.role_name} on {row.server}{'' if row.counts else ' (removed at present)'}")


def _user(username: str) -> User:
    user = User.objects.filter(username=User.normalize_username(username)).first()
    if user is None:
        raise CommandError(f"There is no user {username!r}.")
    return user
