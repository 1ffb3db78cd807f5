"""One thing that was done, as it goes to the database and to the log file."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

ANONYMOUS = "anonymous"
CLIENT_LEFT = "client_left"


@dataclass(frozen=True, kw_only=True)
class Event:
    """Masked already: whoever makes an event has taken the secrets out.

    ``status_code`` and ``processing_time_ms`` are None for what was no HTTP request; ``count`` is above 1 for
    reads that one entry stands for. ``result`` is ``CLIENT_LEFT`` where the client broke its request off or nobody
    learnt how it ended, else empty.
    """

    method: str
    path: str
    success: bool
    status_code: int | None = None
    result: str = ""
    processing_time_ms: float | None = None
    client_ip: str | None = None
    user_agent: str | None = None
    user_id: int | None = None
    username: str = ANONYMOUS
    role: str = ANONYMOUS
    path_params: dict[str, Any] = field(default_factory=dict)
    query_params: dict[str, Any] = field(default_factory=dict)
    request_body: Any = None
    server_id: str = ""
    request_id: str = ""
    count: int = 1
    timestamp: datetime = field(default_factory=timezone.now)

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)
