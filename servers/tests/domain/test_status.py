"""Tables of a server's status: each state of a container, each end, and what was observed that no inspect tells."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from servers.docker.container import Container, Health, State
from servers.minecraft.status import (
    ContainerNote,
    EndCause,
    MCServerStatus,
    Status,
    choose_container,
    status_of,
    worst_status,
)

MADE = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
STARTED, CHECKED, ENDED = (MADE + timedelta(minutes=minutes) for minutes in (1, 2, 3))
RUNNING = Container(
    id="a" * 64, name="mc-lobby", image="itzg/minecraft-server:java21", state=State.RUNNING, health=Health.NONE,
    health_message="", health_since=None, pid=4242, exit_code=None, oom_killed=False, error="", restart_count=0,
    created_at=MADE, started_at=STARTED, finished_at=None, address="", tty=False, labels={},
)
EXITED = replace(RUNNING, state=State.EXITED, pid=0, exit_code=1, finished_at=ENDED)


def note(cause: EndCause, *, at: datetime = ENDED, exit_code: int = 137) -> ContainerNote:
    return ContainerNote(exit_code=exit_code, cause=cause, ended_at=at)


def test_no_container_is_a_server_that_exists() -> None:
    assert status_of(None) == Status(MCServerStatus.EXISTS)


@pytest.mark.parametrize(
    ("container", "status", "reason", "since"),
    [
        (replace(RUNNING, health=Health.HEALTHY, health_since=CHECKED), MCServerStatus.HEALTHY, None, CHECKED),
        (replace(RUNNING, health=Health.HEALTHY), MCServerStatus.HEALTHY, None, STARTED),
        (replace(RUNNING, health=Health.HEALTHY, restart_count=3), MCServerStatus.HEALTHY, None, STARTED),
        (replace(RUNNING, health=Health.STARTING), MCServerStatus.STARTING, None, STARTED),
        (
            replace(RUNNING, health=Health.STARTING, restart_count=3),
            MCServerStatus.STARTING, "Restarted 3 times since it was started by hand.", STARTED,
        ),
        (RUNNING, MCServerStatus.RUNNING, "No health check is on, in the image or in the compose file.", STARTED),
        (
            replace(RUNNING, health=Health.UNHEALTHY, health_message="no answer", health_since=CHECKED),
            MCServerStatus.RUNNING, "Unhealthy: no answer", CHECKED,
        ),
        (
            replace(RUNNING, health=Health.UNHEALTHY),
            MCServerStatus.RUNNING, "Unhealthy: the health check fails", STARTED,
        ),
        (replace(RUNNING, state=State.PAUSED), MCServerStatus.RUNNING, "The container is paused.", STARTED),
        (
            replace(EXITED, state=State.RESTARTING, restart_count=7),
            MCServerStatus.RUNNING, "Crash loop: exited with code 1, 7 restarts.", ENDED,
        ),
    ],
)
def test_what_runs(container: Container, status: MCServerStatus, reason: str | None, since: datetime) -> None:
    found = status_of(container)

    assert (found.status, found.reason, found.since) == (status, reason, since)


@pytest.mark.parametrize(
    ("changed", "observed", "reason", "oom_killed"),
    [
        ({}, None, "Exited with code 1.", False),
        ({"exit_code": 0}, None, "Exited with code 0.", False),
        ({"exit_code": None, "finished_at": None}, None, "Never started.", None),
        ({"exit_code": None, "finished_at": None, "error": "port taken"}, None, "Never started: port taken", None),
        ({"exit_code": 137}, None, "Killed (exit code 137).", False),
        (
            {"exit_code": 137, "oom_killed": True}, None,
            "OOM-killed: it reached its memory limit (exit code 137).", True,
        ),
        ({"exit_code": 1, "oom_killed": True}, None, "Exited with code 1.", False),  # the flag is of an older end
        ({"exit_code": 137, "oom_killed": True}, note(EndCause.KILLED), "Killed (exit code 137).", False),
        (
            {"exit_code": 137}, note(EndCause.STOPPED),
            "Stopped, but it did not end within its grace period and was killed (exit code 137).", False,
        ),
        ({"exit_code": 143}, note(EndCause.STOPPED), "Exited with code 143.", False),
        ({"exit_code": 1}, note(EndCause.KILLED), "Killed (exit code 1).", False),
        (
            {"exit_code": 1}, note(EndCause.OOM),
            "OOM-killed: it reached its memory limit (exit code 1).", True,
        ),
        ({"exit_code": 137}, note(EndCause.OOM, at=MADE), "Killed (exit code 137).", False),  # of another end
    ],
)
def test_how_it_ended(
    changed: dict[str, object], observed: ContainerNote | None, reason: str, oom_killed: bool | None
) -> None:
    container = replace(EXITED, **changed)  # type: ignore[arg-type]

    found = status_of(container, note=observed)

    assert (found.status, found.reason, found.oom_killed) == (MCServerStatus.CREATED, reason, oom_killed)
    assert found.since == (container.finished_at or MADE)


@pytest.mark.parametrize(
    ("observed", "exit_code", "oom_killed", "last"),
    [
        (ContainerNote(), None, None, ""),
        (note(EndCause.OOM, at=MADE), 137, True, "; last it was OOM-killed"),
        (note(EndCause.KILLED, at=MADE, exit_code=9), 9, False, "; last it exited with code 9"),
        (note(EndCause.OOM, at=ENDED), None, None, ""),  # the end of this very run: a newer record comes
    ],
)
def test_what_is_told_of_the_run_before(
    observed: ContainerNote, exit_code: int | None, oom_killed: bool | None, last: str
) -> None:
    found = status_of(replace(RUNNING, health=Health.STARTING, restart_count=2), note=observed)

    assert (found.exit_code, found.oom_killed) == (exit_code, oom_killed)
    assert found.reason == f"Restarted 2 times since it was started by hand{last}."


def test_a_crash_loop_says_that_memory_ran_out() -> None:
    container = replace(EXITED, state=State.RESTARTING, restart_count=7, exit_code=137)

    assert status_of(container, note=note(EndCause.OOM)).reason == "Crash loop: OOM-killed (exit code 137), 7 restarts."


@pytest.mark.parametrize(
    ("main", "other", "worst", "reason"),
    [
        (MCServerStatus.HEALTHY, MCServerStatus.HEALTHY, MCServerStatus.HEALTHY, None),
        (MCServerStatus.HEALTHY, MCServerStatus.STARTING, MCServerStatus.STARTING, "Its game `lobby`: it is STARTING."),
        (MCServerStatus.STARTING, MCServerStatus.CREATED, MCServerStatus.CREATED, "Its game `lobby`: it is CREATED."),
        (MCServerStatus.CREATED, MCServerStatus.HEALTHY, MCServerStatus.CREATED, None),
        (MCServerStatus.HEALTHY, MCServerStatus.EXISTS, MCServerStatus.HEALTHY, None),  # behind a profile
        (MCServerStatus.EXISTS, MCServerStatus.CREATED, MCServerStatus.EXISTS, None),
    ],
)
def test_the_worst_of_several_games_counts(
    main: MCServerStatus, other: MCServerStatus, worst: MCServerStatus, reason: str | None
) -> None:
    found = worst_status(Status(main), {"network:lobby": Status(other)})

    assert found.status == worst
    assert (found.reason or "").lower() == (reason or "").lower()


@pytest.mark.parametrize(
    ("labels", "name", "is_ours"),
    [
        ({"com.docker.compose.project.working_dir": "/srv/lobby", "com.docker.compose.service": "mc"}, "x", True),
        ({"com.docker.compose.project.working_dir": "/srv/lobby", "com.docker.compose.service": "db"}, "x", False),
        ({"com.docker.compose.project.working_dir": "/srv/other", "com.docker.compose.service": "mc"}, "x", False),
        (
            {
                "com.docker.compose.project.working_dir": "/srv/lobby", "com.docker.compose.service": "mc",
                "com.docker.compose.oneoff": "True",
            },
            "mc-lobby", False,
        ),
        ({}, "mc-lobby", True),
        ({}, "mc-lobby2", False),
    ],
)
def test_whose_a_container_is(labels: dict[str, str], name: str, is_ours: bool) -> None:
    container = replace(RUNNING, labels=labels, name=name)

    found = choose_container([container], directory=Path("/srv/lobby"), service="mc", server_id="lobby")

    assert found == (container if is_ours else None)


def test_of_several_containers_the_running_one_counts_then_the_newest() -> None:
    old, new = replace(EXITED, id="b" * 64), replace(EXITED, id="c" * 64, created_at=ENDED)

    def chosen(*containers: Container) -> Container | None:
        return choose_container(list(containers), directory=Path("/srv/lobby"), service=None, server_id="lobby")

    assert chosen(old, new) == new
    assert chosen(new, RUNNING, old) == RUNNING
