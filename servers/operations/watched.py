"""Which operations exist for whom: those of servers that are theirs, and of no server for who has everything."""

import uuid

from accounts.identity import Identity
from accounts.rights.loading import rights_of
from servers.models import Operation
from servers.records import incarnations, operation_rows
from servers.records.operation_rows import OperationNotFound


def read(user: Identity, operation_id: uuid.UUID) -> Operation:
    """Return an operation; raises OperationNotFound, also where it does not exist for ``user``."""
    operation = operation_rows.read_operation(operation_id)
    if not exists_for(user, operation):
        raise OperationNotFound("There is no operation with this id.")
    return operation


def exists_for(user: Identity, operation: Operation) -> bool:
    """Tell whether ``user`` may see it: of an earlier server of the same id only who has everything may."""
    rights = rights_of(user)
    if rights.sees_all:
        return True
    server_id = operation.server_id
    if not server_id or not rights.sees(server_id):
        return False
    return rights.sees_incarnation(server_id, operation.incarnation, current=incarnations.current(server_id))
