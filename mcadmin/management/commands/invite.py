"""``manage.py invite``: a link by which somebody makes their own account; also those that there are."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import invitations, wiring
from accounts.api.invitations import InvitationSerializer
from accounts.identity import SystemUser
from accounts.models import Access
from audit import recorder
from core.errors import AppError

ROLE = "operator"


class Command(BaseCommand):
    """``invite [--server …]``, ``invite --list``, ``invite --revoke <id>``."""

    help = "Print a link, good once, by which somebody makes their own account; or list and revoke such links."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what the account may do, or what to do with the links that there are."""
        parser.add_argument("--server", action="append", default=[], help="an id, or a pattern with *; more than once")
        parser.add_argument("--role", default=ROLE, help=f"on each --server; without it {ROLE}")
        parser.add_argument("--access", choices=[one.value for one in Access], help="without it: granted with --server")
        parser.add_argument("--may-create", action="store_true", help="they may make servers")
        parser.add_argument("--days", type=int, default=invitations.MAX_DAYS, help="how long it is good: 1 to 7")
        parser.add_argument("--url", default="http://127.0.0.1:5678", help="where people reach the panel")
        parser.add_argument("--list", action="store_true", dest="listing", help="list the invitations instead")
        parser.add_argument("--revoke", type=int, metavar="ID", help="revoke one instead")
        parser.add_argument("--json", action="store_true", dest="as_json", help="for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do the one that is asked for."""
        try:
            if options["listing"]:
                self._list(as_json=options["as_json"])
            elif options["revoke"] is not None:
                self._revoke(options["revoke"])
            else:
                self._make(options)
        except AppError as error:
            raise CommandError(str(error)) from None

    def _make(self, options: dict[str, Any]) -> None:
        body = {name: options[name] for name in ("server", "role", "access", "may_create", "days")}
        with recorder.shell_call("invite", {"operation": "make", **body}):
            row, token = invitations.make(
                by=SystemUser(), by_name=recorder.shell_user().username, access=options["access"],
                may_create=options["may_create"], days=options["days"],
                grants=[wiring.wanted_grant(options["role"], server) for server in options["server"]],
            )
        link = f"{options['url'].rstrip('/')}/invite#{token}"
        if options["as_json"]:
            self.stdout.write(json.dumps({**InvitationSerializer(row).data, "token": token, "link": link}))
        else:
            self.stdout.write(f"{link}\nGood once, until {row.expires_at:%Y-%m-%d %H:%M} UTC.")

    def _list(self, *, as_json: bool) -> None:
        rows = InvitationSerializer(invitations.listed(), many=True).data
        if as_json:
            self.stdout.write(json.dumps(rows))
            return
        for row in rows:
            given = ", ".join(f"{one['role']} on {one['server']}" for one in row["grants"]) or row["access"]
            self.stdout.write(f"{row['id']:>5}  {row['state']:<8} until {row['expires_at'][:16]}  {given}")

    def _revoke(self, invitation_id: int) -> None:
        with recorder.shell_call("invite", {"operation": "revoke", "id": invitation_id}):
            invitations.revoke(invitation_id)
        self.stdout.write(f"Invitation {invitation_id} lets nobody in.")
