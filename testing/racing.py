"""A game that races restic for the machine's files: folders exchanged for links while a backup or a restore runs."""

import json
import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backups.restic import restoring
from backups.restic.manager import ResticManager, ResticVersion
from backups.restic.restoring import Piece
from core import process
from core.errors import AppError
from testing.repositories import BINARIES, PASSWORD, PROJECT_ROOT, Access

TINY = "mcadmin-testbed:tiny"
SOURCE = PROJECT_ROOT / "testbed/racer/racer.c"
FOLDERS, FILES = 30, 20
CANARY = b"a file of the machine, which no game may see or change\n" * 40
GAME = b"game"
UNIT_USER = 23456  # no such user: what the panel is when it is not root
ROOT_USER = 0


def compile_racer(folder: Path) -> Path:
    """Return the racing program, made in ``folder``; without a compiler the test is skipped, or fails."""
    if shutil.which("gcc") is None:
        if os.environ.get("MCADMIN_REQUIRE_REAL") == "1":
            pytest.fail("NO GCC: testbed/up.sh installs it")
        pytest.skip("NO GCC: testbed/up.sh installs it")
    program = folder / "racer"
    subprocess.run(["gcc", "-O2", "-static", "-o", program, SOURCE], check=True)
    return program


@dataclass
class Race:
    """One ground for races.

    Attributes:
        folder: everything lies below it, for every user to walk through.
        racer: the program that plays the game.
        version: of restic.
        uid: as whom restic runs; UNIT_USER may read everything, as a unit with CAP_DAC_READ_SEARCH lets it.
        means: by which restic is confined.
    """

    folder: Path
    racer: Path
    version: str
    uid: int
    means: frozenset[str]

    @property
    def server(self) -> Path:
        return self.folder / "servers/lobby"

    @property
    def data(self) -> Path:
        return self.server / "data"

    @property
    def host(self) -> Path:
        """A folder of the machine that no game may reach."""
        return self.folder / "host"

    @property
    def target(self) -> Path:
        """Where a restore writes: a game can change it meanwhile."""
        return self.folder / "target"

    @property
    def manager(self) -> ResticManager:
        access = Access(str(self.folder / "repository"), PASSWORD, binary=BINARIES[self.version])
        cache = self.folder / "cache"
        return ResticManager(access, run=self._run, cache_dir=cache, means=self.means)

    async def _run(self, *argv: str, **options: Any) -> str:
        """Start restic as the unit's user would."""
        if self.uid == ROOT_USER:
            return await process.run(*argv, **options)
        ids = (f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups")
        rights = ("--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search")
        return await process.run("setpriv", *ids, *rights, *argv, **options)

    async def lay_out(self) -> None:
        """Make server, host, target and repository, and a snapshot of what nobody raced for yet."""
        fill(self.data, GAME)
        self.reset_host()
        fill(self.restored, GAME)
        for name in ("cache", "cache/tmp", "repository"):
            (self.folder / name).mkdir(exist_ok=True)
        for path in (self.folder, *self.folder.rglob("*")):
            os.chown(path, self.uid, self.uid, follow_symlinks=False)
        await self.manager.init()
        made = await self.manager.create_snapshot([self.server])
        self.clean = made.snapshot.id

    @property
    def restored(self) -> Path:
        """Where the data comes to lie below the target."""
        return Path(f"{self.target}{self.data}")

    def reset_host(self) -> None:
        """Make the machine's folder what it was."""
        shutil.rmtree(self.host, ignore_errors=True)
        self.host.mkdir()
        for number in range(FILES):
            (self.host / f"f{number:02}").write_bytes(CANARY)
        for path in (self.host, *self.host.iterdir()):
            os.chown(path, self.uid, self.uid)

    @contextmanager
    def playing(self, folder: Path) -> Iterator[None]:
        """Let the game race in ``folder``, from inside a container."""
        name = f"mcadmin-racer-{secrets.token_hex(4)}"
        subprocess.run(
            ["docker", "run", "-d", "--rm", "--name", name, "--memory", "64m", "--network", "none",
             "-v", f"{folder}:/data", "-v", f"{self.racer}:/racer:ro", TINY,
             "/racer", "/data", str(FOLDERS), self.host],
            check=True, stdout=subprocess.DEVNULL,
        )
        try:
            yield
        finally:
            subprocess.run(["docker", "rm", "-f", name], check=True, stdout=subprocess.DEVNULL)

    async def backup_is_won(self) -> bool:
        """Make one snapshot, and tell whether it holds a file of the machine."""
        manager = self.manager.confined_to(self.server)
        made = await manager.create_snapshot([self.server])
        listed = await self.manager.command.read("ls", "--json", "--", made.snapshot.id)
        nodes = [json.loads(line) for line in listed.splitlines()]
        return any(_is_canary(one) for one in nodes)

    async def restore_is_won(self) -> bool:
        """Restore once, and tell whether a file of the machine changed. A restore that fails won nothing."""
        command = self.manager.command
        major, minor = map(int, self.version.split("."))
        with suppress(AppError):
            await restoring.restore(
                command, Piece(self.clean, "/"), target=self.target, version=ResticVersion(major, minor)
            )
        found = {path.name: path.read_bytes() for path in self.host.iterdir() if path.is_file()}
        is_changed = found != {f"f{number:02}": CANARY for number in range(FILES)}
        if is_changed:
            self.reset_host()
        return is_changed


def fill(folder: Path, content: bytes) -> None:
    for number in range(FOLDERS):
        (folder / f"d{number:02}").mkdir(parents=True)
        for file in range(FILES):
            (folder / f"d{number:02}/f{file:02}").write_bytes(content)


def _is_canary(node: Mapping[str, Any]) -> bool:
    return node.get("type") == "file" and node.get("size") == len(CANARY)
