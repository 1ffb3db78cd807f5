"""Make one snapshot: look, quiesce, copy, judge, write down."""

import asyncio
import functools
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings

from backups import coverage, excludes, quiesce, shown, space, state, targets, wiring, worlds
from backups.coverage import Missing, NotAllInSnapshot
from backups.models import MadeSnapshot
from backups.quiesce import Bracket, Quiet
from backups.restic import locks
from backups.restic.events import BackupProgress
from backups.restic.labels import Labels, Saved, Scope, Trigger, worst
from backups.restic.manager import ResticManager
from backups.restic.patterns import escape
from backups.restic.snapshot import ResticSnapshot, ResticSnapshotWithSummary
from backups.targets import Target
from mcadmin.core.errors import AppError, Conflict, TimedOut, Unavailable
from mcadmin.core.paths import PathBusy, list_directories
from servers import leases
from servers import wiring as servers_wiring
from servers.docker.folders import DATA, ServerFolderIsALink
from servers.minecraft.instance import MCInstance
from servers.operations import Job
from servers.progress import Progress
from servers.records import in_database

KIND = "backup"
REPOSITORY_LEASE = "repository"  # one writing job at a time


class FlushNotConfirmed(TimedOut):
    """A consistent snapshot was wanted and could not be made."""

    code = "flush_not_confirmed"


