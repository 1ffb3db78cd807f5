"""Extract an archive: first all of it beside its place, then name by name into it."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from core import paths
from core.errors import AppError, DiskFull, TooLarge
from core.paths import FileExists, OtherFileSystem, OutsideRoot, Root, disk_space, explained, is_same_mount, printable
from servers.minecraft.files.archives import Member, members, pieces
from servers.minecraft.files.changes import joined, make_parents

KEPT_FREE_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much an archive may become. ``ratio`` counts from ``ratio_from_bytes`` on: small files pack well."""

    entries: int = 200_000
    total_bytes: int = 32 * 1024**3
    ratio: int = 250
    ratio_from_bytes: int = 64 * 1024**2


LIMITS = Limits()


def extract(  # noqa: PLR0913 - what an extraction may differ in
    root: Root,
    path: str,
    target: str,
    *,
    overwrite: bool = False,
    limits: Limits = LIMITS,
    on_bytes: Callable[[int], None] = lambda _: None,
    check: Callable[[str], None] = lambda _: None,
) -> int:
    """Extract the archive ``path`` into the directory ``target``, made when missing; return how many files.

    Until everything is extracted, nothing is seen of it; what fails leaves the directory as it was. Links in the
    way are never followed. ``check`` raises for a path that is not to be written.

    Raises:
        FileExists: a file is there already and ``overwrite`` is off, or a directory and a file have one name.
        TooLarge: a limit, which the message names.
        OtherFileSystem: some of it would go to another disk, or past a mount point, where no rename leads.
        UnsafeArchive, BadArchive, DiskFull, FileMissing.
    """
    with os.fdopen(root.open_file(path), "rb") as file:
        make_parents(root, target)
        staged = joined(target, f".mcadmin-{secrets.token_hex(8)}.extracting")
        root.make_directory(staged, mode=0o700)
        try:
            with root.subdirectory(staged, follow=False) as into:
                packed, free = os.fstat(file.fileno()).st_size, disk_space(into.fd)[1]
                budget = _Budget(limits, packed=packed, free=free, tell=on_bytes)
                for member in members(file):
                    _unpack(into, member, budget)
                count = _check_place(root, into, target, overwrite=overwrite, check=check)
                _place(root, into, target)
        finally:
            with suppress(AppError):
                paths.delete(root, staged)
    return count


class _Budget:
    """Counts what is extracted, and stops it."""

    def __init__(self, limits: Limits, *, packed: int, free: int, tell: Callable[[int], None]) -> None:
        self._limits, self._packed, self._free, self._tell = limits, packed, free, tell
        self._entries = self._bytes = 0

    def entry(self) -> None:
        self._entries += 1
        if self._entries > self._limits.entries:
            raise TooLarge(f"The archive holds more than {self._limits.entries:,} files, the most that is extracted.")

    def add(self, count: int) -> None:
        self._bytes += count
        self._tell(count)
        limits = self._limits
        if self._bytes > limits.total_bytes:
            raise TooLarge(f"The archive becomes larger than {limits.total_bytes:,} bytes, the most that is extracted.")
        if self._bytes > max(limits.ratio_from_bytes, self._packed * limits.ratio):
            raise TooLarge(f"The archive becomes more than {limits.ratio} times its size, as only bombs do.")
        if self._bytes > self._free - KEPT_FREE_BYTES and self._bytes > self._free // 2:
            raise DiskFull("There is not enough room on the disk for what the archive holds. Free some space.")


def _unpack(into: Root, member: Member, budget: _Budget) -> None:
    budget.entry()
    if member.is_directory:
        make_parents(into, member.path)
        return
    directory, _, name = member.path.rpartition("/")
    make_parents(into, directory)
    with explained(member.path), into.new_file(directory) as file:
        for piece in pieces(member):
            budget.add(len(piece))
            file.write(piece)
        file.commit(name, over=False, mode=0o755 if member.is_executable else 0o644)


def _check_place(
    root: Root, into: Root, target: str, *, overwrite: bool, check: Callable[[str], None]
) -> int:
    """Look for everything that stands in the way before the first name is given; return the number of files."""
    count = 0
    for node in paths.walk(into):
        check(joined(target, node.path))
        there = root.lstat(joined(target, node.path))
        count += node.is_file
        if there is None:
            continue
        if paths.is_link(there):
            raise OutsideRoot(f"{printable(node.path)} is a link there: an archive is never extracted through one.")
        if paths.is_directory(there) != node.is_directory:
            raise FileExists(f"{printable(node.path)} is a directory in one place and a file in the other.")
        if node.is_directory:
            _require_same_mount(root, into, joined(target, node.path))
        if not node.is_directory and not overwrite:
            message = f"{printable(node.path)} exists already. Nothing was extracted; use overwrite to replace it."
            raise FileExists(message)
    return count


def _require_same_mount(root: Root, into: Root, path: str) -> None:
    """Refuse a directory to which nothing can be renamed from where the archive is unpacked."""
    with root.subdirectory(path, follow=False) as there:
        if not is_same_mount(there.fd, into.fd):
            raise OtherFileSystem(
                f"{printable(path)} is, or lies below, a mount point: an archive goes there as a whole, or not at all. "
                "Nothing was extracted. Extract into a new folder, then copy what belongs there."
            )


def _place(root: Root, into: Root, target: str) -> None:
    with root.subdirectory(target, follow=False) if target else root.subdirectory("") as place:
        _place_names(into, place, "")


def _place_names(into: Root, place: Root, path: str) -> None:
    with place.subdirectory(path, follow=False) as here, into.subdirectory(path, follow=False) as staged:
        for one in staged.entries():
            if paths.is_directory(one.info) and here.lstat(one.name) is not None:
                _place_names(staged, here, one.name)
            elif one.name:
                paths.move(staged, one.name, one.name, over=not paths.is_directory(one.info), target_root=here)


