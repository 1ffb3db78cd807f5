"""Copies that make no progress: how long they may stand still, and which disk or host may be in the way."""

import re
from collections.abc import Callable
from pathlib import Path

import psutil

from backups.restic.command import local_folder
from backups.restic.manager import ResticManager
from backups.restic.patience import Patience

WARN_S, END_S = 60.0, 180.0

_OF_A_NETWORK = ("nfs", "cifs", "smb", "ceph", "gluster", "fuse.sshfs", "fuse.rclone", "9p")
_HOST_OF_MOUNT = re.compile(r"(?://)?(?:[^@/:]*@)?([^/:]+)[:/]")
_HOST_OF_REPOSITORY = re.compile(r"(?:sftp|rest|s3|swift):(?:https?:)?(?://)?(?:[^@/]*@)?(\[[0-9a-fA-F:]+\]|[^/:]+)[/:]")


def watched(repository: ResticManager, server_path: Path, warn: Callable[[str], None]) -> ResticManager:
    """Return ``repository`` with writing jobs that are ended when they stand still; ``warn`` is told before."""
    location = repository.command.access.repository_path

    def obstacles() -> str:
        """Touch no disk, which could hang: the table of mounts is enough."""
        folder = local_folder(location)
        target = _disk("the backup repository", folder) if folder is not None else _host(location)
        return f"{_disk('the servers', server_path)}, or {target}"

    return repository.patient(Patience(warn_s=WARN_S, end_s=END_S, obstacles=obstacles, warn=warn))


def _host(location: str) -> str:
    """Name where a remote repository is, without what its address may hold besides."""
    found = _HOST_OF_REPOSITORY.match(location)
    return f"the host {found[1]} of the backup repository" if found else "the service that keeps the backup repository"


def _disk(whose: str, folder: Path) -> str:
    """Name a disk by its host where it is one of a network; its path is nobody's business."""
    above = [one for one in psutil.disk_partitions(all=True) if folder.is_relative_to(one.mountpoint)]
    mount = max(above, key=lambda one: len(one.mountpoint), default=None)
    host = _HOST_OF_MOUNT.match(mount.device) if mount is not None and mount.fstype.startswith(_OF_A_NETWORK) else None
    return f"the disk of {whose}, which the host {host[1]} has" if host else f"the disk of {whose}"
