"""Figures over time: an hour in memory, minutes in the database."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from servers import wiring
from servers.live.metrics.history import FIELDS, HOST, History, MinuteRow
from servers.live.metrics.sampler import Samples
from servers.minecraft.status import ContainerNote, EndCause
from servers.models import MinuteFigures, RemovedServer
from servers.records import monitoring
from servers.tests.live.samples import sample_of
from testing.fake_docker import FakeDocker

pytestmark = pytest.mark.django_db(transaction=True)


def minute(server_id: str, at: float, **values: float) -> MinuteRow:
    return MinuteRow(server_id, int(at // 60) * 60, tuple(values.get(field) for field in FIELDS))


def test_the_last_hour_is_read_from_memory(owner: APIClient, fake: FakeDocker, server: str) -> None:
    history = wiring.live().monitoring.history
    now = time.time()
    for ago in range(50, 0, -5):
        history._clock = lambda ago=ago: now - ago  # type: ignore[misc]
        history.add(Samples({server: sample_of(cpu_percent=float(ago))}))

    path = f"/api/servers/{server}/history?metric=cpuPercentage&step=5"
    points = owner.get(f"{path}&from={now - 50}&to={now - 1}").json()["points"]

    known = [value for _, value in points if value is not None]
    assert {5.0, 25.0, 50.0} <= set(known)
    assert [at for at, _ in points] == sorted(at for at, _ in points)
    whole = owner.get(f"/api/servers/{server}/history?metric=cpuPercentage").json()
    assert (whole["metric"], whole["unit"], len(whole["points"])) == ("cpuPercentage", "percent", 361)


def test_older_minutes_come_from_the_database_with_holes_as_null(
    owner: APIClient, fake: FakeDocker, server: str
) -> None:
    start = time.time() // 60 * 60 - 7200
    rows = [minute(server, start + 60 * number, memory_bytes=1000.0 + number) for number in (0, 1, 3)]
    monitoring.save_minutes(rows)
    monitoring.save_minutes(rows)  # a minute in which we were restarted

    path = f"/api/servers/{server}/history?metric=memoryUsageBytes&step=60"
    points = owner.get(f"{path}&from={start}&to={start + 240}").json()["points"]

    assert [value for _, value in points] == [1000.0, 1001.0, None, 1003.0]
    assert points[0][0] == datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_an_earlier_server_of_that_name_shows_only_when_asked_for(
    owner: APIClient, fake: FakeDocker, server: str
) -> None:
    now = time.time() // 60 * 60
    monitoring.save_minutes([minute(server, now - 7200, cpu_percent=9.0)])
    removed = datetime.fromtimestamp(now - 5400, UTC)
    RemovedServer.objects.create(removed_as="x", server_id=server, removed_at=removed, removed_by="o")
    path = f"/api/servers/{server}/history?metric=cpuPercentage&from={now - 7260}"

    def known(query: str) -> list[float]:
        return [value for _, value in owner.get(path + query).json()["points"] if value is not None]

    assert known("") == []
    assert known("&all=1") == [9.0]


@pytest.mark.parametrize(
    "query",
    [
        "", "metric=nonsense", "metric=cpuPercentage&from=yesterday", "metric=cpuPercentage&step=0",
        "metric=cpuPercentage&step=1e9", "metric=cpuPercentage&from=2000000000&to=1000000000",
        "metric=cpuPercentage&from=nan", "metric=cpuPercentage&from=0&step=60", "metric=cpuPercentage&from=inf",
        "metric=cpuPercentage&step=000000060" + "9" * 5000,
    ],
)
def test_what_cannot_be_answered_is_400(owner: APIClient, fake: FakeDocker, server: str, query: str) -> None:
    answer = owner.get(f"/api/servers/{server}/history?{query}")

    assert answer.status_code == 400
    assert len(answer.json()["detail"]) > 20


def test_the_host_has_a_history_too(owner: APIClient, fake: FakeDocker) -> None:
    now = time.time()
    monitoring.save_minutes([minute(HOST, now - 7200, load=0.5)])

    answer = owner.get(f"/api/system/history?metric=cpuLoad1Min&from={now - 7300}&to={now - 7000}").json()

    assert 0.5 in [value for _, value in answer["points"]]
    assert owner.get("/api/servers/ghost/history?metric=cpuPercentage").status_code == 404


async def test_minutes_are_stored_in_batches_and_what_is_old_goes(fake: FakeDocker, tmp_path: Path) -> None:
    clock = [1_800_000_000.0 // 60 * 60]
    history = History(
        players=lambda _: 3, disk=lambda _: 77, store=monitoring.HistoryStore(), clock=lambda: clock[0]
    )
    history.start()
    for _ in range(25):
        history.add(Samples({"a": sample_of(cpu_percent=50.0), "b": sample_of(cpu_percent=10.0)}))
        clock[0] += 5
    await history.stop()

    rows = [row async for row in MinuteFigures.objects.order_by("server_id", "at")]
    assert [(row.server_id, row.cpu_percent, row.players, row.disk_bytes) for row in rows[:2]] == [
        ("a", 50.0, 3.0, 77.0)
    ] * 2
    assert len(rows) == 6, "two whole minutes and the one under way, of two servers"

    await monitoring.HistoryStore().prune(rows[0].at + timedelta(seconds=60))
    assert await MinuteFigures.objects.acount() == 4


def test_a_clock_that_was_set_back_leaves_no_points_of_a_future(fake: FakeDocker) -> None:
    clock = [1000.0]
    history = History(players=lambda _: None, disk=lambda _: None, store=None, clock=lambda: clock[0])
    for at in (1000.0, 1005.0, 1010.0, 900.0, 905.0):
        clock[0] = at
        history.add(Samples({"a": sample_of(cpu_percent=at)}))

    assert history.recent("a", "cpu_percent", start=0, end=9999) == [(900.0, 900.0), (905.0, 905.0)]


def test_only_the_last_hour_is_kept_in_memory(fake: FakeDocker) -> None:
    clock = [0.0]
    history = History(players=lambda _: None, disk=lambda _: None, store=None, clock=lambda: clock[0])
    for number in range(2000):
        clock[0] = number * 5.0
        history.add(Samples({"a": sample_of(cpu_percent=1.0)}))

    assert 720 <= len(history.recent("a", "cpu_percent", start=0, end=1e9)) <= 800
    clock[0] += 3700
    history.add(Samples({}))
    assert history._rings == {}


async def test_container_notes_survive_a_restart(fake: FakeDocker) -> None:
    store = monitoring.NoteStore()
    at = datetime(2026, 1, 1, tzinfo=UTC)
    note = ContainerNote("running healthy x", at, 137, EndCause.OOM, at)

    await store.save({"a": note, "b": ContainerNote()}, [])
    await store.save({"b": ContainerNote(exit_code=1)}, [])
    assert await store.load() == {"a": note, "b": ContainerNote(exit_code=1)}

    await store.save({}, ["a"])
    assert (await store.load()).keys() == {"b"}
