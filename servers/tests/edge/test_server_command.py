"""``manage.py server`` for scripts: JSON of what was done and of the status."""

import io
import json

import pytest
from django.core.management import call_command

from servers.tests.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def answer(*argv: str) -> dict[str, object]:
    out = io.StringIO()
    call_command("server", *argv, "--json", stdout=out)
    found: dict[str, object] = json.loads(out.getvalue())
    return found


def test_an_action_answers_as_the_api_does(fake: FakeDocker, server: str) -> None:
    done = answer(server, "up")

    assert done["message"] == f"{server} is up."
    operation = done["operation"]
    assert isinstance(operation, dict)
    assert (operation["kind"], operation["state"], operation["serverId"]) == ("up", "succeeded", server)


def test_a_status_has_all_that_the_api_tells(fake: FakeDocker, server: str) -> None:
    call_command("server", server, "up", stdout=io.StringIO())
    next(iter(fake.containers.values())).health = "healthy"

    assert answer(server, "status") | {"since": None} == {
        "status": "HEALTHY", "reason": None, "since": None, "exitCode": None, "oomKilled": None, "health": "healthy",
        "lastStatus": None,
    }  # fmt: skip
