"""Whether the repository is safe from what may happen to the servers."""

import os
from collections.abc import Iterable
from pathlib import Path

from backups.restic.command import local_folder
from core.disks import share_a_disk
from core.errors import Conflict
from web.config import ResticSettings

SAME_DISK = "The backups lie on the same disk as the servers: when that disk dies, both are lost."
ADVICE = "Move the repository's folder to another disk or machine, and name it there in restic.repository_path."


class RepositoryInServer(Conflict):
    """The repository lies in a server: it would be in its own snapshots, and a restore would take it back, too."""

    code = "repository_in_server"


def require_outside(folders: Iterable[Path], section: ResticSettings) -> None:
    """Raise RepositoryInServer where the repository lies in one of the folders, or one of them in it. Blocking."""
    repository = local_folder(section.repository_path)
    if repository is None:
        return
    own = Path(os.path.realpath(repository))
    for folder in map(Path, map(os.path.realpath, folders)):
        if own.is_relative_to(folder) or folder.is_relative_to(own):
            raise RepositoryInServer(
                f"The backup repository lies in the folder {folder.name!r} of a server, so it would be part of its own "
                "snapshots, and a restore would replace it. Move its folder out of all servers (end the panel, `mv`), "
                "and name the new place in restic.repository_path."
            )


def danger(section: ResticSettings, server_path: Path) -> str | None:
    """Return why the repository is not safe where it lies, and what to do; None when nothing is known. Blocking."""
    folder = local_folder(section.repository_path)
    return f"{SAME_DISK} {ADVICE}" if folder is not None and share_a_disk(folder, server_path) else None
