"""The restic command line: where it is, what it is given, what its failures mean."""

import asyncio
import logging
import os
import re
import shutil
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from backups.restic.confinement import TEMPORARY, Confine, Surroundings
from backups.restic.failures import WEB_PAGE, RepositoryReadOnly, RepositoryUnreachable, explain, not_installed
from backups.restic.patience import Patience, Watch
from core import confinement, process, programs
from core.errors import TimedOut
from core.process import Follow, ProgramFailed, ProgramMissing, Run, Stream
from core.redaction import without_login

logger = logging.getLogger(__name__)

READ_TIMEOUT_S = 120.0  # restic 0.17 itself would try for 15 minutes to reach a server that is away
WRITE_TIMEOUT_S = 24 * 3600.0
MAX_PAGES = 2  # answers of a repository's server that are web pages: one may come from a proxy that starts

_PROGRESS_PER_SECOND = "0.5"  # every line is kept until restic ends, and a backup may take a day
_NOT_FOR_RESTIC = {"RESTIC_REPOSITORY_FILE", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND"}
# restic must not outlive us: it would go on copying after the guard has turned saving on. SIGINT frees its lock.
_TIED = ("setpriv", "--pdeathsig", "INT")
_TIED_BY_PYTHON = (
    "import ctypes, os, signal, sys; ctypes.CDLL(None).prctl(1, signal.SIGINT); os.execvp(sys.argv[1], sys.argv[1:])"
)
_REMOTE = re.compile(r"(?!local:)([a-z0-9]+):")
_LOW_PRIORITY = (("nice", "-n", "10"), ("ionice", "-t", "-c", "2", "-n", "7"))


class ResticAccess(Protocol):
    """How to open a repository; the settings' restic section is one."""

    @property
    def repository_path(self) -> str: ...
    @property
    def password(self) -> str: ...
    @property
    def environment(self) -> Mapping[str, str]: ...
    @property
    def binary(self) -> Path | None: ...


@dataclass(frozen=True)
class ResticCommand:
    """Runs restic against one repository, which it is told by environment variables, never by arguments.

    Attributes:
        access: repository and password; the environment's own repository and password variables are dropped.
        run, follow, stream: the process boundary, which a test replaces by its fake.
        binary: overrides ``access.binary``.
        cache_dir: where restic keeps its cache; its own choice when None.
        means: of ``core.confinement``, by which restic is confined where it meets files of servers; None: all that
            work here.
        within: outside these folders no file of a server is read or written; empty: outside of what a call names.
        patience: how long a writing job may make no progress; None: as long as it likes.
    """

    access: ResticAccess = field(repr=False)
    run: Run = field(default=process.run)
    binary: Path | str | None = None
    cache_dir: Path | None = None
    follow: Follow = field(default=process.follow)
    stream: Stream = field(default=process.stream)
    means: frozenset[str] | None = None
    within: tuple[Path, ...] = ()
    patience: Patience | None = None

    def confined_to(self, *folders: Path) -> "ResticCommand":
        """Return this command, kept to ``folders``; as ``ResticManager.confined_to``."""
        return replace(self, within=folders)

    async def read(self, *args: str, timeout_s: float = READ_TIMEOUT_S) -> str:
        """Ask a question that takes no lock, and return restic's standard output.

        Raises:
            RepositoryUnreachable: also when there was no answer within ``timeout_s``.
            AppError: as ``failures.explain`` tells.
        """
        try:
            return await self.call("--no-lock", *args, timeout_s=timeout_s)
        except TimedOut:
            raise RepositoryUnreachable(
                f"The backup repository did not answer within {timeout_s:g} s."
            ) from None

    async def require_writable(self) -> None:
        """Raise RepositoryReadOnly for a local repository that we may not write to: restic would try for 15 minutes."""
        folder = local_folder(self.access.repository_path)
        if folder is not None and not await asyncio.to_thread(_is_writable, folder):
            raise RepositoryReadOnly(
                "The backup repository is read-only. Check how its disk is mounted, and the owner of the folder."
            )

    async def write(
        self, *args: str, confine: Confine | None = None, on_line: Callable[[str], None] | None = None
    ) -> str:
        """Run a job that may take hours, at low priority; a cancelled caller ends it cleanly.

        ``confine`` says what it may open; it must be given when the job reads or writes files of servers.

        Raises:
            CopyStalled: it made no progress, see ``patience``.
            ProgramFailed: it made a snapshot, with warnings (exit code 3).
            AppError: as ``failures.explain`` tells.
        """
        prefix = await asyncio.to_thread(_prefix)
        if self.patience is None:
            return await self.call(*args, prefix=prefix, confine=confine, timeout_s=WRITE_TIMEOUT_S, on_line=on_line)
        watch = Watch(self.patience)

        def read(line: str) -> None:
            watch.read(line)
            if on_line is not None:
                on_line(line)

        running = self.call(
            *args, prefix=prefix, confine=confine, timeout_s=WRITE_TIMEOUT_S, on_line=read, on_start=watch.begin
        )
        return await watch.over(running)

    async def call(
        self,
        *args: str,
        timeout_s: float,
        prefix: tuple[str, ...] = (),
        confine: Confine | None = None,
        on_line: Callable[[str], None] | None = None,
        on_start: Callable[[int], None] | None = None,
    ) -> str:
        """Run restic with ``args``; raises as ``write`` does."""
        binary = await self._binary()
        walls, env = await self._confined(binary, confine)
        with self._explained():
            return await self.run(
                *prefix, *walls, binary, *args, env=env, timeout_s=timeout_s, on_line=_Listener(on_line),
                on_start=on_start,
            )

    async def read_lines(self, *args: str, confine: Confine | None = None) -> AsyncGenerator[str, None]:
        """Ask a question with an answer of any length; it ends when the iterator is closed.

        Raises as ``read``; ``confine`` as in ``write``.
        """
        binary = await self._binary()
        walls, env = await self._confined(binary, confine)
        with self._explained():
            answer: AsyncGenerator[str, None] = self.follow(*walls, binary, "--no-lock", *args, env=env)  # type: ignore[assignment]
            async with aclosing(answer) as lines:
                async for line in lines:
                    yield line

    async def read_chunks(self, *args: str) -> AsyncGenerator[bytes, None]:
        """Ask for content; as ``read_lines``."""
        binary = await self._binary()
        with self._explained():
            answer: AsyncGenerator[bytes, None] = self.stream(binary, "--no-lock", *args, env=self._environment())  # type: ignore[assignment]
            async with aclosing(answer) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def _confined(self, binary: str, confine: Confine | None) -> tuple[tuple[str, ...], dict[str, str]]:
        """Return the words before restic's own that confine it, and its environment."""
        env = self._environment()
        means = await confinement.available() if self.means is None else self.means
        if confine is None or not means:
            return (), env
        around = await asyncio.to_thread(self._surroundings, binary)
        # Its folder for temporary files is everybody's else, and so holds more than restic's own.
        env |= {"RESTIC_CACHE_DIR": str(around.cache), "TMPDIR": str(around.cache / TEMPORARY)}
        return (await asyncio.to_thread(confine, around)).prefix(means), env

    def _surroundings(self, binary: str) -> Surroundings:
        location = self.access.repository_path
        remote = _REMOTE.match(location)
        cache = self.cache_dir or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "restic")
        (cache / TEMPORARY).mkdir(mode=0o700, parents=True, exist_ok=True)
        return Surroundings(
            binary=Path(shutil.which(binary) or binary).absolute(), repository=local_folder(location),
            scheme=remote[1] if remote else "", environment=self.access.environment, cache=cache.absolute(),
        )

    async def _binary(self) -> str:
        return str(self.binary or self.access.binary or await asyncio.to_thread(_find))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ProgramMissing:
            raise not_installed() from None
        except ProgramFailed as error:
            if error.returncode == 3:
                raise
            logger.warning("restic ended with exit code %d: %s", error.returncode, self._masked(error.stderr))
            raise explain(error) from None

    def _environment(self) -> dict[str, str]:
        own = {
            "RESTIC_REPOSITORY": self.access.repository_path,
            "RESTIC_PASSWORD": self.access.password,
            "RESTIC_PROGRESS_FPS": _PROGRESS_PER_SECOND,
        }
        if self.cache_dir is not None:
            own["RESTIC_CACHE_DIR"] = str(self.cache_dir)
        theirs = {name: text for name, text in self.access.environment.items() if name not in _NOT_FOR_RESTIC}
        return theirs | own

    def _masked(self, text: str) -> str:
        """Return restic's words without the secrets that it was given."""
        for secret in (self.access.password, *self.access.environment.values()):
            if secret:
                text = text.replace(secret, "***")
        return without_login(text).strip()


