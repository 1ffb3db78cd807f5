"""What becomes of the schedules of a server that is removed."""

from typing import Any

from backups.models import Schedule


def disable_schedules(*, server_id: str, **_: Any) -> str:
    """Hear of a removed server: switch its schedules off and say so; "" when it has none."""
    found = Schedule.objects.filter(server_id=server_id, enabled=True)
    count = found.update(enabled=False, disabled_because="The server was removed.")
    return f"{count} snapshot schedules of {server_id} were switched off." if count else ""
