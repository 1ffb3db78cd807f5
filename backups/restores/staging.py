"""A restore on disk: written beside the present, then swapped with it in one step. Blocking; no Django, no restic.

``<base>/.restoring/<operation>/`` holds ``restore.json``, which says what is to be swapped with what, and ``tree/``,
where restic writes; ``base`` is the servers' folder, or that of a volume. Whoever is killed at any step leaves the old
or the new tree under its name; ``settle`` tells which, and puts everything else away.

What goes into a volume has a plan of its own there. The plan in the servers' folder names it, so that it is found.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from stat import S_ISDIR

from pydantic import ValidationError

from backups.restores.plan import FOLDER, REMOVED, TREE, Place, Plan, Present, folder_of
from core.errors import DiskFull, InvalidRequest, Unsupported
from core.paths import (
    Carried,
    FileMissing,
    Root,
    copy_missing,
    delete,
    disk_space,
    exchange,
    move,
    read_link,
    restrict,
    sync_file_system,
)

NOTE = "restore.json"
NO_SERVER = ".drill"  # stands for the server where nothing is to be swapped
_MAX_NOTE_BYTES = 64 * 1024
_SPARE_BYTES = 64 * 1024 * 1024  # a disk filled to the last byte hurts the games on it
_BYTES_PER_FILE = 8192  # an inode and half of a last block


class NotEnoughRoom(DiskFull):
    """The restored files would not fit beside the present ones."""

    code = "not_enough_room"


class UnsafeTree(InvalidRequest):
    """What the snapshot holds must not become a server's folder."""

    code = "unsafe_tree"


def make(base: Path, operation: str, place: Place) -> Plan:
    """Make the folder that restic restores into, below ``base``, and note what for."""
    folder = folder_of(operation)
    inside = place.target.partition("/")[2]
    removed = f"{REMOVED}/{place.server_id}-before-{operation}"
    plan = Plan(
        operation=operation, server_id=place.server_id, target=place.target, data=place.data,
        staged=f"{folder}/{TREE}{place.source}", removed=f"{removed}/{inside}" if inside else removed,
    )
    with Root(base) as root:
        _make_folder(root, operation)
        root.make_directory(plan.tree, mode=0o700)
        _note(root, plan)
    return plan


def point_to_volume(server_path: Path, operation: str, *, server_id: str, volume: Path) -> Plan:
    """Note that an operation changes files in a volume alone."""
    plan = Plan(operation=operation, server_id=server_id, target="", staged="", removed="", volume=str(volume))
    with Root(server_path) as root:
        _make_folder(root, operation)
        _note(root, plan)
    return plan


def note(base: Path, plan: Plan) -> None:
    """Write the plan down, so that whoever starts after a kill knows it."""
    with Root(base) as root:
        _note(root, plan)


def check_room(base: Path, *, size_bytes: int, files: int) -> None:
    """Raise NotEnoughRoom unless that much fits on the disk with ``base``."""
    needed = size_bytes + files * _BYTES_PER_FILE + _SPARE_BYTES
    _, free = disk_space(base)
    if needed > free:
        raise NotEnoughRoom(
            f"A restore first writes beside the present files, and {_mib(needed)} MiB do not fit: "
            f"{_mib(free)} MiB are free. Make room (`manage.py purge_removed` may help); nothing was changed."
        )


def check_target(base: Path, target: str) -> bool:
    """Tell whether something is at ``target``; every component of the path to it must be real, none a link.

    Raises:
        OutsideRoot: a link is on the way.
    """
    with Root(base) as root:
        parent, _, name = target.rpartition("/")
        if parent and root.stat(parent, follow=False) is None:
            return False
        with root.subdirectory(parent, follow=False) as held:
            return held.lstat(name) is not None


def link_at(base: Path, target: str) -> str | None:
    """Return what is written in the link at ``target``; None where there is none."""
    with Root(base) as root:
        return read_link(root, target)


