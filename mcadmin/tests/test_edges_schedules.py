"""Schedules and policies: what one edge refuses, all refuse, and what is stored all the same does no harm."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.management import CommandError, call_command
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import User, UserRole
from backups.models import Schedule, ScheduleRun
from backups.schedules import runs
from backups.tests.conftest import fake, owner, restic, server, server_path
from testing.fake_restic import FakeRestic

__all__ = ["fake", "owner", "restic", "server", "server_path"]  # fixtures

pytestmark = pytest.mark.django_db(transaction=True)
Save = Callable[[dict[str, Any], int | None], None]
GOOD = {
    "cron": "0 4 * * *", "zone": "UTC", "scope": "server", "path": "", "missed": "run_once", "overlap": "wait",
    "jitter_s": 0, "policy": {"keep_last": 3},
}
WRONG: dict[str, dict[str, Any]] = {
    "a path with a policy": {"scope": "path", "path": "world"},
    "a path outside": {"scope": "path", "path": "../x", "policy": {}},
    "a path with NUL": {"scope": "path", "path": "a\0b", "policy": {}},
    "a path without its scope": {"path": "world"},
    "a path too long": {"scope": "path", "path": "x" * 1025, "policy": {}},
    "everything of one server": {"scope": "global"},
    "one server without its name": {"server_id": ""},
    "an unknown server": {"server_id": "absent"},
    "no server's name": {"server_id": "../etc"},
    "an unknown scope": {"scope": "world"},
    "an unknown rule for missed times": {"missed": "perhaps"},
    "an unknown rule for overlaps": {"overlap": "perhaps"},
    "a jitter of days": {"jitter_s": 999_999},
    "a jitter into the past": {"jitter_s": -1},
    "a cron that is none": {"cron": "often"},
    "a cron that never comes": {"cron": "0 4 30 2 *"},
    "an unknown zone": {"zone": "Mars/Base"},
    "a policy of too many": {"policy": {"keep_last": 10_001}},
    "a policy of less than none": {"policy": {"keep_daily": -1}},
}


@pytest.fixture(params=["api", "admin"])
def save(request: pytest.FixtureRequest, owner: APIClient, restic: FakeRestic) -> Save:
    """How an edge makes a schedule (None) or replaces one."""

    def by_api(values: dict[str, Any], number: int | None) -> None:
        values = values | {"policy": values["policy"] or None}
        if number is None:
            owner.post("/api/snapshots/schedules", values, format="json")
        else:
            owner.put(f"/api/snapshots/schedules/{number}", values, format="json")

    def by_admin(values: dict[str, Any], number: int | None) -> None:
        fields = {**values, "enabled": "on", **values["policy"]}
        where = "add" if number is None else f"{number}/change"
        answer = site(User.objects.get(username="olivia")).post(f"/admin/backups/schedule/{where}/", fields)
        assert answer.status_code in {200, 302}

    return by_api if request.param == "api" else by_admin


def site(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "changed"])
def test_what_no_schedule_can_be_is_refused_at_each_edge(
    save: Save, server: str, changes: dict[str, Any], is_new: bool
) -> None:
    number = None
    if not is_new:
        save(GOOD | {"server_id": server}, None)
        number = Schedule.objects.get().pk
    before = list(Schedule.objects.values())

    save(GOOD | {"server_id": server} | changes, number)

    assert list(Schedule.objects.values()) == before


def test_what_a_schedule_can_be_is_stored_alike(save: Save, server: str) -> None:
    save(GOOD | {"server_id": server, "jitter_s": 600}, None)
    save(GOOD | {"scope": "path", "server_id": server, "path": "world", "policy": {}}, None)
    save(GOOD | {"scope": "global", "server_id": ""}, None)

    stored = list(Schedule.objects.values_list("scope", "server_id", "path", "jitter_s", "created_by"))
    assert stored == [
        ("server", server, "", 600, "olivia"), ("path", server, "world", 0, "olivia"), ("global", "", "", 0, "olivia"),
    ]
    assert [{name: n for name, n in one.policy.items() if n} for one in Schedule.objects.all()] == [
        {"keep_last": 3}, {}, {"keep_last": 3},
    ]


def stored(server_id: str, **changes: Any) -> Schedule:
    """Return a schedule as an earlier version may have stored it."""
    values = GOOD | {"server_id": server_id, "created_by": "olga", "looked_until": datetime.now(UTC)}
    return Schedule.objects.create(**(values | changes))


@pytest.fixture(params=["api", "admin", "due"])
def run(request: pytest.FixtureRequest, owner: APIClient, restic: FakeRestic) -> Callable[[Schedule], None]:
    """How a schedule is run to its end."""

    def by_api(one: Schedule) -> None:
        owner.post(f"/api/snapshots/schedules/{one.pk}/run")

    def by_admin(one: Schedule) -> None:
        site(User.objects.get(username="olivia")).post("/admin/act/", {"do": f"schedule:{one.pk}:run"})
        finish(ScheduleRun.objects.get().pk)  # the loop of a test's request ends with it

    def when_due(one: Schedule) -> None:
        finish(ScheduleRun.objects.create(schedule=one, due_at=datetime.now(UTC)).pk)

    def finish(run_id: int) -> None:
        async_to_sync(runs.execute)(run_id)

    return {"api": by_api, "admin": by_admin, "due": when_due}[request.param]


def test_a_stored_policy_of_a_path_removes_nothing(
    run: Callable[[Schedule], None], owner: APIClient, server: str, server_path: Any, restic: FakeRestic
) -> None:
    (server_path / server / "data/world").mkdir()
    for _ in range(3):
        assert owner.post("/api/snapshots", {"server_id": server}, format="json").status_code == 200
    whole = [one["id"] for one in restic.snapshots]

    run(stored(server, scope="path", path="world", policy={"keep_last": 1}))

    assert [one["id"] for one in restic.snapshots][:3] == whole
    assert len(restic.snapshots) == 4
    assert "Older snapshots were not removed" in ScheduleRun.objects.get().message


def test_a_stored_jitter_of_days_counts_as_the_most_that_may_be(server: str) -> None:
    one, due = stored(server, jitter_s=999_999), datetime(2026, 6, 1, 4, tzinfo=UTC)

    assert 0 <= runs._delay(one, due).total_seconds() <= 3600


@pytest.mark.parametrize("changes", [{"server_id": "absent"}, {"scope": "path", "path": "world"}])
def test_a_schedule_that_breaks_the_rules_is_not_switched_on(
    owner: APIClient, server: str, restic: FakeRestic, changes: dict[str, Any]
) -> None:
    one = stored(server, enabled=False, disabled_because="The server was removed.")
    Schedule.objects.filter(pk=one.pk).update(**changes)

    site(User.objects.get(username="olivia")).post("/admin/act/", {"do": f"schedule:{one.pk}:on"})

    one.refresh_from_db()
    assert not one.enabled


@pytest.mark.parametrize("how", ["page", "bulk"])
def test_schedules_are_deleted_by_the_site(owner: APIClient, server: str, restic: FakeRestic, how: str) -> None:
    numbers = [stored(server).pk, stored(server).pk]
    client = site(User.objects.get(username="olivia"))
    if how == "bulk":
        body = {"action": "delete_selected", "_selected_action": numbers, "post": "yes"}
        assert client.post("/admin/backups/schedule/", body).status_code == 302
    else:
        for number in numbers:
            assert client.post(f"/admin/backups/schedule/{number}/delete/", {"post": "yes"}).status_code == 302
    assert not Schedule.objects.exists()


@pytest.mark.parametrize("counts", [{}, {"keep_last": 0}, {"keep_last": -1}, {"keep_daily": 10_001}])
@pytest.mark.parametrize("edge", ["api", "shell", "due"])
def test_a_policy_that_is_none_removes_nothing(
    owner: APIClient, server: str, restic: FakeRestic, counts: dict[str, int], edge: str
) -> None:
    for _ in range(2):
        owner.post("/api/snapshots", {"server_id": server}, format="json")

    if edge == "api":
        answer = owner.post("/api/snapshots/forget", {"server_id": server} | counts, format="json")
        assert answer.status_code == 400
    elif edge == "shell":
        options = [f"--{name.replace('_', '-')}={count}" for name, count in counts.items()]
        with pytest.raises(CommandError):
            call_command("snapshot", "forget", server, *options)
    else:
        one = stored(server, policy=counts)
        run_id = ScheduleRun.objects.create(schedule=one, due_at=datetime.now(UTC)).pk
        async_to_sync(runs.execute)(run_id)

    assert "forget" not in restic.commands


def test_an_admin_runs_no_policy_at_any_edge(api: APIClient, server: str, restic: FakeRestic) -> None:
    adam = User.objects.create_user("adam", None, UserRole.ADMIN)
    one = stored(server)
    api.force_authenticate(adam)

    assert api.post(f"/api/snapshots/schedules/{one.pk}/run").status_code == 403
    assert site(adam).post("/admin/act/", {"do": f"schedule:{one.pk}:run"}).status_code == 302  # to the login
    assert not ScheduleRun.objects.exists()
