"""Do something to one server, or ask for its status."""

import json
from argparse import ArgumentParser
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from core.errors import AppError
from servers import wiring
from servers.changes import actions
from servers.changes.actions import Action
from servers.changes.compose_safety import Acceptance
from servers.operations import http
from servers.operations.shell import run_at_shell, shell_caller


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
                self._act(options["id"], Action(options["action"]), options)
        except AppError as error:
            raise CommandError(str(error)) from None

    def _act(self, server_id: str, action: Action, options: dict[str, Any]) -> None:
        accepted = frozenset(filter(None, options["accept_findings"].split(",")))
        acceptance = Acceptance(by=shell_caller(), codes=accepted)
        job = async_to_sync(actions.action_job)(server_id, action, acceptance=acceptance)
        done = run_at_shell(job)
        if options["json"]:
            answer = http.answer(done, message=actions.message(done))
            self.stdout.write(json.dumps(answer, cls=DjangoJSONEncoder))
            return
        self.stdout.write(actions.message(done))

    def _status(self, server_id: str, *, as_json: bool) -> None:
        found = async_to_sync(wiring.manager().get_instance(server_id).get_status_details)()
        if not as_json:
            self.stdout.write(f"{found.status}  {found.reason or ''}".rstrip())
            return
        answer = {
            "status": found.status, "reason": found.reason, "since": found.since, "exitCode": found.exit_code,
            "oomKilled": found.oom_killed, "health": found.health, "lastStatus": found.last_status,
        }
        self.stdout.write(json.dumps(answer, cls=DjangoJSONEncoder))
