"""A restore on disk: written beside the present, then swapped with it in one step. Blocking; no Django, no restic.

``<server_path>/.restoring/<operation>/`` holds ``restore.json``, which says what is to be swapped with what, and
``tree/``, where restic writes. Whoever is killed at any step leaves the old or the new tree under its name;
``settle`` tells which, and puts everything else away.
"""

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from stat import S_ISDIR

from pydantic import BaseModel, ConfigDict, ValidationError

from mcadmin.core.errors import Conflict, DiskFull, InvalidRequest, Unsupported
from mcadmin.core.paths import (
    Carried,
    FileMissing,
    Root,
    carry,
    delete,
    disk_space,
    exchange,
    move,
    restrict,
    sync_file_system,
)
from servers.docker.folders import DATA

FOLDER = ".restoring"
REMOVED = ".removed"
TREE = "tree"
NOTE = "restore.json"
NO_SERVER = ".drill"  # stands for the server where nothing is to be swapped
_MAX_NOTE_BYTES = 64 * 1024
_SPARE_BYTES = 64 * 1024 * 1024  # a disk filled to the last byte hurts the games on it
_BYTES_PER_FILE = 8192  # an inode and half of a last block


class NotEnoughRoom(DiskFull):
    """The restored files would not fit beside the present ones."""

    code = "not_enough_room"


class TargetChanged(Conflict):
    """What was to be replaced is not what it was when the restore began."""

    code = "restore_target_changed"


class UnsafeTree(InvalidRequest):
    """What the snapshot holds must not become a server's folder."""

    code = "unsafe_tree"


class Present(StrEnum):
    """Which tree lies under the target's name."""

    OLD = "old"
    NEW = "new"
    MIXED = "mixed"  # only of a mount point, whose files are changed one by one


class Plan(BaseModel):
    """What is to be swapped; every path is relative to ``server_path``.

    Attributes:
        target: ``lobby``, or ``lobby/data/world``.
        staged: where restic puts what will be the target.
        removed: where the old tree goes.
        new_inode: of the staged tree, once it is complete; the swap has happened when the target has it.
        in_place: the target is a mount point, so that files are changed one by one.
    """

    model_config = ConfigDict(frozen=True)

    operation: str
    server_id: str
    target: str
    staged: str
    removed: str
    new_inode: int | None = None
    in_place: bool = False


def folder_of(operation: str) -> str:
    """Return an operation's own folder, relative to ``server_path``."""
    return f"{FOLDER}/{operation}"


def make(*, server_path: Path, operation: str, server_id: str, target: str, source: str) -> Plan:
    """Make the folder that restic restores into; ``source`` is the absolute path in the snapshot."""
    folder = folder_of(operation)
    inside = "" if target == server_id else target.removeprefix(f"{server_id}/")
    removed = f"{REMOVED}/{server_id}-before-{operation}"
    plan = Plan(
        operation=operation, server_id=server_id, target=target,
        staged=f"{folder}/{TREE}{source}", removed=f"{removed}/{inside}" if inside else removed,
    )  # fmt: skip
    with Root(server_path) as root:
        root.make_directory(FOLDER, mode=0o700)
        root.make_directory(folder, mode=0o700)
        root.make_directory(f"{folder}/{TREE}", mode=0o700)
        _note(root, plan)
    return plan


def note(server_path: Path, plan: Plan) -> None:
    """Write the plan down, so that whoever starts after a kill knows it."""
    with Root(server_path) as root:
        _note(root, plan)


def check_room(server_path: Path, *, size_bytes: int, files: int) -> None:
    """Raise NotEnoughRoom unless that much fits on the servers' disk."""
    needed = size_bytes + files * _BYTES_PER_FILE + _SPARE_BYTES
    _, free = disk_space(server_path)
    if needed > free:
        raise NotEnoughRoom(
            f"A restore first writes beside the present files, and {_mib(needed)} MiB do not fit: "
            f"{_mib(free)} MiB are free. Make room (`manage.py purge_removed` may help); nothing was changed."
        )


def check_target(server_path: Path, target: str) -> bool:
    """Tell whether something is at ``target``; every component of the path to it must be real, none a link.

    Raises:
        OutsideRoot: a link is on the way.
    """
    with Root(server_path) as root:
        parent, _, name = target.rpartition("/")
        if parent and root.stat(parent, follow=False) is None:
            return False
        with root.subdirectory(parent, follow=False) as held:
            return held.lstat(name) is not None


def is_elsewhere(server_path: Path, target: str) -> bool:
    """Tell whether ``target`` lies on another file system than the staged tree would: no rename leads there."""
    with Root(server_path) as root:
        parent = target.rpartition("/")[0]
        while parent:
            found = root.stat(parent, follow=False)
            if found is not None:
                return found.st_dev != os.fstat(root.fd).st_dev
            parent = parent.rpartition("/")[0]
    return False


def examine(server_path: Path, plan: Plan) -> None:
    """Look at the staged tree before anything is made of it: what becomes a server's folder or data must be one.

    A game decides what its files are, and so what comes back. A link in the place of either folder would lead the
    panel, which opens it as root, out of the server.

    Raises:
        FileMissing: restic wrote nothing.
        UnsafeTree: a link or a file stands where a folder must be.
    """
    inside = plan.target.removeprefix(plan.server_id).lstrip("/")
    folders = ["", DATA] if not inside else [""] if inside == DATA else []
    with Root(server_path) as root:
        if root.lstat(plan.staged) is None:
            raise FileMissing("The snapshot holds nothing there.")
        for folder in folders:
            found = root.lstat(f"{plan.staged}/{folder}".rstrip("/"))
            if found is not None and not S_ISDIR(found.st_mode):
                raise refuse_tree(f"{inside}/{folder}".strip("/"))


