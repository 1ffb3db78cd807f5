"""The restore drill: restore a snapshot into a scratch folder, look at its worlds, write down what was found."""

import asyncio
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from stat import S_ISREG
from typing import Any

from backups import wiring
from backups.models import Drill
from backups.restic import browsing, restoring
from backups.restic.labels import Saved, Scope
from backups.restic.restoring import Piece, RestoreProgress
from backups.restic.snapshot import ResticSnapshot
from backups.restores import locate, staging
from backups.restores.plan import Place, folder_of
from backups.restores.request import server_path
from backups.snapshots import databases
from core.paths import FileMissing, Root
from core.tasks import run_uninterrupted
from servers.docker.folders import DATA
from servers.minecraft.world import WorldReport, check_worlds
from servers.operations import kinds
from servers.operations.caller import Caller
from servers.operations.kinds import OperationKind
from servers.operations.progress import Amount, Progress
from servers.operations.runner import Job
from servers.records.operation_rows import in_database

KIND = kinds.register(OperationKind(name="verify", can_cancel=True))
_OF_A_PROXY = ("velocity.toml", "waterfall.yml", "modules.yml")  # settings that only proxies have: no world is due
DATABASES_S = 300.0  # for the databases of all servers
NOWHERE = ".nowhere"  # restic restores absolute paths, of which none begins so
_RUNNING = {Saved.FLUSHED, Saved.UNCONFIRMED, Saved.LIVE, Saved.PARTIAL}  # levels that a stopped server has not


def drill_job(snapshot: ResticSnapshot, *, by: Caller) -> Job:
    """Return the job that drills with ``snapshot``."""
    return Job(
        kind=KIND, by=by,
        work=lambda progress: _drill(snapshot, progress),
    )


def _report(progress: Progress, done: RestoreProgress) -> None:
    amount = Amount(done.bytes_done, done.bytes_total)
    progress.percent(2 + 0.8 * done.percent, "restoring into a scratch folder", amount=amount)


async def _drill(snapshot: ResticSnapshot, progress: Progress) -> dict[str, Any]:
    """Return ``passed`` (None: no world was there) and, for each server in it, what was looked at and found."""
    root, operation = server_path(), str(progress.operation_id)
    restic = wiring.command()
    measured = await browsing.measure(restic, snapshot.id, "/")
    await asyncio.to_thread(staging.check_room, root, size_bytes=measured.size_bytes, files=measured.files)
    plan = await asyncio.to_thread(
        staging.make, root, operation, Place(server_id=staging.NO_SERVER, target=staging.NO_SERVER, source="/")
    )
    try:
        progress.percent(2, "restoring into a scratch folder")
        await restoring.restore(
            restic, Piece(snapshot.id, "/"), target=root / plan.tree,
            version=await wiring.repository().version(),
            on_progress=partial(_report, progress),
        )
        progress.percent(85, "looking at the worlds")
        reports = await asyncio.to_thread(_look, snapshot, plan.tree)
        copies = root / folder_of(operation) / "databases"
        end = time.monotonic() + DATABASES_S
        checked = {server: await _check_databases(snapshot, server, plan.tree, copies, end) for server in reports}
    finally:
        await run_uninterrupted(asyncio.to_thread(staging.settle, root, operation))
    await in_database(_write_down, snapshot, reports, progress)
    for server, report in reports.items():
        for sentence in (*report.findings, *checked[server].broken, *checked[server].unchecked):
            progress.warn(f"{server}: {sentence}" if server else sentence)
        for remark in report.remarks:
            progress.line(f"Of no world: {remark}")
    told = {
        server: {
            "levels": report.levels, "regions": report.regions, "findings": report.findings,
            "databases": checked[server].broken,
        }
        for server, report in reports.items()
    }
    verdicts = [_verdict(report) for report in reports.values()]
    passed = False if False in verdicts else True if True in verdicts else None
    return {"snapshot_id": snapshot.id, "passed": passed, "files": measured.files, "servers": told}


