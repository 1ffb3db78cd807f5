"""A new compose file under a running server, or the old one again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.errors import AppError, CommandFailed, Conflict
from servers.docker.container import Container, Health

if TYPE_CHECKING:
    from servers.minecraft.lifecycle import Lifecycle

WATCH_S = 15.0
HEALTHY_TIMEOUT_S = 300.0
LOOK_S = 0.5

OnLine = Callable[[str], None]
OnWritten = Callable[[bytes, bytes], Awaitable[None]]
Recheck = Callable[[bytes], Awaitable[None]]
Save = Callable[[], Awaitable[str | None]]


@dataclass(frozen=True, kw_only=True)
class FailedUpdate:
    """Why an update failed, and what it leaves of the world.

    Attributes:
        reason: what Docker or the game said.
        game_ran: whether a game was started with the new file, so that it may have written.
        other_game: whether that was another version or type of game on a world that there was.
        saved_as: the snapshot that holds the world as it was, if one was made.
    """

    reason: str
    game_ran: bool = False
    other_game: bool = False
    saved_as: str | None = None

    @property
    def is_world_safe(self) -> bool:
        """Whether no other game has run on the world; the same one may have written all the same."""
        return not (self.game_ran and self.other_game)

    @property
    def world(self) -> str:
        """What became of the world, the rest of a sentence."""
        said = "no game was started with it, so its world is as before"
        if not self.is_world_safe:
            said = "its world is NOT as before if the other version has written it"
        elif self.game_ran:
            said = "what the game wrote meanwhile into its world stays as it is"
        if self.game_ran and self.saved_as:
            said += f"; as it was, it is in snapshot {self.saved_as[:8]}: take the server down and restore that"
        return said

    def fields(self, *, restored: bool) -> dict[str, object]:
        """Return what the answer says beside its sentence."""
        return {
            "restored": restored,
            "restored_parts": {"compose": True, "data": not self.game_ran},
            "safety_snapshot_id": self.saved_as,
            "reason": self.reason,
        }


class RolledBack(CommandFailed):
    """The new file did not run, so the old one is back."""

    code = "rolled_back"

    def __init__(self, failed: FailedUpdate) -> None:
        super().__init__(
            f"The server did not run with the new file, so the old one is back; {failed.world}. "
            f"Reason: {failed.reason}"
        )
        self.extra = failed.fields(restored=failed.is_world_safe)


class RollBackFailed(CommandFailed):
    """The new file did not run; the old one is back in its place, but does not run either."""

    code = "roll_back_failed"

    def __init__(self, failed: FailedUpdate, again: str) -> None:
        super().__init__(
            f"The server does not run with the new file: {failed.reason} The old file is in its place, but could not "
            f"be started: {again} After the try with the new one, {failed.world}."
        )
        self.extra = failed.fields(restored=False)


class _DidNotRun(Conflict):
    """The container of the new file ended, or did not become healthy."""


async def _unheard(_old: bytes, _new: bytes) -> None:
    """Nobody wants to hear of the file."""


async def _trusted(_text: bytes) -> None:
    """Nobody holds the file against a policy."""


async def _not_saved() -> str | None:
    """Nobody saves the world first."""
    return None


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who lets a file be changed, as far as they want to hear and be asked.

    Attributes:
        on_line: called with what Compose prints.
        on_written: called with old and new content after each change of the file, also by a roll-back.
        recheck: called with the text that is to start once what ran before has ended; raises what speaks against it.
        save: called when nothing runs and nothing is changed yet; returns the id of a snapshot, if it made one.
        other_game: whether another version or type of game is to run on a world that there is.
    """

    on_line: OnLine | None = None
    on_written: OnWritten = _unheard
    recheck: Recheck = _trusted
    save: Save = _not_saved
    other_game: bool = False


NOBODY = Caller()


