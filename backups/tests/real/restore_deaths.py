"""Kill a restore at a step, let the panel come back, and look at what is left."""

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backups.tests.repositories import BINARIES, PASSWORD
from servers.tests.conftest import write_server
from servers.tests.real.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER = "lobby"
CODE = (
    "import asyncio, django; django.setup();"
    "from backups.services import running_operations; from backups.recovery import RestoreRecovery;"
    "from servers import leases; leases.take_over_dead();"
    "asyncio.run(RestoreRecovery(running=running_operations).round())"
)


@dataclass(frozen=True)
class Left:
    """What was found after the panel had come back.

    ``files`` is ``old``, ``new`` or ``mixed``; ``steps`` were done before the death.
    """

    files: str
    kept: bool
    state: str
    error: str
    steps: list[str]
    output: str
    safety: list[str]

    @property
    def problems(self) -> list[str]:
        """What must not be; empty when all is well."""
        found = []
        if self.files not in {"old", "new"}:
            found.append("the world is neither the old nor the new one")
        if self.files == "new" and not self.kept:
            found.append("the old world is gone")
        is_told = any(one in self.error for one in self.safety)
        if self.safety and self.state == "interrupted" and self.steps and not is_told:
            found.append("the safety snapshot is not named")
        return found


class Deaths:
    """A panel's database, repository and server, made once; each death gets a copy of them."""

    def __init__(self, folder: Path, *, version: str = "0.18") -> None:
        self._folder = folder
        self._version = version
        base = self._panel("base")
        base.manage("migrate", "--verbosity", "0")
        data = write_server(base.servers, SERVER) / "data"
        (data / "world").mkdir()
        for number in range(3):
            (data / f"world/r.{number}.0.mca").write_bytes(b"new")
        (data / "level.dat").write_bytes(b"new")
        base.manage("snapshot", "init")
        self.snapshot = json.loads(base.manage("snapshot", "create", SERVER, "--json"))["id"]
        for file in data.rglob("*"):
            if file.is_file():
                file.write_bytes(b"old")
        (data / "cache").mkdir()
        (data / "cache/jar").write_bytes(b"left out")
        (data / "world/since").write_bytes(b"old")
        self._base = base

    def die(self, name: str, *arguments: str, **death: str) -> Left:
        """Restore, die as ``death`` says (see ``dying_restore``), come back, and look."""
        shutil.copytree(self._base.folder, self._folder / name)
        steps = self._folder / name / "steps"
        panel = self._panel(name, STEPS_FILE=str(steps), PYTHONDONTWRITEBYTECODE="1", **death)
        with (panel.folder / "output").open("w") as output:
            words = ("-m", "backups.tests.real.dying_restore", self.snapshot, SERVER, *arguments)
            panel.spawn(*words, output=output).wait(timeout=300)
        back = self._panel(name, DJANGO_SETTINGS_MODULE="mcadmin.settings")
        with (panel.folder / "output").open("a") as output:
            assert back.spawn("-c", CODE, output=output).wait(timeout=300) == 0, (panel.folder / "output").read_text()
        return self._look(panel, steps)

    def _look(self, panel: Panel, steps: Path) -> Left:
        files = {file.read_bytes() for file in (panel.servers / SERVER / "data").rglob("*") if file.is_file()}
        told = files - {b"left out"}
        kept = list(panel.servers.glob(f".removed/{SERVER}-before-*/data/world/since"))
        leftovers = list(panel.servers.glob(".restoring/*"))
        assert leftovers == [], leftovers
        with closing(sqlite3.connect(panel.folder / "db.sqlite3")) as database:
            rows = database.execute("SELECT state, error FROM servers_operation WHERE kind = 'restore'").fetchall()
            made = database.execute("SELECT snapshot_id FROM backups_madesnapshot").fetchall()
        state, error = rows[-1] if rows else ("none", "")
        return Left(
            files=next(iter(told)).decode() if len(told) == 1 else "mixed", kept=bool(kept), state=state, error=error,
            steps=steps.read_text().splitlines() if steps.exists() else [],
            output=(panel.folder / "output").read_text(), safety=[one for (one,) in made if one != self.snapshot],
        )  # fmt: skip

    def _panel(self, name: str, **environment: str) -> Panel:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        settings: Mapping[str, str] = {
            "RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD,
            "RESTIC__BINARY": str(BINARIES[self._version]), **environment,
        }  # fmt: skip
        return Panel(folder, **settings)
