"""The fake restic with what its snapshots hold: it lists, restores, checks, and has locks."""

import asyncio
import json
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from testing.fake_restic import BINARY, FakeRestic

ALTERS = {"backup", "check", "forget", "prune", "restore", "unlock"}  # check takes a lock, and reads everything


@dataclass
class WholeRestic(FakeRestic):
    """Keeps what each snapshot holds in ``folder``.

    Attributes:
        location: the repository's folder; the files in its ``locks`` are its locks, each as ``cat lock`` prints it.
        done: called with each subcommand that altered something, and with ``dry-run``.
    """

    folder: Path = Path("/nonexistent")
    location: Path = Path("/nonexistent")
    done: Callable[[str], object] = lambda _command: None

    async def __call__(self, *argv: str, **how: Any) -> str:
        command, *rest = _words(argv)
        match command, rest:
            case "check" | "prune", _:
                answer = "no errors were found\n"
            case "list", ["locks"]:
                return "".join(f"{path.name}\n" for path in self._locks())
            case "cat", ["lock", "--", lock_id]:
                return await asyncio.to_thread((self.location / "locks" / lock_id).read_text)
            case "unlock", _:
                for path in self._locks():
                    path.unlink()
                answer = ""
            case "restore", _:
                answer = await asyncio.to_thread(self._restore, rest)
            case _:
                answer = await super().__call__(*argv, **how)
        if command in ALTERS:
            self.done(command)
        return answer

    async def follow(
        self,
        *argv: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        with_stderr: bool = False,
    ) -> AsyncIterator[str]:
        """Answer ``ls``; of a ``restore --dry-run`` that nothing would change."""
        command, *rest = _words(argv)
        if command == "ls":
            snapshot_id, path = rest[rest.index("--") + 1 :]
            for line in await asyncio.to_thread(self._list, snapshot_id, path, is_deep="--recursive" in rest):
                yield line
        else:
            self.done("dry-run")

    def _locks(self) -> list[Path]:
        return sorted((self.location / "locks").glob("*"))

    def _add(self, rest: list[str], paths: list[str], files: list[int]) -> dict[str, Any]:
        entry = super()._add(rest, paths, files)
        entry["id"] = uuid.uuid4().hex * 2  # snapshots go here, so their number names none
        entry["short_id"] = entry["id"][:8]
        entry["time"] = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        entry["summary"] |= {"backup_start": entry["time"], "backup_end": entry["time"]}
        for path in map(Path, paths):
            self._copy(path, self.folder / entry["id"] / path.relative_to("/"))
        return entry

    def _restore(self, rest: list[str]) -> str:
        options = dict(arg.removeprefix("--").partition("=")[::2] for arg in rest if arg.startswith("--"))
        below = options.get("include", "/").lstrip("/")
        self._copy(self.folder / rest[-1] / below, Path(options["target"]) / below)
        return ""

    def _copy(self, source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)

    def _list(self, snapshot_id: str, path: str, *, is_deep: bool) -> list[str]:
        top = self.folder / snapshot_id
        start = top / path.lstrip("/")
        found = [start] if start != top and start.exists() else []
        found += sorted(start.rglob("*") if is_deep else start.glob("*"))
        return [json.dumps(one) for one in _nodes(found, top)]


def _nodes(found: list[Path], top: Path) -> Iterator[dict[str, Any]]:
    for path in found:
        info = path.lstat()
        yield {
            "struct_type": "node", "name": path.name, "path": f"/{path.relative_to(top)}",
            "type": "symlink" if path.is_symlink() else "dir" if path.is_dir() else "file",
            "size": 0 if path.is_dir() else info.st_size,
            "mtime": datetime.fromtimestamp(info.st_mtime, UTC).isoformat(),
        }


def _words(argv: tuple[str, ...]) -> list[str]:
    """Return the subcommand and what follows it; what is said to every subcommand is left out."""
    return [word for word in argv[argv.index(BINARY) + 1 :] if word not in {"--no-lock", "--json"}]
