"""What Docker Compose makes of a file, without starting anything and without telling it anything of ours."""

import asyncio
import json
import os
import re
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from core.errors import TimedOut
from core.process import ProgramFailed, child_environment
from core.scratch import scratch_folder
from servers.docker.cli import DockerCli
from servers.docker.compose_file.yaml_text import BadComposeFile, Problem

RENDER_TIMEOUT_S = 10.0
SAME_IN_BOTH = frozenset({"PATH"})
ONLY_HERE = frozenset({"HOME"})  # even where the panel has none
_PLACE = r"services(?:\.[\w-]{1,80}|\[[\w-]{1,80}\]){1,6}"
# What Compose says about names and types of the file itself; all else could quote contents.
# Where there are groups, they alone are told.
_HARMLESS = (
    re.compile(r"[\w.\[\]-]{1,120} additional properties? [\w', .-]{1,80} not allowed", re.IGNORECASE),
    re.compile(r"[\w.\[\]-]{1,120} must be an? [\w, ]{1,60}"),
    re.compile(r'service "?[\w.-]{1,80}"? (?:refers to|depends on) undefined [\w .":-]{1,120}'),
    re.compile(r"can't set distinct values on '[\w.]{1,60}' and '[\w.]{1,60}'"),
    re.compile(rf"({_PLACE}: required variable [A-Za-z_]\w{{0,80}} is missing a value)"),
    re.compile(rf"'({_PLACE})' (?:time: )?(missing unit in duration|invalid duration|invalid size)"),
    re.compile(rf"'({_PLACE})' (environment variable [\w.-]{{1,80}}) +(is declared with a trailing space)"),
    re.compile(rf"(invalid interpolation format for {_PLACE})"),
    re.compile(rf"({_PLACE}: failed to cast to expected type)"),
    re.compile(rf"({_PLACE}) '.{{0,1000}}' (does not match)", re.DOTALL),
    re.compile(r"include cycle detected|circular reference"),
    re.compile(r"services?\.[\w.-]{1,80}: invalid [\w ]{1,60}"),
)


def panel_variables() -> frozenset[str]:
    """Return the names whose values differ between here and where Compose starts something."""
    return (frozenset(child_environment()) | ONLY_HERE) - SAME_IN_BOTH


async def render(
    texts: Mapping[str, bytes], *, directory: Path | None, project: str, cli: DockerCli, has_env_file: bool
) -> tuple[dict[str, Any], Path]:
    """Return what ``docker compose config`` makes of ``texts``, and the directory that its paths count from.

    Args:
        texts: the compose file and its override, by name; they need not be on disk.
        directory: the server's; None for a server that is not there yet, then a scratch folder stands for it.
        project: the project's name.
        cli: how docker is called.
        has_env_file: whether the directory's ``.env`` counts.

    Raises:
        BadComposeFile: Compose does not accept it, or did not finish in 10 s.
        ProgramMissing: there is no Compose.
    """
    scratch = _Scratch(texts)
    try:
        await asyncio.to_thread(scratch.open)
        place = directory or scratch.folder
        env_file = str(place / ".env") if has_env_file and directory is not None else os.devnull
        files = [word for name in texts for word in ("--file", str(scratch.folder / name))]
        out = await cli.render_compose(
            "--ansi", "never", "--project-name", project, *files, "--project-directory", str(place),
            "--env-file", env_file, "--profile", "*", "config", "--format", "json",
            cwd=place, timeout_s=RENDER_TIMEOUT_S,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(scratch.home)},
        )
        config: dict[str, Any] = json.loads(out)
    except ProgramFailed as error:
        message = f"Docker Compose does not accept this file{_reason(error.stderr)}."
        raise BadComposeFile([Problem("not_accepted", message)]) from None
    except TimedOut:
        message = f"Docker Compose did not finish reading this file in {RENDER_TIMEOUT_S:g} s."
        raise BadComposeFile([Problem("not_accepted", message)]) from None
    else:
        return config, place
    finally:
        await asyncio.to_thread(scratch.close)


class _Scratch:
    """The texts in a folder of our own, and an empty home; gone also when ``open`` was still at it."""

    def __init__(self, texts: Mapping[str, bytes]) -> None:
        self._texts = texts
        self._open = ExitStack()
        self._lock = threading.Lock()

    def open(self) -> None:
        with self._lock:
            self.folder = self._open.enter_context(scratch_folder(self._texts))
            self.home = self._open.enter_context(scratch_folder({}))

    def close(self) -> None:
        with self._lock:
            self._open.close()


def _reason(stderr: str) -> str:
    match = next((match for one in _HARMLESS if (match := one.search(stderr))), None)
    found = match and (" ".join(match.groups()) or match[0])
    return f": {found}" if found else ". Try `docker compose config` in its directory to see why"
