"""``manage.py server`` for scripts: JSON of what was done and of the status."""

import io
import json
from pathlib import Path

import pytest
from django.core.management import call_command

from servers.models import Operation
from servers.tests.conftest import write_server
from testing.fake_docker import FakeDocker

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
    }


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "is_shown"), [(Terminal, True), (io.StringIO, False)])
def test_output_is_shown_while_it_runs_on_a_terminal_alone(
    fake: FakeDocker, server: str, monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], is_shown: bool
) -> None:
    monkeypatch.setattr("sys.stderr", stderr := stream())

    call_command("server", server, "up", stdout=io.StringIO())

    said = Operation.objects.get().output
    assert said
    assert all((f"{line}\n" in stderr.getvalue()) is is_shown for line in said.splitlines())


def test_a_warning_is_told_once(
    fake: FakeDocker, server: str, server_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_server(server_path, "twin")  # publishes the same ports
    monkeypatch.setattr("sys.stderr", stderr := Terminal())

    call_command("server", server, "up", stdout=io.StringIO())

    warnings = Operation.objects.get().warnings
    assert warnings
    assert [stderr.getvalue().count(one) for one in warnings] == [1] * len(warnings)
