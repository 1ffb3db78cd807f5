"""/metrics as Prometheus reads it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from accounts import tokens
from accounts.models import User, UserRole
from servers import wiring
from servers.live.metrics import backup_metrics
from servers.live.metrics.backup_metrics import BackupFigures
from servers.live.metrics.sampler import Samples
from servers.models import Operation, OperationState
from servers.tests.live.samples import sample_of
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)

MASTER = "m4st3r-t0ken-of-the-tests"


@pytest.fixture
def scrape(api: APIClient) -> Callable[..., dict[tuple[str, str], float]]:
    """Every sample of one scrape by name and labels, but for the machine's."""

    def scrape(path: str = "/api/metrics", token: str = MASTER) -> dict[tuple[str, str], float]:
        answer = api.get(path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.content
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        families = list(text_string_to_metric_families(answer.content.decode()))
        return {
            (one.name, ",".join(value for label, value in one.labels.items() if label != "node")): one.value
            for family in families for one in family.samples
        }

    return scrape


def test_a_running_server_is_told_with_all_its_figures(
    scrape: Callable[..., dict[tuple[str, str], float]], fake: FakeDocker, server: str
) -> None:
    wiring.live().monitoring.sampler.samples = Samples(MappingProxyType({server: sample_of()}), None, 0.004)

    found = scrape()

    assert found["mcadmin_server_up", server] == 1
    assert found["mcadmin_server_cpu_seconds_total", server] == 5.0
    assert found["mcadmin_server_memory_working_set_bytes", server] == 60
    assert ("mcadmin_server_memory_limit_bytes", server) not in found, "no limit is no number"
    assert found["mcadmin_server_disk_written_bytes_total", server] == 20
    assert found["mcadmin_server_network_received_bytes_total", server] == 30
    assert found["mcadmin_sampling_seconds", ""] == 0.004
    assert found["mcadmin_scrape_seconds", ""] > 0
    assert found["mcadmin_process_resident_memory_bytes", ""] > 0
    assert found["mcadmin_engine_reachable", ""] == 0


def test_each_family_of_the_panel_names_its_machine(api: APIClient, fake: FakeDocker, server: str) -> None:
    answer = api.get("/api/metrics", headers={"Authorization": f"Bearer {MASTER}"})
    samples = [one for family in text_string_to_metric_families(answer.content.decode()) for one in family.samples]

    nodes = {one.name: one.labels.get("node") for one in samples if not one.name.startswith("mcadmin_process_")}
    assert "mcadmin_server_up" in nodes
    assert set(nodes.values()) == {""}  # to Prometheus no label at all


def test_operations_and_snapshots_are_told(
    scrape: Callable[..., dict[tuple[str, str], float]], fake: FakeDocker, server: str
) -> None:
    now = datetime.now(UTC)
    for state in (OperationState.SUCCEEDED, OperationState.SUCCEEDED, OperationState.FAILED, OperationState.RUNNING):
        Operation.objects.create(
            server_id=server, kind="up", state=state, started_by="o", origin="api", started_at=now
        )
    backup_metrics.provide(lambda: BackupFigures(last_snapshot_at={server: now - timedelta(hours=1)}))
    try:
        found = scrape()
    finally:
        backup_metrics.provide(None)

    assert found["mcadmin_operations_total", "up,succeeded"] == 2
    assert found["mcadmin_operations_total", "up,failed"] == 1
    assert ("mcadmin_operations_total", "up,running") not in found
    assert found["mcadmin_last_snapshot_age_seconds", server] == pytest.approx(3600, abs=60)


def test_it_is_at_the_root_too_and_needs_its_token(
    scrape: Callable[..., dict[tuple[str, str], float]],
    api: APIClient,
    fake: FakeDocker,
    settings: pytest.FixtureRequest,
) -> None:
    assert scrape("/metrics")
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"metrics_token": "scr4pe-me"})  # type: ignore[attr-defined]
    assert scrape(token="scr4pe-me")
    user = User(username="olivia", role=UserRole.OWNER)
    user.set_unusable_password()
    user.save()
    for header in ("", "Bearer", "Bearer wrong", f"Bearer {tokens.issue(user)}"):
        answer = api.get("/api/metrics", headers={"Authorization": header} if header else {})
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "detail" in answer.json()


def test_the_metrics_token_opens_nothing_else(
    api: APIClient, fake: FakeDocker, settings: pytest.FixtureRequest
) -> None:
    settings.MC_ADMIN = settings.MC_ADMIN.model_copy(update={"metrics_token": "scr4pe-me"})  # type: ignore[attr-defined]

    assert api.get("/api/servers", headers={"Authorization": "Bearer scr4pe-me"}).status_code == 401
