"""The reasons of a status: each that can be given has a code, and the parameters that its sentence has."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from servers.docker.container import Container, Health, State
from servers.live.engine.engine_state import EngineSnapshot, Failed
from servers.minecraft import status_reason
from servers.minecraft.status import ContainerNote, EndCause, MCServerStatus, Status, status_of, worst_status
from servers.minecraft.status_reason import Detail, Reason, ReasonCode

MADE = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
STARTED, ENDED = (MADE + timedelta(minutes=minutes) for minutes in (1, 3))
RUNNING = Container(
    id="a" * 64, name="mc-lobby", image="itzg/minecraft-server:java21", state=State.RUNNING, health=Health.NONE,
    health_message="", health_since=None, pid=4242, exit_code=None, oom_killed=False, error="", restart_count=0,
    created_at=MADE, started_at=STARTED, finished_at=None, address="", tty=False, labels={},
)
EXITED = replace(RUNNING, state=State.EXITED, pid=0, exit_code=1, finished_at=ENDED)
UNHEALTHY = replace(RUNNING, health=Health.UNHEALTHY)
NEVER = replace(EXITED, exit_code=None, finished_at=None)
LOOP = replace(EXITED, state=State.RESTARTING, restart_count=7)
OOM, KILLED, STOPPED = (
    ContainerNote(exit_code=137, cause=cause, ended_at=ENDED)
    for cause in (EndCause.OOM, EndCause.KILLED, EndCause.STOPPED)
)
BEFORE = ContainerNote(exit_code=137, cause=EndCause.OOM, ended_at=MADE)
Kind = Callable[[], Reason | None]


def of(container: Container, note: ContainerNote | None = None, **changed: Any) -> Kind:
    return lambda: status_of(replace(container, **changed), note=note).why


def of_games(other: Status) -> Kind:
    return lambda: worst_status(Status(MCServerStatus.HEALTHY), {"network:hub": other}).why


def doubt(container: Container | None, **snapshot: Any) -> Kind:
    def why() -> Reason | None:
        found = EngineSnapshot(**snapshot).doubt(container)
        return None if found is None else found.why

    return why


FAILED = {RUNNING.id: Failed("the layer is gone", MADE)}
KNOWN = {RUNNING.id: RUNNING}
# What happened, the code for it, and the parameters. Each way to a reason stands here.
REASONS: list[tuple[Kind, ReasonCode, Mapping[str, Any]]] = [
    (of(NEVER), ReasonCode.NEVER_STARTED, {}),
    (of(NEVER, error="port taken"), ReasonCode.START_FAILED, {"message": "port taken"}),
    (of(EXITED), ReasonCode.CRASHED, {"exitCode": 1}),
    (of(EXITED, exit_code=255), ReasonCode.CRASHED, {"exitCode": 255}),
    (of(EXITED, exit_code=0), ReasonCode.ENDED, {"exitCode": 0}),
    (of(EXITED, exit_code=130), ReasonCode.ENDED, {"exitCode": 130}),
    (of(EXITED, exit_code=143), ReasonCode.ENDED, {"exitCode": 143}),
    (of(EXITED, OOM, exit_code=137), ReasonCode.OOM_KILLED, {"exitCode": 137}),
    (of(EXITED, exit_code=137), ReasonCode.KILLED, {"exitCode": 137}),
    (of(EXITED, KILLED), ReasonCode.KILLED, {"exitCode": 1}),
    (of(EXITED, STOPPED, exit_code=137), ReasonCode.STOP_TIMED_OUT, {"exitCode": 137}),
    (of(LOOP), ReasonCode.CRASH_LOOP, {"exitCode": 1, "oomKilled": False, "restarts": 7}),
    (of(LOOP, OOM, exit_code=137), ReasonCode.CRASH_LOOP, {"exitCode": 137, "oomKilled": True, "restarts": 7}),
    (of(RUNNING, state=State.PAUSED), ReasonCode.PAUSED, {}),
    (of(RUNNING), ReasonCode.NO_HEALTH_CHECK, {}),
    (of(RUNNING, restart_count=2), ReasonCode.RESTARTED, {"healthCheck": False, "restarts": 2}),
    (of(UNHEALTHY), ReasonCode.UNHEALTHY, {"message": None}),
    (of(UNHEALTHY, health_message="no answer"), ReasonCode.UNHEALTHY, {"message": "no answer"}),
    (
        of(UNHEALTHY, BEFORE, restart_count=2), ReasonCode.UNHEALTHY,
        {"message": None, "restarts": 2, "exitCode": 137, "oomKilled": True},
    ),
    (of(RUNNING, health=Health.STARTING, restart_count=2), ReasonCode.RESTARTED, {"restarts": 2}),
    (
        of(RUNNING, BEFORE, health=Health.STARTING, restart_count=2), ReasonCode.RESTARTED,
        {"restarts": 2, "exitCode": 137, "oomKilled": True},
    ),
    (lambda: status_reason.asleep(None), ReasonCode.ASLEEP, {}),
    (lambda: status_reason.asleep(of(RUNNING)()), ReasonCode.NO_HEALTH_CHECK, {"asleep": True}),
    (of_games(Status(MCServerStatus.STARTING)), ReasonCode.OTHER_GAME, {"game": "hub", "status": "STARTING"}),
    (of_games(status_of(EXITED)), ReasonCode.CRASHED, {"exitCode": 1, "game": "hub"}),
    (doubt(RUNNING), ReasonCode.ENGINE_AWAY, {"message": "The Docker engine has not been asked yet."}),
    (doubt(None, problem="It is gone."), ReasonCode.ENGINE_AWAY, {"message": "It is gone."}),
    (
        doubt(RUNNING, reachable=True, containers=KNOWN, failed=FAILED), ReasonCode.CONTAINER_UNREAD,
        {"message": "the layer is gone"},
    ),
    (
        doubt(None, reachable=True, failed=FAILED), ReasonCode.OWNER_UNKNOWN,
        {"container": "a" * 12, "message": "the layer is gone"},
    ),
]


@pytest.mark.parametrize(("happened", "code", "params"), REASONS)
def test_a_reason_has_its_code_and_what_its_sentence_says(
    happened: Kind, code: ReasonCode, params: Mapping[str, Any]
) -> None:
    found = happened()

    assert found is not None
    assert (found.code, found.params) == (code, params)
    for name, value in params.items():
        is_said = not (isinstance(value, bool) or value is None)
        if is_said and not (name == "exitCode" and params.get("oomKilled")):  # then memory is all that is told
            assert str(value) in found.sentence


def test_every_code_is_given_for_something() -> None:
    assert {code for _, code, _ in REASONS} == set(ReasonCode)


# What tells the kinds of sentences apart, for a reader: each is one code's, and no other's.
SENTENCES = {
    ReasonCode.NEVER_STARTED: r"Never started\.",
    ReasonCode.START_FAILED: r"Never started: .+",
    ReasonCode.ENDED: r"Exited with code (0|130|143)\.",
    ReasonCode.CRASHED: r"Exited with code (?!(0|130|143)\.)\d+\.",
    ReasonCode.OOM_KILLED: r"OOM-killed: .+",
    ReasonCode.KILLED: r"Killed .+",
    ReasonCode.STOP_TIMED_OUT: r"Stopped, but it did not end .+",
    ReasonCode.CRASH_LOOP: r"Crash loop: .+",
    ReasonCode.PAUSED: r"The container is paused\.",
    ReasonCode.UNHEALTHY: r"Unhealthy: .+",
    ReasonCode.RESTARTED: r"(No health check is on, .+\. )?Restarted .+",
    ReasonCode.NO_HEALTH_CHECK: r"No health check is on, (?!.*Restarted).+",
    ReasonCode.ASLEEP: r"The game sleeps .+",
    ReasonCode.OTHER_GAME: r"it is [A-Z]+\.",
    ReasonCode.CONTAINER_UNREAD: r"The state of the container is not known now, .+",
    ReasonCode.OWNER_UNKNOWN: r"Of the container \w+ nobody knows .+",
    ReasonCode.ENGINE_AWAY: r"The Docker engine has not been asked yet\.|It is gone\.",
}


@pytest.mark.parametrize("happened", [one[0] for one in REASONS])
def test_no_two_kinds_of_sentences_share_a_code(happened: Kind) -> None:
    found = happened()

    assert found is not None
    said = found.sentence.removeprefix("Its game `hub`: ")
    assert [one for one, pattern in SENTENCES.items() if re.fullmatch(pattern, said)] == [found.code]


def test_what_is_added_to_a_reason_keeps_its_code() -> None:
    found = Reason(ReasonCode.CRASHED, "Exited with code 1.", {"exitCode": 1}).and_also(Detail("Why.", {"said": "x"}))

    assert found == Reason(ReasonCode.CRASHED, "Exited with code 1. Why.", {"exitCode": 1, "said": "x"})
