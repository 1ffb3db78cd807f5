"""Where a server stands, and why: one pure function over what disk and engine say."""

import os
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from servers.docker.container import ONE_OFF_LABEL, Container, Health, State


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


@dataclass(frozen=True, slots=True)
class Status:
    """A status with its reason.

    Attributes:
        reason: a sentence, or None when the status says it all.
        since: since when; None when it cannot be known.
        exit_code: of the last end; None if it never ended.
        oom_killed: whether the last end was for lack of memory; None if it never ended.
        health: ``starting``, ``healthy``, ``unhealthy`` or None.
        last_status: while UNKNOWN: what it was before.
    """

    status: MCServerStatus
    reason: str | None = None
    since: datetime | None = None
    exit_code: int | None = None
    oom_killed: bool | None = None
    health: str | None = None
    last_status: MCServerStatus | None = None


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
    if container.labels.get(ONE_OFF_LABEL) == "True":
        return False
    if service is not None and container.service != service:
        return False
    return os.path.realpath(container.working_dir) == os.path.realpath(directory)


def status_of(container: Container | None, *, cause: EndCause | None = None) -> Status:
    """Return the status of a server that has a compose file and ``container``.

    Args:
        cause: why it last ended, if its end was observed; otherwise it is told from the exit code.
    """
    if container is None:
        return Status(MCServerStatus.EXISTS)
    oom = _oom(container, cause)
    ended = (container.exit_code, oom)
    health = None if container.health is Health.NONE else container.health.value
    match container.state:
        case State.RUNNING:
            return _running(container, health, ended)
        case State.PAUSED:
            reason, since = "The container is paused.", container.started_at
            return Status(MCServerStatus.RUNNING, reason, since, *ended, health)
        case State.RESTARTING:
            return Status(MCServerStatus.RUNNING, _crash_loop(container), container.finished_at, *ended)
    since = container.finished_at or container.created_at
    return Status(MCServerStatus.CREATED, _end_reason(container, cause, oom=bool(oom)), since, *ended)


def _running(container: Container, health: str | None, ended: tuple[int | None, bool | None]) -> Status:
    status, since = MCServerStatus.RUNNING, container.started_at
    reason: str | None = None
    match container.health:
        case Health.HEALTHY:
            status, since = MCServerStatus.HEALTHY, container.health_since or since
        case Health.STARTING:
            status = MCServerStatus.STARTING
        case Health.UNHEALTHY:
            reason = f"Unhealthy: {container.health_message or 'the health check fails'}"
            since = container.health_since or since
        case Health.NONE:
            reason = "The image has no health check."
    return Status(status, reason, since, *ended, health)


def _oom(container: Container, cause: EndCause | None) -> bool | None:
    if container.exit_code is None:
        return None
    if cause is not None:
        return cause is EndCause.OOM
    return container.oom_killed and container.exit_code == 137  # the engine's flag alone can be an older one


def _crash_loop(container: Container) -> str:
    return f"Crash loop: exited with code {container.exit_code}, {container.restart_count} restarts."


def _end_reason(container: Container, cause: EndCause | None, *, oom: bool) -> str:
    if container.exit_code is None:
        return f"Never started: {container.error}" if container.error else "Never started."
    if oom:
        return f"OOM-killed: it reached its memory limit (exit code {container.exit_code})."
    if cause is EndCause.STOPPED and container.exit_code == 137:
        return "Stopped, but it did not end within its grace period and was killed (exit code 137)."
    if cause is EndCause.KILLED or container.exit_code == 137:
        return f"Killed (exit code {container.exit_code})."
    return f"Exited with code {container.exit_code}."
