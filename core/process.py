"""Run a program and read what it says. The only module that starts processes."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, STDOUT
from typing import Protocol

from core.errors import CommandFailed, TimedOut, Unavailable

logger = logging.getLogger(__name__)

GRACE_S = 30.0  # restic needs it to finish a pack and free its lock
KILLED_S = 10.0
MAX_OUTPUT_BYTES = 32 * 1024 * 1024  # more than any answer we ask for; a runaway program is ended
MAX_LINE_BYTES = 4 * 1024 * 1024
KEPT_STDERR_BYTES = 64 * 1024
CHUNK_BYTES = 256 * 1024

# A child sees what it needs to find its tools, its home and its engine, and none of our secrets.
_PASSED_ON = frozenset(
    {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
)
_PASSED_ON_PREFIXES = ("LC_", "XDG_", "DOCKER_")


class ProgramFailed(CommandFailed):
    """The program ran and ended with an exit code other than 0."""

    code = "command_failed"

    def __init__(self, program: str, returncode: int, stderr: str, stdout: str = "") -> None:
        super().__init__(f"{Path(program).name} failed ({returncode}): {_last_line(stderr) or 'no message'}")
        self.returncode = returncode
        self.stderr = stderr
        self.stdout = stdout


class ProgramMissing(Unavailable):
    """The program is not installed, or may not be executed."""

    code = "program_missing"


class Run(Protocol):
    """Run a program to its end: half of the process boundary, which a test replaces by its fake."""

    async def __call__(  # noqa: PLR0913 - what a program is given, each by its name
        self,
        *argv: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout_s: float = 60.0,
        on_line: Callable[[str], None] | None = None,
        on_start: Callable[[int], None] | None = None,
        isolated: bool = False,
    ) -> str: ...


class Follow(Protocol):
    """Read a program's lines as they come: the other half of the process boundary."""

    def __call__(
        self,
        *argv: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        with_stderr: bool = False,
    ) -> AsyncIterator[str]: ...


class Stream(Protocol):
    """Read a program's output as it comes, as bytes: the third part of the process boundary."""

    def __call__(self, *argv: str, env: Mapping[str, str] | None = None) -> AsyncIterator[bytes]: ...


async def run(  # noqa: PLR0913 - as in Run
    *argv: str,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 60.0,
    on_line: Callable[[str], None] | None = None,
    on_start: Callable[[int], None] | None = None,
    isolated: bool = False,
) -> str:
    """Run ``argv`` to its end and return its standard output.

    Args:
        argv: program and arguments; no shell reads them. Secrets go in ``env``.
        cwd: working directory; the caller's when None.
        env: variables added to the few that are passed on from our own environment.
        timeout_s: seconds before the whole process group is ended.
        on_line: called with each line of both outputs as it comes, for progress.
        on_start: called with the number of its process.
        isolated: ``env`` is the whole environment, and when it is late the group is killed without a grace.

    Raises:
        ProgramMissing: the program could not be started.
        ProgramFailed: it ended with another code than 0.
        CommandFailed: it said more than MAX_OUTPUT_BYTES.
        TimedOut: it was still running after ``timeout_s``.
    """
    process = await _start(*argv, cwd=cwd, env=dict(env or {}) if isolated else child_environment(env))
    try:
        if on_start is not None:
            on_start(process.pid)
        async with asyncio.timeout(timeout_s):
            stdout, stderr = await _hear_out(process, on_line, program=argv[0])
    except TimeoutError:
        raise TimedOut(f"{Path(argv[0]).name} did not finish in {timeout_s:g} s and was ended.") from None
    finally:
        if process.returncode is None:  # timed out, too talkative, or our caller was cancelled
            await _end(process, grace_s=0.0 if isolated else GRACE_S)
    if process.returncode:
        raise ProgramFailed(argv[0], process.returncode, stderr, stdout)
    return stdout


async def follow(
    *argv: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, with_stderr: bool = False
) -> AsyncIterator[str]:
    """Yield the lines of ``argv``'s standard output as they come; closing the iterator ends the program.

    ``with_stderr``: those of both outputs, in the order in which they were written; a ProgramFailed then has none.

    Raises:
        ProgramMissing: the program could not be started.
        ProgramFailed: it ended by itself with another code than 0.
    """
    async with _output(*argv, cwd=cwd, env=env, with_stderr=with_stderr) as stdout, aclosing(_lines(stdout)) as lines:
        async for line in lines:
            yield line


async def stream(*argv: str, env: Mapping[str, str] | None = None) -> AsyncIterator[bytes]:
    """Yield ``argv``'s standard output in pieces of at most CHUNK_BYTES; otherwise as ``follow``."""
    async with _output(*argv, cwd=None, env=env) as stdout:
        while chunk := await stdout.read(CHUNK_BYTES):
            yield chunk


