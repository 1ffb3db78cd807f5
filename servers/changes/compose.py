"""Change a server's compose file, by a new text or an old revision."""

import asyncio
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from core.errors import AppError, Conflict
from servers import wiring
from servers.changes import actions, compose_safety, port_conflicts, variable_warnings
from servers.changes.compose_safety import Acceptance, OwnerNeeded
from servers.changes.world_safety import WorldSafety, world_safety
from servers.docker.compose_file.yaml_text import BadComposeFile
from servers.minecraft.compose.game_version import changes_game, differs_from_what_ran
from servers.minecraft.compose.rules import MCComposeFile
from servers.minecraft.compose.safety import read_texts
from servers.minecraft.compose.warnings import java_warnings
from servers.minecraft.compose_update import ComposeUpdate, FailedUpdate, RollBackFailed, RolledBack
from servers.operations import kinds
from servers.operations.kinds import OperationKind
from servers.operations.progress import Progress
from servers.operations.runner import Job
from servers.records import operation_rows, revisions

KIND = kinds.register(OperationKind(name="update"))


class FileChanged(Conflict):
    """What was found out about the file does not hold any more."""

    code = "file_changed"


@dataclass(frozen=True, kw_only=True)
class ComposeChange:
    """A new text for a server's compose file.

    Attributes:
        message: what it is for, kept with the revision.
        healthy_within_s: wait so long for the game to be healthy, instead of watching for 15 s.
        skip_safety_check: change the game's version or type though no snapshot holds the world; an owner's word.
        if_match: the version of the file that this is a change of, an If-Match header; None: whichever is there.
    """

    server_id: str
    text: str
    message: str = ""
    healthy_within_s: float | None = None
    skip_safety_check: bool = False
    if_match: str | None = None


async def compose_job(change: ComposeChange, *, acceptance: Acceptance) -> Job:
    """Check a new text before anything is touched, and return the job that puts it in place.

    Raises:
        BadComposeFile: with every broken rule.
        UnsafeCompose: with the findings of the safety policy.
        PortTaken: a port belongs to another server or program.
        NoSafety: another version or type of game would run on a world that no snapshot can hold first.
        OwnerNeeded: somebody else wants to skip that snapshot.
        Changed: another version of the file is there than the change is of.
        ServerNotFound, ProjectClash.
    """
    require_may_skip(change, acceptance)
    server_id, text = change.server_id, change.text
    server = wiring.manager().get_instance(server_id)
    await server.get_compose_file()  # raises ServerNotFound
    await actions.check_project(server_id)
    compose = await server.check_update(text)
    await _require_safe(server_id, text.encode(), acceptance)
    guard = await WorldGuard.of(change, compose)
    await check_ports(server_id, compose)
    await asyncio.to_thread(server.compose_etag, if_match=change.if_match)

    async def work(progress: Progress) -> dict[str, Any]:
        await asyncio.to_thread(server.compose_etag, if_match=change.if_match)
        await _require_safe(server_id, text.encode(), acceptance)
        await check_ports(server_id, compose)
        if set((await WorldGuard.of(change, compose)).leases) - set(guard.leases):
            raise FileChanged(f"The compose file of {server_id} was changed just now. Try again.")
        revision, tag = await _Sequence(change, acceptance=acceptance, progress=progress, guard=guard).run()
        return {"revision": revision, "safety_snapshot_id": guard.saved_as, "etag": tag}

    return Job(
        kind=KIND, server_id=server_id, work=work, by=acceptance.by,
        leases=(*port_conflicts.port_leases(compose.published_ports), *guard.leases),
    )


def require_may_skip(change: ComposeChange, acceptance: Acceptance) -> None:
    """Raise OwnerNeeded when somebody else wants to skip the snapshot."""
    if change.skip_safety_check and not acceptance.by.is_owner:
        raise OwnerNeeded("Only an owner may skip the snapshot before another version of the game. Ask one.")


async def check_ports(server_id: str, new: MCComposeFile) -> None:
    """Raise PortTaken when a port of the new file is another's; those of the present file are the server's own."""
    before = await asyncio.to_thread(wiring.live().catalog.info, server_id)
    own = {port for _, port, _ in before.published_ports}
    await asyncio.to_thread(port_conflicts.check_ports, server_id, new.published_ports, own=own)


async def restore_job(
    server_id: str, number: int, *, acceptance: Acceptance, skip_safety_check: bool = False,
    if_match: str | None = None,
) -> Job:
    """Return the job that puts an old revision in place again; raises RevisionNotFound, and as ``compose_job`` does."""
    await wiring.manager().get_instance(server_id).get_compose_file()  # raises ServerNotFound
    revision = await operation_rows.in_database(revisions.read, server_id, number)
    change = ComposeChange(
        server_id=server_id, text=revision.yaml_content, message=f"Revision {number} again.",
        skip_safety_check=skip_safety_check, if_match=if_match,
    )
    return await compose_job(change, acceptance=acceptance)


