"""What the engine's events tell and no inspect does."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from servers.docker.container import Container, Health, State
from servers.docker.events import Event
from servers.live.engine.container_notes import ContainerNotes
from servers.minecraft.status import EndCause, MCServerStatus, status_of

ID = "c" * 64
T0 = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def container(**fields: object) -> Container:
    one = Container(
        id=ID, name="mc-x", image="i", state=State.RUNNING, health=Health.NONE, health_message="", health_since=None,
        pid=7, exit_code=None, oom_killed=False, error="", restart_count=0, created_at=T0, started_at=T0,
        finished_at=None, address="", tty=False, labels={},
    )
    return replace(one, **fields)  # type: ignore[arg-type]


def heard(*events: tuple[float, str, int | None]) -> ContainerNotes:
    notes = ContainerNotes()
    for seconds, action, code in events:
        notes.note(Event(action, ID, at(seconds), exit_code=code))
    return notes


@pytest.mark.parametrize(
    ("events", "cause"),
    [
        ([(5.0, "oom", None), (5.1, "die", 137)], EndCause.OOM),
        ([(5.1, "die", 137), (5.2, "oom", None)], EndCause.OOM),
        ([(1.0, "oom", None), (5.0, "die", 137)], EndCause.KILLED),
        ([(5.0, "die", 137), (5.1, "stop", None)], EndCause.STOPPED),
        ([(5.0, "die", 1)], EndCause.ITSELF),
    ],
    ids=["oom", "oom told late", "oom of a child long before", "grace ran out", "crash"],
)
def test_why_it_ended(events: list[tuple[float, str, int | None]], cause: EndCause) -> None:
    assert heard(*events).all[ID].cause is cause


def test_hearing_the_same_events_again_changes_nothing() -> None:
    events = [(5.0, "oom", None), (5.1, "die", 137), (5.2, "stop", None)]

    assert heard(*events, *events).all == heard(*events).all


def test_the_last_end_is_still_told_while_it_runs_again() -> None:
    notes = heard((5.0, "oom", None), (5.1, "die", 137), (6.0, "start", None))
    again = container(started_at=at(6), finished_at=at(5.1), exit_code=0, restart_count=2)
    notes.look({ID: again})

    status = status_of(again, note=notes.all[ID])

    assert (status.exit_code, status.oom_killed) == (137, True)
    assert status.reason is not None
    assert "Restarted 2 times" in status.reason
    assert "OOM-killed" in status.reason


@pytest.mark.parametrize("state", [State.RUNNING, State.PAUSED])
def test_an_end_is_not_told_of_the_run_that_the_record_still_shows(state: State) -> None:
    notes = heard((5.0, "oom", None), (5.1, "die", 137))
    behind = container(state=state, started_at=at(1))  # read before the end, and not again yet
    notes.look({ID: behind})

    status = status_of(behind, note=notes.all[ID])

    assert (status.status, status.exit_code, status.oom_killed) == (MCServerStatus.RUNNING, None, None)


def test_a_crash_loop_tells_code_and_restarts() -> None:
    notes = heard((5.0, "die", 3))
    loop = container(state=State.RESTARTING, pid=0, exit_code=3, finished_at=at(5.0), restart_count=4)
    notes.look({ID: loop})

    status = status_of(loop, note=notes.all[ID])

    assert status.status is MCServerStatus.RUNNING
    assert status.reason == "Crash loop: exited with code 3, 4 restarts."
    assert (status.exit_code, status.oom_killed) == (3, False)


def test_an_end_that_nobody_saw_is_not_explained_by_an_earlier_one() -> None:
    notes = heard((5.0, "oom", None), (5.1, "die", 137))
    later = container(state=State.EXITED, pid=0, exit_code=1, finished_at=at(500))
    notes.look({ID: later})

    status = status_of(later, note=notes.all[ID])

    assert (status.exit_code, status.oom_killed) == (1, False)
    assert status.reason == "Exited with code 1."


def test_healthy_since_stays_when_the_engines_log_has_moved_on() -> None:
    notes = heard((9.0, "health_status", None))
    healthy = container(health=Health.HEALTHY, health_since=at(9))
    notes.look({ID: healthy})
    notes.look({ID: replace(healthy, health_since=at(700))})  # it keeps five checks only

    assert status_of(healthy, note=notes.all[ID]).since == at(9)


def test_since_survives_our_restart_unless_the_container_was_restarted_meanwhile() -> None:
    healthy = container(health=Health.HEALTHY, health_since=at(9))
    before = ContainerNotes()
    before.look({ID: healthy})
    changed, gone = before.take_unsaved()
    assert not gone

    after = ContainerNotes()
    after.restore(changed)
    after.look({ID: replace(healthy, health_since=at(700))})
    assert after.all[ID].since == at(9)

    after.look({ID: replace(healthy, started_at=at(800), health_since=at(810))})
    assert after.all[ID].since == at(810)


def test_paused_since_the_pause_and_healthy_since_its_end() -> None:
    notes = heard((9.0, "health_status", None))
    healthy = container(health=Health.HEALTHY, health_since=at(9))
    notes.look({ID: healthy})
    notes.note(Event("pause", ID, at(20)))
    paused = replace(healthy, state=State.PAUSED)
    notes.look({ID: paused})
    status = status_of(paused, note=notes.all[ID])
    assert (status.status, status.since, status.reason) == (MCServerStatus.RUNNING, at(20), "The container is paused.")

    notes.note(Event("unpause", ID, at(30)))
    notes.look({ID: healthy})
    assert status_of(healthy, note=notes.all[ID]).since == at(30)


def test_events_of_an_earlier_run_do_not_date_the_present_one() -> None:
    notes = heard((-50.0, "health_status", None))
    notes.look({ID: container(health=Health.STARTING)})

    assert notes.all[ID].since is None


def test_what_is_gone_is_forgotten_and_foreign_containers_are_not_noted() -> None:
    notes = heard((5.0, "die", 1))
    notes.look({ID: container(), "f" * 64: container(id="f" * 64, name="ci-job-17")})
    assert notes.all.keys() == {ID}
    notes.take_unsaved()

    notes.look({})

    assert notes.all == {}
    assert notes.take_unsaved() == ({}, {ID})
