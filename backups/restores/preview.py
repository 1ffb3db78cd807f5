"""What a restore would change, by restic's own dry run."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from backups import wiring
from backups.restic import browsing, restoring
from backups.restic.restoring import Piece, PreviewAction
from backups.restores.excludes import RestoreExcludes
from backups.restores.request import RestorePlan, RestoreRequest, resolve
from backups.snapshots import scope
from servers.docker.folders import DATA
from servers.operations import kinds
from servers.operations.caller import Caller
from servers.operations.kinds import OperationKind
from servers.operations.runner import Job

KIND = kinds.register(OperationKind(name="preview", can_cancel=True))
MAX_SHOWN = 2000


async def preview_job(request: RestoreRequest, *, by: Caller) -> Job:
    """Check what can be checked at once, and return the job.

    Raises:
        ResticTooOld: naming both versions.
        AppError: as ``request.resolve`` does.
    """
    restoring.require(await wiring.repository().version(), restoring.DRY_RUN_SINCE, to="preview a restore")
    wanted = await resolve(request)
    return Job(
        kind=KIND, by=by, work=lambda _: _preview(wanted),
    )


@dataclass(frozen=True, kw_only=True)
class _Tree:
    """One folder that would be made that of the snapshot.

    Attributes:
        source: in the snapshot.
        target: here; no game can change the paths of the folders ``within``.
        seen_as: the target's path below the server's directory; that of the game's files in a volume is ``/data``.
    """

    source: str
    target: Path
    within: tuple[Path, ...]
    seen_as: str
    left_out: RestoreExcludes


async def _preview(wanted: RestorePlan) -> dict[str, Any]:
    actions: list[PreviewAction] = []
    counts: Counter[str] = Counter()
    for tree in await asyncio.to_thread(_trees, wanted):
        async with aclosing(_changes(wanted, tree)) as changes:
            async for action in changes:
                counts[action.action or ""] += 1
                if len(actions) < MAX_SHOWN:
                    actions.append(action)
    return {"actions": [one.model_dump() for one in actions], "preview_summary": summary(counts, len(actions))}


def _trees(wanted: RestorePlan) -> list[_Tree]:
    """List what would be changed; blocking."""
    target = wanted.target
    seen_as = f"/{wanted.root.in_server if wanted.root.in_server is not None else DATA}/{target.path_in_data}"
    found = [_Tree(
        source=wanted.source, target=target.path, within=scope.boundary(replace(target, volumes=())),
        seen_as="" if wanted.is_whole else seen_as.replace("//", "/").rstrip("/"),
        left_out=RestoreExcludes.for_target(wanted),
    )]
    part = wanted.volume
    if part is not None and part.is_there:
        found.append(_Tree(
            source=part.source, target=part.data, within=(part.data,), seen_as=f"/{DATA}",
            left_out=RestoreExcludes.for_volume(wanted, part),
        ))
    return found


async def _changes(wanted: RestorePlan, tree: _Tree) -> AsyncGenerator[PreviewAction]:
    """Yield what restic would do to a tree, with paths as seen from the server's directory."""
    restic, snapshot = wiring.command().confined_to(*tree.within), wanted.snapshot
    node = await browsing.find(wiring.command(), snapshot.id, tree.source)
    if node is None or node.type == "dir":
        piece, target, seen_as, name = Piece(snapshot.id, tree.source), tree.target, tree.seen_as, None
    else:
        piece, target = Piece(snapshot.id, tree.source.rpartition("/")[0]), tree.target.parent
        seen_as, name = tree.seen_as.rpartition("/")[0], node.name
    async with aclosing(restoring.preview(restic, piece, target=target, name=name)) as actions:
        async for action in actions:
            inside = (action.item or "").removeprefix(f"{target}/").lstrip("/")
            if not ((name is None and tree.left_out.match(inside)) or _is_nothing(action)):
                yield action.model_copy(update={"item": f"{seen_as}/{inside}"})


def _is_nothing(action: PreviewAction) -> bool:
    return action.action == "restored" and not action.size


def summary(counts: Counter[str], shown: int) -> str:
    """Return the sentence for the counts."""
    total = sum(counts.values())
    if not total:
        return "Nothing would change: the present files are those of the snapshot."
    told = (
        f"{counts['updated']} files would be changed, {counts['deleted']} deleted, {counts['restored']} brought back."
    )
    return told if shown == total else f"{told} The first {shown} are listed."
