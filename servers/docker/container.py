"""A container as ``docker inspect`` tells it, and the events that change it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from servers.docker.compose_file.ports import Port

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
VOLUME_LABEL = "com.docker.compose.volume"
WORKING_DIR_LABEL = "com.docker.compose.project.working_dir"
CONFIG_HASH_LABEL = "com.docker.compose.config-hash"
PART = "part of a volume"  # kind of a mount
ONE_OFF_LABEL = "com.docker.compose.oneoff"


class State(StrEnum):
    """The engine's own word for what a container is doing."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class Health(StrEnum):
    """Result of the image's own health check."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True, slots=True)
class Mount:
    """One place that a container sees.

    Attributes:
        kind: ``bind``, ``volume``, ``tmpfs``, or PART for a single folder of a volume.
        source: where it lies on the engine's machine; empty for what lies in memory.
        target: where the container sees it.
        name: of a volume; empty for others.
    """

    kind: str
    source: str
    target: str
    is_writable: bool
    name: str = ""


@dataclass(frozen=True, slots=True)
class Container:
    """One container.

    Attributes:
        id: 64 hexadecimal digits.
        name: without the leading slash.
        image: as the container was created with, e.g. ``itzg/minecraft-server:java21``.
        health: NONE when no health check is on.
        health_message: what the last failed check printed, shortened; else empty.
        pid: of its first process; 0 when it is not running.
        exit_code: of the last end; None when it never ended.
        restart_count: restarts by the engine's restart policy since its creation or last manual start.
        started_at, finished_at: None when it never did.
        address: inside its first network; empty when it has none.
        tty: whether its console is a terminal.
        ports: what it publishes while it runs, whatever its compose file says by now; one for each address.
        environment: what its process was given.
        stop_timeout_s: how long the engine waits before it kills, as Compose set it from ``stop_grace_period`` with all
            overrides and variables; None: its own default of 10 s.
        mounts: what it sees of this machine.
        is_on_host_network: it has no network of its own: its ports are this machine's.
    """

    id: str
    name: str
    image: str
    state: State
    health: Health
    health_message: str
    health_since: datetime | None
    pid: int
    exit_code: int | None
    oom_killed: bool
    error: str
    restart_count: int
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    address: str
    tty: bool
    labels: dict[str, str]
    ports: tuple[Port, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    stop_timeout_s: int | None = None
    mounts: tuple[Mount, ...] = ()
    is_on_host_network: bool = False

    @property
    def service(self) -> str:
        return self.labels.get(SERVICE_LABEL, "")

    @property
    def project(self) -> str:
        return self.labels.get(PROJECT_LABEL, "")

    @property
    def working_dir(self) -> Path | None:
        """The directory of the compose project, as Compose recorded it; None for a container made without."""
        text = self.labels.get(WORKING_DIR_LABEL)
        return Path(text) if text else None

    @property
    def is_one_off(self) -> bool:
        """Whether ``compose run`` made it."""
        return self.labels.get(ONE_OFF_LABEL) == "True"

    @property
    def config_hash(self) -> str:
        """What Compose made it from; empty for a container made without."""
        return self.labels.get(CONFIG_HASH_LABEL, "")

    @property
    def is_restarting(self) -> bool:
        """Whether it waits for the engine to start it again."""
        return self.state is State.RESTARTING

    @property
    def is_running(self) -> bool:
        """Whether its process lives: also while it is paused, not while it waits to be restarted."""
        return self.state in {State.RUNNING, State.PAUSED}


def parse_inspect(output: str) -> list[Container]:
    """Read the JSON array that ``docker inspect`` prints."""
    return [parse_container(item) for item in json.loads(output or "[]")]


def parse_container(item: dict[str, Any]) -> Container:
    """Read one item of that array."""
    state = item["State"]
    health = state.get("Health") or {}
    networks = (item.get("NetworkSettings") or {}).get("Networks") or {}
    finished = parse_time(state.get("FinishedAt"))
    return Container(
        id=item["Id"],
        name=item["Name"].lstrip("/"),
        image=item["Config"]["Image"],
        state=State(state["Status"]),
        health=_health(health.get("Status")),
        health_message=_health_message(health),
        health_since=_health_since(health),
        pid=state.get("Pid", 0),
        exit_code=state["ExitCode"] if finished else None,
        oom_killed=bool(state.get("OOMKilled")),
        error=state.get("Error", ""),
        restart_count=item.get("RestartCount", 0),
        created_at=parse_time(item["Created"]) or datetime.fromtimestamp(0, UTC),
        started_at=parse_time(state.get("StartedAt")),
        finished_at=finished,
        address=next((net["IPAddress"] for net in networks.values() if net.get("IPAddress")), ""),
        tty=bool(item["Config"].get("Tty")),
        labels=item["Config"].get("Labels") or {},
        ports=_ports((item.get("NetworkSettings") or {}).get("Ports") or {}),
        environment=dict(text.split("=", 1) for text in item["Config"].get("Env") or () if "=" in text),
        stop_timeout_s=item["Config"].get("StopTimeout"),
        mounts=tuple(_mount(one, _parts(item)) for one in item.get("Mounts") or ()),
        is_on_host_network=(item.get("HostConfig") or {}).get("NetworkMode") == "host",
    )


def _parts(item: dict[str, Any]) -> set[str]:
    """Return where a container sees one folder of a volume: ``Mounts`` tells of the whole volume alone."""
    wanted = (item.get("HostConfig") or {}).get("Mounts") or ()
    return {one.get("Target", "") for one in wanted if (one.get("VolumeOptions") or {}).get("Subpath")}


def _mount(item: dict[str, Any], parts: set[str]) -> Mount:
    kind = PART if item.get("Destination") in parts else item.get("Type", "")
    return Mount(
        kind, item.get("Source", ""), item.get("Destination", ""), bool(item.get("RW")),
        item.get("Name", ""),
    )


def _ports(published: dict[str, list[dict[str, str]] | None]) -> tuple[Port, ...]:
    """Read ``NetworkSettings.Ports``: what is not published has no bindings."""
    found = []
    for inside, bindings in published.items():
        target, _, protocol = inside.partition("/")
        for binding in bindings or ():
            if (outside := int(binding.get("HostPort") or 0)) > 0:
                ports = range(int(target), int(target) + 1), range(outside, outside + 1)
                found.append(Port(*ports, binding.get("HostIp", ""), protocol or "tcp"))
    return tuple(found)


def parse_time(text: str | None) -> datetime | None:
    """Read the engine's time (nanoseconds, ``Z`` or an offset); its zero time is None."""
    if not text or text.startswith("0001-"):
        return None
    head, _, rest = text.partition(".")
    if not rest:
        return datetime.fromisoformat(text)
    digits = rest[: next((i for i, char in enumerate(rest) if not char.isdigit()), len(rest))]
    return datetime.fromisoformat(f"{head}.{digits[:6]:0<6}{rest[len(digits):] or 'Z'}")


def _health(text: str | None) -> Health:
    return Health(text) if text in set(Health) else Health.NONE


def _health_message(health: dict[str, Any]) -> str:
    log = health.get("Log") or []
    if health.get("Status") != Health.UNHEALTHY or not log:
        return ""
    return str(log[-1].get("Output", "")).strip()[:200]


def _health_since(health: dict[str, Any]) -> datetime | None:
    """Return since when the health is what it is, as far back as the engine's log (5 checks) goes."""
    since = None
    wanted = health.get("Status") == Health.HEALTHY
    for check in reversed(health.get("Log") or []):
        if (check.get("ExitCode") == 0) is not wanted:
            break
        since = parse_time(check.get("End"))
    return since
