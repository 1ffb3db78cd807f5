"""Do something to one server, or ask for its status."""

import getpass
import json
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError

from mcadmin.core.errors import AppError
from servers import actions, wiring
from servers.actions import Action
from servers.compose_safety import Acceptance


class Command(BaseCommand):
    """``server <id> up|down|start|stop|restart|kill|pull|remove|status``."""

    help = "Start, stop, remove one server, or ask for its status."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", help="the server's directory name")
        parser.add_argument("action", choices=["status", *Action])
        parser.add_argument(
            "--accept-findings", default="", metavar="CODES", help="accept these findings of the safety policy, a,b,…"
        )
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["action"] == "status":
                self._status(options["id"], as_json=options["json"])
            else:
                accepted = frozenset(filter(None, options["accept_findings"].split(",")))
                acceptance = Acceptance(username=getpass.getuser(), is_owner=True, codes=accepted)
                done = async_to_sync(actions.run)(
                    options["id"], Action(options["action"]), acceptance=acceptance, origin="command"
                )
                for warning in done.warnings:
                    self.stderr.write(f"Warning: {warning}")
                self.stdout.write(actions.message(done))
        except AppError as error:
            raise CommandError(str(error)) from None

    def _status(self, server_id: str, *, as_json: bool) -> None:
        found = async_to_sync(wiring.manager().get_instance(server_id).get_status_details)()
        if as_json:
            since = found.since.isoformat() if found.since else None
            answer = {"status": found.status, "reason": found.reason, "since": since, "exitCode": found.exit_code}
            self.stdout.write(json.dumps(answer))
            return
        self.stdout.write(f"{found.status}  {found.reason or ''}".rstrip())
