"""Which places of this machine a container may have: its data, and what lies beside it and nobody else relies on."""

import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from servers.docker.compose import COMPOSE_FILES, OVERRIDE_FILES
from servers.docker.compose_file.yaml_text import Path as Where
from servers.docker.folders import DATA, EXCLUDE_LIST

ENV_FILE = PurePosixPath(".env")
_LIST = PurePosixPath(EXCLUDE_LIST)
Found = tuple[str, str, Where]
_PROPAGATION = {None, "", "private", "rprivate"}
_OUTSIDE = "A container may only have places inside its server's directory, not {}."
_CONTROL = "{} decides what {}, so the container must not be able to change it. Bind it read-only."


@dataclass(frozen=True, slots=True)
class _Bind:
    place: PurePosixPath  # relative to the server's directory
    is_writable: bool
    where: Where


def check_binds(
    config: Mapping[str, Any], *, directory: Path, inputs: Collection[str], is_allowed: Callable[[str], bool]
) -> Iterator[Found]:
    """Yield code, sentence and place of every mount that reaches what is not the server's own. Blocking.

    A place below one that a container may write to is no fixed place: the container could make it a link to
    anywhere before Docker mounts it.
    """
    binds: list[_Bind] = []
    for service, where, mount in _mounts(config):
        kind = mount.get("type")
        if kind == "bind":
            bind = _bind(mount, where, directory)
            if isinstance(bind, _Bind):
                binds.append(bind)
            else:
                yield bind
            if (mount.get("bind") or {}).get("propagation") not in _PROPAGATION:
                yield "bind_propagation", "Mounts must not spread to the host: remove `propagation`.", where
        elif kind == "image":
            if not is_allowed(str(mount.get("source") or "")):
                yield "image_not_allowed", f"Service {service!r} mounts an image that is not allowed.", where
        elif kind not in {"volume", "tmpfs"}:
            yield "mount_type", f"A mount of the type {str(kind)[:40]!r} is not allowed.", where
    yield from _between(binds, inputs)


def _mounts(config: Mapping[str, Any]) -> Iterator[tuple[str, Where, dict[str, Any]]]:
    for name, service in (config.get("services") or {}).items():
        for mount in service.get("volumes") or ():
            yield name, ("services", name, "volumes"), mount


def _bind(mount: Mapping[str, Any], where: Where, directory: Path) -> _Bind | Found:
    source = str(mount.get("source") or "")
    relative = os.path.relpath(source, directory)
    place = PurePosixPath(relative)
    if not source.startswith("/") or relative == "." or place.parts[0] == "..":
        return "bind_outside", _OUTSIDE.format(_place_name(source, directory)), where
    # First: who has accepted a place in data/ has not accepted what a plugin made of it.
    if os.path.realpath(source) != os.path.join(os.path.realpath(directory), relative):
        return "bind_link", f"{_place_name(source, directory)} is reached by a link. Bind the place itself.", where
    if place.parts[0] == DATA and place != PurePosixPath(DATA):
        name = _place_name(source, directory)
        message = f"A plugin could turn {name} into a link to anywhere. Bind `./data` as a whole."
        return "bind_in_data", message, where
    return _Bind(place, mount.get("read_only") is not True, where)


def _between(binds: list[_Bind], inputs: Collection[str]) -> Iterator[Found]:
    writable = {bind.place for bind in binds if bind.is_writable}
    control = {PurePosixPath(name) for name in (*COMPOSE_FILES, *OVERRIDE_FILES, *inputs)} | {ENV_FILE, _LIST}
    for bind in binds:
        if any(parent in writable for parent in bind.place.parents):
            message = f"./{bind.place} lies below another place that the container may write to."
            yield "bind_nested", message, bind.where
        changed = sorted(str(name) for name in control if bind.place in {name, *name.parents})
        if bind.is_writable and changed:
            what = "is in the backups" if changed[0] == EXCLUDE_LIST else "runs"
            yield "bind_control", _CONTROL.format(changed[0], what), bind.where


def _place_name(source: str, directory: Path) -> str:
    """Name a place without telling where the server's directory lies."""
    relative = os.path.relpath(source, directory)
    return f"`./{relative}`"[:120] if not relative.startswith("..") else f"`{source[:120]}`"
