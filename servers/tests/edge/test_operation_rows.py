"""Records of operations: who may end one, and which ones a list shows."""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servers.models import Operation, OperationState
from servers.records import operation_lists, operation_rows

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
OVER = [state for state in OperationState if state != OperationState.RUNNING]


def made(server_id: str = "lobby", *, minute: int = 0, **values: Any) -> Operation:
    return Operation.objects.create(
        **{"server_id": server_id, "kind": "backup", "started_by": "olga", "origin": "api", "can_cancel": True}
        | {"started_at": NOON + timedelta(minutes=minute)} | values
    )


def test_the_first_who_cancels_is_recorded_and_the_second_is_not_refused() -> None:
    running = made()
    assert not operation_rows.is_cancel_wanted(running.pk)

    assert operation_rows.request_cancel(running.pk, by="bob").cancelled_by == "bob"
    assert operation_rows.request_cancel(running.pk, by="carl").cancelled_by == "bob"
    assert operation_rows.is_cancel_wanted(running.pk)


@pytest.mark.parametrize("overtaking", [False, True])
@pytest.mark.parametrize("state", OVER)
def test_what_is_over_cannot_be_cancelled(state: OperationState, overtaking: bool) -> None:
    over = made(state=state)

    with pytest.raises(operation_rows.OperationEnded, match=f"This backup is over .{state}."):
        operation_rows.request_cancel(over.pk, by="bob", overtaking=overtaking)
    assert not operation_rows.is_cancel_wanted(over.pk)


def test_what_runs_to_its_end_is_cancelled_only_by_what_overtakes_it() -> None:
    running = made(can_cancel=False)

    with pytest.raises(operation_rows.CannotCancel):
        operation_rows.request_cancel(running.pk, by="bob")
    assert not operation_rows.is_cancel_wanted(running.pk)
    assert operation_rows.request_cancel(running.pk, by="bob", overtaking=True).cancelled_by == "bob"


@pytest.mark.parametrize(
    "ask",
    [operation_rows.read_operation, lambda one: operation_rows.request_cancel(one, by="bob")],
    ids=["read", "cancel"],
)
def test_an_unknown_operation_is_not_found(ask: Callable[[uuid.UUID], Operation]) -> None:
    made()

    with pytest.raises(operation_rows.OperationNotFound):
        ask(uuid.uuid4())


def test_behind_the_point_of_no_return_nobody_cancels() -> None:
    running = made()
    assert operation_rows.pass_point_of_no_return(running.pk)

    with pytest.raises(operation_rows.CannotCancel):
        operation_rows.request_cancel(running.pk, by="bob")


def test_who_was_cancelled_a_moment_before_does_not_pass_the_point_of_no_return() -> None:
    running, other = made(), made("survival")
    operation_rows.request_cancel(running.pk, by="bob")

    assert not operation_rows.pass_point_of_no_return(running.pk)
    assert operation_rows.read_operation(running.pk).can_cancel
    assert operation_rows.read_operation(other.pk).can_cancel


def test_a_long_stage_is_cut_where_it_is_kept() -> None:
    running = made()
    operation_rows.note_progress(running.pk, output="one", percent=12.5, stage="ü" * 300, bytes_done=3)

    kept = operation_rows.read_operation(running.pk)
    assert (kept.output, kept.percent, kept.stage, kept.bytes_done) == ("one", 12.5, "ü" * 200, 3)


@pytest.mark.parametrize("state", OVER)
def test_only_a_creation_that_succeeded_made_the_server(state: OperationState) -> None:
    wanted = made(kind="create", minute=1, state=state)
    made(kind="create", minute=2)
    made("survival", kind="create", minute=3, state=OperationState.SUCCEEDED)
    made(minute=4, state=OperationState.SUCCEEDED)

    assert operation_rows.last_created("lobby") == (wanted if state == OperationState.SUCCEEDED else None)


def test_the_last_of_several_creations_counts() -> None:
    [_, last] = [made(kind="create", minute=at, state=OperationState.SUCCEEDED) for at in (1, 2)]

    assert operation_rows.last_created("lobby") == last


@pytest.mark.parametrize(
    ("asked", "minutes"),
    [
        ({"before": None, "limit": 9}, [3, 2, 1]), ({"before": None, "limit": 2}, [3, 2]),
        ({"before": NOON + timedelta(minutes=3), "limit": 9}, [2, 1]),
        ({"before": None, "limit": 9, "incarnation": 2}, [3]), ({"before": None, "limit": 9, "incarnation": 3}, []),
    ],
    ids=["all", "the newest", "before one", "of one server of that id", "of none"],
)
def test_a_servers_operations_newest_first(asked: dict[str, Any], minutes: list[int]) -> None:
    for minute, number in ((2, 1), (3, 2), (1, 1)):
        made(minute=minute, incarnation=number)
    made("survival", minute=2)

    found = operation_rows.list_operations("lobby", **asked)
    assert [one.started_at for one in found] == [NOON + timedelta(minutes=minute) for minute in minutes]


def test_lately_is_what_began_since_what_still_runs_and_what_was_asked_for() -> None:
    over = {"state": OperationState.SUCCEEDED}
    old, asked = made(minute=-60, **over), made(minute=-50, **over)
    long, fresh, running = made(minute=-40), made(minute=0, **over), made(minute=1)

    found = operation_lists.read_lately(since=NOON, also=[asked.pk, uuid.uuid4()])
    assert {one.pk for one in found} == {asked.pk, long.pk, fresh.pk, running.pk}
    assert len(found) == 4
    assert old.pk not in {one.pk for one in found}


def test_lately_shows_the_newest_and_never_leaves_out_what_runs() -> None:
    running = made(minute=1)
    ended = [made(minute=minute, state=OperationState.SUCCEEDED) for minute in (2, 3, 4)]

    found = operation_lists.read_lately(since=NOON, also=[], limit=2)
    assert {one.pk for one in found} == {running.pk, ended[1].pk, ended[2].pk}
