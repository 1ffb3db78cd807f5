"""Where a game's files lie on this machine: what its container sees at ``/data``, and how we open it."""

import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from core.errors import AppError
from core.paths import FileMissing, Root, place_inside
from servers.docker.compose_file.volumes import Volume
from servers.docker.container import PART, Container, Mount
from servers.docker.engine_volumes import VOLUME_DATA, KnownVolumes, is_volume_name
from servers.docker.folders import DataElsewhere, open_data_in, open_volume
from servers.minecraft.compose.derivations import Edition, edition_of

TARGET = "/data"
PROXY_TARGET = "/server"  # of the image author's proxies
USUAL = "data"
UNRENDERED = "unrendered"  # kind of a mount whose source has variables in it
USUAL_MOUNT = Mount("bind", USUAL, TARGET, is_writable=True)  # as MC Admin's own template has it
_ADVICE = "MC Admin can neither show nor save them there. Mount a folder of the server's directory: `./data:/data`."

_OUTSIDE, _VARIABLE = ", outside the server's directory", ", a place that a variable names"
_PLACE = re.compile(rf"(?<= (?:in|at) )/.*?(?={_OUTSIDE}|{_VARIABLE})")
_LATER = "It is known as soon as the server has a container (operation `up`)."
_MAYBE_OTHERS = (
    "It was not made for this server, so MC Admin opens it only while the server's own container has it "
    "(operation `up`)."
)


class DataKind(StrEnum):
    """FOLDER: inside the server's directory. VOLUME: a named volume of the engine. ELSEWHERE: out of our reach."""

    FOLDER = "folder"
    VOLUME = "volume"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class DataRoot:
    """The folder that a game sees as ``/data``.

    Attributes:
        server_id: whose game.
        directory: the server's own.
        top: a folder that no game can change: that of all servers, or the engine's folder of volumes.
        inside: where the files lie below ``top``, without a link on the way; of ELSEWHERE: where they would.
        sentence: where that is, in words.
        is_there: False for a volume that the engine does not have yet.
        may_change: ELSEWHERE only until the engine, or a container, tells more.
    """

    kind: DataKind
    server_id: str
    directory: Path
    top: Path
    inside: str
    sentence: str
    is_there: bool = True
    may_change: bool = False

    @property
    def problem(self) -> str | None:
        """Why nobody but the game will ever have its files; None where they are, or may come, within reach."""
        return self.sentence if self.kind is DataKind.ELSEWHERE and not self.may_change else None

    @property
    def path(self) -> Path:
        """The folder's real path. Blocking."""
        return Path(os.path.realpath(self.top)) / self.inside

    @property
    def real_directory(self) -> Path:
        """The real path of the server's own folder. Blocking."""
        return Path(os.path.realpath(self.directory.parent)) / self.server_id

    @property
    def volume(self) -> str:
        """The volume's name; "" for what is none, or not there yet."""
        return self.inside.partition("/")[0] if self.kind is DataKind.VOLUME and self.is_there else ""

    @property
    def in_server(self) -> str | None:
        """Where it lies below the server's directory, "" for that itself; None for another place."""
        if self.kind is not DataKind.FOLDER:
            return None
        return self.inside.removeprefix(self.server_id).lstrip("/")

    @property
    def unusual_folder(self) -> str | None:
        """Where it lies below the server's directory; None for ``data``, and for another place."""
        return None if self.in_server == USUAL else self.in_server

    def hold(self) -> Root:
        """Hold it as a root, with its own owner for new files; no link is followed. Blocking.

        Raises:
            DataElsewhere, ServerFolderIsALink.
            FileMissing: there is no such folder (yet).
        """
        if self.kind is DataKind.ELSEWHERE:
            raise self._elsewhere()
        if not self.is_there:  # somebody else may make one of that name: only the engine knows whose it is
            raise FileMissing(f"{self.sentence} The volume is made with the server's container (operation `up`).")
        if self.kind is DataKind.VOLUME:
            return open_volume(self.top, self.inside)
        return open_data_in(self.top / self.server_id, self.in_server or "")

    def _elsewhere(self) -> DataElsewhere:
        error = DataElsewhere(self.sentence)
        if (otherwise := without_places(self.sentence)) != self.sentence:
            error.place_of, error.words_without_name = self.server_id, otherwise
        return error

    def seen(self) -> "DataRoot":
        """Return it as it is now: ELSEWHERE with the reason where it cannot be opened. Blocking."""
        try:
            self.hold().close()
        except FileMissing:
            return self
        except AppError as error:
            return replace(self, kind=DataKind.ELSEWHERE, sentence=str(error))
        return self


def without_places(sentence: str) -> str:
    """Return a sentence of a root with ``***`` for a folder of this machine outside of the server's directory."""
    return _PLACE.sub("***", sentence)


def usual(server_path: Path, server_id: str) -> DataRoot:
    """Return the root of a server as MC Admin makes them: the folder ``data`` of its directory."""
    return _folder(server_path, server_id, USUAL)