def _verdict(report: WorldReport) -> bool | None:
    """Tell whether a drill was passed; None where there was no world to look at, and none was due."""
    if report.findings:
        return False
    return True if report.levels or report.regions else None


def _look(snapshot: ResticSnapshot, tree: str) -> dict[str, WorldReport]:
    """Check the worlds of each server that the snapshot says it holds; of everything where it says nothing."""
    found: dict[str, WorldReport] = {}
    with Root(server_path()) as root, root.subdirectory(tree, follow=False) as restored:
        for server in snapshot.labels.servers or ("",):
            folder = (_folder_of(snapshot, server) if server else "").strip("/")
            if folder and (there := restored.lstat(folder)) is not None and S_ISREG(there.st_mode):
                folder = folder.rpartition("/")[0]  # a single file was saved: nothing else is beside it
            try:
                with restored.subdirectory(folder, follow=False) as held:
                    found[server] = check_worlds(held, must_hold_world=_has_run(snapshot, server, held))
            except FileMissing:
                found[server] = WorldReport(0, 0, ["nothing of it came back"])
    return found


async def _check_databases(
    snapshot: ResticSnapshot, server: str, tree: str, copies: Path, end: float
) -> databases.Checked:
    """Look at the databases of plugins; they belong to no world, so the drill is passed all the same."""
    folder = _folder_of(snapshot, server) if server else ""
    try:
        held = await asyncio.to_thread(_hold, f"{tree}/{folder.lstrip('/')}")
    except FileMissing:
        return databases.Checked([], [])
    with held:
        return await databases.check_restored(held, copies, end=end)


def _hold(folder: str) -> Root:
    with Root(server_path()) as root:
        return root.subdirectory(folder.rstrip("/"), follow=False)


def _folder_of(snapshot: ResticSnapshot, server: str) -> str:
    """Return where the worlds of a server are in a snapshot: in its folder, or in the volume with its game's files."""
    if server in snapshot.labels.volumes and snapshot.labels.scope is not Scope.PATH:
        return str(locate.data_in(snapshot, server) or NOWHERE)
    return locate.folder_in(snapshot, server)


def _has_run(snapshot: ResticSnapshot, server: str, held: Root) -> bool:
    """Tell whether a game ran on these files, so that they must hold a world; of a part of them nobody knows."""
    if snapshot.labels.scope is Scope.PATH:
        return False
    data = "" if server in snapshot.labels.volumes else f"{snapshot.labels.folders.get(server, DATA)}/"
    if any(held.stat(f"{data}{name}") is not None for name in _OF_A_PROXY):
        return False
    level = snapshot.labels.level_of(server)
    return level in _RUNNING or held.stat(f"{data}logs/latest.log") is not None


def _write_down(snapshot: ResticSnapshot, reports: dict[str, WorldReport], progress: Progress) -> None:
    Drill.objects.bulk_create(
        Drill(
            snapshot_id=snapshot.first_id, server_id=server, operation_id=progress.operation_id,
            at=datetime.now(UTC), passed=_verdict(report), findings=report.findings,
        )
        for server, report in reports.items()
    )


def message(result: dict[str, Any]) -> str:
    """Say in a sentence how the drill went."""
    servers = result["servers"].values()
    levels, regions = (sum(one[what] for one in servers) for what in ("levels", "regions"))
    seen = f"{levels} level.dat and {regions} region files"
    if result["passed"] is not False:
        broken = sum(len(one["databases"]) for one in servers)
        more = f" But {broken} of its plugins' databases came back broken." if broken else ""
        name = f"Snapshot {result['snapshot_id'][:8]} was restored for trial"
        if result["passed"] is None:  # a server that has never run, or a part of one
            return f"{name} and came back, but holds no world that could be looked at.{more}"
        return f"{name} and is sound: {seen} were looked at.{more}"
    count = sum(len(one["findings"]) for one in servers)
    return f"Snapshot {result['snapshot_id'][:8]} came back with {count} findings in {seen}. Do not rely on it."