class WorldGuard:
    """The snapshot before another version or type of game runs on a world; nothing where that is not so."""

    def __init__(self, server_id: str, *, other_game: bool, safety: WorldSafety | None) -> None:
        self.other_game = other_game
        self.saved_as: str | None = None
        self._server_id = server_id
        self._safety = safety

    @classmethod
    async def of(cls, change: ComposeChange, new: MCComposeFile) -> "WorldGuard":
        """Look whether a snapshot is needed, and can be made; raises NoSafety."""
        safety, server_id = world_safety(), change.server_id
        if safety is None or not await _is_other_game(server_id, new) or not await safety.has_world(server_id):
            return cls(server_id, other_game=False, safety=None)
        if change.skip_safety_check:
            return cls(server_id, other_game=True, safety=None)
        await safety.require_possible(server_id)
        return cls(server_id, other_game=True, safety=safety)

    @property
    def leases(self) -> tuple[str, ...]:
        return self._safety.leases if self._safety else ()

    async def save(self, progress: Progress) -> str | None:
        """Make the snapshot where one is needed, and return its id."""
        if self._safety is not None:
            self.saved_as = await self._safety.save(self._server_id, progress)
        return self.saved_as


async def _is_other_game(server_id: str, new: MCComposeFile) -> bool:
    server = wiring.manager().get_instance(server_id)
    try:
        old = await server.get_minecraft_compose()
    except BadComposeFile:  # nobody can say what ran
        return True
    return changes_game(old, new) or differs_from_what_ran(new, await server.project.containers())


class _Sequence:
    """One update: the steps of ``ComposeUpdate`` with policy, snapshot and revisions between them."""

    def __init__(self, change: ComposeChange, *, acceptance: Acceptance, progress: Progress, guard: WorldGuard) -> None:
        self._change = change
        self._new = change.text.encode()
        self._server = wiring.manager().get_instance(change.server_id)
        self._acceptance = acceptance
        self._progress = progress
        self._guard = guard
        self._revision = 0

    async def run(self) -> tuple[int, str | None]:
        """Update the file, keep each text that it then held as a revision; return the last one's number, and the tag.

        The tag is that of the file as it was written.
        """
        steps = await ComposeUpdate.begin(self._server, self._change.text, on_line=self._progress.line)
        warnings = await steps.take_down()
        old = await self._check_and_replace(steps)
        await self._keep(old, username="", message=revisions.FOUND)
        await self._keep_written(self._new, message=self._change.message)
        if steps.has_container:
            try:
                await steps.start()
                warnings += await steps.watch(healthy_within_s=self._change.healthy_within_s)
            except AppError as error:
                failed = await steps.failure(
                    error, other_game=self._guard.other_game, saved_as=self._guard.saved_as
                )
                await self._roll_back(steps, old, failed=failed)
                raise RolledBack(failed, etag=steps.etag) from error
        for warning in [*warnings, *await asyncio.to_thread(_warnings_of_written, self._change)]:
            self._progress.warn(warning)
        return self._revision, steps.etag

    async def _check_and_replace(self, steps: ComposeUpdate) -> bytes:
        """Check what is to start, now that nothing runs that could make a link of what it names, and save the world.

        Then the file is replaced; returns what it was. What fails lets the file that is still in its place run again:
        the old one, or one that was put there meanwhile, which ends a change of the version before.
        """
        try:
            if steps.was_running:
                await self._recheck(self._new)
            await self._guard.save(self._progress)
            return await steps.replace(self._new, if_match=self._change.if_match)
        except AppError as error:
            if steps.was_running:
                old = await self._server.get_compose_file()
                await self._start_old(steps, old.encode(), failed=FailedUpdate(reason=str(error)))
            raise

    async def _roll_back(self, steps: ComposeUpdate, old: bytes, *, failed: FailedUpdate) -> None:
        try:
            await steps.end_failed()
        finally:
            await steps.replace(old)
            await self._keep_written(old, message="Rolled back: the text before did not run.")
        await self._start_old(steps, old, failed=failed)

    async def _start_old(self, steps: ComposeUpdate, old: bytes, *, failed: FailedUpdate) -> None:
        """Let the old file run again, unless what ran meanwhile has changed what it names; raises RollBackFailed."""
        try:
            await self._recheck(old)
            await steps.start()
        except AppError as error:
            raise RollBackFailed(failed, str(error), etag=steps.etag) from error

    async def _keep_written(self, text: bytes, *, message: str) -> None:
        """Keep what was put in place as the newest revision."""
        self._revision = await self._keep(text, username=self._acceptance.by.username, message=message)

    async def _keep(self, text: bytes, *, username: str, message: str) -> int:
        return await operation_rows.in_database(
            revisions.add, self._change.server_id, text.decode(errors="replace"), username=username, message=message
        )

    async def _recheck(self, text: bytes) -> None:
        """Hold ``text`` against the policy again, before it starts; findings were accepted for the new text only."""
        acceptance = self._acceptance if text == self._new else Acceptance(by=self._acceptance.by)
        await _require_safe(self._change.server_id, text, acceptance)


def _warnings_of_written(change: ComposeChange) -> list[str]:
    directory = wiring.manager().get_instance(change.server_id).directory
    allowed = settings.MC_ADMIN.allowed_images
    compose = MCComposeFile.read(change.text, server_id=change.server_id, allowed_images=allowed)
    return [*variable_warnings.unset_in(directory), *java_warnings(compose)]


async def _require_safe(server_id: str, text: bytes, acceptance: Acceptance) -> None:
    """Check ``text`` as if it stood in the compose file's place, beside what else lies there."""
    directory, texts = wiring.manager().get_instance(server_id).directory, await texts_with(server_id, text)
    await compose_safety.require_safe(server_id, acceptance=acceptance, directory=directory, texts=texts)


async def texts_with(server_id: str, text: bytes) -> dict[str, bytes]:
    """Return the server's compose file and its override by name, with ``text`` as the former."""
    texts = dict(await asyncio.to_thread(read_texts, wiring.manager().get_instance(server_id).directory))
    return texts | {next(iter(texts)): text}
