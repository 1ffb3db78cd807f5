"""Look into a snapshot: what lies in a folder, one file's bytes, what changed between two."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from backups.restic.command import ResticCommand
from backups.restic.failures import BadResticArgument, ResticFailed
from backups.restic.lines import parse_line
from core.errors import InvalidRequest, NotFound

MAX_CHANGES = 10_000
_FOLDERS_AT_ONCE = 200
_KINDS = {"+": "added", "-": "removed"}


class PathNotInSnapshot(NotFound):
    """The snapshot holds nothing at this path."""

    code = "path_not_in_snapshot"


class NotAFileInSnapshot(InvalidRequest):
    """It is a link, a pipe, a socket or a device: it has no content of its own."""

    code = "not_a_file"


class Node(BaseModel):
    """One entry of a snapshot; ``path`` is absolute, ``type`` is restic's: file, dir, symlink and so on.

    ``inode`` is what restic 0.18 tells; older ones tell none. Which device it counts on, no restic tells.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    type: str
    path: str
    size: int = 0
    mtime: datetime
    inode: int | None = None

    @field_validator("mtime", mode="before")
    @classmethod
    def _in_calendar(cls, value: object) -> object:
        """Take the year 0, to which restic bounds what is earlier still, for the first that we know."""
        return "0001-01-01T00:00:00Z" if str(value).startswith("0000-") else value


@dataclass(frozen=True)
class Measured:
    """How much there is below a path."""

    files: int
    size_bytes: int


@dataclass(frozen=True, kw_only=True)
class Change:
    """One path that differs; ``kind`` is added, removed or changed. Sizes are None for what is no file."""

    path: str
    kind: str
    old_size: int | None = None
    new_size: int | None = None


@dataclass(frozen=True, kw_only=True)
class Diff:
    """What differs; ``left_out`` counts the changes past MAX_CHANGES."""

    changes: list[Change]
    left_out: int = 0
    bytes_added: int = 0
    bytes_removed: int = 0


async def find(restic: ResticCommand, snapshot_id: str, path: str) -> Node | None:
    """Return the entry at ``path``, or None for the root, which has no entry.

    Raises:
        PathNotInSnapshot: nothing is there.
    """
    node, _ = await _look(restic, snapshot_id, checked_path(path))
    return node


async def find_content(restic: ResticCommand, snapshot_id: str, path: str) -> Node | None:
    """As ``find``, of a file or a folder.

    Raises:
        PathNotInSnapshot: nothing is there.
        NotAFileInSnapshot: restic would end in the middle of the answer.
    """
    node = await find(restic, snapshot_id, path)
    if node is None or node.type in {"dir", "file"}:
        return node
    kind = "a link: download what it leads to" if node.type == "symlink" else f"of the type {node.type[:20]}"
    raise NotAFileInSnapshot(f"{node.name[:200]} is no file in this snapshot, but {kind}.")


async def list_folder(restic: ResticCommand, snapshot_id: str, path: str) -> list[Node]:
    """List what lies in the folder at the absolute ``path``, in restic's order: by name.

    Raises:
        PathNotInSnapshot: nothing is there, or it is no folder.
    """
    node, nodes = await _look(restic, snapshot_id, checked_path(path))
    if node is not None and node.type != "dir":
        raise PathNotInSnapshot(f"{node.name} is no folder in this snapshot.")
    return nodes


async def measure(restic: ResticCommand, snapshot_id: str, path: str) -> Measured:
    """Add up the files at and below ``path``; raises PathNotInSnapshot."""
    files = size = found = 0
    async with aclosing(_nodes(restic, "--recursive", "--", snapshot_id, checked_path(path))) as nodes:
        async for node in nodes:
            found += 1
            files += node.type == "file"
            size += node.size
    if not found:
        raise _nothing_at(path)
    return Measured(files, size)


async def first_below(
    restic: ResticCommand, snapshot_id: str, path: str, fits: Callable[[Node], bool]
) -> Node | None:
    """Return the first entry at or below the absolute ``path`` that fits; None where none does."""
    async with aclosing(_nodes(restic, "--recursive", "--", snapshot_id, checked_path(path))) as nodes:
        async for node in nodes:
            if fits(node):
                return node
    return None


