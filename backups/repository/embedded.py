"""The repository that a new installation has by itself, made once beside its servers.

``init`` plans it: a folder ``<repository>.new``. It is made in there and renamed, so that it is never half there, and
the plan is gone. A repository that is missing without a plan is never made: its disk may be away, and an empty
repository in its place would hide the history.
"""

import os
import shutil
import tempfile
from asyncio import to_thread
from pathlib import Path

from backups.restic.command import local_folder
from backups.restic.manager import ResticManager
from core import process
from core.errors import AppError, Unavailable
from core.process import Run
from web.config import ResticSettings

SUFFIX = ".new"


class RepositoryNotMade(Unavailable):
    """The folder of the planned repository cannot be written to."""

    code = "repository_not_made"


def plan(section: ResticSettings) -> None:
    """Note that the local repository of ``section`` is still to be made. Blocking.

    Raises:
        RepositoryNotMade: the folder beside it cannot be made.
    """
    folder = local_folder(section.repository_path)
    if folder is None or folder.exists():
        return
    try:
        _plan_of(folder).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise _not_made(folder, error) from None


def is_planned(section: ResticSettings) -> bool:
    """Tell whether the repository was planned and is not made yet. Blocking."""
    folder = local_folder(section.repository_path)
    return folder is not None and _plan_of(folder).is_dir() and not folder.exists()


async def make_planned(section: ResticSettings, *, run: Run = process.run) -> bool:
    """Make the repository if it was planned and is not there yet; tell whether it was made now.

    Killed at any moment, or run by two processes at once, it leaves no repository or a whole one.

    Raises:
        ResticNotInstalled: there is no restic yet; the plan stays.
        RepositoryNotMade: its folder cannot be written to.
        AppError: as ``ResticManager.init``.
    """
    if not await to_thread(is_planned, section):
        return False
    folder = Path(local_folder(section.repository_path) or "")
    draft: Path | None = None
    try:
        draft = Path(await to_thread(tempfile.mkdtemp, dir=_plan_of(folder)))
        await ResticManager(section.model_copy(update={"repository_path": str(draft)}), run=run).init()
        await to_thread(os.rename, draft, folder)
    except (AppError, OSError) as error:
        if draft is not None:
            await to_thread(shutil.rmtree, draft, ignore_errors=True)
        if await to_thread(folder.exists):  # another process was quicker
            return False
        raise _not_made(folder, error) if isinstance(error, OSError) else error from None
    await to_thread(shutil.rmtree, _plan_of(folder), ignore_errors=True)
    return True


def _plan_of(folder: Path) -> Path:
    return folder.with_name(folder.name + SUFFIX)


def _not_made(folder: Path, error: OSError) -> RepositoryNotMade:
    return RepositoryNotMade(f"The backup repository {folder.name} cannot be made in its folder: {error.strerror}.")