def refuse_tree(folder: str) -> "UnsafeTree":
    """Return the error for a snapshot that has something else in the place of a server's ``folder``."""
    what = f"{folder}/" if folder else "the server's folder"
    return UnsafeTree(
        f"In this snapshot {what} is a link or a file, not a folder, so nothing was restored. Choose another snapshot, "
        "or restore single folders of it."
    )


def carry_over(server_path: Path, plan: Plan, *, left_out: Callable[[str], bool]) -> Carried:
    """Take over from the present tree what snapshots leave out; ``left_out`` is asked with paths in the target."""
    with Root(server_path) as root:
        if not (_is_directory(root, plan.target) and _is_directory(root, plan.staged)):
            return Carried()
        with root.subdirectory(plan.target, follow=False) as old, root.subdirectory(plan.staged, follow=False) as new:
            return carry(old, new, wanted=left_out)


def restrict_access(server_path: Path, plan: Plan) -> None:
    """Let a whole server's folder be passed by the users who can pass the present one, a new one by its owner alone.

    The bits in the snapshot do not count: they may be older than the decision who on this machine reads the folder.
    """
    if plan.target != plan.server_id:
        return
    with Root(server_path) as root, root.subdirectory(plan.staged, follow=False) as new:
        if not _is_directory(root, plan.target):
            restrict(new, like=None)
            return
        with root.subdirectory(plan.target, follow=False) as present:
            restrict(new, like=present)


def complete(server_path: Path, plan: Plan) -> Plan:
    """Note that the staged tree is whole and on the disk; raises FileMissing when restic wrote nothing."""
    with Root(server_path) as root:
        found = root.lstat(plan.staged)
        if found is None:
            raise FileMissing("The snapshot holds nothing there.")
        sync_file_system(root.fd)
        done = plan.model_copy(update={"new_inode": found.st_ino})
        _note(root, done)
    return done


def swap(server_path: Path, plan: Plan) -> None:
    """Put the staged tree in the target's place; at every moment that has the old tree or the new one.

    Where the file system cannot exchange two names there is a moment without any, which ``settle`` mends.
    """
    parent, _, name = plan.target.rpartition("/")
    with Root(server_path) as root:
        if parent and root.stat(parent, follow=False) is None:
            _make_folders(root, plan.server_id, parent)
        with root.subdirectory(parent, follow=False) as held:
            if held.lstat(name) is None:
                move(root, plan.staged, name, target_root=held)
                return
            try:
                exchange(root, plan.staged, name, other_root=held)
            except Unsupported:
                _make_parents(root, plan.removed)
                move(held, name, plan.removed, target_root=root)
                move(root, plan.staged, name, target_root=held)


def settle(server_path: Path, operation: str) -> tuple[Plan | None, Present]:
    """Find out which tree the target has, put the old one away and clean up; safe to call at any time, twice too.

    Returns:
        The plan (None: it was not written yet, or is deleted already) and the tree.
    """
    folder = folder_of(operation)
    with Root(server_path) as root:
        plan = _read(root, folder)
        present = _present(root, plan) if plan is not None else _without_plan(root, operation)
        for path in (f"{folder}/{TREE}", folder):  # the plan goes last
            if root.lstat(path) is not None:
                delete(root, path)
        return plan, present


def list_unsettled(server_path: Path) -> list[str]:
    """Return the operations that left a folder."""
    with Root(server_path) as root:
        try:
            return sorted(entry.name for entry in root.entries(FOLDER))
        except FileMissing:
            return []


def _present(root: Root, plan: Plan) -> Present:
    if plan.new_inode is None:
        return Present.MIXED if plan.in_place else Present.OLD
    found = root.lstat(plan.target)
    if found is None:
        if root.lstat(plan.removed) is not None:  # between the two renames
            move(root, plan.removed, plan.target)
        return Present.OLD
    if found.st_ino != plan.new_inode:
        return Present.OLD
    if root.lstat(plan.staged) is not None:  # the exchange put the old tree there
        _make_parents(root, plan.removed)
        move(root, plan.staged, plan.removed)
    return Present.NEW


def _without_plan(root: Root, operation: str) -> Present:
    """Tell by what is kept: it is moved there before the plan goes."""
    try:
        kept = any(entry.name.endswith(f"-before-{operation}") for entry in root.entries(REMOVED))
    except FileMissing:
        return Present.OLD
    return Present.NEW if kept else Present.OLD


def _note(root: Root, plan: Plan) -> None:
    root.write_bytes(f"{folder_of(plan.operation)}/{NOTE}", plan.model_dump_json().encode(), mode=0o600)


def _read(root: Root, folder: str) -> Plan | None:
    try:
        return Plan.model_validate_json(root.read_bytes(f"{folder}/{NOTE}", max_bytes=_MAX_NOTE_BYTES))
    except (FileMissing, ValidationError):
        return None


def _make_folders(root: Root, server_id: str, path: str) -> None:
    """Make what is missing of a folder in a server's data, as its data's owner has it."""
    top = f"{server_id}/{DATA}"
    with root.subdirectory(top, follow=False) as data:
        own = os.fstat(data.fd)
        data.owner = (own.st_uid, own.st_gid)
        data.make_directories(path.removeprefix(top).lstrip("/"))


def _make_parents(root: Root, path: str) -> None:
    root.make_directory(REMOVED, mode=0o700)
    root.make_directories(path.rpartition("/")[0])


def _is_directory(root: Root, path: str) -> bool:
    found = root.lstat(path)
    return found is not None and S_ISDIR(found.st_mode)


def _mib(size: int) -> int:
    return -(-size // 2**20)
