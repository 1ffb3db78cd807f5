"""The docker and Compose command lines: where they are and how they are called."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from core import process, programs
from core.errors import Conflict, TimedOut, Unavailable
from core.process import Follow, ProgramFailed, Run
from servers.docker.compose_file.output import Masking, masked_failure

_UNREACHABLE = (
    "cannot connect to the docker daemon",
    "is the docker daemon running",
    "error during connect",
    "connection refused",
    "no such host",
    "error while dialing",
    "failed to connect to the docker api",
)
# What the engine itself says of a registry, in words that stand in _UNREACHABLE, too.
_ENGINE_SAYS, _REGISTRY = "error response from daemon", "/v2/"
_PORT_TAKEN = ("port is already allocated", "address already in use", "ports are not available")


class EngineUnreachable(Unavailable):
    """The Docker engine does not answer."""

    code = "engine_unreachable"


class RegistryUnreachable(Unavailable):
    """The engine answers, and cannot fetch an image."""

    code = "registry_unreachable"


class NothingToStart(Conflict):
    """Every service is left out unless a profile is asked for."""

    code = "nothing_to_start"


class PortTaken(Conflict):
    """Another program or container holds a port that the server publishes."""

    code = "port_taken"


@dataclass(frozen=True)
class DockerCli:
    """How docker is called: its binaries and the process boundary, which a test replaces by its fake.

    Attributes:
        docker: path of the docker program; found when empty.
        compose: path of a stand-alone ``docker-compose``; found when empty, else docker's own plugin.
        run: runs a program to its end.
        follow: yields a program's lines as they come.
    """

    docker: str = ""
    compose: str = ""
    run: Run = field(default=process.run)
    follow: Follow = field(default=process.follow)

    async def call(self, *args: str, timeout_s: float = 30.0, on_line: Callable[[str], None] | None = None) -> str:
        """Run ``docker`` with ``args`` and return its standard output.

        Raises:
            EngineUnreachable: no engine, or it did not answer in time.
            RegistryUnreachable: it answers, but an image is in a registry that does not.
            ProgramFailed: docker said no.
        """
        return await self._run(self._docker, *args, timeout_s=timeout_s, on_line=on_line)

    async def call_compose(
        self, *args: str, cwd: Path, timeout_s: float, on_line: Callable[[str], None] | None = None
    ) -> str:
        """Run Compose with ``args`` in ``cwd``; raises as ``call`` does, and PortTaken."""
        compose = await asyncio.to_thread(lambda: self._compose)  # it may have to be found
        mask = Masking()
        said = (lambda line: on_line(mask(line))) if on_line is not None else None
        return await self._run(*compose, *args, cwd=cwd, timeout_s=timeout_s, on_line=said)

    async def render_compose(self, *args: str, cwd: Path, timeout_s: float, env: dict[str, str]) -> str:
        """Run Compose with ``env`` as its whole environment; killed, not asked, when it takes too long.

        Raises:
            ProgramFailed, ProgramMissing, TimedOut.
        """
        compose = await asyncio.to_thread(lambda: self._compose)
        return await self.run(*compose, *args, cwd=cwd, env=env, timeout_s=timeout_s, isolated=True)

    async def compose_version(self, *, timeout_s: float) -> str:
        """Return Compose's version, for example ``2.26.1``; raises ProgramFailed where there is none."""
        printed = await self._run(*self._compose, "version", "--short", timeout_s=timeout_s)
        return printed.strip().removeprefix("v")

    def lines(self, *args: str, with_stderr: bool = False) -> AsyncIterator[str]:
        """Follow what ``docker`` prints, on both outputs if ``with_stderr``; closing the iterator ends it."""
        return self.follow(self._docker, *args, with_stderr=with_stderr)

    @cached_property
    def _docker(self) -> str:
        return self.docker or programs.find("docker") or "docker"

    @cached_property
    def _compose(self) -> tuple[str, ...]:
        found = self.compose or programs.find("docker-compose")
        return (found,) if found else (self._docker, "compose")

    async def _run(
        self,
        *argv: str,
        timeout_s: float,
        cwd: Path | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> str:
        try:
            return await self.run(*argv, cwd=cwd, timeout_s=timeout_s, on_line=on_line)
        except ProgramFailed as error:
            masked = masked_failure(error, argv[0])
            explained = explain(masked)
            # Callers tell by the cause what the program said; the failure as it came would hold it unmasked.
            raise explained from (masked if explained is not masked else None)
        except TimedOut as error:
            if cwd is None:  # a question, not an operation: the engine hangs
                raise EngineUnreachable(f"The Docker engine did not answer within {timeout_s:g} s.") from error
            raise


def explain(error: ProgramFailed) -> Exception:
    """Return the error that tells a user what docker meant, or ``error`` itself."""
    text = error.stderr.lower()
    unreachable = any(sign in text for sign in _UNREACHABLE)
    if unreachable and _ENGINE_SAYS in text and _REGISTRY in text:
        return RegistryUnreachable(
            "The image cannot be fetched: this machine does not reach its registry. Check the network and the image's "
            "name, or load the image by hand (docker load)."
        )
    if unreachable:
        return EngineUnreachable(
            "The Docker engine is not running or cannot be reached. Start it (for example: systemctl start docker)."
        )
    if "permission denied" in text and "docker.sock" in text:
        return EngineUnreachable("MC Admin may not use Docker's socket: add its user to the group docker.")
    if "no service selected" in text:
        return NothingToStart(
            "Each service of this file has `profiles`, so Compose starts none. Remove them from the game's service."
        )
    if any(sign in text for sign in _PORT_TAKEN):
        return PortTaken(f"A port of this server is taken by another program: {_port_line(error.stderr)}")
    return error


def _port_line(stderr: str) -> str:
    lines = [line.strip() for line in stderr.splitlines() if any(sign in line.lower() for sign in _PORT_TAKEN)]
    return lines[-1].rpartition("failed: ")[2] if lines else ""
