"""What the engine's events tell about containers, kept because no inspect tells it later; survives our restart."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from servers.docker.container import Container, Health
from servers.docker.events import Event
from servers.minecraft.status import ContainerNote, EndCause

OOM_SPAN = timedelta(seconds=2)  # an oom event this close to the end is its cause
STOP_SPAN = timedelta(seconds=5)

Notes = Mapping[str, ContainerNote]


class NoteStore(Protocol):
    """Where notes outlive the process, by container id."""

    async def load(self) -> dict[str, ContainerNote]: ...
    async def save(self, changed: Notes, gone: Iterable[str]) -> None: ...


class ContainerNotes:
    """Belongs to one loop; ``all`` is immutable."""

    def __init__(self) -> None:
        self.all: Notes = MappingProxyType({})
        self._oom_at: dict[str, datetime] = {}
        self._changed_at: dict[str, datetime] = {}
        self._unsaved: set[str] = set()

    def restore(self, stored: Notes) -> None:
        """Take up what an earlier process knew; what was seen since then wins."""
        self.all = MappingProxyType({**stored, **self.all})

    def note(self, event: Event) -> None:
        """Remember what an event tells; events may come again."""
        old = self.all.get(event.id, ContainerNote())
        match event.action:
            case "oom":
                self._oom_at[event.id] = event.at
                if old.ended_at is not None and abs(event.at - old.ended_at) <= OOM_SPAN:
                    self._set(event.id, replace(old, cause=EndCause.OOM))
            case "die":
                cause = self._cause(event)
                self._set(event.id, replace(old, exit_code=event.exit_code, cause=cause, ended_at=event.at))
            case "stop":
                if old.ended_at is not None and event.at - old.ended_at <= STOP_SPAN and old.cause is not EndCause.OOM:
                    self._set(event.id, replace(old, cause=EndCause.STOPPED))
            case "health_status" | "pause" | "unpause":
                self._changed_at[event.id] = event.at

    def look(self, containers: Mapping[str, Container]) -> None:
        """Note since when every container is as it is; forget those that are gone."""
        ours = {key: one for key, one in containers.items() if _may_be_a_servers(one)}
        for key, one in ours.items():
            old = self.all.get(key, ContainerNote())
            changed_at = self._changed_at.pop(key, None)
            if changed_at is not None and one.started_at is not None and changed_at < one.started_at:
                changed_at = None  # it tells of an earlier run
            situation = _situation(one)
            if changed_at is not None:
                since: datetime | None = changed_at
            elif situation == old.situation:
                since = old.since
            else:
                since = None if one.health is Health.NONE else one.health_since
            self._set(key, replace(old, situation=situation, since=since))
        for memory in (self._oom_at, self._changed_at):
            for gone in set(memory) - ours.keys():
                del memory[gone]
        if gone_notes := self.all.keys() - ours.keys():
            self.all = MappingProxyType({key: one for key, one in self.all.items() if key not in gone_notes})
            self._unsaved |= gone_notes

    def take_unsaved(self) -> tuple[dict[str, ContainerNote], set[str]]:
        """Return what has changed and what has gone since the last call."""
        unsaved, self._unsaved = self._unsaved, set()
        return {key: self.all[key] for key in unsaved if key in self.all}, unsaved - self.all.keys()

    def give_back(self, container_ids: Iterable[str]) -> None:
        """Count as unsaved again what could not be stored."""
        self._unsaved.update(container_ids)

    def _cause(self, event: Event) -> EndCause:
        oom = self._oom_at.pop(event.id, None)
        if oom is not None and abs(event.at - oom) <= OOM_SPAN:
            return EndCause.OOM
        return EndCause.KILLED if event.exit_code == 137 else EndCause.ITSELF

    def _set(self, container_id: str, note: ContainerNote) -> None:
        if self.all.get(container_id) != note:
            self.all = MappingProxyType({**self.all, container_id: note})
            self._unsaved.add(container_id)


def _may_be_a_servers(container: Container) -> bool:
    """Leave out what a busy engine runs besides: its containers come and go by the minute."""
    return container.working_dir is not None or container.name.startswith("mc-")


def _situation(container: Container) -> str:
    started = container.started_at.isoformat() if container.started_at else ""
    return f"{container.state} {container.health} {started}"
