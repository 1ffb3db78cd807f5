"""The Docker engine as a whole: what runs, what it announces, which version it is."""

import json
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from core.process import ProgramFailed
from servers.docker.cli import DockerCli
from servers.docker.container import PROJECT_LABEL, VOLUME_LABEL, Container, parse_inspect
from servers.docker.engine_volumes import EngineVolume, KnownVolumes, is_volume_name, parse_volumes, volumes_folder
from servers.docker.events import WANTED, Event, parse_event
from servers.docker.inspection import Inspection, inspect_batch

QUESTION_TIMEOUT_S = 15.0
_INSPECT_BATCH = 100  # ids on one command line
_NOT_THERE = ("no such", "not found")


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """Versions as the programs tell them; ``cgroup`` is ``1`` or ``2``, ``engine_id`` tells it from other engines."""

    engine: str
    cgroup: str
    cgroup_driver: str
    engine_id: str = ""


class DockerManager:
    """Questions to the engine. Holds no state: make one per call and throw it away."""

    def __init__(self, cli: DockerCli | None = None) -> None:
        self._cli = cli or DockerCli()

    async def version(self) -> EngineVersion:
        """Read the engine's version.

        Raises:
            EngineUnreachable: it does not answer.
        """
        out = await self._cli.call("info", "--format", "{{json .}}", timeout_s=QUESTION_TIMEOUT_S)
        info = json.loads(out)
        if not info.get("ServerVersion"):  # docker info exits 0 without an engine
            await self._cli.call("version", "--format", "{{.Server.Version}}", timeout_s=QUESTION_TIMEOUT_S)
        return EngineVersion(
            info.get("ServerVersion", ""), info.get("CgroupVersion", "1"), info.get("CgroupDriver", ""),
            info.get("ID") or "",
        )

    async def list_ids(self, *filters: str) -> list[str]:
        """Return the full ids of all containers, stopped ones included, that pass docker's ``--filter``s."""
        wanted = [word for text in filters for word in ("--filter", text)]
        out = await self._cli.call(
            "ps", "--all", "--quiet", "--no-trunc", *wanted, timeout_s=QUESTION_TIMEOUT_S
        )
        return out.split()

    async def list_running_ids(self) -> list[str]:
        """Return the full ids of the containers whose process lives, paused ones included."""
        out = await self._cli.call("ps", "--quiet", "--no-trunc", timeout_s=QUESTION_TIMEOUT_S)
        return out.split()

    async def inspect(self, ids: Iterable[str]) -> list[Container]:
        """Read containers by id or name, in few processes; those that are gone are left out."""
        wanted = list(ids)
        found: list[Container] = []
        for start in range(0, len(wanted), _INSPECT_BATCH):
            found += parse_inspect(await self._inspect(wanted[start : start + _INSPECT_BATCH]))
        return found

    async def inspect_each(self, ids: Iterable[str]) -> Inspection:
        """Read containers by full id, in few processes; what fails with one of them spoils no other.

        Raises:
            EngineUnreachable: the engine answers nothing at all.
        """
        wanted, result = list(ids), Inspection()
        for start in range(0, len(wanted), _INSPECT_BATCH):
            part = await inspect_batch(wanted[start : start + _INSPECT_BATCH], self._call_inspect, probe=self.list_ids)
            result.found |= part.found
            result.failed |= part.failed
        return result

    async def labels(self, kind: str, names: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the labels of volumes or networks by name, of those that exist; ``kind`` names which."""
        found = await self._inspect_others(kind, names) if names else []
        return {one["Name"]: one.get("Labels") or {} for one in found}

    async def things_of(self, project: str) -> list[str]:
        """Name the containers, volumes and networks with the label of a Compose project: `volume x_db`.

        Raises:
            EngineUnreachable.
        """
        label = f"label={PROJECT_LABEL}={project}"
        found = [f"container {one.name}" for one in await self.inspect(await self.list_ids(label))]
        for kind in ("volume", "network"):
            out = await self._cli.call(
                kind, "ls", "--filter", label, "--format", "{{.Name}}", timeout_s=QUESTION_TIMEOUT_S
            )
            found += [f"{kind} {name}" for name in out.split()]
        return found

    async def volumes(self, names: Sequence[str]) -> KnownVolumes:
        """Ask what the named volumes are and where the engine keeps its own; what can be no name is not asked.

        Raises:
            EngineUnreachable.
        """
        if not names:
            return KnownVolumes()
        folder = await self.volumes_folder()
        wanted = [name for name in names if is_volume_name(name)]
        found = await self.inspect_volumes(wanted)
        return KnownVolumes(folder, MappingProxyType(found), frozenset(names))

    async def inspect_volumes(self, names: Sequence[str]) -> dict[str, EngineVolume]:
        """Read volumes by name; those that are not there are left out. Raises EngineUnreachable."""
        return parse_volumes(await self._inspect_others("volume", names) if names else [])

    async def volumes_folder(self) -> Path | None:
        """Ask where the engine keeps the volumes of its driver ``local``; raises EngineUnreachable."""
        out = await self._cli.call("info", "--format", "{{json .}}", timeout_s=QUESTION_TIMEOUT_S)
        return volumes_folder(json.loads(out))

    async def create_volume(self, name: str, *, project: str) -> None:
        """Make a volume with the labels that Compose gives those of ``project``, which then takes it for its own.

        Raises:
            EngineUnreachable.
        """
        labels = {PROJECT_LABEL: project, VOLUME_LABEL: name.removeprefix(f"{project}_")}
        words = [f"--label={label}={value}" for label, value in labels.items()]
        await self._cli.call("volume", "create", *words, "--", name, timeout_s=QUESTION_TIMEOUT_S)

    async def events(self, since: datetime) -> AsyncIterator[Event]:
        """Follow what happens to containers, beginning with what happened after ``since``.

        Ends when the engine does; raises EngineUnreachable when there is none.
        """
        words = [word for action in WANTED for word in ("--filter", f"event={action}")]
        lines = self._cli.lines(
            "events", "--since", f"{since.timestamp():.9f}", "--filter", "type=container", *words,
            "--format", "{{json .}}",
        )
        async with aclosing(lines):  # type: ignore[type-var]  # an async generator behind the protocol
            async for line in lines:
                if (event := parse_event(line)) is not None:
                    yield event

    async def _inspect_others(self, kind: str, names: Sequence[str]) -> list[dict[str, Any]]:
        """Inspect volumes or networks; those that are not there are left out."""
        try:
            out = await self._cli.call("inspect", "--type", kind, "--", *names, timeout_s=QUESTION_TIMEOUT_S)
        except ProgramFailed as error:  # as for containers: docker prints the others
            if not any(sign in error.stderr.lower() for sign in _NOT_THERE):
                raise
            out = error.stdout
        return list(json.loads(out or "[]"))

    async def _inspect(self, names: Sequence[str]) -> str:
        if not names:
            return "[]"
        try:
            return await self._call_inspect(names)
        except ProgramFailed as error:  # one is gone: docker prints the others and exits 1
            if "no such" in error.stderr.lower():
                return error.stdout
            raise

    async def _call_inspect(self, names: Sequence[str]) -> str:
        return await self._cli.call("inspect", "--type", "container", "--", *names, timeout_s=QUESTION_TIMEOUT_S)
