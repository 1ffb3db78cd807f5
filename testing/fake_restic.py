"""restic at the process boundary: a repository in memory that speaks as 0.14 and 0.18 were recorded."""

import asyncio
import errno
import fnmatch
import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.process import ProgramFailed

BINARY = "restic"
_VERSIONS = {
    "0.14": "restic 0.14.0 compiled with go1.19.8 on linux/amd64\n",
    "0.18": "restic 0.18.0 compiled with go1.24.4 on linux/amd64\n",
}
_MISSING = {
    "0.14": "Fatal: unable to open config file: stat {0}/config: no such file or directory\n"
    "Is there a repository at the following location?\n{0}\n",
    "0.18": "Fatal: repository does not exist: unable to open config file: stat {0}/config: "
    "no such file or directory\nIs there a repository at the following location?\n{0}",
}
_LOCKED = (
    "unable to create lock in backend: repository is already locked exclusively by PID 24342 on vm by root "
    "(UID 0, GID 0)\nlock was created at 2026-11-24 02:10:30 (2.023055617s ago)\nstorage ID 14329f04\n"
    "the `unlock` command can be used to remove stale locks"
)


@dataclass
class FakeRestic:
    """Stands in for ``process.run``; tests set and ask its public state.

    Attributes:
        version: ``0.14`` or ``0.18``.
        passwords: of each repository there is, by its location.
        locked: whether another job holds the lock.
        snapshots: as ``restic snapshots --json`` would list them.
        gate: holds backups, before they look at a file, until it is set; ``entered`` tells that one waits.
        commands: every subcommand that was run, in order.
        unreadable: names of files on which the disk fails.
        on_listed: called when a backup knows the names of its files and has read none of them: some may go now.
        on_read: called when it has read them.
        beats: counts of the status lines that a backup prints before it looks at a file, one every ``beat_s``.
    """

    version: str
    passwords: dict[str, str] = field(default_factory=dict)
    locked: bool = False
    snapshots: list[dict[str, Any]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    entered: asyncio.Event = field(default_factory=asyncio.Event)
    commands: list[str] = field(default_factory=list)
    unreadable: set[str] = field(default_factory=set)
    on_listed: Callable[[], object] | None = None
    on_read: Callable[[], object] | None = None
    append_only: bool = False  # nothing that is in it goes, and a forget succeeds all the same
    beats: list[int] = field(default_factory=list)
    beat_s: float = 0.05

    async def __call__(
        self,
        *argv: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        on_start: Callable[[int], None] | None = None,
        isolated: bool = False,
    ) -> str:
        args = [arg for arg in argv[argv.index(BINARY) + 1 :] if arg not in {"--no-lock", "--json"}]
        command, rest = args[0], args[1:]
        self.commands.append(command)
        if command == "version":
            return _VERSIONS[self.version]
        location, password = (env or {})["RESTIC_REPOSITORY"], (env or {})["RESTIC_PASSWORD"]
        if command == "init":
            return self._init(location, password)
        self._open(location, password)
        if command == "snapshots":
            return json.dumps([entry for entry in self.snapshots if _is_wanted(entry, rest)]) + "\n"
        if self.locked:
            raise self._fatal(11, _LOCKED)
        if command == "tag":
            return self._tag(rest)
        if command == "forget":
            return self._forget(rest)
        if self.gate is not None:
            self.entered.set()
            await self.gate.wait()
        for count in self.beats:
            if on_line is not None:
                on_line(json.dumps({"message_type": "status", "bytes_done": count, "seconds_elapsed": 1}))
            await asyncio.sleep(self.beat_s)
        return await asyncio.to_thread(self._backup, rest, on_line)

    def _init(self, location: str, password: str) -> str:
        if location in self.passwords:
            text = f"Fatal: create repository at {location} failed: config file already exists\n"
            raise self._fatal(1, text)
        self.passwords[location] = password
        return f"created restic repository a2d7cb8994 at {location}\n"

    def _open(self, location: str, password: str) -> None:
        if location not in self.passwords:
            raise self._fatal(10, _MISSING[self.version].format(location))
        if self.passwords[location] != password:
            raise self._fatal(12, "Fatal: wrong password or no key found")

    def _backup(self, rest: list[str], on_line: Callable[[str], None] | None) -> str:
        paths = rest[rest.index("--") + 1 :]
        files, errors = _look(paths, _options(rest, "exclude"), self.unreadable, self.on_listed)
        if self.on_read is not None:
            self.on_read()
        if self.version != "0.14":  # it passes over what is gone
            errors = [(item, error) for item, error in errors if error.errno != errno.ENOENT]
        status = {"message_type": "status", "percent_done": 0, "total_files": 1, "total_bytes": sum(files)}
        if on_line is not None:
            on_line(json.dumps(status))
        entry = self._add(rest, paths, files)
        summary = {"message_type": "summary", **entry["summary"], "total_duration": 0.21}
        summary["snapshot_id"] = entry["id"]
        if self.version == "0.14":
            summary["snapshot_id"] = entry["short_id"]
            for name in ("backup_start", "backup_end", "data_added_packed"):
                del summary[name]
            del entry["summary"], entry["program_version"]
        stdout = [json.dumps(status), json.dumps(summary)]
        stderr = [self._error(item, error) for item, error in errors]
        for line in stdout[1:] + stderr:
            if on_line is not None:
                on_line(line)
        if errors:
            remark = "Warning: at least one source file could not be read"
            raise self._fatal(3, remark, before=stderr, stdout="\n".join(stdout), on_line=on_line)
        return "\n".join(stdout) + "\n"

    def _tag(self, rest: list[str]) -> str:
        for entry in [one for one in self.snapshots if _is_wanted(one, rest)]:
            kept = [tag for tag in entry.get("tags", []) if tag not in _options(rest, "remove")]
            entry["tags"] = kept + _options(rest, "add")
            entry.setdefault("original", entry["id"])
            entry["id"] = hashlib.sha256(f"{entry['id']} {entry['tags']}".encode()).hexdigest()
            entry["short_id"] = entry["id"][:8]
        return "modified tags on 1 snapshots\n"

    def _forget(self, rest: list[str]) -> str:
        if not self.append_only:
            self.snapshots = [one for one in self.snapshots if not _is_wanted(one, rest)]
        return ""

    def _add(self, rest: list[str], paths: list[str], files: list[int]) -> dict[str, Any]:
        tree = hashlib.sha256(repr(files).encode()).hexdigest()
        snapshot_id = hashlib.sha256(f"{len(self.snapshots)} {paths}".encode()).hexdigest()
        time = f"2026-11-24T02:00:{len(self.snapshots):02}.063829953Z"
        counts = {f"{kind}_{state}": 0 for kind in ("files", "dirs") for state in ("changed", "unmodified")}
        sizes = {"data_blobs": 4, "tree_blobs": 5, "data_added": 302, "data_added_packed": 234}
        found = {"total_files_processed": len(files), "total_bytes_processed": sum(files)}
        entry = {
            "time": time, "tree": tree, "paths": sorted(paths), "hostname": _options(rest, "host")[0],
            "username": "root", "program_version": "restic 0.18.0",
            "id": snapshot_id, "short_id": snapshot_id[:8],
            "summary": {
                "backup_start": time, "backup_end": time, "files_new": len(files), "dirs_new": 2,
                **counts, **sizes, **found,
            },
        }
        for name, option in (("tags", "tag"), ("excludes", "exclude")):
            if values := _options(rest, option):
                entry[name] = values
        self.snapshots.append(entry)
        return entry

    def _error(self, item: str, error: OSError) -> str:
        said: dict[str, Any] = {"Op": "read", "Path": item, "Err": error.errno}
        if self.version != "0.14":
            said = {"message": f"failed to save {item}: read {item}: {os.strerror(error.errno or 0).lower()}"}
        return json.dumps({"message_type": "error", "error": said, "during": "archival", "item": item})

    def _fatal(
        self,
        code: int,
        text: str,
        *,
        before: list[str] | None = None,
        stdout: str = "",
        on_line: Callable[[str], None] | None = None,
    ) -> ProgramFailed:
        if self.version == "0.14":
            lines, code = text.splitlines(), 3 if code == 3 else 1
        else:
            lines = [json.dumps({"message_type": "exit_error", "code": code, "message": text})]
        for line in lines:
            if on_line is not None:
                on_line(line)
        return ProgramFailed(BINARY, code, "\n".join([*(before or []), *lines]), stdout)


def _options(rest: list[str], name: str) -> list[str]:
    return [arg.partition("=")[2] for arg in rest if arg.startswith(f"--{name}=")]


def _is_wanted(entry: dict[str, Any], rest: list[str]) -> bool:
    ids = rest[rest.index("--") + 1 :] if "--" in rest else []
    tags = {tag for text in _options(rest, "tag") for tag in text.split(",")}
    return (
        (not ids or any(entry["id"].startswith(start) for start in ids))
        and tags <= set(entry.get("tags", []))
        and set(_options(rest, "path")) <= set(entry["paths"])
    )


def _look(
    paths: list[str], excludes: list[str], unreadable: set[str], on_listed: Callable[[], object] | None
) -> tuple[list[int], list[tuple[str, OSError]]]:
    """Return the sizes of the files that can be read, and those that cannot."""
    sizes: list[int] = []
    errors: list[tuple[str, OSError]] = []
    found = [name for path in paths for name in _files_below(path)]
    if on_listed is not None:
        on_listed()
    for path in [*found, *(path for path in paths if not os.path.isdir(path))]:
        own = [os.path.basename(path), path, *map(str, Path(path).parents)]
        if any(fnmatch.fnmatch(name, pattern) for name in own for pattern in excludes):
            continue
        try:
            is_file = stat.S_ISREG(os.lstat(path).st_mode)
        except FileNotFoundError as error:  # gone since it was listed: restic saves the others
            errors.append((path, error))
            continue
        if not is_file:  # restic notes what else there is, and does not open it
            continue
        if os.path.basename(path) in unreadable:
            errors.append((path, OSError(errno.EIO, os.strerror(errno.EIO))))
            sizes.append(0)
            continue
        try:
            with open(path, "rb") as file:
                file.read(1)
                sizes.append(os.fstat(file.fileno()).st_size)
        except OSError as error:
            errors.append((path, error))
            sizes.append(0)
    return sizes, errors


def _files_below(folder: str) -> Iterator[str]:
    """Yield whatever is no folder; depth costs no stack, as in restic."""
    folders = [folder]
    while folders:
        top = folders.pop()
        if not os.path.isdir(top):  # a file, or too deep for a path
            continue
        with os.scandir(top) as entries:
            for one in entries:
                if one.is_dir(follow_symlinks=False):
                    folders.append(one.path)
                else:
                    yield one.path
