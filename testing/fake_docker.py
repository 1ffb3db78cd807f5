"""A docker and Compose command line small enough to read: it stands at the process boundary, in memory.

Kept honest by running the same tests on the real engine (mark ``docker``).
"""

import asyncio
import hashlib
import json
import shlex
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.errors import TimedOut
from core.process import ProgramFailed
from servers.docker.cli import DockerCli
from testing import fake_compose

NEVER = "0001-01-01T00:00:00Z"


@dataclass
class FakeContainer:
    """One container of the fake engine."""

    name: str
    image: str
    labels: dict[str, str]
    id: str = ""
    state: str = "created"
    health: str | None = None
    exit_code: int = 0
    created: str = ""
    started: str = NEVER
    finished: str = NEVER
    pid: int = 0
    error: str = ""
    ports: list[str] = field(default_factory=list)  # as in the compose file: host address, port, port inside
    environment: dict[str, str] = field(default_factory=dict)
    output: list[tuple[str, str]] = field(default_factory=list)  # when, and what its process printed
    mounts: list[dict[str, Any]] = field(default_factory=list)
    printed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.created = now()
        self.id = hashlib.sha256(f"{self.name}{self.created}".encode()).hexdigest()

    def inspect(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "Status": self.state, "Pid": self.pid, "ExitCode": self.exit_code, "OOMKilled": False, "Error": self.error,
            "StartedAt": self.started, "FinishedAt": self.finished,
        }
        if self.health:
            state["Health"] = {"Status": self.health, "Log": []}
        return {
            "Mounts": self.mounts,
            "HostConfig": {"Mounts": [one["Asked"] for one in self.mounts if "Asked" in one]},
            "Id": self.id, "Name": f"/{self.name}", "Created": self.created, "RestartCount": 0, "State": state,
            "Config": {
                "Image": self.image, "Labels": self.labels, "Tty": False,
                "Env": ["PATH=/usr/bin", *(f"{name}={value}" for name, value in self.environment.items())],
            },
            "NetworkSettings": {
                "Networks": {"default": {"IPAddress": "172.30.0.2"}},
                "Ports": fake_compose.published(self.ports) if self.pid else {},
            },
        }


