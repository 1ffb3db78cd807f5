"""The admin site's own pages, on the fake engine."""

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.conf import LazySettings
from django.test import Client

from accounts.models import User, UserRole
from audit import recorder
from audit.events import Event
from backups import wiring as backups_wiring
from backups.models import Schedule
from mcadmin import attention
from mcadmin.admin_site.servers import list_servers
from servers import wiring
from servers.models import ComposeRevision, Operation, OperationState
from servers.tests.conftest import fake, server, server_path, write_server  # noqa: F401 - fixtures
from testing.fake_docker import FakeDocker
from web.config import ResticSettings

pytestmark = pytest.mark.django_db(transaction=True)
Get = Callable[[str], str]


@pytest.fixture(autouse=True)
def _own_logs(settings: LazySettings, tmp_path: Path) -> Iterator[None]:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"logs_dir": tmp_path / "logs"})
    yield
    recorder.flush()
    backups_wiring.reset()


@pytest.fixture
def site(fake: FakeDocker) -> Client:  # noqa: F811
    client = Client()
    client.force_login(User.objects.create_user("olga", None, UserRole.OWNER))
    return client


@pytest.fixture
def get(site: Client) -> Get:
    def read(path: str) -> str:
        answer = site.get(f"/admin/{path}")
        assert answer.status_code == 200, path
        return answer.content.decode()

    return read


def done(**fields: Any) -> Operation:
    now = datetime.now(UTC)
    return Operation.objects.create(**{"kind": "up", "origin": "api", "started_at": now, "finished_at": now, **fields})


def sentences() -> list[str]:
    return [item.sentence for item in attention.collect(list_servers())]


def configure_restic(settings: LazySettings) -> None:
    section = ResticSettings(repository_path="/nowhere/repository", password="not-a-secret")
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"restic": section})
    backups_wiring.reset()


def test_the_rooms_are_there_in_their_order(get: Get) -> None:
    text = get("")
    rooms = ["Overview", "Servers", "Operations", "Snapshots", "Schedules", "Revisions", "Audit", "Users"]
    places = [text.index(f">{room}") for room in rooms]
    assert places == sorted(places)


def test_an_engine_that_is_away_is_the_first_matter(get: Get, server: str) -> None:  # noqa: F811
    assert "attention" in get("")
    assert any("engine" in one.lower() for one in sentences())


def test_failed_operations_are_told_until_they_work(site: Client) -> None:
    done(server_id="mc", state=OperationState.FAILED, error="No space.", started_at=datetime.now(UTC))
    assert "up of mc failed: No space." in sentences()

    done(server_id="mc", state=OperationState.SUCCEEDED, started_at=datetime.now(UTC) + timedelta(seconds=1))
    assert not any("No space" in one for one in sentences())


def test_backups_that_cannot_be_are_told(site: Client, server: str, settings: LazySettings) -> None:  # noqa: F811
    assert "There are no backups: no repository is set up." in sentences()
    configure_restic(settings)
    assert any("There is no backup repository at the configured place" in one for one in sentences())


def test_a_broken_compose_file_is_told_and_breaks_no_page(get: Get, server_path: Path) -> None:  # noqa: F811
    write_server(server_path, "broken", "services: [")

    assert any(one.startswith("broken: line") for one in sentences())
    for path in ("", "server/", "server/broken/"):
        assert "broken" in get(path)


def test_a_full_disk_is_told(site: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "LITTLE_SHARE", 1.1)

    assert any(one.startswith("The disk of the servers is nearly full") for one in sentences())


def test_a_button_begins_an_operation_and_leads_to_it(site: Client, server: str) -> None:  # noqa: F811
    answer = site.post("/admin/act/", {"do": f"server:{server}:up"})

    operation = Operation.objects.get()
    assert (operation.kind, operation.server_id, operation.started_by) == ("up", server, "olga")
    assert operation.origin == "admin"
    assert answer.headers["Location"] == f"/admin/servers/operation/{operation.pk}/change/"
    assert f"up {server}" in site.get(answer.headers["Location"]).content.decode()


def test_what_cannot_be_done_is_said_on_the_page_it_was_asked_from(site: Client, server_path: Path) -> None:  # noqa: F811
    write_server(server_path, "my-srv")
    write_server(server_path, "My-Srv")
    back = "http://testserver/admin/server/my-srv/"
    answer = site.post("/admin/act/", {"do": "server:my-srv:up"}, headers={"referer": back})

    assert answer.headers["Location"] == back
    assert "same Compose project name" in site.get("/admin/server/my-srv/").content.decode()


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_a_foreign_page_is_never_gone_back_to(site: Client, back: str) -> None:
    answer = site.post("/admin/act/", {"do": "server:nowhere:up"}, headers={"referer": back})

    assert answer.headers["Location"] == "/admin/"