@asynccontextmanager
async def _output(
    *argv: str, cwd: Path | None, env: Mapping[str, str] | None, with_stderr: bool = False
) -> AsyncIterator[asyncio.StreamReader]:
    """Give ``argv``'s standard output; end the program when left early, raise when it failed."""
    process = await _start(*argv, cwd=cwd, env=child_environment(env), stderr=STDOUT if with_stderr else PIPE)
    assert process.stdout is not None  # noqa: S101 - a pipe: _start asks for it
    complaints = asyncio.create_task(_complaints(process.stderr, argv[0]), name=f"stderr of {argv[0]}")
    try:
        yield process.stdout
        await process.wait()
        if process.returncode:
            raise ProgramFailed(argv[0], process.returncode, await complaints)
    finally:
        if process.returncode is None:
            await _end(process, grace_s=2.0)
        complaints.cancel()
        with suppress(asyncio.CancelledError):
            await complaints


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment a child gets: the harmless part of ours and ``extra``."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    return {**ours, **(extra or {})}


async def _hear_out(
    process: asyncio.subprocess.Process, on_line: Callable[[str], None] | None, *, program: str
) -> tuple[str, str]:
    """Read both outputs to their end, then wait for that of the process."""
    assert process.stdout is not None  # noqa: S101 - both are pipes: _start asks for them
    assert process.stderr is not None  # noqa: S101
    stdout, stderr = await asyncio.gather(
        _read(process.stdout, on_line, limit=MAX_OUTPUT_BYTES, program=program),
        _read(process.stderr, on_line, keep=KEPT_STDERR_BYTES, program=program),
    )
    await process.wait()
    return stdout, stderr


async def _complaints(stderr: asyncio.StreamReader | None, program: str) -> str:
    return await _read(stderr, None, keep=KEPT_STDERR_BYTES, program=program) if stderr is not None else ""


async def _start(
    *argv: str, cwd: Path | None, env: Mapping[str, str] | None, stderr: int = PIPE
) -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            *argv,
            cwd=cwd,
            env=env,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=stderr,
            start_new_session=True,
            limit=MAX_LINE_BYTES,
        )
    except OSError as error:
        if cwd is not None and not await asyncio.to_thread(cwd.is_dir):
            raise CommandFailed(f"{Path(argv[0]).name} could not start: its directory {cwd.name!r} is gone.") from error
        raise ProgramMissing(
            f"{Path(argv[0]).name} could not be started ({error.strerror}): is it installed and in PATH?"
        ) from error


async def _lines(stream: asyncio.StreamReader) -> AsyncGenerator[str, None]:
    """Yield whole lines; one longer than MAX_LINE_BYTES comes in pieces."""
    while True:
        try:
            raw = await stream.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            if end.partial:
                yield end.partial.decode(errors="replace")
            return
        except asyncio.LimitOverrunError as overrun:
            raw = await stream.readexactly(overrun.consumed)
        yield raw.decode(errors="replace").rstrip("\r\n")


async def _read(
    stream: asyncio.StreamReader,
    on_line: Callable[[str], None] | None,
    *,
    program: str,
    limit: int | None = None,
    keep: int | None = None,
) -> str:
    """Read to the end: fail past ``limit`` bytes, or keep only the last ``keep``."""
    lines: list[str] = []
    size = 0
    async for line in _lines(stream):
        if on_line is not None:
            on_line(line)
        lines.append(line)
        size += len(line) + 1
        if limit is not None and size > limit:
            raise CommandFailed(f"{Path(program).name} said more than {limit} bytes and was ended.")
        while keep is not None and size > keep and len(lines) > 1:
            size -= len(lines.pop(0)) + 1
    return "\n".join(lines) + ("\n" if lines else "")


async def _end(process: asyncio.subprocess.Process, *, grace_s: float) -> None:
    """Interrupt the whole group, then kill it.

    SIGINT, not SIGTERM: older restic (0.14 in Debian 12) frees its lock on SIGINT alone. SIGCONT: one that is stopped
    takes no signal but these two. One that waits for a disk which is gone dies once that is back: nobody waits for it.
    """
    with suppress(ProcessLookupError, TimeoutError):
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGCONT)
        async with asyncio.timeout(grace_s):
            await process.wait()
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    try:
        async with asyncio.timeout(KILLED_S):
            await process.wait()
    except TimeoutError:
        logger.warning("process %d was killed and has not ended: a disk or the kernel holds it", process.pid)


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2]
