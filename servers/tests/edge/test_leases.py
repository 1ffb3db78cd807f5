"""Who may change what: all or nothing, one at a time, and what dead processes held is free again."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction

from audit.models import AuditEvent
from core import process_identity
from core.locks import Busy
from servers.models import Incarnation, Lease, Operation, OperationState
from servers.records import leases, operation_rows

pytestmark = pytest.mark.django_db(transaction=True)
End = Callable[[Operation], None]
LOBBY = leases.server_lease("lobby")


def operation(server_id: str = "lobby", *, kind: str = "up", origin: str = "api") -> Operation:
    return Operation(
        server_id=server_id, kind=kind, started_by="olga", origin=origin, started_at=datetime.now(UTC)
    )


def held() -> dict[str, str]:
    return {key: one.kind for key, one in leases.busy().items()}


def out_of_time(running: Operation) -> None:
    Lease.objects.filter(operation=running).update(expires_at=datetime.now(UTC) - timedelta(seconds=1))


def of_the_dead(running: Operation) -> None:
    host, pid, start = process_identity.this_process().rsplit(":", 2)
    Lease.objects.filter(operation=running).update(owner=f"{host}:{pid}:{int(start) + 1}")


ENDS = pytest.mark.parametrize("end", [out_of_time, of_the_dead])


def test_what_is_held_is_refused_and_says_who_and_what() -> None:
    first = leases.acquire(operation(kind="backup"), keys=[LOBBY])

    with pytest.raises(leases.Held, match=r"lobby is busy: backup, started by olga at \d\d:\d\d:\d\d UTC") as refused:
        leases.acquire(operation(), keys=[LOBBY])
    assert (refused.value.operation, refused.value.named_server) == (first, "lobby")
    assert "lobby" not in refused.value.words_without_name
    assert "olga" not in refused.value.words_without_name
    assert list(Operation.objects.all()) == [first], "what was refused leaves no record"


def test_what_belongs_to_no_server_is_named_by_its_key() -> None:
    leases.acquire(operation("", kind="prune"), keys=["repository"])

    with pytest.raises(leases.Held, match="The repository is busy: prune"):
        leases.acquire(operation(), keys=["repository"])


def test_all_are_taken_or_none() -> None:
    leases.acquire(operation(kind="backup"), keys=["port:2"])

    with pytest.raises(Busy):
        leases.acquire(operation(kind="create"), keys=["port:1", "port:2", "port:3"])
    assert held() == {"port:2": "backup"}
    leases.acquire(operation(kind="create"), keys=["port:1", "port:3"])
    assert held() == {"port:1": "create", "port:2": "backup", "port:3": "create"}


def test_a_key_that_is_named_twice_is_taken_once() -> None:
    leases.acquire(operation(), keys=[LOBBY, LOBBY])

    assert held() == {LOBBY: "up"}


def test_operations_without_a_key_run_beside_each_other_and_are_still_held() -> None:
    running = [leases.acquire(operation(), keys=[]) for _ in range(2)]

    assert set(held()) == {f"operation:{one.pk}" for one in running}
    assert all(leases.renew(one.pk) for one in running)


def test_servers_do_not_wait_for_each_other() -> None:
    for name in ("lobby", "lobby-2"):
        leases.acquire(operation(name), keys=[leases.server_lease(name)])

    assert len(held()) == 2


def test_it_is_recorded_under_the_server_that_has_the_id_now() -> None:
    Incarnation.objects.create(server_id="lobby", number=3, highest=4)

    assert leases.acquire(operation(), keys=[LOBBY]).incarnation == 3
    assert Operation.objects.get().incarnation == 3


def test_a_lease_lives_for_its_time_and_is_this_process_s() -> None:
    before = datetime.now(UTC)
    leases.acquire(operation(), keys=[LOBBY])

    lease = Lease.objects.get()
    assert lease.owner == process_identity.this_process()
    assert before + leases.LEASE_LIFE <= lease.expires_at <= datetime.now(UTC) + leases.LEASE_LIFE


@ENDS
def test_what_the_dead_held_is_not_busy_and_is_taken_over(end: End) -> None:
    dead = leases.acquire(operation(kind="backup"), keys=[LOBBY, "repository"])
    end(dead)
    assert held() == {}

    leases.acquire(operation(), keys=[LOBBY])

    dead.refresh_from_db()
    assert (dead.state, dead.finished_at is not None) == (OperationState.INTERRUPTED, True)
    assert "repeat it" in dead.error
    assert held() == {LOBBY: "up"}, "all that it held is free, not only what was wanted"
    assert not leases.renew(dead.pk), "it hears that it must end"


@ENDS
def test_the_dead_are_told_of_once_each_and_the_living_go_on(end: End) -> None:
    alive = leases.acquire(operation(), keys=[LOBBY])
    dead = leases.acquire(operation("survival", kind="backup"), keys=["server:survival", "repository"])
    of_all = leases.acquire(operation("", kind="prune"), keys=["cache"])
    end(dead)
    end(of_all)

    assert sorted(leases.take_over_dead()) == ["backup of survival was interrupted.", "prune of cache was interrupted."]
    assert leases.take_over_dead() == []
    assert held() == {LOBBY: "up"}
    assert Operation.objects.get(pk=alive.pk).state == OperationState.RUNNING


@ENDS
def test_an_interrupted_operation_is_written_into_the_audit_once(end: End) -> None:
    end(leases.acquire(operation(kind="backup", origin="schedule"), keys=[LOBBY, "repository"]))
    leases.take_over_dead()
    leases.take_over_dead()

    [row] = AuditEvent.objects.all()
    assert (row.method, row.server_id, row.success) == ("SCHEDULE", "lobby", False)


def test_nothing_is_written_down_where_the_taking_over_was_rolled_back() -> None:
    out_of_time(leases.acquire(operation(), keys=[LOBBY]))

    with transaction.atomic():
        leases.take_over_dead()
        transaction.set_rollback(True)
    assert not AuditEvent.objects.exists()
    assert Operation.objects.get().state == OperationState.RUNNING


def test_who_is_refused_takes_over_nothing_and_the_dead_are_told_of_later() -> None:
    """Keys are tried in order: first that of the dead, then one that is refused."""
    dead = leases.acquire(operation(kind="backup"), keys=["a"])
    leases.acquire(operation(kind="prune"), keys=["b"])
    out_of_time(dead)

    with pytest.raises(leases.Held, match="prune"):
        leases.acquire(operation(), keys=["a", "b"])
    assert held() == {"b": "prune"}
    assert leases.take_over_dead() == ["backup of lobby was interrupted."]


def test_renewing_gives_the_whole_time_again_to_all_leases_of_the_operation_alone() -> None:
    mine = leases.acquire(operation(), keys=[LOBBY, "repository"])
    other = leases.acquire(operation("survival"), keys=["server:survival"])
    soon = datetime.now(UTC) + timedelta(seconds=1)
    Lease.objects.update(expires_at=soon)

    assert leases.renew(mine.pk)
    assert {one.expires_at > soon for one in Lease.objects.filter(operation=mine)} == {True}
    assert Lease.objects.get(operation=other).expires_at == soon


def test_what_ended_after_it_was_taken_over_stays_interrupted_and_frees_nothing() -> None:
    slow = leases.acquire(operation(), keys=[LOBBY])
    out_of_time(slow)
    leases.acquire(operation(kind="backup"), keys=[LOBBY])
    slow.state = OperationState.SUCCEEDED
    operation_rows.finish(slow)

    assert Operation.objects.get(pk=slow.pk).state == OperationState.INTERRUPTED
    assert held() == {LOBBY: "backup"}
