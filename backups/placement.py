"""Whether the repository is safe from what may happen to the servers."""

from pathlib import Path

from backups.restic.command import local_folder
from mcadmin.config import ResticSettings
from mcadmin.core.disks import share_a_disk

SAME_DISK = "The backups lie on the same disk as the servers: when that disk dies, both are lost."
ADVICE = "Move the repository's folder to another disk or machine, and name it there in restic.repository_path."


def danger(section: ResticSettings, server_path: Path) -> str | None:
    """Return why the repository is not safe where it lies, and what to do; None when nothing is known. Blocking."""
    folder = local_folder(section.repository_path)
    return f"{SAME_DISK} {ADVICE}" if folder is not None and share_a_disk(folder, server_path) else None