class _Listener:
    """Hears what restic says, and ends it where the server answers with web pages: it would try for 15 minutes."""

    def __init__(self, then: Callable[[str], None] | None) -> None:
        self._then = then
        self._pages = 0

    def __call__(self, line: str) -> None:
        if WEB_PAGE in line:
            self._pages += 1
            if self._pages == MAX_PAGES:
                raise ProgramFailed("restic", 1, line)
        if self._then is not None:
            self._then(line)


def local_folder(repository_path: str) -> Path | None:
    """Return the folder of a local repository; None for one that is reached over a network."""
    if _REMOTE.match(repository_path):
        return None
    return Path(repository_path.removeprefix("local:")).absolute()


def lock_times(repository_path: str) -> dict[str, datetime]:
    """Return when each lock of a local repository was written, by its id; nothing for one over a network. Blocking."""
    folder = local_folder(repository_path)
    if folder is None or not (folder / "locks").is_dir():
        return {}
    with os.scandir(folder / "locks") as entries:
        return {one.name: datetime.fromtimestamp(one.stat().st_mtime, UTC) for one in entries if one.is_file()}


def _is_writable(folder: Path) -> bool:
    """Tell whether we may write there; yes for what is not there, of which restic tells itself."""
    return not folder.is_dir() or os.access(folder, os.W_OK)


def _find() -> str:
    """Look for restic."""
    if (found := programs.find("restic")) is None:
        raise not_installed()
    return found


def _prefix() -> tuple[str, ...]:
    """Return the words that end a program when we die, and make it yield processor and disk to the game."""
    tied = _TIED if shutil.which(_TIED[0]) else (sys.executable, "-c", _TIED_BY_PYTHON)
    return (*tied, *(word for words in _LOW_PRIORITY if shutil.which(words[0]) for word in words))
