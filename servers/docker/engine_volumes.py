"""Volumes as the engine keeps them: where their files lie, and which of them we may open."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from servers.docker.container import PROJECT_LABEL

LOCAL = "local"
_NAMED = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}")  # what the engine takes as a name
_ANONYMOUS = re.compile(r"[0-9a-f]{64}")  # what it gives a volume without one
VOLUME_DATA = "_data"  # the engine's own name for the folder with a volume's files


@dataclass(frozen=True, slots=True)
class EngineVolume:
    """One volume.

    Attributes:
        has_options: its driver was given some, which can mount any place at all.
        places: the folders of the machine that its options name: what it is bound to, or an overlay's own.
        project: the Compose project that it was made for; empty for none.
    """

    name: str
    driver: str
    has_options: bool
    mountpoint: str
    project: str = ""
    places: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownVolumes:
    """What the engine has said of volumes.

    Attributes:
        folder: where the engine keeps the volumes of its driver ``local``; None while that is not known.
        known: by name; a volume that is not there is not in it.
        asked: the names that were asked for.
    """

    folder: Path | None = None
    known: Mapping[str, EngineVolume] = field(default_factory=lambda: MappingProxyType({}))
    asked: frozenset[str] = frozenset()

    def inside(self, name: str) -> str | None:
        """Return where the files of a volume that is there lie below ``folder``; None when that is another place."""
        volume, inside = self.known.get(name), f"{name}/{VOLUME_DATA}"
        if self.folder is None or volume is None or volume.driver != LOCAL or volume.has_options:
            return None
        return inside if volume.mountpoint == str(self.folder / inside) else None


def is_volume_name(name: str) -> bool:
    """Tell whether it is a name that somebody gave a volume, which outlives its container."""
    return _NAMED.fullmatch(name) is not None and _ANONYMOUS.fullmatch(name) is None


def volumes_folder(info: Mapping[str, Any]) -> Path | None:
    """Return the engine's folder of volumes from ``docker info``."""
    root = info.get("DockerRootDir")
    return Path(root) / "volumes" if root else None


def parse_volumes(items: Iterable[Mapping[str, Any]]) -> dict[str, EngineVolume]:
    """Read what ``docker volume inspect`` prints."""
    return {
        one["Name"]: EngineVolume(
            name=one["Name"],
            driver=one.get("Driver") or "",
            has_options=bool(one.get("Options")),
            mountpoint=one.get("Mountpoint") or "",
            project=(one.get("Labels") or {}).get(PROJECT_LABEL, ""),
            places=_places_in(one.get("Options") or {}),
        )
        for one in items
    }


def _places_in(options: Mapping[str, str]) -> tuple[str, ...]:
    """Return the folders that a volume's options name; source: mount(8), ``bind`` and overlay's ``upperdir``."""
    told = [options.get("device") or "", *(word.partition("=")[2] for word in (options.get("o") or "").split(","))]
    return tuple(one for one in told if one.startswith("/"))