def is_elsewhere(base: Path, target: str) -> bool:
    """Tell whether ``target`` lies on another file system than the staged tree would: no rename leads there."""
    with Root(base) as root:
        parent = target.rpartition("/")[0]
        while parent:
            found = root.stat(parent, follow=False)
            if found is not None:
                return found.st_dev != os.fstat(root.fd).st_dev
            parent = parent.rpartition("/")[0]
    return False


def examine(base: Path, plan: Plan) -> None:
    """Look at the staged tree before anything is made of it: what becomes a server's folder or data must be one.

    A game decides what its files are, and so what comes back. A link in the place of either folder would lead the
    panel, which opens it as root, out of the server.

    Raises:
        FileMissing: restic wrote nothing.
        UnsafeTree: a link or a file stands where a folder must be.
    """
    with Root(base) as root:
        if root.lstat(plan.staged) is None:
            raise FileMissing("The snapshot holds nothing there.")
        for folder in _folders_on_the_way(plan):
            found = root.lstat(f"{plan.staged}/{folder}".rstrip("/"))
            if found is not None and not S_ISDIR(found.st_mode):
                inside = plan.target.partition("/")[2]
                raise refuse_tree(f"{inside}/{folder}".strip("/"))


def _folders_on_the_way(plan: Plan) -> list[str]:
    """List what in the staged tree must be a folder: all from the target to the game's files; "" for the target."""
    if not f"{plan.data_folder}/".startswith(f"{plan.target}/"):
        return [] if plan.target.startswith(f"{plan.data_folder}/") else [""]
    names = [name for name in plan.data_folder.removeprefix(plan.target).split("/") if name]
    return ["/".join(names[:count]) for count in range(len(names) + 1)]


def refuse_tree(folder: str) -> "UnsafeTree":
    """Return the error for a snapshot that has something else in the place of a server's ``folder``."""
    what = f"{folder}/" if folder else "the server's folder"
    return UnsafeTree(
        f"In this snapshot {what} is a link or a file, not a folder, so nothing was restored. Choose another snapshot, "
        "or restore single folders of it."
    )


def carry_over(base: Path, plan: Plan, *, left_out: Callable[[str], bool]) -> Carried:
    """Take over from the present tree what snapshots leave out; ``left_out`` is asked with paths in the target."""
    with Root(base) as root:
        if not (_is_directory(root, plan.target) and _is_directory(root, plan.staged)):
            return Carried()
        with root.subdirectory(plan.target, follow=False) as old, root.subdirectory(plan.staged, follow=False) as new:
            return copy_missing(old, new, wanted=left_out)


def restrict_access(base: Path, plan: Plan) -> None:
    """Let a whole server's folder be passed by the users who can pass the present one, a new one by its owner alone.

    The bits in the snapshot do not count: they may be older than the decision who on this machine reads the folder.
    """
    with Root(base) as root, root.subdirectory(plan.staged, follow=False) as new:
        if not _is_directory(root, plan.target):
            restrict(new, like=None)
            return
        with root.subdirectory(plan.target, follow=False) as present:
            restrict(new, like=present)


def complete(base: Path, plan: Plan) -> Plan:
    """Note that the staged tree is whole and on the disk; raises FileMissing when restic wrote nothing."""
    with Root(base) as root:
        found = root.lstat(plan.staged)
        if found is None:
            raise FileMissing("The snapshot holds nothing there.")
        sync_file_system(root.fd)
        done = plan.model_copy(update={"new_inode": found.st_ino})
        _note(root, done)
    return done


def swap(server_path: Path, plan: Plan) -> None:
    """Put the staged trees in their targets' places: that of the volume first, then the server's own."""
    if plan.volume:
        base = Path(plan.volume)
        with Root(base) as root:
            inner = _read(root, folder_of(plan.operation))
            if inner is None:
                raise FileMissing("What was to be put into the volume is gone.")
            _swap_in(root, inner)
    if plan.target:
        with Root(server_path) as root:
            _swap_in(root, plan)


