"""How an operation ended, for the audit."""

from audit import recorder
from servers.models import Operation, OperationState


def write_down(operation: Operation) -> None:
    """Write down an operation that no request tells of. Blocking."""
    recorder.record_call(
        user=recorder.ShellUser(operation.started_by, role=operation.origin),
        method="SHELL" if operation.origin == "command" else operation.origin.upper(),
        path=f"/api/operations/{operation.id}",
        success=operation.state == OperationState.SUCCEEDED,
        server_id=operation.server_id,
        body={"operation": operation.kind, "state": str(operation.state), "error": operation.error},
    )
