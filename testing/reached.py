"""The settings of a panel on fakes, which notes each change that reaches its view: ``DJANGO_SETTINGS_MODULE``.

The fakes of ``docker`` and ``restic`` stand at the process boundary, as in all tests. What happens is written to the
file ``NOTES``, a line each: ``<request> begun <cut>``, ``<request> ended <cut>``, and ``<request> did <subcommand>``
for what a fake carried out.
"""

import asyncio
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest, HttpResponse

from core import request_id
from mcadmin.settings import *  # noqa: F403

MIDDLEWARE = [*MIDDLEWARE, "testing.reached.NoteReached"]  # noqa: F405 - the innermost
INSTALLED_APPS = [*INSTALLED_APPS, "testing.reached.Fakes"]  # noqa: F405

WORK_S = 0.12  # each view takes at least this, so that there is something to leave
PULL_S = 20


def note(what: str) -> None:
    """Write down that the request of now did this."""
    with Path(os.environ["NOTES"]).open("a") as file:
        file.write(f"{request_id.current()} {what}\n")


class NoteReached:
    """Notes each request with ``?cut=`` that is carried out, and when it has been."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        cut = request.GET.get("cut")
        if cut is None:
            return self.get_response(request)
        note(f"begun {cut}")
        try:
            time.sleep(WORK_S / 2)
            response = self.get_response(request)
            time.sleep(WORK_S / 2)
        finally:
            note(f"ended {cut}")
        return response


class Fakes(AppConfig):
    """Puts the fakes into the panel's wiring; a ``pull`` takes PULL_S."""

    name = "testing"
    label = "fakes"

    def ready(self) -> None:
        from django.conf import settings

        from backups import wiring as backups
        from servers import wiring as servers
        from testing.fake_docker import FakeDocker
        from testing.whole_restic import WholeRestic

        class NotedDocker(FakeDocker):
            async def run(self, *argv: str, **how: Any) -> str:
                answer = await super().run(*argv, **how)
                for verb in {"exec", "config"}.intersection(argv):
                    note(f"did {verb}")
                return answer

            async def _change(self, verb: str, *how: Any) -> None:
                if verb == "pull":
                    await asyncio.sleep(PULL_S)
                await super()._change(verb, *how)
                note(f"did {verb}")

        engine = NotedDocker()
        engine.first_health = "healthy"
        servers.cli_override = engine.cli
        if (section := settings.MC_ADMIN.restic) is None:
            return
        location = Path(section.repository_path)
        restic = WholeRestic(
            "0.18", folder=location.parent / "held", location=location, done=lambda command: note(f"did {command}")
        )
        restic.passwords[section.repository_path] = section.password
        backups.run_override, backups.follow_override = restic, restic.follow
