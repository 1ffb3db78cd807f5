import multiprocessing
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.db.models import F

from audit import chain, recorder, store
from audit.events import Event
from audit.models import AuditEvent, ChainHead
from audit.writer import Place

pytestmark = pytest.mark.django_db


def write(count: int = 5, **fields: Any) -> None:
    for number in range(count):
        recorder.record(Event(method="POST", path=f"/{number}", success=True, **fields))


def broken() -> list[str]:
    return list(store.verify())


def test_an_untouched_chain_has_nothing_to_tell() -> None:
    assert broken() == []
    write()
    assert broken() == []
    assert list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "change",
    [
        {"username": "mallory"}, {"success": False}, {"path": "/x"}, {"request_body": {"a": 2}}, {"user_id": 7},
        {"timestamp": datetime(2020, 1, 1, tzinfo=UTC)}, {"client_ip": "6.6.6.6"}, {"status_code": 404},
        {"request_id": "other"}, {"query_params": {"x": "1"}}, {"path_params": {"x": "1"}}, {"server_id": "b"},
        {"role": "owner"}, {"user_agent": "other"}, {"method": "GET"}, {"processing_time_ms": 1.5},
        {"result": "client_left"},
    ],
)
def test_a_changed_row_is_found(change: dict[str, Any]) -> None:
    write()
    AuditEvent.objects.filter(sequence=3).update(**change)

    [told] = broken()
    assert told.startswith("Row 3 (")
    assert "was changed" in told


@pytest.mark.parametrize(
    ("gone", "told"),
    [
        ([3], "Row 3 is missing before Row 4"),
        ([2, 3, 4], "Rows 2 to 4 are missing before Row 5"),
        ([1], "Row 1 is missing before Row 2"),
        ([5], "Row 5 is missing at the end."),
        ([1, 2, 3, 4, 5], "Rows 1 to 5 are missing at the end."),
    ],
)
def test_a_deleted_row_is_found(gone: list[int], told: str) -> None:
    write()
    AuditEvent.objects.filter(sequence__in=gone).delete()

    assert len(broken()) == 1
    assert broken()[0].startswith(told)


def test_exchanged_rows_are_found() -> None:
    write()
    AuditEvent.objects.filter(sequence=2).update(sequence=99)
    AuditEvent.objects.filter(sequence=3).update(sequence=2)
    AuditEvent.objects.filter(sequence=99).update(sequence=3)

    assert any("Row 2 (" in told for told in broken())
    assert any("Row 3 (" in told for told in broken())


def test_a_row_written_anew_with_its_own_hash_is_found() -> None:
    write()
    row = AuditEvent.objects.get(sequence=3)
    row.username = "mallory"
    row.hash = chain.hash_of(vars(row), previous_hash=row.previous_hash)
    row.save()

    [told] = broken()
    assert told.startswith("Row 4 (")


def test_a_row_added_behind_the_end_and_a_lost_head_are_found() -> None:
    write(2)
    row = AuditEvent.objects.get(sequence=2)
    row.pk, row.sequence = None, 3
    row.save()
    assert broken() == ["1 rows stand behind the last one that was written."]

    ChainHead.objects.all().delete()
    assert broken() == ["The record of where the chain begins and ends was deleted."]


def test_the_count_of_reads_may_be_written_later() -> None:
    write(2)
    AuditEvent.objects.update(count=F("count") + 5)

    assert broken() == []


def test_pruning_keeps_the_chain_and_its_beginning() -> None:
    write(3, timestamp=datetime.now(UTC) - timedelta(days=100))
    write(2)

    assert store.prune(keep_days=90) == 3
    assert broken() == []
    write(1)
    assert list(AuditEvent.objects.order_by("sequence").values_list("sequence", flat=True)) == [4, 5, 6]
    assert broken() == []

    AuditEvent.objects.filter(sequence=4).delete()
    assert broken()[0].startswith("Row 4 is missing")


@pytest.mark.parametrize(
    "value", [1e300, 1e22, 1.0, -0.0, 0.1, 1e-9, 10**30, -5, True, None, "é\x01", {"b": [1.5, {"a": {}}]}, []]
)
def test_values_come_back_from_the_database_with_the_same_hash(value: Any) -> None:
    recorder.record(Event(method="POST", path="/é", success=True, request_body={"v": value}, client_ip="2001:DB8::1"))

    assert broken() == []


def writing(name: str, values: list[dict[str, Any]]) -> None:
    connections.close_all()
    place = Place("database", store.append)
    for one in values:
        place.waiting.append({**one, "request_id": name})
        while not place.push():
            pass
    connections.close_all()


@pytest.fixture
def shared_database(transactional_db: None) -> Iterator[None]:
    connections.close_all()  # the children must not inherit a connection
    yield
    connections.close_all()


@pytest.mark.django_db(transaction=True)
def test_processes_that_write_at_once_do_not_break_the_chain(shared_database: None) -> None:
    values = [Event(method="POST", path=f"/{number}", success=True).as_dict() for number in range(40)]
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=writing, args=(str(number), values)) for number in range(4)]
    for child in children:
        child.start()
    for child in children:
        child.join(60)

    assert [child.exitcode for child in children] == [0] * 4
    assert AuditEvent.objects.count() == 160
    assert broken() == []
    for number in range(4):  # each one's own order stays
        rows = AuditEvent.objects.filter(request_id=str(number)).order_by("sequence")
        assert [row.path for row in rows] == [f"/{number}" for number in range(40)]
