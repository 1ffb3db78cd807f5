"""Where a server stands, and why: one pure function over what disk and engine say."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from servers.docker.container import Container, Health, State
from servers.minecraft import status_reason
from servers.minecraft.game_names import split_game
from servers.minecraft.status_reason import LastEnd, Params, Reason, ReasonCode


class MCServerStatus(StrEnum):
    """From nothing on disk to players welcome; UNKNOWN while the engine cannot be asked."""

    REMOVED = "REMOVED"
    EXISTS = "EXISTS"
    CREATED = "CREATED"
    RUNNING = "RUNNING"
    STARTING = "STARTING"
    HEALTHY = "HEALTHY"
    UNKNOWN = "UNKNOWN"


ANSWERING = frozenset({MCServerStatus.RUNNING, MCServerStatus.STARTING, MCServerStatus.HEALTHY})


class EndCause(StrEnum):
    """Why a container's process ended, as far as the engine's events tell."""

    ITSELF = "itself"
    OOM = "oom"
    KILLED = "killed"
    STOPPED = "stopped"


SAME_END = timedelta(seconds=3)  # the engine stamps its event and its record one after the other


@dataclass(frozen=True, slots=True)
class ContainerNote:
    """What was observed of a container and the engine itself soon forgets.

    Attributes:
        situation: state, health and start of the run that ``since`` belongs to.
        since: when its health last changed, or it was paused or unpaused; None when nobody saw it.
        exit_code, cause, ended_at: of its last end; None when none was seen.
    """

    situation: str = ""
    since: datetime | None = None
    exit_code: int | None = None
    cause: EndCause | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """A status with its reason.

    Attributes:
        why: the reason, or None when the status says it all.
        since: since when; None when it cannot be known.
        exit_code: of the last end; None if it never ended.
        oom_killed: whether the last end was for lack of memory; None if it never ended.
        health: ``starting``, ``healthy``, ``unhealthy`` or None.
        last_status: while UNKNOWN: what it was before.
    """

    status: MCServerStatus
    why: Reason | None = None
    since: datetime | None = None
    exit_code: int | None = None
    oom_killed: bool | None = None
    health: str | None = None
    last_status: MCServerStatus | None = None

    @property
    def reason(self) -> str | None:
        """The reason as a sentence."""
        return None if self.why is None else self.why.sentence

    @property
    def reason_code(self) -> ReasonCode | None:
        """The reason as a code."""
        return None if self.why is None else self.why.code

    @property
    def reason_params(self) -> Params:
        """What the reason's code does not say; empty without a reason."""
        return {} if self.why is None else self.why.params


def choose_container(
    containers: list[Container], *, directory: Path, service: str | None, server_id: str
) -> Container | None:
    """Return the server's container: by its working directory and service, or by name when it has no labels.

    Args:
        directory: the server's directory; links in either path make no difference.
        service: the Minecraft service of the compose file; None when it has none that we know.
    """
    ours = [one for one in containers if _belongs(one, directory, service, server_id)]
    return max(ours, key=lambda one: (one.is_running, one.created_at), default=None)


def _belongs(container: Container, directory: Path, service: str | None, server_id: str) -> bool:
    if container.working_dir is None:
        return container.name == f"mc-{server_id}"
    if container.is_one_off:
        return False
    if service is not None and container.service != service:
        return False
    return os.path.realpath(container.working_dir) == os.path.realpath(directory)


