"""Which snapshots exist for whom: of one server that is theirs, or all. Blocking."""

from collections.abc import Iterable

from accounts.identity import Identity
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.verbs import Verb
from backups import wiring
from backups.restic.snapshot import ResticSnapshot
from backups.snapshots import delete, known
from servers.records import monitoring


def find(user: Identity, snapshot_id: str, verb: Verb) -> ResticSnapshot:
    """Return the snapshot of that id, for who may do this with its server.

    Raises:
        SnapshotNotFound: there is none, or it does not exist for them: a global one, or one of a server that is not
            theirs.
        RightMissing: they lack the verb.
    """
    if rights_of(user).has_everything:
        return known.find(snapshot_id)
    found = known.look_up(snapshot_id, lambda snapshots: delete.choose(of(user, snapshots), snapshot_id))
    judge.require(user, str(found.labels.server_id), verb)
    return found


def of(user: Identity, snapshots: Iterable[ResticSnapshot]) -> tuple[ResticSnapshot, ...]:
    """Return those that exist for ``user``, in their order.

    Of an earlier server of the same id, or of one of another panel, none does.
    """
    rights = rights_of(user)
    if rights.has_everything:
        return tuple(snapshots)
    own = wiring.instance_id()
    mine = [(one, one.labels.server_id) for one in snapshots if one.labels.instance == own]
    seen = {server: monitoring.incarnation_began(server) for _, server in mine if server and rights.sees(server)}
    return tuple(one for one, server in mine if server in seen and one.time.timestamp() >= seen[server])
