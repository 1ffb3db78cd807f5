"""After a death in the middle of a restore: find out which files are there, clean up, and say so in its record."""

import asyncio
import logging
import uuid
from collections.abc import Callable, Collection

from backups.models import MadeSnapshot
from backups.restores import staging
from backups.restores.plan import REMOVED, Plan, Present
from backups.restores.request import server_path
from core.errors import AppError
from core.periodic import Periodic
from servers.models import Operation, OperationState
from servers.operations import kinds
from servers.operations.kinds import OperationKind
from servers.records.operation_rows import in_database

logger = logging.getLogger(__name__)

ROUND_S = 30.0
KIND = kinds.register(OperationKind(name="restore", can_cancel=True))

Running = Callable[[], Collection[uuid.UUID]]


class RestoreRecovery:
    """Looks at the start, and then every ROUND_S: a command may have died while we live. Belongs to one loop."""

    def __init__(self, *, running: Running) -> None:
        """Wire it: ``running`` returns the operations that hold a lease now; it may use the database."""
        self._running = running
        self._rounds = Periodic("restore recovery", self._turn, ROUND_S, first_s=ROUND_S)

    async def start(self) -> None:
        """Look once, then begin the rounds."""
        try:
            await self.run_once()
        except (OSError, AppError):  # the servers' folder is away: the panel starts all the same
            logger.exception("interrupted restores could not be looked for")
        self._rounds.start()

    async def stop(self) -> None:
        """End the rounds."""
        await self._rounds.stop()

    async def run_once(self) -> list[str]:
        """Settle every restore that nobody carries out any more; return a sentence for each."""
        root = await asyncio.to_thread(server_path)
        left = {*await asyncio.to_thread(staging.list_unsettled, root), *await in_database(_untold)}
        if not left:
            return []
        running = {str(one) for one in await in_database(self._running)}
        told = []
        for operation in sorted(left):
            if operation in running:
                continue
            try:
                plan, present = await asyncio.to_thread(staging.settle, root, operation)
                sentence = await in_database(_write_down, operation, plan, present)
            except Exception:  # whatever it is: that one is tried again; the others do not wait for it
                logger.exception("the interrupted restore %s could not be settled", operation)
                continue
            if sentence:
                told.append(sentence)
                logger.warning(sentence)
        return told

    async def _turn(self) -> None:
        await self.run_once()


def _untold() -> list[str]:
    """List the restores that died before they left anything on the disk; uses the database."""
    rows = Operation.objects.filter(kind=KIND.name, state=OperationState.INTERRUPTED, result__isnull=True)
    return [str(pk) for pk in rows.values_list("pk", flat=True)]


def _write_down(operation: str, plan: Plan | None, present: Present) -> str:
    """Tell in the operation's record what became of it; uses the database. Empty where there was no restore."""
    try:
        rows = Operation.objects.filter(pk=uuid.UUID(operation), kind=KIND.name)
        row = rows.exclude(state=OperationState.SUCCEEDED).get()
    except (ValueError, Operation.DoesNotExist):  # a folder of a drill, or of somebody else
        return ""
    target = (plan.target if plan is not None else "") or row.server_id
    removed = f"{REMOVED}/{row.server_id}-before-{operation}" if present is Present.NEW else None
    in_volume = f"{plan.volume}/{removed}" if plan is not None and plan.volume and removed else None
    removed = None if plan is not None and not plan.target else removed
    row.error = _sentence(target, present, " and ".join(filter(None, (removed, in_volume))))
    safety = MadeSnapshot.objects.filter(operation_id=row.pk).first()
    if safety is not None:
        row.error += f" The safety snapshot of the state before is {safety.snapshot_id}."
    row.result = {
        "present": present.value, "removed": removed, "removed_volume": in_volume,
        "safety_snapshot_id": safety.snapshot_id if safety else None,
    }
    row.save(update_fields=["error", "result"])
    return row.error


def _sentence(target: str, present: Present, removed: str) -> str:
    match present:
        case Present.OLD:
            return f"The restore of {target} was interrupted: its files are the old ones, nothing was changed."
        case Present.NEW:
            return (
                f"The restore of {target} was interrupted after the swap: its files are the restored ones. "
                f"What was there before is kept as {removed}."
            )
    return f"The restore of {target} was interrupted in the middle of a mount point: restore it again."
