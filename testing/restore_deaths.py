"""Kill a restore at a step, let the panel come back, and look at what is left."""

import json
import shutil
import sqlite3
import subprocess
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from servers.tests.conftest import compose_text, write_server
from testing.panel import Panel
from testing.repositories import BINARIES, PASSWORD, make_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

SERVER = "lobby"
DECLARED = "\nvolumes:\n  world: {}\n"
CODE = (
    "import asyncio, django; django.setup();"
    "from backups.services import running_operations; from backups.restores.recovery import RestoreRecovery;"
    "from servers.records import leases; leases.take_over_dead();"
    "asyncio.run(RestoreRecovery(running=running_operations).run_once())"
)


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


def make_volume(server_id: str) -> Path:
    """Make a volume as Compose would for a server, and return the folder with its files."""
    name = f"{server_id}_world"
    docker("volume", "create", f"--label=com.docker.compose.project={server_id}", name)
    return Path(docker("volume", "inspect", "--format", "{{.Mountpoint}}", name))


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
    """A panel's database, repository and server, made once; each death gets a copy of them.

    Args:
        folder: for the panels.
        version: of restic.
        in_volume: the world is in a named volume of the real engine, of which there is one; it is filled anew for each
            death, and removed by ``close``.
    """

    def __init__(self, folder: Path, *, version: str = "0.18", in_volume: bool = False) -> None:
        self._folder = folder
        self._version = version
        self._server = f"t{uuid.uuid4().hex[:8]}" if in_volume else SERVER
        self._volume = make_volume(self._server) if in_volume else None
        base = self._panel("base")
        base.manage("migrate", "--verbosity", "0")
        text = compose_text(self._server)
        write_server(base.servers, self._server, text.replace("./data:", "world:") + DECLARED if in_volume else text)
        self._fill(base, "new")
        make_empty(base.folder / "repository", version=version, is_cheap=False)  # restic is killed while it runs
        self.snapshot = json.loads(base.manage("snapshot", "create", self._server, "--json"))["id"]
        self._fill(base, "old")
        self._base = base

    def close(self) -> None:
        """Remove the volume."""
        if self._volume is not None:
            docker("volume", "rm", self._volume.parent.name)

    def die(self, name: str, *arguments: str, **death: str) -> Left:
        """Restore, die as ``death`` says (see ``dying_restore``), come back, and look."""
        shutil.copytree(self._base.folder, self._folder / name)
        if self._volume is not None:
            for folder in self._volume.parent.iterdir():
                if folder != self._volume and folder.is_dir():
                    shutil.rmtree(folder)
            self._fill(self._base, "old")
        steps = self._folder / name / "steps"
        panel = self._panel(name, STEPS_FILE=str(steps), PYTHONDONTWRITEBYTECODE="1", **death)
        with (panel.folder / "output").open("w") as output:
            words = ("-m", "testing.dying_restore", self.snapshot, self._server, *arguments)
            panel.spawn(*words, output=output).wait(timeout=300)
        back = self._panel(name, DJANGO_SETTINGS_MODULE="mcadmin.settings")
        with (panel.folder / "output").open("a") as output:
            assert back.spawn("-c", CODE, output=output).wait(timeout=300) == 0, (panel.folder / "output").read_text()
        return self._look(panel, steps)

    def _fill(self, panel: Panel, text: str) -> None:
        """Write the server's files anew; the old ones have what snapshots leave out, and a file made since."""
        home = panel.servers / self._server
        data = self._volume or home / "data"
        shutil.rmtree(data)
        (data / "world").mkdir(parents=True)
        for file in (*(data / f"world/r.{number}.0.mca" for number in range(3)), data / "level.dat", home / "note"):
            file.write_text(text)
        if text == "old":
            (data / "cache").mkdir()
            (data / "cache/jar").write_text("left out")
            (data / "world/since").write_text(text)

    def _look(self, panel: Panel, steps: Path) -> Left:
        home = panel.servers / self._server
        data = self._volume or home / "data"
        files = {file.read_text() for file in (home / "note", *data.rglob("*")) if file.is_file()}
        told = files - {"left out"}
        removed = f".removed/{self._server}-before-*"
        leftovers = list(panel.servers.glob(".restoring/*"))
        wanted = [panel.servers.glob(f"{removed}/note"), panel.servers.glob(f"{removed}/data/world/since")]
        if self._volume is not None:
            wanted[1] = self._volume.parent.glob(f"{removed}/world/since")
            leftovers += self._volume.parent.glob(".restoring/*")
        kept = all(list(found) for found in wanted)
        assert leftovers == [], leftovers
        with closing(sqlite3.connect(panel.folder / "db.sqlite3")) as database:
            rows = database.execute("SELECT state, error FROM servers_operation WHERE kind = 'restore'").fetchall()
            made = database.execute("SELECT snapshot_id FROM backups_madesnapshot").fetchall()
        state, error = rows[-1] if rows else ("none", "")
        return Left(
            files=next(iter(told)) if len(told) == 1 else "mixed", kept=kept, state=state, error=error,
            steps=steps.read_text().splitlines() if steps.exists() else [],
            output=(panel.folder / "output").read_text(), safety=[one for (one,) in made if one != self.snapshot],
        )

    def _panel(self, name: str, **environment: str) -> Panel:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        settings: Mapping[str, str] = {
            "RESTIC__REPOSITORY_PATH": str(folder / "repository"), "RESTIC__PASSWORD": PASSWORD,
            "RESTIC__BINARY": str(BINARIES[self._version]), **environment,
        }
        return Panel(folder, **settings)
