"""Whether a new server may have the Compose project of its id: Compose gives a project whatever has its label."""

from django.db.models import Q

from core.errors import Conflict
from servers import wiring
from servers.docker.compose_file.document import project_name
from servers.docker.engine import DockerManager
from servers.models import Incarnation, Operation, OperationState
from servers.records import operation_rows

_NAMED = 3  # of many things


class ProjectTaken(Conflict):
    """The engine has things of a Compose project of this name, which no server of ours had."""

    code = "project_taken"


async def require_free_project(server_id: str, *, inherits: bool = True) -> None:
    """Check that a new server would not be given the volumes of a project that somebody else made.

    Labels cannot tell: a volume `<id>_db` of another project `<id>` looks as if it were made for this server. What
    an earlier server of this id left is the new one's, where who makes it has access to everything (``inherits``).

    Raises:
        ProjectTaken: naming what there is.
        EngineUnreachable: nobody knows.
    """
    if inherits and await operation_rows.in_database(_was_a_server, server_id):
        return
    found = await DockerManager(wiring.cli()).things_of(project_name(server_id))
    if found and not inherits:
        raise ProjectTaken("There are things of an earlier server or project of this id. Choose another id.")
    if found:
        more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
        raise ProjectTaken(
            f"There is a Compose project named {project_name(server_id)!r} already, which is no server of MC Admin: "
            f"{', '.join(found[:_NAMED])}{more}. Choose another id."
        )


def _was_a_server(server_id: str) -> bool:
    done = Q(server_id=server_id, state=OperationState.SUCCEEDED)
    return Incarnation.objects.filter(pk=server_id).exists() or Operation.objects.filter(done).exists()
