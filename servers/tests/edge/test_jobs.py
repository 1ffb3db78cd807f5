"""The interface that every operation goes through, whatever it does."""

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from core.errors import InvalidRequest
from core.locks import Busy
from servers.models import Lease, Operation
from servers.operations import runner
from servers.operations.http import OperationSerializer
from servers.operations.progress import Amount, Progress
from servers.operations.runner import OperationCancelled
from servers.records import leases, operation_rows
from testing.fake_docker import FakeDocker
from testing.jobs import Held, ended, job, nothing, stored

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look every few milliseconds instead of every second."""
    monkeypatch.setattr(runner, "LOOK_S", 0.02)


async def test_what_the_work_says_and_returns_is_its_record(fake: FakeDocker) -> None:
    async def work(progress: Progress) -> dict[str, Any]:
        progress.line("one")
        progress.percent(40, "reading")
        progress.warn("two is odd")
        return {"found": 2}

    done = await stored(await runner.run(job("check", work)))

    assert (done.state, done.result, done.output) == ("succeeded", {"found": 2}, "one\ntwo is odd")
    assert (done.percent, done.stage, done.warnings) == (40, "reading", ["two is odd"])
    assert await operation_rows.in_database(Lease.objects.count) == 0


async def test_bytes_and_time_left_are_told_while_it_runs_and_the_guess_ends_with_it(fake: FakeDocker) -> None:
    held = Held()

    async def work(progress: Progress) -> None:
        progress.percent(40, "copying", amount=Amount(4, 10, 7))
        await held(progress)

    operation = await runner.start(job("check", work))
    while (now := await stored(operation)).bytes_done is None:
        await asyncio.sleep(0.01)
    shown = await asyncio.to_thread(lambda: OperationSerializer(now).data)
    held.let_go.set()

    assert (shown["bytesDone"], shown["bytesTotal"], shown["etaSeconds"]) == (4, 10, 7)
    await ended(operation)
    now = await stored(operation)
    assert (now.bytes_done, now.bytes_total, now.eta_seconds) == (4, 10, None)


async def test_an_anticipated_failure_is_raised_and_recorded(fake: FakeDocker) -> None:
    async def work(_: Progress) -> None:
        raise InvalidRequest("This cannot be.")

    with pytest.raises(InvalidRequest, match="cannot be"):
        await runner.run(job("check", work))

    assert (await operation_rows.in_database(Operation.objects.get)).error == "This cannot be."


async def test_a_bug_is_recorded_without_its_text_and_frees_the_server(fake: FakeDocker) -> None:
    async def work(_: Progress) -> None:
        raise ZeroDivisionError("inside")

    with pytest.raises(ZeroDivisionError):
        await runner.run(job("check", work))

    done = await operation_rows.in_database(Operation.objects.get)
    assert (done.state, "inside" in done.error) == ("failed", False)
    await runner.run(job("check", nothing))


async def test_leases_are_taken_all_or_none(fake: FakeDocker) -> None:
    first = Held()
    one = await runner.start(job("backup", first, server_id="a", leases=("repository",)))
    with pytest.raises(Busy, match=r"The repository is busy: backup, started by olivia at \d\d:\d\d:\d\d UTC"):
        await runner.run(job("check", nothing, server_id="b", leases=("repository",)))

    await runner.run(job("up", nothing, server_id="b"))
    first.let_go.set()
    await ended(one)
    await runner.run(job("check", nothing, server_id="b", leases=("repository",)))


async def test_of_50_at_once_exactly_one_wins(fake: FakeDocker) -> None:
    held = Held()
    answers = await asyncio.gather(
        *(runner.start(job("up", held)) for _ in range(50)), return_exceptions=True
    )

    won = [one for one in answers if isinstance(one, Operation)]
    assert len(won) == 1
    assert sum(isinstance(one, Busy) for one in answers) == 49
    assert await operation_rows.in_database(Operation.objects.count) == 1
    held.let_go.set()
    await ended(won[0])
    assert await operation_rows.in_database(Lease.objects.count) == 0


async def test_cancelled_work_cleans_up_before_the_server_is_free(fake: FakeDocker) -> None:
    held = Held()
    begun = asyncio.create_task(runner.run(job("check", held, can_cancel=True)))
    await held.begun.wait()
    operation = await operation_rows.in_database(Operation.objects.get)

    await runner.cancel(operation.id, by="adam")
    with pytest.raises(OperationCancelled):
        await begun

    assert held.events == ["cleaned up"]
    done = await stored(operation)
    assert (done.state, done.cancelled_by) == ("cancelled", "adam")
    with pytest.raises(operation_rows.OperationEnded):
        await runner.cancel(operation.id, by="adam")


async def test_a_wish_from_another_process_is_seen_within_seconds(fake: FakeDocker) -> None:
    held = Held()
    operation = await runner.start(job("check", held, can_cancel=True))

    await operation_rows.in_database(operation_rows.request_cancel, operation.id, by="adam")  # only the row knows

    assert (await ended(operation)).state == "cancelled"


async def test_what_cannot_be_cancelled_says_so(fake: FakeDocker) -> None:
    held = Held()
    operation = await runner.start(job("up", held))
    await held.begun.wait()

    with pytest.raises(operation_rows.CannotCancel):
        await runner.cancel(operation.id, by="adam")

    held.let_go.set()
    assert (await ended(operation)).state == "succeeded"


async def test_past_its_point_of_no_return_nobody_can_cancel(fake: FakeDocker) -> None:
    held = Held()

    async def work(progress: Progress) -> None:
        await progress.point_of_no_return()
        await held(progress)

    operation = await runner.start(job("restore", work, can_cancel=True))
    await held.begun.wait()

    with pytest.raises(operation_rows.CannotCancel):
        await runner.cancel(operation.id, by="adam")
    held.let_go.set()
    assert (await ended(operation)).state == "succeeded"


async def test_cancelled_just_before_the_point_of_no_return_it_does_not_pass(fake: FakeDocker) -> None:
    passed: list[str] = []

    async def work(progress: Progress) -> None:
        operation = await operation_rows.in_database(Operation.objects.get)
        await operation_rows.in_database(operation_rows.request_cancel, operation.id, by="adam")
        await progress.point_of_no_return()
        passed.append("swapped")

    with pytest.raises(OperationCancelled):
        await runner.run(job("restore", work, can_cancel=True))

    assert passed == []


@pytest.mark.parametrize(
    ("urgent", "running"), [("kill", "backup"), ("stop", "backup"), ("down", "backup"), ("kill", "stop")]
)
async def test_the_urgent_overtakes_after_the_clean_up(fake: FakeDocker, urgent: str, running: str) -> None:
    events: list[str] = []
    held = Held(events)

    async def work(_: Progress) -> None:
        events.append(urgent)

    first = await runner.start(job(running, held))
    await held.begun.wait()

    await runner.run(job(urgent, work))

    assert events == ["cleaned up", urgent]
    assert (await stored(first)).state == "cancelled"


async def test_others_wait_their_turn(fake: FakeDocker) -> None:
    held = Held()
    first = await runner.start(job("restore", held))
    for kind in ("kill", "stop", "down"):
        with pytest.raises(Busy, match="restore"):
            await runner.run(job(kind, nothing))
    held.let_go.set()
    await ended(first)


async def test_whose_lease_was_taken_over_ends_its_work(fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RENEW_S", 0.0)
    held = Held()
    operation = await runner.start(job("up", held))
    await held.begun.wait()

    await operation_rows.in_database(Lease.objects.all().delete)

    async with asyncio.timeout(10):
        while not held.events:
            await asyncio.sleep(0.02)
    assert (await ended(operation)).state == "interrupted"


async def test_renewing_keeps_a_lease(fake: FakeDocker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "RENEW_S", 0.0)
    held = Held()
    operation = await runner.start(job("up", held))
    first = (await operation_rows.in_database(Lease.objects.get)).expires_at

    async with asyncio.timeout(10):
        while (await operation_rows.in_database(Lease.objects.get)).expires_at == first:
            await asyncio.sleep(0.05)
    held.let_go.set()
    assert (await ended(operation)).state == "succeeded"


async def test_a_watcher_gets_lines_and_steps_as_they_come() -> None:
    progress = Progress(uuid.uuid4(), no_return=_fine)
    progress.line("a")
    news = await progress.after()
    assert (news.lines, news.stage) == (["a"], None)
    progress.percent(10, "half way")
    news = await progress.after(news.seen)
    assert (news.lines, news.percent, news.stage) == ([], 10, "half way")
    for number in range(20_000):
        progress.line(f"line {number}")
    news = await progress.after(news.seen)
    assert news.lines[-1] == "line 19999"
    assert len(progress.text()) <= 64 * 1024
    progress.close()
    assert (await progress.after(news.seen)).lines == []


async def _fine() -> None:
    return None


def test_cancel_over_http(owner: APIClient, fake: FakeDocker) -> None:
    operation = Operation(server_id="lobby", kind="check", started_by="x", origin="api", can_cancel=True)
    operation.started_at = datetime.now(UTC)
    leases.acquire(operation, keys=["server:lobby"])

    answer = owner.post(f"/api/operations/{operation.id}/cancel")

    assert (answer.status_code, answer.headers["Location"]) == (202, f"/api/operations/{operation.id}")
    operation.refresh_from_db()
    assert operation.cancelled_by == "olivia"
    assert owner.post(f"/api/operations/{uuid.uuid4()}/cancel").status_code == 404


