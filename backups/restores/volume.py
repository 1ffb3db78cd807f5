"""The volume that takes a game's files, in a restore of a whole server: which one it is, and that it is there."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from backups.restic.snapshot import ResticSnapshot
from backups.restores import locate
from core.errors import Unavailable
from core.paths import Root
from servers import wiring as servers_wiring
from servers.docker.compose import find_files
from servers.docker.compose_file.document import project_name
from servers.docker.engine import DockerManager
from servers.docker.engine_volumes import VOLUME_DATA, is_volume_name
from servers.docker.folders import DataElsewhere, open_volume
from servers.minecraft.data_root import DataRoot
from servers.minecraft.lifecycle import MAX_COMPOSE_BYTES
from servers.minecraft.server_info import ServerInfo, describe

VOLUME = "volume"  # kind of a mount


@dataclass(frozen=True, slots=True)
class VolumePart:
    """What goes into a volume.

    Attributes:
        name: the volume's.
        project: the Compose project that it is, or will be, of.
        source: where the files lie in the snapshot, absolute.
        top: the engine's folder of volumes.
        made_for: the Compose project that the engine made it for; empty: for none; None: it is to be made.
    """

    name: str
    project: str
    source: str
    top: Path
    made_for: str | None

    @property
    def folder(self) -> Path:
        """The volume's own folder: that with its files has the name ``_data`` in it."""
        return self.top / self.name

    @property
    def data(self) -> Path:
        """Where its files are."""
        return self.folder / VOLUME_DATA

    @property
    def is_there(self) -> bool:
        return self.made_for is not None

    def require_own(self) -> None:
        """Raise DataElsewhere where it is another project's."""
        if self.made_for not in {None, self.project}:
            raise DataElsewhere(
                f"The volume `{self.name}` was not made for this server, so nothing is restored there. Remove it, "
                "or let the server have a container with it first (operation `up`, then `stop`)."
            )


async def find_present(snapshot: ResticSnapshot, server_id: str, root: DataRoot) -> VolumePart | None:
    """Find the volume that a restore of ``server_id`` fills; None where the snapshot has none for it.

    Args:
        snapshot: what is restored.
        server_id: the same before and after.
        root: where its game's files are now.

    Raises:
        EngineUnreachable.
        DataElsewhere: the volume may be somebody else's, or lies out of our reach.
        NotInSnapshot: it is not certain where its files lie in the snapshot.
    """
    name = snapshot.labels.volumes.get(server_id)
    if name is None:
        return None
    part = await _find(name, project=project_name(server_id), source=locate.require_data_in(snapshot, server_id))
    if root.volume != name:
        part.require_own()
    return part


async def find_new(
    snapshot: ResticSnapshot, server_id: str, *, base: Path, staged: str, new_id: str
) -> VolumePart | None:
    """Find the volume of a new server that is made of ``server_id``, as its staged compose file names it.

    Args:
        staged: the new server's folder, below ``base``.

    Raises:
        EngineUnreachable, NotInSnapshot.
        DataElsewhere: the file names a volume that is not the new server's own.
    """
    if server_id not in snapshot.labels.volumes:
        return None
    project = project_name(new_id)
    mount = (await asyncio.to_thread(_describe_staged, base, staged, new_id)).data_mount
    if mount is None or mount.kind != VOLUME or not _is_of(mount.name, project):
        raise DataElsewhere(
            "The game's files are in a volume whose name the compose file fixes (`name`, `external` or a variable), so "
            "the new server would have the old one's. Create the new server with a compose file of its own, then "
            "restore the paths of its data."
        )
    part = await _find(mount.name, project=project, source=locate.require_data_in(snapshot, server_id))
    part.require_own()
    return part


async def require_named(part: VolumePart, *, base: Path, staged: str) -> None:
    """Raise DataElsewhere unless a volume that is to be made is one of the server's own file, as it was staged.

    What a snapshot says of volumes is the word of whoever wrote into the repository.
    """
    if part.is_there:
        return
    mount = (await asyncio.to_thread(_describe_staged, base, staged, part.project)).data_mount
    if mount is None or mount.kind != VOLUME or mount.name != part.name or not _is_of(part.name, part.project):
        raise DataElsewhere(
            f"The volume `{part.name}` is not there, and the server's compose file alone does not name it as its own. "
            "Have it made first (operation `up`, then `stop`), then restore."
        )


async def make(part: VolumePart) -> VolumePart:
    """Return the part with its volume there: as Compose would make it, and empty, where the engine had none."""
    if part.is_there:
        return part
    await _engine().create_volume(part.name, project=part.project)
    made = await _find(part.name, project=part.project, source=part.source)  # somebody may have been faster
    made.require_own()
    return made


async def _find(name: str, *, project: str, source: str) -> VolumePart:
    known = await _engine().volumes([name])
    if not is_volume_name(name):  # the engine was not asked about it
        raise DataElsewhere(f"{name[:80]!r} is no name that somebody gave a volume, so nothing is restored there.")
    if known.folder is None:
        raise Unavailable("The engine does not say where it keeps its volumes, so nothing can be restored into one.")
    volume = known.known.get(name)
    if volume is not None:
        inside = known.inside(name)
        if inside is None:
            raise DataElsewhere(
                f"The volume `{name}` leads to another place by its driver or its options, so nothing is restored "
                "there."
            )
        await asyncio.to_thread(_require_open, known.folder, inside)
    return VolumePart(name, project, source, known.folder, None if volume is None else volume.project)


def _require_open(top: Path, inside: str) -> None:
    open_volume(top, inside).close()


def _describe_staged(base: Path, staged: str, server_id: str) -> ServerInfo:
    with Root(base) as root, root.subdirectory(staged, follow=False) as held:
        names = find_files(held)
        if len(names) != 1:
            raise DataElsewhere(
                "The server's compose file has an override, which may name its volume, or is not there. Create the "
                "server with one compose file, then restore the paths of its data."
            )
        text = held.read_bytes(names[0], max_bytes=MAX_COMPOSE_BYTES).decode(errors="replace")
    return describe(server_id, lambda: text, settings.MC_ADMIN.allowed_images)


def _is_of(name: str, project: str) -> bool:
    """Tell whether Compose would call a volume of ``project`` so by itself."""
    return name.startswith(f"{project}_")


def _engine() -> DockerManager:
    return DockerManager(servers_wiring.cli())