async def update(
    server: "Lifecycle", yaml_content: str, *, healthy_within_s: float | None = None, caller: Caller = NOBODY
) -> list[str]:
    """Put ``yaml_content`` in place of the server's compose file, and return warnings.

    A running server is taken down and started with it, then watched for 15 s; a container that is stopped is made
    anew without a start. What does not run is rolled back. Killed at any step, the file is the old or the new one.

    Args:
        yaml_content: the new text, which the caller has held against the safety policy.
        healthy_within_s: wait so long for the game to be healthy, instead of watching for 15 s.
        caller: who hears of it, and is asked again before anything starts.

    Raises:
        BadComposeFile: nothing was touched.
        RolledBack, RollBackFailed, what ``recheck`` and ``save`` raise: the old file runs again.
    """
    await server.check_update(yaml_content)
    containers = await server.own_containers()
    was_running = any(one.is_running or one.is_restarting for one in containers)
    warnings = await server.down(on_line=caller.on_line) if was_running else []
    saved_as = await _prepare(server, yaml_content.encode(), was_running=was_running, caller=caller)
    old = await asyncio.to_thread(server.replace_compose, yaml_content.encode())
    await caller.on_written(old, yaml_content.encode())
    if not containers:
        return warnings
    try:
        await _run_again(server, start=was_running, on_line=caller.on_line)
        if was_running:
            warnings += await _watch(server, healthy_within_s=healthy_within_s)
    except AppError as error:
        game_ran = was_running and await _has_run(server)
        failed = FailedUpdate(
            reason=str(error), game_ran=game_ran, other_game=caller.other_game, saved_as=saved_as
        )
        await _roll_back(server, old, failed=failed, start=was_running, caller=caller)
        raise RolledBack(failed) from error
    return warnings


async def _prepare(server: "Lifecycle", text: bytes, *, was_running: bool, caller: Caller) -> str | None:
    """Check what is to start, now that nothing runs that could make a link of what it names, and save the world.

    Returns the snapshot's id. What fails lets the old file, which is still in its place, run again.
    """
    try:
        if was_running:
            await caller.recheck(text)
        return await caller.save()
    except AppError as error:
        if was_running:
            old = await server.get_compose_file()
            await _start_old(server, old.encode(), failed=FailedUpdate(reason=str(error)), start=True, caller=caller)
        raise


async def _has_run(server: "Lifecycle") -> bool:
    """Tell whether any container that is there was ever started; yes where nobody can say."""
    try:
        return any(one.started_at is not None for one in await server.project.containers())
    except AppError:
        return True


async def _roll_back(
    server: "Lifecycle", old: bytes, *, failed: FailedUpdate, start: bool, caller: Caller
) -> None:
    try:
        grace_s = await server.grace_s(await server.project.containers())
        await server.project.down(timeout_s=grace_s, on_line=caller.on_line)
    finally:
        new = await asyncio.to_thread(server.replace_compose, old)
        await caller.on_written(new, old)
    await _start_old(server, old, failed=failed, start=start, caller=caller)


async def _start_old(
    server: "Lifecycle", old: bytes, *, failed: FailedUpdate, start: bool, caller: Caller
) -> None:
    """Let the old file run again, unless what ran meanwhile has changed what it names."""
    try:
        await caller.recheck(old)
        await _run_again(server, start=start, on_line=caller.on_line)
    except AppError as error:
        raise RollBackFailed(failed, str(error)) from error


async def _run_again(server: "Lifecycle", *, start: bool, on_line: OnLine | None) -> None:
    await (server.up(on_line=on_line) if start else server.recreate(on_line=on_line))


async def _watch(server: "Lifecycle", *, healthy_within_s: float | None) -> list[str]:
    """Look on until the games have run long enough, or are healthy; raises _DidNotRun.

    Other services only help: what ended with 0 has done its work, all else that does not run is a warning.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + (WATCH_S if healthy_within_s is None else healthy_within_s)
    names = (await server.get_minecraft_compose()).games
    while True:
        containers = await server.project.containers()
        games = [one for one in containers if one.service in names] or containers
        for one in games:
            _check(one)
        is_healthy = all(one.health in {Health.HEALTHY, Health.NONE} for one in games)
        if (is_healthy and healthy_within_s is not None) or (loop.time() >= end and healthy_within_s is None):
            return [why for one in containers if one not in games and (why := _failed(one))]
        if loop.time() >= end:
            raise _DidNotRun(f"It was not healthy within {healthy_within_s:g} s.")
        await asyncio.sleep(LOOK_S)


def _check(container: Container) -> None:
    if container.restart_count or container.is_restarting or not container.is_running:
        raise _DidNotRun(f"{container.name} ended soon after its start ({_why(container)}).")
    if container.health is Health.UNHEALTHY:
        raise _DidNotRun(f"{container.name} is unhealthy: {container.health_message or 'no message'}")


def _failed(container: Container) -> str:
    """Say what became of a service beside the games; empty when it runs or has done its work."""
    if container.is_running or (container.exit_code in {0, None} and not container.is_restarting):
        return ""
    return f"{container.name} does not run ({_why(container)})."


def _why(container: Container) -> str:
    return container.error or f"exit code {container.exit_code}"