class FakeDocker:
    """An engine with its command lines. ``reachable`` and ``taken_ports`` are knobs; ``gate`` holds commands back."""

    def __init__(self) -> None:
        self.containers: dict[str, FakeContainer] = {}
        self.reachable = True
        self.taken_ports: set[str] = set()
        self.first_health: str | None = "starting"
        self.crashing_images: set[str] = set()
        self.one_shot_images: set[str] = set()  # what runs them has done its work at once
        self.gates: dict[str, asyncio.Event] = {}
        self.entered: dict[str, asyncio.Event] = {}
        self.answers: dict[str, str] = {}
        self.failures: dict[str, str] = {}  # what rcon-cli complains of instead of answering a command
        self.broken: dict[str, str] = {}  # why a container, by id, cannot be inspected
        self.hanging: set[str] = set()  # ids of containers on which inspect does not come back in time
        self.refusals: dict[str, str] = {}  # what the engine answers to a verb instead of doing it
        self.lost_calls: dict[str, int] = {}  # how many of the next calls of a verb do not reach the engine
        self.root_dir = Path("/nonexistent")  # a test that wants files in volumes gives it a folder
        self.volumes: dict[str, dict[str, Any]] = {}
        self.open_logs = self.most_open_logs = 0
        self._watchers: list[asyncio.Queue[str | None]] = []

    @property
    def cli(self) -> DockerCli:
        return DockerCli("docker", "docker-compose", run=self.run, follow=self.follow)

    @property
    def is_heard(self) -> bool:
        """Whether somebody follows the events, and has taken all that there were."""
        return bool(self._watchers) and all(watcher.empty() for watcher in self._watchers)

    def hold(self, verb: str) -> None:
        """Let the next ``verb`` wait until ``release``."""
        self.gates[verb], self.entered[verb] = asyncio.Event(), asyncio.Event()

    def release(self, verb: str) -> None:
        self.gates.pop(verb).set()

    def stop_engine(self) -> None:
        """End the engine: its event streams end, questions fail."""
        self.reachable = False
        for watcher in self._watchers:
            watcher.put_nowait(None)

    def find(self, name: str) -> FakeContainer:
        return next(one for one in self.containers.values() if one.name == name)

    def change(self, container: FakeContainer, action: str, **attributes: object) -> None:
        """Announce what happened to ``container`` after its fields were changed."""
        for key, value in attributes.items():
            setattr(container, key, value)
        event = {
            "Type": "container", "Action": action, "timeNano": int(datetime.now(UTC).timestamp() * 1e9),
            "Actor": {"ID": container.id, "Attributes": {"exitCode": str(container.exit_code)}},
        }
        container.printed.set()
        for watcher in self._watchers:
            watcher.put_nowait(json.dumps(event))

    def end(self, container: FakeContainer, exit_code: int) -> None:
        """End a container's process as if from outside."""
        self.change(container, "die", state="exited", exit_code=exit_code, finished=now(), pid=0, health=None)

    async def run(
        self,
        *argv: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        on_start: Callable[[int], None] | None = None,
        isolated: bool = False,
    ) -> str:
        self._reach(argv)
        if argv[:2] == ("docker-compose", "version"):
            return "2.99.0\n"
        if argv[0] == "docker-compose":
            return await self._compose(argv, on_line)
        match argv[1:]:
            case ("ps", *rest):
                wanted = [text.removeprefix("label=").split("=", 1) for text in rest if text.startswith("label=")]
                found = [c for c in self.containers.values() if all(c.labels.get(k) == v for k, v in wanted)]
                if "--all" not in rest:
                    found = [one for one in found if one.state in {"running", "paused", "restarting"}]
                return "".join(f"{one.id}\n" for one in found)
            case ("inspect", *rest) if self.hanging.intersection(rest):
                raise TimedOut("docker did not finish in time and was ended.")
            case ("inspect", *rest):
                inspect = self._inspect_volumes if "volume" in rest else self._inspect
                found_now = inspect(rest[rest.index("--") + 1 :])
                await self._wait_at_gate("inspect")
                return found_now
            case ("exec", "--", _, "rcon-cli", "--", command):
                await self._wait_at_gate("exec")
                if command in self.failures:
                    raise ProgramFailed(argv[0], 1, self.failures[command])
                return self.answers.get(command, f"ran {command}")
        return self._answer_at_once(argv)

    def _answer_at_once(self, argv: tuple[str, ...]) -> str:
        match argv[1:]:
            case ("volume", "create", *labels, "--", name):
                said = dict(label.removeprefix("--label=").split("=", 1) for label in labels)
                self.make_volume(name, project=said["com.docker.compose.project"])
                return f"{name}\n"
            case ("volume", "ls", "--filter", label, *_):
                project = label.rpartition("=")[2]
                theirs = {"com.docker.compose.project": project}
                return "".join(f"{name}\n" for name, one in self.volumes.items() if one["Labels"] == theirs)
            case ("network", "ls", *_):
                return ""
            case ("info", *_):
                answer = {"ServerVersion": "fake", "CgroupVersion": "1", "CgroupDriver": "cgroupfs"}
                return json.dumps(answer | {"DockerRootDir": str(self.root_dir)})
        raise ProgramFailed(argv[0], 125, f"unknown command: {shlex.join(argv)}")

    def _reach(self, argv: tuple[str, ...]) -> None:
        if argv[0] == "docker-compose" and "config" in argv:  # asks no engine
            return
        lost = self.lost_calls.get(argv[1], 0)
        self.lost_calls[argv[1]] = max(0, lost - 1)
        if lost or not self.reachable:
            raise ProgramFailed(argv[0], 1, "Cannot connect to the Docker daemon. Is the docker daemon running?")
        if argv[1] in self.refusals:
            raise ProgramFailed(argv[0], 1, self.refusals[argv[1]])

    def print(self, container: FakeContainer, line: str) -> None:
        """Have the container's process print ``line``."""
        container.output.append((now(), line))
        container.printed.set()

    async def follow(
        self,
        *argv: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        with_stderr: bool = False,
    ) -> AsyncIterator[str]:
        if argv[1] == "logs":
            self.open_logs += 1
            self.most_open_logs = max(self.open_logs, self.most_open_logs)
            try:
                await self._wait_at_gate("logs")
                async for printed in self._logs(argv):
                    yield printed
            finally:
                self.open_logs -= 1
            return
        watcher: asyncio.Queue[str | None] = asyncio.Queue()
        self._watchers.append(watcher)
        try:
            while (line := await watcher.get()) is not None:
                yield line
        finally:
            self._watchers.remove(watcher)

    async def _logs(self, argv: tuple[str, ...]) -> AsyncIterator[str]:
        """Print what a container printed, and with ``--follow`` go on while it runs."""
        one = self.containers.get(argv[-1])
        if one is None or not self.reachable:
            yield f"Error response from daemon: No such container: {argv[-1]}"
            raise ProgramFailed(argv[0], 1, "")
        since = argv[argv.index("--since") + 1] if "--since" in argv else ""
        given = 0
        if "--tail" in argv:
            given = max(0, len(one.output) - int(argv[argv.index("--tail") + 1]))
        while True:
            one.printed.clear()
            while given < len(one.output):
                stamp, line = one.output[given]
                given += 1
                if stamp >= since:
                    yield f"{stamp} {line}" if "--timestamps" in argv else line
            if "--follow" not in argv or one.state != "running" or one.id not in self.containers:
                return
            await one.printed.wait()

    async def _wait_at_gate(self, verb: str) -> None:
        if (gate := self.gates.get(verb)) is not None:
            self.entered[verb].set()
            await gate.wait()

    def make_volume(self, name: str, *, project: str = "", driver: str = "local", **options: str) -> Path:
        """Make a volume where there is none of that name and return its folder."""
        folder = self.root_dir / "volumes" / name / "_data"
        if name not in self.volumes:
            if self.root_dir.exists():
                folder.mkdir(parents=True)
            labels = {"com.docker.compose.project": project} if project else None
            self.volumes[name] = {
                "Name": name, "Driver": driver, "Options": options or None, "Mountpoint": str(folder), "Labels": labels,
            }
        return folder

    def _inspect_volumes(self, names: list[str]) -> str:
        found = [self.volumes[name] for name in names if name in self.volumes]
        if len(found) < len(names):
            said = [f"Error response from daemon: get {name}: no such volume" for name in names]
            raise ProgramFailed("docker", 1, "\n".join(said), json.dumps(found))
        return json.dumps(found)

    def _inspect(self, names: list[str]) -> str:
        whole = [c for c in self.containers.values() if c.id not in self.broken]
        found = [c.inspect() for c in whole if c.id in names or c.name in names]
        if len(found) < len(names):
            there = {c.id for c in self.containers.values()} | {c.name for c in self.containers.values()}
            said = [f"Error: No such container: {name}" for name in names if name not in there]
            said += [f"Error response from daemon: {self.broken[name]}" for name in names if name in self.broken]
            raise ProgramFailed("docker", 1, "\n".join(said), json.dumps(found))
        return json.dumps(found)

    async def _compose(self, argv: tuple[str, ...], on_line: Callable[[str], None] | None) -> str:
        project = argv[argv.index("--project-name") + 1]
        directory = argv[argv.index("--project-directory") + 1]
        verb = argv[argv.index("--env-file") + 2] if "--profile" not in argv else "config"
        await self._wait_at_gate(verb)
        if verb == "config":
            answer = fake_compose.hashes if "--hash" in argv else fake_compose.rendered
            return await asyncio.to_thread(answer, argv)
        if on_line is not None:
            on_line(self.refusals.get(verb, f"fake {verb} of {project}"))
        if verb in self.refusals:
            raise ProgramFailed("docker-compose", 1, self.refusals[verb])
        await self._change(verb, project, directory, argv)
        return ""

    async def _change(self, verb: str, project: str, directory: str, argv: tuple[str, ...]) -> None:
        ours = [c for c in self.containers.values() if c.labels.get("com.docker.compose.project") == project]
        match verb:
            case "up":
                await self._up(project, directory, argv, ours)
            case "down":
                for one in ours:
                    del self.containers[one.id]
                    self.change(one, "destroy")
            case "start" | "restart":
                for one in ours:
                    self._start(one)
            case "stop" | "kill":
                for one in ours:
                    self.end(one, 137 if verb == "kill" else 0)

    async def _up(self, project: str, directory: str, argv: tuple[str, ...], ours: list[FakeContainer]) -> None:
        config = await asyncio.to_thread(fake_compose.read, argv)
        services, names = config["services"], fake_compose.volume_names(config, project)
        for name in names.values():
            await asyncio.to_thread(self.make_volume, name, project=project)
        text_hash = fake_compose.hash_of(services)
        for name, service in services.items():
            existing = next((c for c in ours if c.labels["com.docker.compose.service"] == name), None)
            labels = {
                "com.docker.compose.project": project,
                "com.docker.compose.service": name,
                "com.docker.compose.project.working_dir": directory,
                "com.docker.compose.config-hash": text_hash,
            }
            if existing is not None and existing.labels != labels:
                del self.containers[existing.id]
                existing = None
            if existing is None:
                existing = FakeContainer(service.get("container_name", f"{project}-{name}-1"), service["image"], labels)
                existing.ports = [str(port) for port in service.get("ports", [])]
                existing.environment = dict(service.get("environment", {}))
                existing.mounts = [fake_compose.mount(one, directory, names) for one in service.get("volumes", [])]
                self.containers[existing.id] = existing
            if any(str(port).split(":")[0] in self.taken_ports for port in service.get("ports", [])):
                raise ProgramFailed("docker-compose", 1, "Bind for 0.0.0.0:1 failed: port is already allocated")
            if "--no-start" not in argv:
                self._start(existing)

    def _start(self, one: FakeContainer) -> None:
        if one.image in self.crashing_images | self.one_shot_images:
            one.started = now()
            self.end(one, 0 if one.image in self.one_shot_images else 1)
            return
        self.change(one, "start", state="running", started=now(), pid=4242, health=self.first_health)


def now() -> str:
    """Write the time as the engine does."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
