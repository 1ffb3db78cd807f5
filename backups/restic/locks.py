"""The locks in a repository: whose they are, and which are surely dead."""

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from backups.restic.command import READ_TIMEOUT_S, ResticCommand, lock_times
from backups.restic.failures import RepositoryLockDamaged, RepositoryLocked, ResticFailed
from core.errors import Conflict

logger = logging.getLogger(__name__)

T = TypeVar("T")

STALE_AFTER = timedelta(minutes=30)  # then restic's own unlock takes it for dead, wherever it came from


class LocksNotProvenDead(Conflict):
    """There are locks of which nobody here can tell whether their job still runs."""

    code = "locks_not_proven_dead"


class RepositoryLock(BaseModel):
    """One lock, as ``restic cat lock`` prints it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str = ""
    time: datetime
    exclusive: bool = False
    hostname: str = ""
    username: str = ""
    pid: int = 0

    @property
    def is_here(self) -> bool:
        """Whether it was made on this machine, so that we can see its process."""
        return self.hostname == socket.gethostname()

    @property
    def is_dead(self) -> bool:
        """Whether its process is surely gone: it was here and is not, or its number is another's now.

        A restic of that number is taken for the one: a clock that was set makes it seem younger than its lock.
        """
        if not self.is_here:
            return False
        try:
            process = psutil.Process(self.pid)
            is_younger = datetime.fromtimestamp(process.create_time(), UTC) > self.time
            return _is_zombie(process) or (is_younger and "restic" not in process.name())
        except psutil.NoSuchProcess:
            return True

    def __str__(self) -> str:
        return f"{self.username}'s process {self.pid} on {self.hostname}, since {self.time:%Y-%m-%d %H:%M:%S} UTC"


@dataclass(frozen=True, slots=True)
class DamagedLock:
    """One that cannot be read; ``since`` is known of a local repository alone."""

    id: str
    since: datetime | None

    @property
    def is_dead(self) -> bool:
        """Whether no job can hold it: a living one would have renewed it since."""
        return self.since is not None and datetime.now(UTC) - self.since > STALE_AFTER

    def __str__(self) -> str:
        return f"a damaged lock ({self.id[:8]})"


AnyLock = RepositoryLock | DamagedLock


async def list_locks(restic: ResticCommand) -> list[AnyLock]:
    """Read all locks; those that go meanwhile are left out."""
    ids = (await restic.read("list", "locks")).split()
    found: list[AnyLock] = []
    for lock_id in ids:
        try:
            text = await restic.read("cat", "lock", "--", lock_id)
            found.append(RepositoryLock.model_validate({**json.loads(text), "id": lock_id}))
        except RepositoryLockDamaged:
            times = await asyncio.to_thread(lock_times, restic.access.repository_path)
            found.append(DamagedLock(lock_id, times.get(lock_id)))
        except (ResticFailed, json.JSONDecodeError, ValidationError):
            continue
    return found


async def require_readable(restic: ResticCommand) -> None:
    """Look at the locks of a local repository before a game is held still: at a damaged one restic tries for 35 s.

    One that is proven dead is removed.

    Raises:
        RepositoryLockDamaged: there is another one.
    """
    if not await asyncio.to_thread(lock_times, restic.access.repository_path):
        return
    damaged = [one for one in await list_locks(restic) if isinstance(one, DamagedLock)]
    if damaged and not all(one.is_dead for one in damaged):
        await restic.read("cat", "lock", "--", damaged[0].id)
    elif damaged:
        await unlock(restic)


async def unlock(restic: ResticCommand) -> list[AnyLock]:
    """Remove the locks that are proven dead, and return them.

    Raises:
        LocksNotProvenDead: restic would remove others with them; nothing was changed.
    """
    locks = await list_locks(restic)
    damaged = [one for one in locks if isinstance(one, DamagedLock)]
    found = await asyncio.to_thread(_judge, [one for one in locks if isinstance(one, RepositoryLock)])
    if found.doubtful:
        raise LocksNotProvenDead(
            f"Nobody here can tell whether these jobs have ended: {'; '.join(map(str, found.doubtful))}. "
            "Look there; if they have, run restic's own unlock on that machine."
        )
    if damaged:
        return await _unlock_damaged(restic, damaged, found)
    if not found.dead:
        return []
    if found.is_number_reused and found.living:
        raise LocksNotProvenDead("A living job holds the repository beside a dead one. Wait until it has ended.")
    everything = ["--remove-all"] if found.is_number_reused else []  # restic would take another's process for its own
    await restic.call("unlock", *everything, timeout_s=READ_TIMEOUT_S)
    return list(found.dead)


async def _unlock_damaged(
    restic: ResticCommand, damaged: list[DamagedLock], found: "_Judgement"
) -> list[AnyLock]:
    """Remove damaged locks, which restic does together with all others; raises LocksNotProvenDead."""
    if found.living or not all(one.is_dead for one in damaged):
        raise LocksNotProvenDead(
            "A lock in the repository is damaged, and nobody can tell whose it is. If no restic job runs on any "
            "machine, remove it with restic itself: restic unlock --remove-all. In a local repository it is removed "
            "here once it is older than 30 minutes and no other job is at work."
        )
    await restic.call("unlock", "--remove-all", timeout_s=READ_TIMEOUT_S)
    return [*damaged, *found.dead]


async def past_dead(restic: ResticCommand, work: Callable[[], Awaitable[T]]) -> T:
    """Do ``work``; where a lock that is proven dead stands in its way, remove that and do it again.

    A power cut during a forget would else stop every backup from then on.
    """
    try:
        return await work()
    except (RepositoryLocked, RepositoryLockDamaged):
        try:
            removed = await unlock(restic)
        except LocksNotProvenDead:
            removed = []
        if not removed:
            raise
    logger.warning("a dead lock was removed from the backup repository: %s", "; ".join(map(str, removed)))
    return await work()


@dataclass(frozen=True)
class _Judgement:
    dead: list[RepositoryLock]
    doubtful: list[RepositoryLock]
    living: bool
    is_number_reused: bool


def _judge(locks: Sequence[RepositoryLock]) -> _Judgement:
    """Look at the processes of this machine; blocking."""
    dead = [lock for lock in locks if lock.is_dead]
    left = [lock for lock in locks if lock not in dead]
    return _Judgement(
        dead=dead,
        doubtful=[lock for lock in left if _restic_would_remove(lock)],
        living=bool(left),
        is_number_reused=any(psutil.pid_exists(lock.pid) for lock in dead),
    )


def unlock_sentence(removed: list[str]) -> str:
    """Say in a sentence what an unlock did."""
    if not removed:
        return "No lock is there that is proven dead; nothing was changed."
    return f"{len(removed)} dead {'lock was' if len(removed) == 1 else 'locks were'} removed."


def _restic_would_remove(lock: RepositoryLock) -> bool:
    return datetime.now(UTC) - lock.time > STALE_AFTER


def _is_zombie(process: psutil.Process) -> bool:
    return bool(process.status() == psutil.STATUS_ZOMBIE)
