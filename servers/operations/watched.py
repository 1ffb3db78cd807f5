"""Which operations exist for whom: those of servers that are theirs, and of no server for who has everything."""

import uuid

from accounts.identity import Identity
from accounts.rights import judge
from accounts.rights.loading import rights_of
from accounts.rights.rights import Rights
from accounts.rights.verbs import Verb
from servers import wiring
from servers.models import Operation
from servers.records import incarnations, operation_lists, operation_rows
from servers.records.operation_lists import Place, Wanted
from servers.records.operation_rows import OperationNotFound


def read(user: Identity, operation_id: uuid.UUID) -> Operation:
    """Return an operation; raises OperationNotFound, also where it does not exist for ``user``."""
    operation = operation_rows.read_operation(operation_id)
    if not exists_for(user, operation):
        raise OperationNotFound("There is no operation with this id.")
    return operation


def shows(rights: Rights, server_id: str) -> bool:
    """Tell whether operations of the server ("": of none) are in lists for somebody with these rights."""
    return rights.has_everything or (bool(server_id) and Verb.VIEW in rights.verbs(server_id))


def list_page(user: Identity, wanted: Wanted, *, after: Place | None, limit: int) -> list[Operation]:
    """Return the newest operations that fit, of servers that exist for ``user``; of no server for who sees all.

    Raises:
        ServerHidden, RightMissing: the server that is asked for may not be viewed.
    """
    rights = rights_of(user)
    if rights.has_everything:
        return operation_lists.read_page(wanted, after=after, limit=limit)
    if wanted.server_id == "":
        return []
    if wanted.server_id is not None:
        judge.require(user, wanted.server_id, Verb.VIEW)
        mine = [wanted.server_id]
    else:
        mine = judge.visible(user, wiring.live().catalog.names())
    numbers = {} if rights.has_everything else incarnations.currents(mine)
    servers = [(server_id, numbers.get(server_id)) for server_id in mine]
    return operation_lists.read_page_of(servers, wanted, after=after, limit=limit)


def exists_for(user: Identity, operation: Operation) -> bool:
    """Tell whether ``user`` may see it: of an earlier server of the same id only who has everything may."""
    rights = rights_of(user)
    if rights.has_everything:
        return True
    server_id = operation.server_id
    if not server_id or not rights.sees(server_id):
        return False
    return rights.sees_incarnation(server_id, operation.incarnation, current=incarnations.current(server_id))
