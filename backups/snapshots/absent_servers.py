"""A folder of servers that is empty, although it was not: as a rule its disk is not mounted."""

from backups import wiring
from core.errors import Conflict
from servers.records.operation_rows import in_database


class NoServersFound(Conflict):
    """Everything was to be saved, and all servers are away."""

    code = "no_servers_found"


async def require_no_servers_before() -> None:
    """Let nothing but the panel's state be saved only where there never was a server.

    Empty snapshots would succeed while a disk is not mounted, and in time a policy keeps nothing else.

    Raises:
        NoServersFound: this panel's snapshots hold some.
    """
    own = await in_database(wiring.instance_id)
    earlier = await wiring.snapshot_cache().read()
    if any(one.labels.servers and one.labels.instance == own for one in earlier):
        raise NoServersFound(
            "No server is in the servers' folder, but earlier snapshots hold some. Is its disk mounted? Nothing was "
            "saved."
        )
