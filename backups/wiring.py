"""Joins the settings to the backups' objects, and the tests' seam."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from django.conf import settings

from backups.models import PanelInstance
from backups.repository.change_marker import ChangeMarker
from backups.repository.snapshot_cache import SnapshotCache
from backups.repository.space import RepositorySize
from backups.restic.command import ResticCommand
from backups.restic.manager import ResticManager
from core import process
from core.errors import Unavailable
from core.process import Follow, Run
from web.config import ResticSettings

run_override: Run | None = None  # tests put their fake restic here, then call reset()
follow_override: Follow = process.follow  # and here, where it can list and restore, too
CACHE_FOLDER = "restic-cache"


class ResticNotConfigured(Unavailable):
    """The settings have no restic section."""

    code = "restic_not_configured"


def is_configured() -> bool:
    """Tell whether the settings name a repository."""
    return settings.MC_ADMIN.restic is not None


def command() -> ResticCommand:
    """Return how restic is called on the configured repository; raises as ``repository``."""
    return repository().command


def repository() -> ResticManager:
    """Return the manager of the configured repository.

    Raises:
        ResticNotConfigured: the settings name none.
    """
    if run_override is not None:
        faked = ResticManager(section(), run=run_override, binary="restic", cache_dir=cache_folder())
        faked.command = replace(faked.command, follow=follow_override)
        return faked
    return ResticManager(section(), run=process.run, cache_dir=cache_folder())


def repository_path() -> str:
    """Return the configured repository as restic spells it; raises ResticNotConfigured."""
    return section().repository_path


def section() -> ResticSettings:
    """Return how the settings describe the repository; raises ResticNotConfigured."""
    config: ResticSettings | None = settings.MC_ADMIN.restic
    if config is None:
        raise ResticNotConfigured(
            "Backups are not set up: add a [restic] section with repository_path and password to config.toml, "
            "then run: manage.py snapshot init"
        )
    return config


@cache
def snapshot_cache() -> SnapshotCache:
    """Return this process's list of snapshots."""
    return SnapshotCache(lambda: repository().list_snapshots(), mark=ChangeMarker(cache_folder() / "changed"))


@cache
def repository_size() -> RepositorySize:
    """Return what this process knows of the repository's size."""
    return RepositorySize()


def cache_folder() -> Path:
    """Return where restic keeps its cache: beside the logs, which is surely ours to write."""
    folder: Path = settings.MC_ADMIN.logs_dir.absolute() / CACHE_FOLDER
    return folder


@cache
def instance_id() -> str:
    """Return the id of this panel in its snapshots' tags, made at its first use. Touches the database."""
    instance, _ = PanelInstance.objects.get_or_create(pk=1)
    return str(instance.uuid)


def reset() -> None:
    """Forget what was made from the settings."""
    instance_id.cache_clear()
    snapshot_cache.cache_clear()
    repository_size.cache_clear()