def _swap_in(root: Root, plan: Plan) -> None:
    """Swap one tree; at every moment its target has the old tree or the new one.

    Where the file system cannot exchange two names there is a moment without any, which ``settle`` mends.
    """
    parent, _, name = plan.target.rpartition("/")
    if parent and root.stat(parent, follow=False) is None:
        _make_folders(root, plan.data_folder, parent)
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


def swap_back(server_path: Path, plan: Plan) -> None:
    """Undo ``swap``, in the reverse order: whoever dies in between leaves what ``settle`` makes two new trees of."""
    if plan.target:
        with Root(server_path) as root:
            _swap_back_in(root, plan)
    if plan.volume:
        base = Path(plan.volume)
        with Root(base) as root:
            inner = _read(root, folder_of(plan.operation))
            if inner is not None:
                _swap_back_in(root, inner)


def _swap_back_in(root: Root, plan: Plan) -> None:
    parent, _, name = plan.target.rpartition("/")
    with root.subdirectory(parent, follow=False) as held:
        if root.lstat(plan.staged) is not None:
            exchange(root, plan.staged, name, other_root=held)
            return
        move(held, name, plan.staged, target_root=root)
        if root.lstat(plan.removed) is not None:  # the file system cannot exchange
            move(root, plan.removed, name, target_root=held)


def settle(server_path: Path, operation: str) -> tuple[Plan | None, Present]:
    """Find out which tree the target has, put the old one away and clean up; safe to call at any time, twice too.

    A volume is swapped before the server's folder. Where only that was done, the rest is done now: both staged trees
    were complete, and half of each would be neither what was nor what was asked for.

    Returns:
        The plan (None: it was not written yet, or is deleted already) and the tree.
    """
    with Root(server_path) as root:
        plan = _read(root, folder_of(operation))
    if plan is not None and plan.volume:
        plan = _settle_volume(server_path, plan)
    with Root(server_path) as root:
        if plan is None:
            present = _without_plan(root, operation)
        elif not plan.target:
            present = plan.in_volume or Present.OLD
        else:
            present = _present(root, plan)
            if present is Present.OLD and plan.in_volume is Present.NEW:
                _swap_in(root, plan)
                present = _present(root, plan)
        _clean(root, operation)
    return plan, present


def _settle_volume(server_path: Path, plan: Plan) -> Plan:
    """Settle what a plan names in a volume, and note the result before the volume forgets it.

    A volume that is gone by now was not changed.
    """
    base = Path(plan.volume)
    with suppress(FileMissing), Root(base) as root:
        if plan.in_volume is None:
            inner = _read(root, folder_of(plan.operation))
            found = Present.OLD if inner is None else _present(root, inner)
            plan = plan.model_copy(update={"in_volume": found})
            note(server_path, plan)
        _clean(root, plan.operation)
    return plan


def _clean(root: Root, operation: str) -> None:
    folder = folder_of(operation)
    for path in (f"{folder}/{TREE}", folder):  # the plan goes last
        if root.lstat(path) is not None:
            delete(root, path)


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


def _make_folder(root: Root, operation: str) -> None:
    root.make_directory(FOLDER, mode=0o700)
    root.make_directory(folder_of(operation), mode=0o700)


def _note(root: Root, plan: Plan) -> None:
    root.write_bytes(f"{folder_of(plan.operation)}/{NOTE}", plan.model_dump_json().encode(), mode=0o600)


def _read(root: Root, folder: str) -> Plan | None:
    try:
        return Plan.model_validate_json(root.read_bytes(f"{folder}/{NOTE}", max_bytes=_MAX_NOTE_BYTES))
    except (FileMissing, ValidationError):
        return None


def _make_folders(root: Root, top: str, path: str) -> None:
    """Make what is missing of a folder in a server's data at ``top``, as its data's owner has it."""
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
