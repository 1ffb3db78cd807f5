"""Change what a snapshot claims of its servers after it was made: only ever to less."""

import functools
from collections.abc import Collection, Mapping
from dataclasses import replace

from backups.restic import locks
from backups.restic.labels import Labels, Saved, Scope, worst
from backups.restic.manager import ResticManager
from backups.restic.snapshot import ResticSnapshot


async def take_back(
    repository: ResticManager, snapshot: ResticSnapshot, levels: Mapping[str, Saved]
) -> ResticSnapshot:
    """Lower what a snapshot claims of servers, and return it with its new id."""
    labels = snapshot.labels
    by_server = {**labels.saved_by_server, **levels} if labels.scope is Scope.GLOBAL else {}
    lower = replace(labels, saved=worst([*levels.values(), labels.saved or Saved.LIVE]), saved_by_server=by_server)
    return await _relabelled(repository, snapshot, lower)


async def disown(repository: ResticManager, snapshot: ResticSnapshot, servers: Collection[str]) -> ResticSnapshot:
    """Take servers out of what a snapshot of everything claims to hold, and return it with its new id.

    Their files stay in it. Nothing restores them, and no rule counts the snapshot as one of them.
    """
    labels = snapshot.labels
    by_server = {name: level for name, level in labels.saved_by_server.items() if name not in servers}
    kept = tuple(name for name in labels.servers if name not in servers)
    lower = replace(
        labels, servers=kept, saved_by_server=by_server, saved=worst(by_server.values()),
        volumes={name: volume for name, volume in labels.volumes.items() if name in kept},
        folders={name: folder for name, folder in labels.folders.items() if name in kept},
    )
    return await _relabelled(repository, snapshot, lower)


async def _relabelled(repository: ResticManager, snapshot: ResticSnapshot, wanted: Labels) -> ResticSnapshot:
    old, new = set(snapshot.labels.tags), set(wanted.tags)
    change = functools.partial(repository.relabel, snapshot.id, remove=sorted(old - new), add=sorted(new - old))
    await locks.past_dead(repository.command, change)
    found = await repository.list_snapshots(tags=[f"operation:{wanted.operation}"])
    return next(one for one in found if one.first_id == snapshot.first_id)
