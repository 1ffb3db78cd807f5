"""``manage.py supervise``: what must be done once where several ``serve --worker`` run."""

import asyncio
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from mcadmin.lifespan import start_services, stop_services
from mcadmin.serving import startup
from mcadmin.serving.leader_election import supervise
from web import process_role


class Command(BaseCommand):
    """See ``help``."""

    help = (
        "Beside several `serve --worker`: write the history, turn saving on again, run schedules, keep house. "
        "A second one waits until the first is gone. SIGTERM or Ctrl-C ends it in order."
    )
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        startup.refuse_what_cannot_be_shared()
        startup.raise_descriptor_limit()
        process_role.assume(process_role.Role.SUPERVISOR)
        startup.start_logging()
        startup.migrate(self.stdout.write)
        with startup.one_place():
            asyncio.run(self._run())
        self.stdout.write("The supervisor has ended.")

    async def _run(self) -> None:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        self._say("Waiting until no other supervisor runs …")
        await supervise(
            dict(settings.DATABASES["default"]),
            start=start_services,
            stop=stop_services,
            ended=ended,
            say=self._say,
        )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