async def read_content(restic: ResticCommand, snapshot_id: str, node: Node | None) -> AsyncIterator[bytes]:
    """Stream a file as it is, or a folder (None: everything) as a zip archive."""
    is_folder = node is None or node.type == "dir"
    archive = ("--archive=zip",) if is_folder else ()
    path = "/" if node is None else node.path
    async with aclosing(restic.read_chunks("dump", *archive, "--", snapshot_id, path)) as chunks:
        async for chunk in chunks:
            yield chunk


async def diff(restic: ResticCommand, old: str, new: str) -> Diff:
    """Tell what differs between two snapshots, by full ids."""
    found: list[tuple[str, str]] = []
    left_out = 0
    totals: dict[str, Any] = {}
    async with aclosing(restic.read_lines("diff", "--json", "--", old, new)) as lines:
        async for line in lines:
            said = parse_line(line)
            if said.get("message_type") == "statistics":
                totals = said
            elif said.get("message_type") == "change" and len(found) < MAX_CHANGES:
                found.append((str(said["path"]), _KINDS.get(str(said.get("modifier")), "changed")))
            elif said.get("message_type") == "change":
                left_out += 1
    before = await _sizes(restic, old, [path for path, kind in found if kind != "added"])
    after = await _sizes(restic, new, [path for path, kind in found if kind != "removed"])
    changes = [
        Change(path=path, kind=kind, old_size=before.get(path), new_size=after.get(path)) for path, kind in found
    ]
    added, removed = totals.get("added") or {}, totals.get("removed") or {}
    return Diff(
        changes=changes, left_out=left_out,
        bytes_added=int(added.get("bytes", 0)), bytes_removed=int(removed.get("bytes", 0)),
    )


def checked_path(path: str) -> str:
    """Return ``path`` without doubled or trailing slashes.

    Raises:
        BadResticArgument: it is not absolute, or has ``..`` or a NUL.
    """
    names = [name for name in path.split("/") if name not in {"", "."}]
    if not path.startswith("/") or ".." in names or "\0" in path:
        raise BadResticArgument("A path in a snapshot is absolute, without '..' and NUL.")
    return "/" + "/".join(names)


async def _look(restic: ResticCommand, snapshot_id: str, path: str) -> tuple[Node | None, list[Node]]:
    """Return the entry at ``path`` and what lies in it."""
    async with aclosing(_nodes(restic, "--", snapshot_id, path)) as found:
        nodes = [node async for node in found]
    if not nodes and path != "/":
        raise _nothing_at(path)
    own = next((node for node in nodes if node.path == path), None)
    return own, [node for node in nodes if node is not own]


async def _nodes(restic: ResticCommand, *args: str) -> AsyncGenerator[Node, None]:
    """Yield the entries that ``restic ls`` lists; its first line, the snapshot, is passed over."""
    async with aclosing(restic.read_lines("ls", "--json", *args)) as lines:
        async for line in lines:
            said = parse_line(line)
            if said.get("struct_type") != "node":
                continue
            try:
                yield Node.model_validate(said)
            except ValidationError:
                raise ResticFailed("restic's list of files was not understood.") from None


async def _sizes(restic: ResticCommand, snapshot_id: str, paths: list[str]) -> dict[str, int]:
    """Read the sizes of those of ``paths`` that are files: restic's diff does not tell them."""
    wanted = {path for path in paths if not path.endswith("/")}
    folders = list(dict.fromkeys(path.rpartition("/")[0] or "/" for path in wanted))
    sizes: dict[str, int] = {}
    for start in range(0, len(folders), _FOLDERS_AT_ONCE):
        some = folders[start : start + _FOLDERS_AT_ONCE]
        async with aclosing(_nodes(restic, "--", snapshot_id, *some)) as nodes:
            async for node in nodes:
                if node.type == "file" and node.path in wanted:
                    sizes[node.path] = node.size
    return sizes


def _nothing_at(path: str) -> PathNotInSnapshot:
    return PathNotInSnapshot(f"The snapshot holds nothing at {path[:200]}. Look at what it holds first.")

