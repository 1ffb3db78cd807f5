"""What the tags of a snapshot say: whose it is, of which servers, why it was made, and how consistent it is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from urllib.parse import quote, unquote

MARK = "mcadmin"
_RAW = "surrogateescape"  # a game's files have names that are no text


class Scope(StrEnum):
    """What a snapshot holds: one server, one path below a server's data, or everything."""

    SERVER = "server"
    PATH = "path"
    GLOBAL = "global"


class Trigger(StrEnum):
    """Why it was made: somebody asked, a schedule was due, or a restore wanted a way back."""

    MANUAL = "manual"
    SCHEDULE = "schedule"
    SAFETY = "safety"


class Saved(StrEnum):
    """How the game stood, best first.

    FLUSHED: saving was off and everything written, as the game confirmed. STOPPED: no game ran. UNCONFIRMED:
    saving was off, but the game did not confirm in time or was disturbed. LIVE: the game could not be asked, or
    something else writes there as well. PARTIAL: a place where the game writes is not in it.
    """

    FLUSHED = "flushed"
    STOPPED = "stopped"
    UNCONFIRMED = "unconfirmed"
    LIVE = "live"
    PARTIAL = "partial"

    @property
    def is_consistent(self) -> bool:
        """Whether the world is whole for sure."""
        return self in {Saved.FLUSHED, Saved.STOPPED}


def worst(levels: Iterable[Saved]) -> Saved:
    """Return the worst of ``levels``; STOPPED when there is none: nothing ran."""
    order = list(Saved)
    return max(levels, key=order.index, default=Saved.STOPPED)


@dataclass(frozen=True)
class Labels:
    """The tags of one snapshot, read; every field is None or empty where a foreign snapshot says nothing.

    Attributes:
        saved_by_server: of a global snapshot, the level of each server.
        volumes: names of the volumes that hold the files of a server's game, by server; they are in the snapshot.
        folders: where else below a server's directory they are, by server; of all others it is ``data``.
        inside: where a path that was saved lies in the files of its server's game, by server; older ones do not say.
        operation: the operation that made it.
    """

    instance: str | None
    scope: Scope | None
    trigger: Trigger | None
    saved: Saved | None
    servers: tuple[str, ...] = ()
    saved_by_server: Mapping[str, Saved] = field(default_factory=dict)
    operation: str | None = None
    volumes: Mapping[str, str] = field(default_factory=dict)
    folders: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def server_id(self) -> str | None:
        """The one server that it is of; None for a global one."""
        return self.servers[0] if self.scope is not Scope.GLOBAL and len(self.servers) == 1 else None

    def level_of(self, server_id: str) -> Saved | None:
        """How consistent it is for one server; None when that is not in it."""
        if server_id not in self.servers:
            return None
        return self.saved_by_server.get(server_id, self.saved)

    @property
    def tags(self) -> list[str]:
        """The tags that say all this."""
        named = {"instance": self.instance, "scope": self.scope, "trigger": self.trigger, "saved": self.saved}
        named["operation"] = self.operation
        return [
            MARK,
            *(f"{name}:{value}" for name, value in named.items() if value),
            *(f"server:{server}" for server in self.servers),
            *(f"saved:{server}:{level}" for server, level in self.saved_by_server.items()),
            *(f"volume:{server}:{volume}" for server, volume in self.volumes.items()),
            *(f"folder:{server}:{quote(folder)}" for server, folder in self.folders.items()),
            *(f"inside:{server}:{quote(path, errors=_RAW)}" for server, path in self.inside.items()),
        ]


def read_labels(tags: Iterable[str]) -> Labels:
    """Read a snapshot's tags; unknown ones and unknown values are passed over."""
    named: dict[str, str] = {}
    servers: list[str] = []
    levels: dict[str, Saved] = {}
    places: dict[str, dict[str, str]] = {"volume": {}, "folder": {}, "inside": {}}
    for tag in tags:
        name, _, value = tag.partition(":")
        if name == "server":
            servers.append(value)
        elif name == "saved" and ":" in value:
            server, _, level = value.rpartition(":")
            if level in set(Saved):
                levels[server] = Saved(level)
        elif name in places:
            server, _, place = value.partition(":")
            places[name][server] = unquote(place, errors=_RAW)
        elif value:
            named.setdefault(name, value)
    return Labels(
        instance=named.get("instance"),
        scope=Scope(named["scope"]) if named.get("scope") in set(Scope) else None,
        trigger=Trigger(named["trigger"]) if named.get("trigger") in set(Trigger) else None,
        saved=Saved(named["saved"]) if named.get("saved") in set(Saved) else None,
        servers=tuple(servers),
        saved_by_server=levels,
        operation=named.get("operation"),
        volumes=places["volume"],
        folders=places["folder"],
        inside=places["inside"],
    )
