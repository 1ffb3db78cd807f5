"""A new compose file under a running server, or the old one again: the steps of it, and what may come of them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import AppError, CommandFailed, Conflict
from servers.docker.container import Container, Health
from servers.minecraft.lifecycle import Lifecycle, OnLine

WATCH_S = 15.0
HEALTHY_TIMEOUT_S = 300.0
LOOK_S = 0.5


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

    def fields(self, *, restored: bool, etag: str | None) -> dict[str, object]:
        """Return what the answer says beside its sentence; ``etag`` is that of the file that is there now."""
        return {
            "restored": restored,
            "restored_parts": {"compose": True, "data": not self.game_ran},
            "safety_snapshot_id": self.saved_as,
            "reason": self.reason,
            "etag": etag,
        }


class RolledBack(CommandFailed):
    """The new file did not run, so the old one is back."""

    code = "rolled_back"

    def __init__(self, failed: FailedUpdate, *, etag: str | None) -> None:
        super().__init__(
            f"The server did not run with the new file, so the old one is back; {failed.world}. "
            f"Reason: {failed.reason}"
        )
        self.extra = failed.fields(restored=failed.is_world_safe, etag=etag)


class RollBackFailed(CommandFailed):
    """The new file did not run; the old one is back in its place, but does not run either."""

    code = "roll_back_failed"

    def __init__(self, failed: FailedUpdate, again: str, *, etag: str | None) -> None:
        super().__init__(
            f"The server does not run with the new file: {failed.reason} The old file is in its place, but could not "
            f"be started: {again} After the try with the new one, {failed.world}."
        )
        self.extra = failed.fields(restored=False, etag=etag)


class DidNotRun(Conflict):
    """The container of the new file ended, or did not become healthy."""


class ComposeUpdate:
    """The steps of one update. They return, so that whoever goes through them decides what stands between.

    In this order: ``begin``, ``take_down``, ``replace``, ``start``, ``watch``; the last two only where the server has a
    container. When one of those two fails: ``failure``, ``end_failed``, ``replace`` with the old text, ``start``.
    Killed at any moment, the file is the old or the new one.

    Attributes:
        has_container: whether the server had one when the update began.
        was_running: whether it ran. One that did not is made anew without a start, and is not watched.
        etag: the tag of the file as ``replace`` has left it; None before.
    """

    def __init__(self, server: Lifecycle, *, containers: Sequence[Container], on_line: OnLine | None) -> None:
        self.has_container = bool(containers)
        self.was_running = any(container.is_running or container.is_restarting for container in containers)
        self.etag: str | None = None
        self._server = server
        self._on_line = on_line

    @classmethod
    async def begin(cls, server: Lifecycle, yaml_content: str, *, on_line: OnLine | None = None) -> "ComposeUpdate":
        """Check the new text by the rules of compose files and look what there is; nothing is touched.

        Raises:
            BadComposeFile: with every rule that the text breaks, and the file on disk keeps.
        """
        await server.check_update(yaml_content)
        return cls(server, containers=await server.own_containers(), on_line=on_line)

    async def take_down(self) -> list[str]:
        """End what runs, and return warnings; from then on no game can change what the new text names."""
        return await self._server.down(on_line=self._on_line) if self.was_running else []

    async def replace(self, content: bytes, *, if_match: str | None = None) -> bytes:
        """Put ``content`` in place of the compose file in one step, and return what it was.

        Raises:
            Changed: ``if_match`` is given and names another version than that which is there.
        """
        before, self.etag = await asyncio.to_thread(self._server.replace_compose, content, if_match=if_match)
        return before

    async def start(self) -> None:
        """Let what the file says now run, or be there, as it was before."""
        if self.was_running:
            await self._server.up(on_line=self._on_line)
        else:
            await self._server.recreate(on_line=self._on_line)

    async def watch(self, *, healthy_within_s: float | None = None) -> list[str]:
        """Look on for WATCH_S, or until the games are healthy, and return warnings.

        Other services only help: what ended with 0 has done its work, all else that does not run is a warning.

        Raises:
            DidNotRun: a game ended, or was not healthy within ``healthy_within_s``.
        """
        return await _watch(self._server, healthy_within_s=healthy_within_s) if self.was_running else []

    async def failure(
        self, error: AppError, *, other_game: bool = False, saved_as: str | None = None
    ) -> FailedUpdate:
        """Describe why ``start`` or ``watch`` failed, before ``end_failed`` removes what shows whether a game ran."""
        game_ran = self.was_running and await _has_run(self._server)
        return FailedUpdate(reason=str(error), game_ran=game_ran, other_game=other_game, saved_as=saved_as)

    async def end_failed(self) -> None:
        """Remove the containers of the text that did not run."""
        grace_s = await self._server.grace_s(await self._server.project.containers())
        await self._server.project.down(timeout_s=grace_s, on_line=self._on_line)


async def update(
    server: Lifecycle, yaml_content: str, *, healthy_within_s: float | None = None, on_line: OnLine | None = None
) -> list[str]:
    """Put ``yaml_content`` in place of the server's compose file, and return warnings.

    A running server is taken down and started with it, then watched for 15 s; a container that is stopped is made
    anew without a start. What does not run is rolled back. ``servers.changes.compose`` is the same with the safety
    policy, a snapshot and revisions between the steps.

    Args:
        yaml_content: the new text, which the caller has held against the safety policy.
        healthy_within_s: wait so long for the game to be healthy, instead of watching for 15 s.
        on_line: called with what Compose prints.

    Raises:
        BadComposeFile: nothing was touched.
        RolledBack: the old file runs again.
        RollBackFailed: the old file is in its place, but does not run.
    """
    steps = await ComposeUpdate.begin(server, yaml_content, on_line=on_line)
    warnings = await steps.take_down()
    old = await steps.replace(yaml_content.encode())
    if not steps.has_container:
        return warnings
    try:
        await steps.start()
        return warnings + await steps.watch(healthy_within_s=healthy_within_s)
    except AppError as error:
        failed = await steps.failure(error)
        try:
            await steps.end_failed()
        finally:
            await steps.replace(old)
        try:
            await steps.start()
        except AppError as again:
            raise RollBackFailed(failed, str(again), etag=steps.etag) from again
        raise RolledBack(failed, etag=steps.etag) from error


async def _has_run(server: Lifecycle) -> bool:
    """Tell whether any container that is there was ever started; yes where nobody can say."""
    try:
        return any(container.started_at is not None for container in await server.project.containers())
    except AppError:
        return True


async def _watch(server: Lifecycle, *, healthy_within_s: float | None) -> list[str]:
    loop = asyncio.get_running_loop()
    end = loop.time() + (WATCH_S if healthy_within_s is None else healthy_within_s)
    names = (await server.get_minecraft_compose()).games
    while True:
        containers = await server.project.containers()
        games = [container for container in containers if container.service in names] or containers
        for game in games:
            _check(game)
        is_healthy = all(game.health in {Health.HEALTHY, Health.NONE} for game in games)
        if (is_healthy and healthy_within_s is not None) or (loop.time() >= end and healthy_within_s is None):
            return [why for helper in containers if helper not in games and (why := _failed(helper))]
        if loop.time() >= end:
            raise DidNotRun(f"It was not healthy within {healthy_within_s:g} s.")
        await asyncio.sleep(LOOK_S)


def _check(container: Container) -> None:
    if container.restart_count or container.is_restarting or not container.is_running:
        raise DidNotRun(f"{container.name} ended soon after its start ({_why(container)}).")
    if container.health is Health.UNHEALTHY:
        raise DidNotRun(f"{container.name} is unhealthy: {container.health_message or 'no message'}")


def _failed(container: Container) -> str:
    """Say what became of a service beside the games; empty when it runs or has done its work."""
    if container.is_running or (container.exit_code in {0, None} and not container.is_restarting):
        return ""
    return f"{container.name} does not run ({_why(container)})."


def _why(container: Container) -> str:
    return container.error or f"exit code {container.exit_code}"