def status_of(container: Container | None, *, note: ContainerNote | None = None) -> Status:
    """Return the status of a server that has a compose file and ``container``.

    Args:
        note: what was observed of the container and no inspect tells; without it the last end is judged by
            its exit code, and nothing is said of an end before the present run.
    """
    if container is None:
        return Status(MCServerStatus.EXISTS)
    note = note or ContainerNote()
    health = None if container.health is Health.NONE else container.health.value
    match container.state:
        case State.RUNNING:
            return _running(container, _of_earlier_runs(note, container), health)
        case State.PAUSED:
            note = _of_earlier_runs(note, container)
            why, since = status_reason.paused(), note.since or container.started_at
            return Status(MCServerStatus.RUNNING, why, since, note.exit_code, _oom_before(note), health)
    end = note if _is_of_last_end(note, container) else ContainerNote()
    ended = (container.exit_code, _oom(container, end.cause))
    if container.state is State.RESTARTING:
        last = LastEnd(container.exit_code, is_oom=end.cause is EndCause.OOM)
        why = status_reason.crash_loop(last, restarts=container.restart_count)
        return Status(MCServerStatus.RUNNING, why, container.finished_at, *ended)
    since = container.finished_at or container.created_at
    return Status(MCServerStatus.CREATED, _end_reason(container, end.cause, oom=bool(ended[1])), since, *ended)


_WORST_FIRST = (
    MCServerStatus.UNKNOWN, MCServerStatus.CREATED, MCServerStatus.RUNNING, MCServerStatus.STARTING,
    MCServerStatus.HEALTHY,
)


def worst_status(main: Status, others: Mapping[str, Status]) -> Status:
    """Return the worst status of a server's games, and say whose it is where that is another than its main one.

    A game without a container, such as one behind a profile, tells nothing of the others; by name: ``others``.
    """
    known = {name: one for name, one in others.items() if one.status in _WORST_FIRST}
    if not known or main.status not in _WORST_FIRST:
        return main
    name, worst = min(known.items(), key=lambda one: _WORST_FIRST.index(one[1].status))
    if _WORST_FIRST.index(main.status) <= _WORST_FIRST.index(worst.status):
        return main
    return replace(worst, why=status_reason.of_other_game(split_game(name)[1], worst.status, worst.why))


def _running(container: Container, note: ContainerNote, health: str | None) -> Status:
    status, since = MCServerStatus.RUNNING, container.started_at
    why: Reason | None = None
    match container.health:
        case Health.HEALTHY:
            status, since = MCServerStatus.HEALTHY, note.since or container.health_since or since
        case Health.STARTING:
            status = MCServerStatus.STARTING
        case Health.UNHEALTHY:
            why = status_reason.unhealthy(container.health_message)
            since = note.since or container.health_since or since
        case Health.NONE:
            since = note.since or since
            why = status_reason.no_health_check()
    if container.restart_count and status is not MCServerStatus.HEALTHY:
        last = LastEnd(note.exit_code, is_oom=note.cause is EndCause.OOM)
        why = status_reason.restarted(why, restarts=container.restart_count, last=last)
    return Status(status, why, since, note.exit_code, _oom_before(note), health)


def _oom_before(note: ContainerNote) -> bool | None:
    """Tell how the run before the present one ended; the engine forgets that at the start."""
    return None if note.exit_code is None else note.cause is EndCause.OOM


def _of_earlier_runs(note: ContainerNote, container: Container) -> ContainerNote:
    """Leave out the end of the run that the record still shows: its event came before a newer record was read."""
    if note.ended_at is None or container.started_at is None or note.ended_at < container.started_at:
        return note
    return replace(note, exit_code=None, cause=None, ended_at=None)


def _is_of_last_end(note: ContainerNote, container: Container) -> bool:
    """Tell whether the end that was observed is the last one: others may have happened while nobody looked."""
    if note.ended_at is None or container.finished_at is None:
        return False
    return abs(note.ended_at - container.finished_at) <= SAME_END


def _oom(container: Container, cause: EndCause | None) -> bool | None:
    if container.exit_code is None:
        return None
    if cause is not None:
        return cause is EndCause.OOM
    return container.oom_killed and container.exit_code == 137  # the engine's flag alone can be an older one


def _end_reason(container: Container, cause: EndCause | None, *, oom: bool) -> Reason:
    if container.exit_code is None:
        return status_reason.never_started(container.error)
    last = LastEnd(container.exit_code, is_oom=oom)
    return status_reason.ended(last, was_stopped=cause is EndCause.STOPPED, was_killed=cause is EndCause.KILLED)