@pytest.mark.parametrize(
    "do",
    [
        "", "x", "server:..:up", "server:mc:format", "operation:1:cancel", "operation:x:y", "schedule:9:run",
        "pin:../x:on", "backup:../x:now", "revision:mc:x", "nothing:a:b", "server::up",
    ],
)
def test_what_no_button_says_is_404(site: Client, do: str) -> None:
    assert site.post("/admin/act/", {"do": do}).status_code == 404


def test_nothing_changes_by_get_or_without_its_token(site: Client, server: str) -> None:  # noqa: F811
    assert site.get("/admin/act/", {"do": f"server:{server}:up"}).status_code == 404
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get())
    assert strict.post("/admin/act/", {"do": f"server:{server}:up"}).status_code == 403
    assert not Operation.objects.exists()


@pytest.mark.parametrize("path", ["", "server/", "server/x/", "server/x/stop/", "act/", "snapshots/"])
def test_admins_and_strangers_are_sent_to_the_login(fake: FakeDocker, path: str) -> None:  # noqa: F811
    client = Client()
    assert client.get(f"/admin/{path}").status_code == 302
    client.force_login(User.objects.create_user("adam", None, UserRole.ADMIN))
    assert client.get(f"/admin/{path}").status_code == 302
    assert client.post("/admin/act/", {"do": "server:x:up"}).status_code == 302


def test_players_are_asked_for_before_they_notice(get: Get, site: Client, server: str) -> None:  # noqa: F811
    assert site.get(f"/admin/server/{server}/remove/").status_code == 302  # UNKNOWN: nothing is offered
    async_to_sync(wiring.live().engine.refresh)()
    text = get(f"server/{server}/remove/")
    assert "Its directory is moved to .removed/" in text
    assert f"server:{server}:remove" in text
    assert site.get(f"/admin/server/{server}/stop/").status_code == 302  # it does not run
    assert site.get("/admin/server/nowhere/").status_code == 404


def test_revisions_show_their_difference_and_no_secret(get: Get, server: str) -> None:  # noqa: F811
    for number, memory in ((1, "2G"), (2, "4G")):
        ComposeRevision.objects.create(
            server_id=server, number=number, created_at=datetime.now(UTC),
            yaml_content=f"environment:\n  MAX_MEMORY: {memory}\n  RCON_PASSWORD: c4nary\n",
        )
    first, second = (get(f"servers/composerevision/{row.pk}/change/") for row in ComposeRevision.objects.order_by("id"))

    assert "+  MAX_MEMORY: 4G" in second
    assert "c4nary" not in first + second
    assert f"revision:{server}:1" in first
    assert f"revision:{server}:2" not in second  # it is in place


def test_an_audit_event_speaks_in_words(get: Get) -> None:
    recorder.record(
        Event(
            method="POST", path="/api/servers/mc/operations", success=False, status_code=409, username="alice",
            request_body={"action": "up"}, user_agent="<script>alert(1)</script>",
        )
    )
    page = get("audit/auditevent/")
    assert "asked for up of mc" in page
    assert "failed (409)" in page
    assert "asked for up of mc" in get("")


def test_schedules_are_held_to_the_rules_of_the_api(site: Client, settings: LazySettings, server: str) -> None:  # noqa: F811
    configure_restic(settings)
    values = {
        "cron": "0 4 * * *", "zone": "UTC", "scope": "server", "server_id": server, "path": "", "missed": "run_once",
        "overlap": "wait", "jitter_s": "0", "enabled": "on", "keep_daily": "7",
    }
    for wrong in ({"cron": "often"}, {"zone": "Mars/Base"}, {"server_id": ""}, {"path": "/x"}):
        answer = site.post("/admin/backups/schedule/add/", values | wrong)
        assert answer.status_code == 200
        assert "errornote" in answer.content.decode()
    assert site.post("/admin/backups/schedule/add/", values).status_code == 302

    schedule = Schedule.objects.get()
    assert (schedule.policy, schedule.created_by) == ({"keep_daily": 7}, "olga")
    site.post("/admin/act/", {"do": f"schedule:{schedule.pk}:off"})
    schedule.refresh_from_db()
    assert not schedule.enabled
    assert "0 4 * * *" in site.get("/admin/backups/schedule/").content.decode()


def test_snapshots_without_a_repository_say_what_to_do(get: Get) -> None:
    assert "add a [restic] section" in get("snapshots/")


def test_an_unknown_operation_cannot_be_cancelled(site: Client) -> None:
    answer = site.post("/admin/act/", {"do": f"operation:{uuid.uuid4()}:cancel"})

    assert answer.status_code == 302
    assert "no operation" in site.get("/admin/").content.decode().lower()


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    wiring.reset()
