"""Make one snapshot: look, quiesce, copy, judge, write down."""

import asyncio
import functools
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from django.conf import settings

from backups import wiring
from backups.models import MadeSnapshot
from backups.repository import space, stalled
from backups.restic import locks
from backups.restic.events import BackupProgress
from backups.restic.labels import Labels, Saved, Scope, Trigger, worst
from backups.restic.snapshot import ResticSnapshot, ResticSnapshotWithSummary
from backups.snapshots import coverage, databases, excluded, panel_state, payload, quiesce, scope, worlds
from backups.snapshots.absent_servers import require_no_servers_before
from backups.snapshots.claims import disown, take_back
from backups.snapshots.coverage import Missing, NotAllInSnapshot
from backups.snapshots.databases import Databases
from backups.snapshots.excluded import Excluded
from backups.snapshots.list_changes import find_changes
from backups.snapshots.quiesce import QuiesceSession, Quiet
from backups.snapshots.reading import Reading, TooMuchToRead
from backups.snapshots.scope import Target
from backups.snapshots.skipping import FlushNotConfirmed, Skipped
from backups.snapshots.vanishing import WorldFiles
from core.errors import AppError
from core.paths import PathBusy
from servers import wiring as servers_wiring
from servers.docker.folders import folder_is_a_link
from servers.minecraft.data_root import DataKind, DataRoot, usual
from servers.minecraft.instance import MCInstance
from servers.operations import kinds
from servers.operations.caller import Caller
from servers.operations.progress import Amount, Progress
from servers.operations.runner import Job
from servers.records import leases
from servers.records.operation_rows import in_database

KIND = kinds.register(kinds.OperationKind(name="backup", can_cancel=True))
REPOSITORY_LEASE = "repository"  # one writing job at a time


@dataclass(frozen=True, kw_only=True)
class SnapshotRequest:
    """What shall be in the snapshot.

    Attributes:
        server_id, path: of page-contract 5.5; both empty: everything.
        require_flushed: rather none than one that may be torn; of everything, rather without that server.
        skipped: servers that a global snapshot leaves out from the beginning: a sentence each, by id.
        unknown: as ``skipped``, folders that cannot be looked into; what they hold is copied, nothing claimed of it.
    """

    server_id: str = ""
    path: str = ""
    require_flushed: bool = False
    trigger: Trigger = Trigger.MANUAL
    skipped: Mapping[str, str] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)


def snapshot_job(request: SnapshotRequest, *, by: Caller) -> Job:
    """Check what can be checked at once and return the job; blocking, uses the database.

    Raises:
        ResticNotConfigured, ServerNotFound, BackupPathMissing, InvalidRequest.
    """
    wiring.repository()
    target = _find_early(request)
    wanted = [REPOSITORY_LEASE]
    if target.scope is Scope.GLOBAL:
        manager, busy = servers_wiring.manager(), leases.busy()
        leases_of = {name: leases.server_lease(name) for name in manager.list_names()}
        skipped = {name: f"{name} is busy with something else." for name, one in leases_of.items() if one in busy}
        skipped |= {name: folder_is_a_link(name) for name in manager.list_linked_names()}
        request = replace(request, skipped=skipped, unknown=manager.list_unreadable())
        wanted += [one for one in leases_of.values() if one not in busy]
    work = functools.partial(make_snapshot, request)
    return Job(kind=KIND, server_id=request.server_id, by=by, leases=tuple(wanted), work=work)


def _find_early(request: SnapshotRequest) -> Target:
    """Return the target as far as it is known before the engine is asked; raises as ``targets.find``."""
    server_path = settings.MC_ADMIN.server_path
    if not request.path:
        return scope.find(server_path, server_id=request.server_id, path="", roots={})
    scope.find_past(server_path, server_id=request.server_id, path=request.path)
    root = servers_wiring.live().data_root(request.server_id)
    if root.kind is DataKind.ELSEWHERE:  # a command does not know the engine's volumes yet
        root = usual(server_path, request.server_id)
        return Target(Scope.PATH, root.path / request.path, request.server_id, request.path, root)
    return scope.find(server_path, server_id=request.server_id, path=request.path, roots={request.server_id: root})


async def make_snapshot(request: SnapshotRequest, progress: Progress) -> payload.MadeResult:
    """Make the snapshot inside a running operation, which holds the leases of the servers and of the repository.

    Raises:
        FlushNotConfirmed: only with ``require_flushed``; there is no snapshot.
        NoServerCouldBeSaved: everything was to be saved, and each server is busy or in trouble.
        AppError: as ResticManager says.
    """
    try:
        return await _Taking(request, progress).run()
    finally:
        await wiring.snapshot_cache().changed()


