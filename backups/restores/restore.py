"""Restore a server, or a path of its data, so that the present is never lost: staged, swapped, the old kept."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypedDict

from django.conf import settings

from backups import wiring
from backups.restic import browsing, restoring
from backups.restic.browsing import Measured
from backups.restic.labels import Trigger
from backups.restic.patterns import escape
from backups.restic.restoring import Piece, RestoreProgress
from backups.restores import freshness, recovery, rename_server, staging, swap
from backups.restores import volume as restore_volume
from backups.restores.excludes import RestoreExcludes
from backups.restores.plan import REMOVED, Place, Plan, Present
from backups.restores.request import RestorePlan, RestoreRequest, resolve, server_path
from backups.restores.swap import ServerStillRuns
from backups.restores.volume import VolumePart
from backups.snapshots import create, scope
from backups.snapshots.scope import Target
from core.errors import AppError, Unsupported
from core.paths import mount_points_at_or_below, printable
from core.tasks import run_uninterrupted
from servers import wiring as servers_wiring
from servers.changes import compose_safety
from servers.docker.container import Container
from servers.docker.engine_volumes import VOLUME_DATA
from servers.docker.folders import DATA, ServerFolderIsALink
from servers.docker.writers import list_writers
from servers.minecraft.instance import ServerExists, ServerNotFound
from servers.operations.caller import Caller
from servers.operations.progress import Amount, Progress
from servers.operations.runner import Job
from servers.records import incarnations
from servers.records.operation_rows import in_database


class RestoreResult(TypedDict):
    """What a restore returns.

    ``path`` is empty for a whole server; ``removed`` and ``removed_volume`` say where the files that were there lie
    now, from the servers' folder and from the volume's; ``in_place``: they were changed one by one, nothing was kept.
    """

    snapshot_id: str
    server_id: str
    path: str
    safety_snapshot_id: str | None
    in_place: bool
    removed: str | None
    removed_volume: str | None


async def restore_job(request: RestoreRequest, *, by: Caller) -> Job:
    """Check what can be checked at once, and return the job.

    Raises:
        NoFreshSnapshot: as ``freshness.require`` says.
        AppError: as ``resolve`` does.
    """
    wanted = await resolve(request)
    if not (wanted.is_as_new or request.skip_safety_check or request.safety_snapshot):
        await freshness.require(wanted.target)
    return Job(
        kind=recovery.KIND, server_id=wanted.target.server_id, by=by,
        leases=(create.REPOSITORY_LEASE,) if request.safety_snapshot else (),
        work=lambda progress: _Restoring(wanted, progress).run(),
    )


class _Restoring:
    """One restore under way."""

    def __init__(self, wanted: RestorePlan, progress: Progress) -> None:
        self._order = wanted
        self._progress = progress
        self._operation = str(progress.operation_id)
        self._root = server_path()
        self._base = wanted.target.base
        self._volume = wanted.volume
        self._safety: str | None = None
        self._accepted: compose_safety.Accepted | None = None
        self._is_in_place = False

    async def run(self) -> RestoreResult:
        target = self._order.target
        result = await self._run(target)
        written = await asyncio.to_thread(staging.link_at, self._base, target.name)
        if written is not None:
            self._progress.warn(
                f"{printable(target.path_in_data)} is a link to {printable(written)} in the snapshot. The link "
                "came back, and nothing of what it leads to: restore that by its own path."
            )
        return result

    async def _run(self, target: Target) -> RestoreResult:
        await self._require_stopped()
        is_there = await asyncio.to_thread(staging.check_target, self._base, target.name)
        if self._order.is_as_new and is_there:  # it was made between the first look and the lease
            raise ServerExists(f"A server named {target.server_id!r} was made meanwhile. Choose another id.")
        if self._order.request.safety_snapshot and is_there and not self._order.is_as_new:
            await self._make_safety_snapshot()
        if self._volume is not None and self._volume.is_there:
            await self._require_no_mount_in(self._volume)
        is_mounted = bool(await asyncio.to_thread(mount_points_at_or_below, target.path))
        if is_mounted or await asyncio.to_thread(staging.is_elsewhere, self._base, target.name):
            await self._in_place()
            return self._result()
        return await self._staged(is_there=is_there)

    async def _require_stopped(self) -> None:
        name = self._order.target.server_id
        instance = servers_wiring.manager().get_instance(name)
        volume = [self._volume.data] if self._volume is not None and self._volume.is_there else []
        data = self._order.target.data
        volume += [await asyncio.to_thread(lambda: data.path)] if data is not None else []
        await instance.require_no_other_writer(
            await self._own_container(), action="its files cannot be exchanged", also=volume
        )

    def _swapped_out(self, *, is_there: bool) -> list[Path]:
        """Return the folders that a game may see and that are exchanged."""
        volume = [self._volume.data] if self._volume is not None and self._volume.is_there else []
        return [self._order.target.path, *volume] if is_there else volume

    async def _writers(self) -> list[Container]:
        """Ask who writes in the target's folders now, the server's own container included."""
        target = self._order.target
        folders = [self._root / target.server_id, target.path, *self._swapped_out(is_there=False)]
        return await list_writers(folders, cli=servers_wiring.cli())

    async def _own_container(self) -> list[Container]:
        """Return the server's own container, which does not run; raises ServerStillRuns."""
        name = self._order.target.server_id
        try:
            container = await servers_wiring.manager().get_instance(name).get_container()
        except (ServerNotFound, ServerFolderIsALink):  # its files are gone, which is why they are restored
            return []
        if container is not None and (container.is_running or container.is_restarting):
            raise ServerStillRuns(f"{name} is running. Stop it first (operation `stop` or `down`), then restore.")
        return [container] if container is not None else []

    async def _make_safety_snapshot(self) -> None:
        self._progress.percent(1, "making the safety snapshot")
        target = self._order.target
        request = create.SnapshotRequest(server_id=target.server_id, path=target.path_in_data, trigger=Trigger.SAFETY)
        made = await create.make_snapshot(request, self._progress)
        self._safety = made["snapshot"]["id"]
        self._progress.line(f"The safety snapshot of the present state is {self._safety}.")

    async def _staged(self, *, is_there: bool) -> RestoreResult:
        present, cancelled = Present.OLD, None
        plan: Plan | None = None
        try:
            plan = await self._prepare()
            await self._require_stopped()  # somebody may have started it by Docker meanwhile
            await self._progress.point_of_no_return()
            self._progress.percent(98, "swapping")
            if self._order.is_as_new:  # before anybody can see it: nobody has inherited it from an earlier server
                await in_database(incarnations.begin, self._order.target.server_id)
                await compose_safety.remember(self._accepted)
            for warning in await run_uninterrupted(
                swap.swap(self._root, plan, targets=self._swapped_out(is_there=is_there), writers=self._writers)
            ):
                self._progress.warn(warning)
            if plan.volume:  # or its files would be out of reach until the next round of questions
                with suppress(AppError):
                    await servers_wiring.live().volumes.refresh()
        except asyncio.CancelledError as error:
            cancelled = error
        finally:
            settling = asyncio.ensure_future(asyncio.to_thread(staging.settle, self._root, self._operation))
            try:
                await run_uninterrupted(settling)
            except asyncio.CancelledError as error:  # too late: what was swapped is told as that
                cancelled = error
            _, present = settling.result()
        if cancelled is not None and present is not Present.NEW:
            raise cancelled
        return self._result(plan, is_there=is_there)

    @property
    def _is_in_volume(self) -> bool:
        """Whether the target itself lies in a volume."""
        return self._base != self._root

    @property
    def _way_back(self) -> str:
        return f"; the safety snapshot is {self._safety}" if self._safety else ""

    async def _prepare(self) -> Plan:
        """Fill the staged trees until nothing but the swap is left; return the plan in the servers' folder."""
        self._progress.percent(5, "looking whether there is room")
        await self._check_room(self._base, self._order.source)
        if self._is_in_volume:
            plan = await self._point_to(self._base)
            await self._fill(self._base, self._order.place, await self._left_out())
            return plan
        plan = await self._fill(self._root, self._order.place, await self._left_out())
        if self._order.is_as_new:
            self._volume = await restore_volume.find_new(
                self._order.snapshot, self._order.server_id, base=self._root, staged=plan.staged,
                new_id=self._order.target.server_id,
            )
        if self._volume is None:
            return plan
        await restore_volume.require_named(self._volume, base=self._root, staged=plan.staged)
        return await self._fill_volume(self._volume, plan)

    async def _check_room(self, base: Path, source: str) -> None:
        measured = await self._measure(source)
        await asyncio.to_thread(staging.check_room, base, size_bytes=measured.size_bytes, files=measured.files)

    async def _fill_volume(self, part: VolumePart, plan: Plan) -> Plan:
        """Stage what goes into the volume, beside its files; return ``plan`` with the volume noted in it."""
        await self._check_room(part.top, part.source)
        self._volume = part = await restore_volume.make(part)
        await self._require_no_mount_in(part)
        plan = plan.model_copy(update={"volume": str(part.folder)})
        await asyncio.to_thread(staging.note, self._root, plan)
        place = Place(server_id=plan.server_id, target=VOLUME_DATA, source=part.source, data=VOLUME_DATA)
        await self._fill(part.folder, place, await asyncio.to_thread(RestoreExcludes.for_volume, self._order, part))
        return plan

    @staticmethod
    async def _require_no_mount_in(part: VolumePart) -> None:
        """Refuse a volume with another disk in it: a swap would carry that away, and a purge would empty it."""
        if await asyncio.to_thread(mount_points_at_or_below, part.data):
            raise Unsupported(
                f"In the volume `{part.name}` another place is mounted, so it cannot be swapped. Unmount that, or "
                "restore paths of the data one by one."
            )

    async def _point_to(self, volume: Path) -> Plan:
        """Note in the servers' folder that the volume's folder is worked on, so that a restart finds it."""
        return await asyncio.to_thread(
            staging.point_to_volume, self._root, self._operation, server_id=self._order.target.server_id,
            volume=volume,
        )

    async def _fill(self, base: Path, place: Place, left_out: RestoreExcludes) -> Plan:
        """Stage one tree below ``base``, whole and looked at, and return its plan."""
        plan = await asyncio.to_thread(staging.make, base, self._operation, place)
        self._progress.percent(8, "restoring")
        await restoring.restore(
            wiring.command(), Piece(self._order.snapshot.id, place.source), target=base / plan.tree,
            version=await wiring.repository().version(), on_progress=self._report_progress,
        )
        await asyncio.to_thread(staging.examine, base, plan)
        is_server = self._order.is_whole and base == self._root
        if is_server and self._order.is_as_new:
            await self._rename(plan)
        if is_server:
            await asyncio.to_thread(staging.restrict_access, base, plan)
        plan = await asyncio.to_thread(staging.complete, base, plan)
        if is_server:
            self._accepted = await compose_safety.require_safe(
                plan.server_id, acceptance=self._order.request.acceptance, directory=base / plan.staged,
                is_new=self._order.is_as_new,
            )
        await self._carry_over(base, plan, left_out)
        return plan

    async def _carry_over(self, base: Path, plan: Plan, left_out: RestoreExcludes) -> None:
        self._progress.percent(95, "carrying over what snapshots leave out")
        carried = await asyncio.to_thread(staging.carry_over, base, plan, left_out=left_out.match)
        if carried.count:
            self._progress.line(f"{carried.count} files and folders that snapshots leave out were carried over.")
        for problem in carried.problems:
            self._progress.warn(f"What snapshots leave out was not all carried over; the old tree has it: {problem}")

    async def _rename(self, plan: Plan) -> None:
        told = await asyncio.to_thread(
            rename_server.rename_server, self._root, plan.staged, new_id=self._order.request.as_new,
            allowed_images=settings.MC_ADMIN.allowed_images,
        )
        for sentence in told:
            self._progress.line(sentence)

    async def _measure(self, source: str) -> Measured:
        """Return how much is to be written: from the snapshot's own figures where they are of exactly that."""
        snapshot = self._order.snapshot
        summary = snapshot.summary
        if summary is None or [source] != snapshot.paths:
            return await browsing.measure(wiring.command(), snapshot.id, source)
        return Measured(summary.total_files_processed, summary.total_bytes_processed)

    async def _left_out(self) -> RestoreExcludes:
        return await asyncio.to_thread(RestoreExcludes.for_target, self._order)

    def _report_progress(self, done: RestoreProgress) -> None:
        amount = Amount(done.bytes_done, done.bytes_total)
        self._progress.percent(8 + 0.86 * done.percent, "restoring", amount=amount)

    async def _in_place(self) -> None:
        """Change the target's files one by one: a mount point, or what lies below one, cannot be swapped."""
        if self._volume is not None:
            raise Unsupported(
                "The server's folder is a mount point, so its files cannot be swapped together with its volume's. "
                "Restore paths of its data one by one."
            )
        self._is_in_place = True
        version = await wiring.repository().version()
        restoring.require(version, restoring.DRY_RUN_SINCE, to="restore into a mount point")
        if self._safety is None and not self._order.request.skip_safety_check:
            await freshness.require(self._order.target)
        self._progress.warn(
            f"{self._order.target.path.name} is, holds or lies below a mount point, so its files are changed in place, "
            "one by one: until this is done it is neither the old one nor the new one."
        )
        if self._is_in_volume:
            await self._point_to(self._base)
        plan = await asyncio.to_thread(staging.make, self._base, self._operation, self._order.place)
        await asyncio.to_thread(staging.note, self._base, plan.model_copy(update={"in_place": True}))
        await self._require_stopped()
        await self._progress.point_of_no_return()
        try:
            await self._change_in_place()
            await self._require_stopped()  # a game that was started meanwhile saw half of it
        except AppError as error:
            self._progress.warn(f"The folder is half restored. Restore again{self._way_back}. ({error})")
            raise
        finally:
            await run_uninterrupted(asyncio.to_thread(staging.settle, self._root, self._operation))

    async def _change_in_place(self) -> None:
        piece, target = self._order.piece, self._order.target.path
        node = await browsing.find(wiring.command(), piece.snapshot_id, piece.path)
        await self._require_folders(node)
        if node is None or node.type == "dir":
            only = (await self._left_out()).options()
        else:
            only = [f"--include=/{escape(node.name)}"]
            piece, target = Piece(piece.snapshot_id, piece.path.rpartition("/")[0]), target.parent
        restic = wiring.command().confined_to(*scope.boundary(self._order.target))
        await restoring.restore_in_place(restic, piece, target=target, only=only, on_progress=self._report_progress)

    async def _require_folders(self, node: browsing.Node | None) -> None:
        """Refuse a snapshot in which the server's folder, or its data, is none: restic would make it so here."""
        piece, inside = self._order.piece, self._order.target.path_in_data
        if not self._order.is_whole and inside:
            return
        found = {"" if self._order.is_whole else DATA: node}
        if self._order.is_whole:
            with suppress(browsing.PathNotInSnapshot):
                found[DATA] = await browsing.find(wiring.command(), piece.snapshot_id, f"{piece.path}/{DATA}")
        for folder, one in found.items():
            if one is not None and one.type != "dir":
                raise staging.refuse_tree(folder)

    def _result(self, plan: Plan | None = None, *, is_there: bool = False) -> RestoreResult:
        """Return what the operation says; without a ``plan`` nothing was swapped."""
        target, volume = self._order.target, ""
        if plan is not None and plan.volume:
            inside = target.name.partition("/")[2] if self._is_in_volume else ""
            volume = f"{plan.volume}/{REMOVED}/{plan.server_id}-before-{self._operation}/{inside}".rstrip("/")
        return {
            "snapshot_id": self._order.snapshot.id, "server_id": target.server_id,
            "path": "" if self._order.is_whole else target.path_in_data or "/",
            "safety_snapshot_id": self._safety, "in_place": self._is_in_place,
            "removed": plan.removed or None if plan is not None and is_there else None,
            "removed_volume": volume or None,
        }


def message(result: Mapping[str, Any]) -> str:
    """Say in a sentence what became of a restore."""
    what = f"{result['path']} of {result['server_id']}" if result["path"] else result["server_id"]
    told = [f"{what} is as snapshot {result['snapshot_id'][:8]} has it."]
    if result["removed"]:
        told.append(f"What was there before is kept as {result['removed']}.")
    if result["removed_volume"]:
        told.append(f"What was in the volume before is kept as {result['removed_volume']}.")
    if result["safety_snapshot_id"]:
        told.append(f"The present state was saved before as snapshot {result['safety_snapshot_id'][:8]}.")
    return " ".join(told)
