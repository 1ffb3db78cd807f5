"""A server's compose project as Docker gets it: made by Compose once for each state of the files that take part.

Compose is asked only about files that the first stage of the safety policy lets pass: reading what it refuses could
open files of this machine.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from core.errors import Conflict
from core.paths import Stamp, is_settled, stamp
from servers.docker.cli import DockerCli
from servers.docker.compose import COMPOSE_FILES, ENV_FILE, OVERRIDE_FILES
from servers.docker.compose_file.rendered import RenderedProject
from servers.docker.compose_file.yaml_text import BadComposeFile
from servers.minecraft.compose.safety import SafetyCheck, SourceReading

# Findings of the first stage that change nothing of what Compose opens or fetches while it renders.
HARMLESS_TO_RENDER = frozenset({"project_name", "build", "develop", "hook"})
MAX_REMEMBERED = 128
_TRIES = 3
_rendered: dict[tuple[str, str], RenderedProject] = {}


@dataclass(frozen=True)
class Rendering:
    """What is known of a server's files at one moment.

    Attributes:
        project: None when Compose was not asked, or does not accept the files.
        problem: why Compose does not accept them, a sentence; else None.
        stamps: of the directory (empty name) and of every file that took part or would, by path relative to it.
        is_settled: whether any later change shows in the stamps; False within the kernel's tick of the last one.
    """

    project: RenderedProject | None = None
    problem: str | None = None
    stamps: Mapping[str, Stamp | None] = field(default_factory=dict)
    is_settled: bool = False

    def is_current(self, directory: str) -> bool:
        """Tell whether none of the files has changed since. Blocking for as long as some stat calls take."""
        return self.is_settled and all(stamp(f"{directory}/{name}") == one for name, one in self.stamps.items())


class FilesChange(Conflict):
    """The files change so often that no moment of theirs can be rendered."""

    code = "files_change"


async def render_server(
    directory: Path,
    *,
    server_id: str,
    cli: DockerCli,
    allowed_images: Sequence[str],
    instead: bytes | None = None,
) -> Rendering:
    """Render the files in ``directory``; Compose runs only when nobody has rendered them as they are now.

    Args:
        instead: a text that stands in the compose file's place.

    Raises:
        ProgramMissing: there is no Compose.
        FilesChange: ask again later.
    """
    files_of = _Files(directory, server_id, cli, tuple(allowed_images), instead)
    for _ in range(_TRIES):
        reading = await files_of.read()
        files = await asyncio.to_thread(_stamps, directory, reading)
        if reading is None or any(one.code not in HARMLESS_TO_RENDER for one in reading.source.findings):
            return files
        key = (str(directory), reading.text_hash)
        outcome = _rendered.get(key) or await _render(reading)
        again = await files_of.read()
        if again is not None and again.text_hash == reading.text_hash:  # Compose has read just these bytes
            if isinstance(outcome, BadComposeFile):  # not remembered: it may be for lack of time
                return replace(files, problem=str(outcome))
            _remember(key, outcome)
            return replace(files, project=outcome)
    raise FilesChange(f"The compose files of {server_id} change while they are read. Try again.")


@dataclass(frozen=True)
class _Files:
    """How the files of one server are read again and again."""

    directory: Path
    server_id: str
    cli: DockerCli
    allowed_images: tuple[str, ...]
    instead: bytes | None

    async def read(self) -> SourceReading | None:
        """Do the first stage; None for a text that is no YAML, of which the list tells the reason by itself."""
        try:
            safety = await SafetyCheck.of_directory(
                self.directory, server_id=self.server_id, cli=self.cli, allowed_images=self.allowed_images
            )
            if self.instead is not None:
                name = next(iter(safety.texts))
                safety = replace(safety, texts={**safety.texts, name: self.instead})
            return await safety.read()
        except BadComposeFile:
            return None


async def _render(reading: SourceReading) -> RenderedProject | BadComposeFile:
    try:
        config, _ = await reading.render()
        return await asyncio.to_thread(RenderedProject.from_config, config)
    except BadComposeFile as error:
        return error


def _stamps(directory: Path, reading: SourceReading | None) -> Rendering:
    if reading is None:
        names = {*COMPOSE_FILES, *OVERRIDE_FILES, ENV_FILE}
    else:
        names = {*reading.source.inputs, *reading.source.missing}
    stamps = {name: stamp(f"{directory}/{name}") for name in ("", *sorted(names))}
    return Rendering(stamps=stamps, is_settled=all(one is None or is_settled(one) for one in stamps.values()))


def _remember(key: tuple[str, str], project: RenderedProject) -> None:
    if len(_rendered) >= MAX_REMEMBERED:
        _rendered.pop(next(iter(_rendered)))
    _rendered[key] = project
