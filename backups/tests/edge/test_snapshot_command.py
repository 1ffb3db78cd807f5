"""``manage.py snapshot`` on a fake restic."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from testing.fake_docker import FakeDocker
from testing.fake_restic import FakeRestic

pytestmark = pytest.mark.django_db(transaction=True)


def snapshot(*argv: str) -> str:
    out = io.StringIO()
    call_command("snapshot", *argv, stdout=out)
    return out.getvalue()


def test_init_create_list(fake: FakeDocker, server: str, restic: FakeRestic) -> None:
    restic.passwords.clear()
    with pytest.raises(CommandError, match="snapshot init"):
        snapshot("create", server)
    assert "was made" in snapshot("init")
    with pytest.raises(CommandError, match="already"):
        snapshot("init")
    made = json.loads(snapshot("create", server, "--json"))
    assert made["saved"] == "stopped"
    assert "Snapshot " in snapshot("create")
    assert json.loads(snapshot("list", "--json"))[0]["id"] == made["id"]
    assert snapshot("list", server).splitlines()[0].startswith(made["short_id"])


def test_a_list_of_nothing_says_so(fake: FakeDocker, server: str, restic: FakeRestic) -> None:
    assert snapshot("list") == "There are no snapshots yet.\n"
    assert snapshot("list", server) == f"There are no snapshots that hold {server}.\n"
    assert json.loads(snapshot("list", "--json")) == []
    snapshot("create", server)
    assert "There are no snapshots" not in snapshot("list") + snapshot("list", server)


def test_without_settings_it_says_what_is_missing(fake: FakeDocker) -> None:
    with pytest.raises(CommandError, match="restic"):
        snapshot("list")