class NoServersFound(Conflict):
    """Everything was to be saved, and all servers are away."""

    code = "no_servers_found"


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What shall be in the snapshot.

    Attributes:
        server_id, path: of page-contract 5.5; both empty: everything.
        require_flushed: rather none than one that may be torn.
        skipped: servers that a global snapshot leaves out because they are busy.
    """

    server_id: str = ""
    path: str = ""
    require_flushed: bool = False
    trigger: Trigger = Trigger.MANUAL
    skipped: tuple[str, ...] = ()


def job(wish: Wish, *, started_by: str, origin: str) -> Job:
    """Check what can be checked at once and return the job; blocking, uses the database.

    Raises:
        ResticNotConfigured, ServerNotFound, BackupPathMissing, InvalidRequest.
    """
    wiring.repository()
    target = targets.find(settings.MC_ADMIN.server_path, server_id=wish.server_id, path=wish.path)
    wanted = [REPOSITORY_LEASE]
    if target.scope is Scope.GLOBAL:
        names, busy = servers_wiring.manager().list_names(), leases.busy()
        free = [name for name in names if leases.server_lease(name) not in busy]
        linked = servers_wiring.manager().list_linked_names()
        wish = replace(wish, skipped=tuple(sorted({*names, *linked} - set(free))))
        wanted += [leases.server_lease(name) for name in free]
    return Job(
        kind=KIND, server_id=wish.server_id, started_by=started_by, origin=origin, leases=tuple(wanted),
        can_cancel=True, work=functools.partial(take, wish),
    )  # fmt: skip


async def take(wish: Wish, progress: Progress) -> dict[str, Any]:
    """Make the snapshot inside a running operation, which holds the leases of the servers and of the repository.

    Returns:
        ``snapshot`` as the API shows it, ``skipped`` servers.

    Raises:
        FlushNotConfirmed: only with ``require_flushed``; there is no snapshot.
        AppError: as ResticManager says.
    """
    try:
        return await _Taking(wish, progress).run()
    finally:
        await wiring.snapshot_list().changed()


class _Taking:
    """One snapshot in the making."""

    def __init__(self, wish: Wish, progress: Progress) -> None:
        self._wish = wish
        self._progress = progress
        self._operation_id = progress.operation_id
        self._repository: ResticManager = wiring.repository()
        self._server_path = settings.MC_ADMIN.server_path

    async def run(self) -> dict[str, Any]:
        wish = self._wish
        target = await asyncio.to_thread(targets.find, self._server_path, server_id=wish.server_id, path=wish.path)
        await self._check_space(target)
        names = await self._names(target)
        if target.scope is Scope.GLOBAL and not (names or wish.skipped):
            await self._require_no_servers()
        manager = servers_wiring.manager()
        instances = [manager.get_instance(name) for name in names]
        missing = await self._missing(target, instances)
        elsewhere = {place.server_id for place in missing}
        held = await worlds.count(instances, scope=target.scope, elsewhere=elsewhere)
        began = datetime.now(UTC)
        self._progress.percent(1, "waiting until the game has written its world" if names else "copying")
        async with quiesce.quiet(
            instances, operation_id=self._operation_id, timeout_s=settings.MC_ADMIN.quiesce_timeout_s
        ) as brackets:
            before = [bracket.now for bracket in brackets]
            self._note_missing(before, missing)
            self._insist(before)
            await self._require_same(target)
            made = await self._copy(target, before)
            snapshot = await self._settle(made.snapshot, brackets)  # before the facts go: a guard could take over
        for bracket in brackets:
            if bracket.saving_is_left_off:
                self._progress.warn(f"Saving is still off on {bracket.now.server_id}; MC Admin goes on turning it on.")
        return await self._write_down(made, snapshot, began, missing, held)

    async def _check_space(self, target: Target) -> None:
        folder = space.local_folder(wiring.repository_path())
        if folder is None:
            await wiring.snapshot_list().read()  # one that is away is told before a game is held still
        elif not await asyncio.to_thread(space.is_ample, folder, target.path):  # asking restic costs half a second
            earlier = await wiring.snapshot_list().read()
            await asyncio.to_thread(
                space.check, folder, target.path, is_first=not targets.covering(earlier, target)
            )

    async def _names(self, target: Target) -> list[str]:
        if target.server_id:
            return [target.server_id]
        found = await asyncio.to_thread(servers_wiring.manager().list_names)
        return [name for name in found if name not in self._wish.skipped]

    async def _require_no_servers(self) -> None:
        """Save nothing but the panel's state only where there never was a server.

        Empty snapshots would succeed while a disk is not mounted, and in time a policy keeps nothing else.
        """
        own = await in_database(wiring.instance_id)
        earlier = await wiring.snapshot_list().read()
        if any(one.labels.servers and one.labels.instance == own for one in earlier):
            raise NoServersFound(
                "No server is in the servers' folder, but earlier snapshots hold some. Is its disk mounted? "
                "Nothing was saved."
            )

    async def _missing(self, target: Target, instances: list[MCInstance]) -> list[Missing]:
        """List what of the servers cannot be in the snapshot; of a path nothing is missing, it is what it is.

        Raises:
            NotAllInSnapshot: a consistent one is wanted; before any game is held still.
        """
        found: list[Missing] = []
        for instance in instances if target.scope is not Scope.PATH else ():
            with suppress(Unavailable, ServerFolderIsALink):  # the level says that nobody knows
                found += await coverage.find_missing(instance, await instance.get_container())
        if found and self._wish.require_flushed:
            raise NotAllInSnapshot(f"{found[0].server_id}: {found[0].why} No snapshot was made, as you asked for.")
        return found

    @staticmethod
    def _note_missing(quiets: list[Quiet], missing: list[Missing]) -> None:
        for one in quiets:
            one.missing = [place for place in missing if place.server_id == one.server_id]
            if one.missing:
                one.saved, one.reason = Saved.PARTIAL, one.missing[0].why

    async def _require_same(self, target: Target) -> None:
        """Look once more where the path leads: a flush takes long, and restic follows what became a link since."""
        wish = self._wish
        now = await asyncio.to_thread(targets.find, self._server_path, server_id=wish.server_id, path=wish.path)
        if now != target:
            raise PathBusy(f"{wish.path} was changed just now. Try again.")

    def _insist(self, quiets: list[Quiet]) -> None:
        """Tell what is not as good as it could be; raise where nothing less is wanted."""
        for one in quiets:
            if one.saved.is_consistent:
                continue
            why = one.reason if one.reason.endswith((".", "?")) else f"{one.reason}."  # an error is a sentence already
            if self._wish.require_flushed:
                raise FlushNotConfirmed(f"{one.server_id}: {why} No snapshot was kept, as you asked for.")
            self._progress.warn(f"The snapshot of {one.server_id} is {one.saved}: {why}")

    async def _copy(self, target: Target, quiets: list[Quiet]) -> ResticSnapshotWithSummary:
        left_out, told, torn = await asyncio.to_thread(self._left_out, target, [one.server_id for one in quiets])
        for sentence in told:
            self._progress.warn(sentence)
        if torn and self._wish.require_flushed:
            raise FlushNotConfirmed(f"{' '.join(told)} No snapshot was kept, as you asked for.")
        quiets = [replace(one, saved=Saved.LIVE) if one.server_id in torn else one for one in quiets]
        labels = await self._labels(target, quiets)
        walls = targets.boundary(await asyncio.to_thread(self._server_path.resolve), target)
        backup = functools.partial(
            self._repository.confined_to(walls).create_snapshot, [target.path], tags=labels.tags, excludes=left_out,
            on_progress=self._tell,
        )  # fmt: skip
        self._progress.percent(5, "copying")
        if target.scope is not Scope.GLOBAL:
            return await locks.past_dead(self._repository.command, backup)
        written = state.written(target.path)
        await asyncio.to_thread(written.__enter__)
        try:
            return await locks.past_dead(self._repository.command, backup)
        finally:
            await asyncio.to_thread(written.__exit__, None, None, None)

    async def _labels(self, target: Target, quiets: list[Quiet]) -> Labels:
        is_global = target.scope is Scope.GLOBAL
        return Labels(
            instance=await in_database(wiring.instance_id),
            scope=target.scope,
            trigger=self._wish.trigger,
            saved=worst(one.saved for one in quiets),
            servers=tuple(one.server_id for one in quiets),
            saved_by_server={one.server_id: one.saved for one in quiets} if is_global else {},
            operation=str(self._operation_id),
        )

    def _left_out(self, target: Target, servers: list[str]) -> tuple[list[str], list[str], set[str]]:
        """List the patterns of what is not copied, what is to be said of them, and servers whose world they tear.

        They are each server's own, and in a snapshot of everything what is no server.
        """
        found: list[str] = []
        told: list[str] = []
        torn: set[str] = set()
        for name in servers:
            data = self._server_path.resolve() / name / DATA
            try:
                excludes.settle(data)
                found += excludes.patterns(data)
                told += [f"{name}: {sentence}" for sentence in excludes.warnings(data)]
                torn |= {name} if excludes.lost_world(data, excludes.patterns(data)) else set()
            except AppError as error:
                found += excludes.default_patterns(data)
                told.append(f"{name}: its own list of what to leave out cannot be used, so the default is. ({error})")
        if target.scope is not Scope.GLOBAL:
            return found, told, torn
        return [*found, *self._left_out_of_all(target.path)], told, torn

    def _left_out_of_all(self, root: Path) -> list[str]:
        gone = [name for name in list_directories(root) if name.startswith(".") and name != state.FOLDER]
        found = [escape(str(root / name)) for name in (*gone, *self._wish.skipped)]
        repository = space.local_folder(wiring.repository_path())
        return [*found, escape(str(repository))] if repository else found

    def _tell(self, done: BackupProgress) -> None:
        text = f"copying: {done.files_done} of {done.total_files} files"
        self._progress.percent(5 + 90 * done.percent_done, text)

    async def _settle(self, snapshot: ResticSnapshot, brackets: list[Bracket]) -> ResticSnapshot:
        """Take back what the snapshot claims of a server that was disturbed while it was copied."""
        before = [bracket.now.saved for bracket in brackets]
        worse = [
            bracket for old, bracket in zip(before, brackets, strict=True) if (await bracket.judge()).saved is not old
        ]
        if not worse:
            return snapshot
        quiets = [bracket.now for bracket in worse]
        try:
            if self._wish.require_flushed:
                delete = functools.partial(self._repository.delete, snapshot.id)
                await locks.past_dead(self._repository.command, delete)
            self._insist(quiets)
            return await take_back(self._repository, snapshot, {one.server_id: one.saved for one in quiets})
        except AppError:
            for bracket in worse:
                bracket.claims_too_much = True
            raise

    async def _write_down(
        self, made: ResticSnapshotWithSummary, snapshot: ResticSnapshot, began: datetime, missing: list[Missing],
        held: dict[str, int],
    ) -> dict[str, Any]:  # fmt: skip
        lost = await worlds.find_losses(made, held)
        for warning in [*lost, *made.warnings]:
            self._progress.warn(warning)

        def write() -> dict[str, Any]:
            MadeSnapshot.objects.update_or_create(
                pk=snapshot.first_id,
                defaults={
                    "operation_id": self._operation_id, "began_at": began, "ended_at": datetime.now(UTC),
                    "summary": made.summary.model_dump(mode="json"), "warnings": made.warnings,
                    "missing": [{"server_id": one.server_id, "place": one.place, "why": one.why} for one in missing],
                    "worlds": held, "lost": lost,
                },
            )  # fmt: skip
            return shown.shown([snapshot])[0]

        self._progress.percent(100, "done")
        return {"snapshot": await in_database(write), "skipped": list(self._wish.skipped)}


async def take_back(
    repository: ResticManager, snapshot: ResticSnapshot, levels: dict[str, Saved]
) -> ResticSnapshot:
    """Lower what a snapshot claims of servers, and return it with its new id."""
    labels = snapshot.labels
    by_server = {**labels.saved_by_server, **levels} if labels.scope is Scope.GLOBAL else {}
    lower = replace(labels, saved=worst([*levels.values(), labels.saved or Saved.LIVE]), saved_by_server=by_server)
    old, new = set(labels.tags), set(lower.tags)
    change = functools.partial(
        repository.relabel, snapshot.id, remove=sorted(old - new), add=sorted(new - old)
    )
    await locks.past_dead(repository.command, change)
    found = await repository.list_snapshots(tags=[f"operation:{labels.operation}"])
    return next(one for one in found if one.first_id == snapshot.first_id)
