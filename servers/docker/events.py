"""What the engine announces about containers."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

# The engine keeps only its last 256 events of all kinds, so we ask for none that we do not use:
# no exec_* above all, of which every health check makes three.
WANTED = (
    "create", "start", "restart", "die", "kill", "stop", "oom", "pause", "unpause", "rename", "destroy",
    "health_status", "update",
)


@dataclass(frozen=True, slots=True)
class Event:
    """One announcement: ``action`` of container ``id`` at ``at``; ``signal`` and ``exit_code`` where it has them."""

    action: str
    id: str
    at: datetime
    signal: str = ""
    exit_code: int | None = None


def parse_event(line: str) -> Event | None:
    """Read one line of ``docker events --format '{{json .}}'``; None when it is not about a container."""
    try:
        raw = json.loads(line)
    except json.JSONDecodeError:
        return None
    if not isinstance(raw, dict) or raw.get("Type") != "container":
        return None
    attributes = raw["Actor"].get("Attributes") or {}
    code = attributes.get("exitCode", "")
    return Event(
        action=str(raw["Action"]).partition(":")[0],
        id=raw["Actor"]["ID"],
        at=datetime.fromtimestamp(raw["timeNano"] / 1e9, UTC),
        signal=attributes.get("signal", ""),
        exit_code=int(code) if code.lstrip("-").isdigit() else None,
    )