def mount_of_container(container: Container) -> Mount | None:
    """Return what a container sees at ``/data``, a proxy at ``/server``; None: nothing of this machine."""
    target = data_target(container.image)
    return next((one for one in container.mounts if one.target == target), None)


def data_target(image: str) -> str:
    """Return where a container of ``image`` has its files."""
    return PROXY_TARGET if edition_of(image, {}) is Edition.PROXY else TARGET


def mount_of_file(
    volumes: Iterable[Volume], declared: Mapping[str, Any], *, project: str, target: str = TARGET
) -> Mount | None:
    """Return what a container made from a compose file would see at ``/data``; None: nothing of this machine.

    Args:
        volumes: the game service's; their values as Docker gets them, or as they are written.
        declared: the file's own top-level ``volumes``.
        project: name of the Compose project, which volumes without a ``name`` are called after.
        target: where the container has its files, see ``data_target``.
    """
    one = next((one for one in volumes if posixpath.normpath(one.target) == target), None)
    if one is None:
        return None
    if "$" in (one.source or ""):
        return Mount(UNRENDERED, one.source or "", target, not one.read_only)
    if one.is_part:
        return Mount(PART, "", target, not one.read_only)
    if one.type != "volume":
        return Mount(one.type, one.source or "", target, not one.read_only)
    said = declared.get(one.source or "")
    details = said if isinstance(said, Mapping) else {}
    whole = one.source if details.get("external") is True else f"{project}_{one.source}"
    name = str(details.get("name") or whole) if one.source else ""
    return Mount("volume", "", target, not one.read_only, name)


def locate(
    mount: Mount | None, *, server_path: Path, server_id: str, volumes: KnownVolumes, project: str | None = None
) -> DataRoot:
    """Find the folder behind what is mounted at ``/data``. Blocking: it may look where a bind leads.

    Args:
        mount: from a container, or as a compose file would have it.
        server_path: the folder of all servers.
        server_id: whose game.
        volumes: what is known of the engine's volumes.
        project: the server's Compose project where only a file names the mount, and a file may name what belongs to
            others; None where a container has it.
    """
    if mount is None:
        nowhere = "inside its container, with which they are lost: nothing is mounted at /data"
        return elsewhere(server_path, server_id, nowhere)
    if mount.kind == "bind":
        inside = place_inside(server_path / server_id, mount.source)
        if inside is None:
            return elsewhere(server_path, server_id, f"in {mount.source[:200]}{_OUTSIDE}")
        return _folder(server_path, server_id, inside)
    if mount.kind == "volume":
        return _volume(mount, usual(server_path, server_id), volumes, project)
    if mount.kind == UNRENDERED:
        where = f"at {mount.source[:200]}{_VARIABLE}"
        return replace(elsewhere(server_path, server_id, where, advice=_LATER), may_change=True)
    where = "in a part (`subpath`) of a volume" if mount.kind == PART else f"in a mount of the type {mount.kind[:40]}"
    return elsewhere(server_path, server_id, where)


def elsewhere(server_path: Path, server_id: str, where: str, *, advice: str = _ADVICE) -> DataRoot:
    """Return the root of a game whose files are out of our reach; ``where`` goes on after "The game's files are"."""
    return _out_of_reach(usual(server_path, server_id), where, advice=advice)


def _folder(server_path: Path, server_id: str, inside: str) -> DataRoot:
    where = f"in the folder `{inside}` of the server's directory" if inside else "in the server's directory itself"
    place = f"{server_id}/{inside}" if inside else server_id
    sentence = f"The game's files are {where}."
    return DataRoot(DataKind.FOLDER, server_id, server_path / server_id, server_path, place, sentence)


def _volume(mount: Mount, root: DataRoot, volumes: KnownVolumes, project: str | None) -> DataRoot:
    """Return ``root`` as that of a volume."""
    name = mount.name
    if not is_volume_name(name):
        return _out_of_reach(root, "in a volume without a name, which is lost with its container")
    named, volume, top = f"in the volume `{name}`", volumes.known.get(name), volumes.folder
    if top is None or name not in volumes.asked or (volume is None and project is None):
        where = f"{named}, which the engine has not been asked about yet"
        return replace(_out_of_reach(root, where, advice="Try again in a moment."), may_change=True)
    inside = volumes.inside(name)
    if volume is not None and inside is None:
        return _out_of_reach(root, f"{named}, which leads to another place by its driver or its options")
    if volume is not None and project not in {None, volume.project}:
        return replace(_out_of_reach(root, named, advice=_MAYBE_OTHERS), may_change=True)
    sentence = f"The game's files are {named}."
    return replace(
        root, kind=DataKind.VOLUME, top=top, inside=f"{name}/{VOLUME_DATA}", sentence=sentence,
        is_there=volume is not None,
    )


def _out_of_reach(root: DataRoot, where: str, *, advice: str = _ADVICE) -> DataRoot:
    return replace(root, kind=DataKind.ELSEWHERE, sentence=f"The game's files are {where}. {advice}")