class _Taking:
    """One snapshot in the making."""

    def __init__(self, request: SnapshotRequest, progress: Progress) -> None:
        self._request = request
        self._skipped = Skipped({**request.skipped, **request.unknown}, progress)
        self._progress = progress
        self._operation_id = progress.operation_id
        self._repository = stalled.watched(wiring.repository(), settings.MC_ADMIN.server_path, progress.warn)
        self._server_path = settings.MC_ADMIN.server_path
        self._reading = Reading()
        self._limit_bytes = math.inf
        self._excluded = Excluded()
        self._databases = Databases()
        self._world_files = WorldFiles()
        self._roots: dict[str, DataRoot] = {}  # where the games' files are, by server

    async def run(self) -> payload.MadeResult:
        names, manager = await self._names(), servers_wiring.manager()
        await self._find_roots(names)
        target = await self._find()
        if sentence := await asyncio.to_thread(target.says_where_it_leads):
            self._progress.warn(sentence)
        await self._check_space(target)
        if target.scope is Scope.GLOBAL and not (names or self._skipped.reasons):
            await require_no_servers_before()
        instances = [manager.get_instance(name) for name in names if name not in self._skipped]
        missing, held = await self._look_at(target, instances)
        self._skipped.require_one_kept(names)
        began = datetime.now(UTC)
        self._progress.percent(1, "waiting until the game has written its world" if names else "copying")
        instances = [one for one in instances if one.name not in self._skipped]
        hold = functools.partial(
            quiesce.quiet, operation_id=self._operation_id, timeout_s=settings.MC_ADMIN.quiesce_timeout_s,
            not_held=self._leave_out,
        )
        async with (
            databases.copied(target, instances, self._roots) as self._databases, hold(instances) as entered
        ):
            self._note_missing([session.state for session in entered], missing)
            self._insist([session.state for session in entered])
            try:
                made = await self._copy(target, entered)
            except TooMuchToRead:  # made since we looked: now it is seen, and left out
                await self._size_up(target, [session.state.server_id for session in self._kept(entered)])
                made = await self._copy(target, entered)
            made = await asyncio.to_thread(self._world_files.judge, made, self._progress.line)
            await asyncio.to_thread(self._databases.others.judge)
            snapshot = await self._settle(made.snapshot, self._kept(entered))  # before a guard could take over
        for remark in [one for session in entered for one in session.remarks()]:
            self._progress.warn(remark)
        return await self._write_down(
            made, snapshot, began, [one for one in missing if one.server_id not in self._skipped],
            {name: number for name, number in held.items() if name not in self._skipped},
        )

    def _leave_out(self, server_id: str, error: Exception) -> None:
        """Leave one server out of a snapshot of everything; of one server, its trouble is that of the snapshot."""
        if self._request.server_id:
            raise error
        self._skipped.add(server_id, error)

    @contextmanager
    def _left_out_at_trouble(self, server_id: str) -> Iterator[None]:
        """Leave a server out of a snapshot of everything when the block fails at it."""
        try:
            yield
        except Exception as error:  # noqa: BLE001 - whatever it is: it is told, and the others are saved
            self._leave_out(server_id, error)

    def _kept(self, held: list[QuiesceSession]) -> list[QuiesceSession]:
        return [session for session in held if session.state.server_id not in self._skipped]

    async def _find_roots(self, names: list[str]) -> None:
        """Find out where the games' files are, which may take a question to the engine for each."""
        for name in names:
            with self._left_out_at_trouble(name):
                self._roots[name] = await coverage.find_root(servers_wiring.manager().get_instance(name))

    def _kept_roots(self) -> dict[str, DataRoot]:
        return {name: root for name, root in self._roots.items() if name not in self._skipped}

    async def _find(self) -> Target:
        request, roots = self._request, self._kept_roots()
        return await asyncio.to_thread(
            scope.find, self._server_path, server_id=request.server_id, path=request.path, roots=roots
        )

    async def _check_space(self, target: Target) -> None:
        folder = space.local_folder(wiring.repository_path())
        await locks.require_readable(self._repository.command)
        if folder is None:
            await wiring.snapshot_cache().read()  # one that is away is told before a game is held still
        elif not await asyncio.to_thread(space.is_ample, folder, target.all_paths):  # asking restic costs half a second
            earlier = await wiring.snapshot_cache().read()
            is_first = not scope.covering(earlier, target)
            await asyncio.to_thread(space.check, folder, target.all_paths, is_first=is_first)

    async def _names(self) -> list[str]:
        if self._request.server_id:
            return [self._request.server_id]
        found = await asyncio.to_thread(servers_wiring.manager().list_names)
        return [name for name in found if name not in self._skipped]

    async def _look_at(self, target: Target, instances: list[MCInstance]) -> tuple[list[Missing], dict[str, int]]:
        """Return what of the servers cannot be in the snapshot, and how many worlds of each will be; see ``worlds``."""
        missing: list[Missing] = []
        held: dict[str, int] = {}
        for one in instances:
            with self._left_out_at_trouble(one.name):
                found = await self._missing(target, one)
                held |= await worlds.count([one], scope=target.scope, roots=self._roots)
                missing += found
        await self._size_up(target, [one.name for one in instances if one.name not in self._skipped])
        return missing, held

    async def _size_up(self, target: Target, names: list[str]) -> None:
        """Find out how much a copy would read, and what of it for nothing."""
        for name in names:
            with self._left_out_at_trouble(name):
                await asyncio.to_thread(self._reading.look, target, self._roots[name])
        if target.scope is Scope.GLOBAL:
            await asyncio.to_thread(self._reading.look_around, target.path, {*names, *self._not_copied()})

    def _not_copied(self) -> set[str]:
        return self._skipped.reasons.keys() - self._request.unknown.keys()

    async def _missing(self, target: Target, one: MCInstance) -> list[Missing]:
        """List what of a server cannot be in the snapshot; of a path nothing is missing, it is what it is.

        Raises:
            NotAllInSnapshot: a consistent one is wanted; before any game is held still.
        """
        found = [] if target.scope is Scope.PATH else await coverage.find_missing(one, self._roots[one.name])
        if found and self._request.require_flushed:
            raise NotAllInSnapshot(f"{one.name}: {found[0].why} No snapshot was made, as you asked for.")
        return found

    @staticmethod
    def _note_missing(quiets: list[Quiet], missing: list[Missing]) -> None:
        for one in quiets:
            one.missing = [place for place in missing if place.server_id == one.server_id]
            if one.missing:
                one.saved, one.reason = Saved.PARTIAL, one.missing[0].why

    async def _find_again(self, target: Target) -> Target:
        """Return what is copied of ``target`` now: some servers may be left out meanwhile, and their volumes with them.

        A flush takes long, and restic follows what became a link since.

        Raises:
            PathBusy: the path leads elsewhere by now.
        """
        now = await self._find()
        if now.path != target.path:
            raise PathBusy(f"{self._request.path} was changed just now. Try again.")
        return now

    def _insist(self, quiets: list[Quiet]) -> None:
        """Tell what is not as good as it could be; where nothing less is wanted, leave it out."""
        for one in quiets:
            if one.saved.is_consistent:
                continue
            why = one.reason if one.reason.endswith((".", "?")) else f"{one.reason}."  # an error is a sentence already
            if self._request.require_flushed:
                why = f"{one.server_id}: {why} No snapshot was kept, as you asked for."
                self._leave_out(one.server_id, FlushNotConfirmed(why))
            else:
                self._progress.warn(f"The snapshot of {one.server_id} is {one.saved}: {why}")

    async def _left_out(self, target: Target, quiets: list[Quiet]) -> list[str]:
        """Return the patterns of what is not copied; lower the level of servers whose worlds they tear."""
        roots = [self._roots[one.server_id] for one in quiets]
        lists = await asyncio.to_thread(excluded.of_servers, roots, self._reading)
        lists.patterns += self._databases.patterns
        for sentence in lists.warnings:
            if sentence not in self._excluded.warnings:
                self._progress.warn(sentence)
        self._excluded = lists
        for one in quiets:
            if one.server_id not in lists.torn:
                continue
            one.saved, one.reason = worst([one.saved, Saved.LIVE]), lists.torn[one.server_id]
            if self._request.require_flushed:
                why = f"{one.reason} No snapshot was kept, as you asked for."
                self._leave_out(one.server_id, FlushNotConfirmed(why))
        if target.scope is not Scope.GLOBAL:
            return lists.patterns
        around = await asyncio.to_thread(excluded.around_servers, target.path, self._not_copied())
        return [*lists.patterns, *around]

    async def _copy(self, target: Target, entered: list[QuiesceSession]) -> ResticSnapshotWithSummary:
        left_out = await self._left_out(target, [session.state for session in self._kept(entered)])
        self._skipped.require_one_kept([session.state.server_id for session in entered])
        target = await self._find_again(target)
        labels = await self._labels(target, [session.state for session in self._kept(entered)])
        self._limit_bytes = self._reading.limit_bytes(target.all_paths)
        backup = functools.partial(
            self._repository.confined_to(*scope.boundary(target)).create_snapshot, target.all_paths,
            tags=labels.tags, excludes=left_out, instead=self._databases.instead, on_progress=self._report_progress,
        )
        self._progress.percent(5, "copying")
        await asyncio.to_thread(self._world_files.look, target, list(self._kept_roots().values()))
        await asyncio.to_thread(self._databases.others.look)
        if target.scope is not Scope.GLOBAL:
            return await locks.past_dead(self._repository.command, backup)
        written = panel_state.written(target.path)
        await asyncio.to_thread(written.__enter__)
        try:
            return await locks.past_dead(self._repository.command, backup)
        finally:
            await asyncio.to_thread(written.__exit__, None, None, None)

    async def _labels(self, target: Target, quiets: list[Quiet]) -> Labels:
        is_global, roots = target.scope is Scope.GLOBAL, self._kept_roots()
        return Labels(
            instance=await in_database(wiring.instance_id),
            scope=target.scope,
            trigger=self._request.trigger,
            saved=worst(one.saved for one in quiets),
            servers=tuple(one.server_id for one in quiets),
            saved_by_server={one.server_id: one.saved for one in quiets} if is_global else {},
            operation=str(self._operation_id),
            volumes={name: root.volume for name, root in roots.items() if root.volume},
            folders={name: folder for name, root in roots.items() if (folder := root.unusual_folder) is not None},
            inside={target.server_id: target.real_path_in_data} if target.data is not None else {},
        )

    def _report_progress(self, done: BackupProgress) -> None:
        if max(done.total_bytes, done.bytes_done) > self._limit_bytes:
            raise TooMuchToRead("While it was copied, files came that pretend to be larger than they are. Try again.")
        text = f"copying: {done.files_done} of {done.total_files} files"
        amount = Amount(done.bytes_done, done.total_bytes, done.seconds_remaining)
        self._progress.percent(5 + 90 * done.percent_done, text, amount=amount)

    async def _settle(self, snapshot: ResticSnapshot, sessions: list[QuiesceSession]) -> ResticSnapshot:
        """Take back what the snapshot claims of servers that were disturbed while they were copied."""
        before = [session.state.saved for session in sessions]
        worse = [
            session for old, session in zip(before, sessions, strict=True) if (await session.verify()).saved is not old
        ]
        if not worse:
            return snapshot
        quiets = [session.state for session in worse]
        try:
            if self._request.require_flushed and len(worse) == len(sessions):
                delete = functools.partial(self._repository.delete, snapshot.id)
                await locks.past_dead(self._repository.command, delete)
            self._insist(quiets)
            self._skipped.require_one_kept([session.state.server_id for session in sessions])
            if self._request.require_flushed:
                return await disown(self._repository, snapshot, [one.server_id for one in quiets])
            return await take_back(self._repository, snapshot, {one.server_id: one.saved for one in quiets})
        except AppError:
            for session in worse:
                session.leave_claim()
            raise

    async def _write_down(
        self, made: ResticSnapshotWithSummary, snapshot: ResticSnapshot, began: datetime, missing: list[Missing],
        held: dict[str, int],
    ) -> payload.MadeResult:
        lost, lists = await worlds.find_losses(made, held), self._excluded
        changes = [*await in_database(find_changes, lists.lists), *self._databases.warnings(snapshot.labels)]
        for warning in [*changes, *lost, *made.warnings]:
            self._progress.warn(warning)
        notes = [*changes, *(one for one in lists.warnings if one not in lists.holes)]

        def write() -> payload.SnapshotPayload:
            MadeSnapshot.objects.update_or_create(
                pk=snapshot.first_id,
                defaults={
                    "operation_id": self._operation_id, "began_at": began, "ended_at": datetime.now(UTC),
                    "summary": made.summary.model_dump(mode="json"), "warnings": [*lists.holes, *made.warnings],
                    "missing": [{"server_id": one.server_id, "place": one.place, "why": one.why} for one in missing],
                    "worlds": held, "lost": lost, "lists": lists.lists, "notes": notes,
                },
            )
            return payload.snapshot_payload([snapshot])[0]

        self._progress.percent(100, "done")
        reasons = self._skipped.reasons
        return {"snapshot": await in_database(write), "skipped": sorted(reasons), "skipped_because": reasons}
