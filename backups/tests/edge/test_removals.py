from datetime import UTC, datetime

import pytest
from asgiref.sync import async_to_sync

from backups.models import Schedule
from servers.changes import actions
from servers.changes.actions import Action
from servers.changes.compose_safety import Acceptance
from servers.operations.caller import Caller
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def test_removing_a_server_switches_its_schedules_off_and_says_so(fake: FakeDocker, server: str) -> None:
    when = datetime(2026, 1, 1, tzinfo=UTC)
    mine = Schedule.objects.create(cron="0 4 * * *", server_id=server, created_by="olivia", looked_until=when)
    other = Schedule.objects.create(cron="0 4 * * *", server_id="other", created_by="olivia", looked_until=when)
    acceptance = Acceptance(by=Caller("olivia"))

    done = async_to_sync(actions.run)(server, Action.REMOVE, acceptance=acceptance)

    assert done.warnings == [f"1 snapshot schedules of {server} were switched off."]
    mine.refresh_from_db()
    other.refresh_from_db()
    assert (mine.enabled, mine.disabled_because, other.enabled) == (False, "The server was removed.", True)
