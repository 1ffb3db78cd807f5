"""What a restore would change, by restic's own dry run."""

import asyncio
from collections import Counter
from typing import Any

from backups import targets, wiring
from backups.left_out import LeftOut
from backups.restic import browsing, restoring
from backups.restic.restoring import Piece, PreviewAction
from backups.restore_order import Order, RestoreWish, order, server_path
from servers.operations import Job

KIND = "preview"
MAX_SHOWN = 2000


async def job(wish: RestoreWish, *, started_by: str, origin: str) -> Job:
    """Check what can be checked at once, and return the job.

    Raises:
        ResticTooOld: naming both versions.
        AppError: as ``restore_order.order`` does.
    """
    restoring.require(await wiring.repository().version(), restoring.DRY_RUN_SINCE, to="preview a restore")
    wanted = await order(wish)
    return Job(
        kind=KIND, started_by=started_by, origin=origin, can_cancel=True, work=lambda _: _preview(wanted),
    )  # fmt: skip


async def _preview(wanted: Order) -> dict[str, Any]:
    restic, snapshot = wiring.command(), wanted.snapshot
    node = await browsing.find(restic, snapshot.id, wanted.source)
    if node is None or node.type == "dir":
        piece, target, name = wanted.piece, wanted.target.path, None
    else:
        folder = wanted.source.rpartition("/")[0]
        piece, target, name = Piece(snapshot.id, folder), wanted.target.path.parent, node.name
    left_out = await asyncio.to_thread(LeftOut.of, wanted, server_path())
    actions: list[PreviewAction] = []
    counts: Counter[str] = Counter()
    confined = restic.confined_to(targets.boundary(server_path(), wanted.target))
    async for action in restoring.preview(confined, piece, target=target, name=name):
        inside = (action.item or "").removeprefix(f"{target}/").lstrip("/")
        if (name is None and left_out.match(inside)) or _is_nothing(action):
            continue
        counts[action.action or ""] += 1
        if len(actions) < MAX_SHOWN:
            actions.append(action.model_copy(update={"item": _seen_from_server(wanted, str(target), inside)}))
    return {"actions": [one.model_dump() for one in actions], "preview_summary": summary(counts, len(actions))}


def _is_nothing(action: PreviewAction) -> bool:
    return action.action == "restored" and not action.size


def _seen_from_server(wanted: Order, target: str, inside: str) -> str:
    """Return an item's path below the server's directory: what lies above is nobody's business."""
    above = str(wanted.target.path).removesuffix(f"/{wanted.name}")
    return f"{target}/{inside}".removeprefix(f"{above}/{wanted.target.server_id}")


def summary(counts: Counter[str], shown: int) -> str:
    """Return the sentence for the counts."""
    total = sum(counts.values())
    if not total:
        return "Nothing would change: the present files are those of the snapshot."
    told = (
        f"{counts['updated']} files would be changed, {counts['deleted']} deleted, {counts['restored']} brought back."
    )
    return told if shown == total else f"{told} The first {shown} are listed."
