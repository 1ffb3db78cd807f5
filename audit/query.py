"""Which events are asked for, and how they are written out, for the API and the command alike."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import QuerySet

from audit.log_file import to_line
from audit.models import AuditEvent
from core.errors import InvalidRequest

PAGE = 500
FIELDS = (
    "id", "timestamp", "username", "role", "user_id", "method", "path", "status_code", "result", "success",
    "server_id", "client_ip", "user_agent", "processing_time_ms", "path_params", "query_params", "request_body",
    "request_id", "count", "hash",
)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class BadFilter(InvalidRequest):
    """A filter of the audit log has a value that it cannot have."""

    code = "bad_filter"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What events must have; an empty text or None is no condition. ``path`` may stand anywhere in the path."""

    user: str = ""
    server: str = ""
    path: str = ""
    method: str = ""
    success: bool | None = None
    begin: datetime | None = None
    end: datetime | None = None

    def rows(self) -> QuerySet[AuditEvent]:
        """Return the events, newest first."""
        exact = {"username": self.user, "server_id": self.server, "method": self.method.upper()}
        conditions: dict[str, Any] = {name: value for name, value in exact.items() if value}
        if self.path:
            conditions["path__icontains"] = self.path
        if self.success is not None:
            conditions["success"] = self.success
        if self.begin is not None:
            conditions["timestamp__gte"] = self.begin
        if self.end is not None:
            conditions["timestamp__lt"] = self.end
        return AuditEvent.objects.filter(**conditions).order_by("-sequence")


def instant(text: str, *, name: str) -> datetime | None:
    """Read an ISO 8601 instant (without offset: UTC); None for an empty text.

    Raises:
        BadFilter: it is none.
    """
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # of the year 0 or 10000, seen from UTC
        raise BadFilter(f"{name} must be a time such as 2026-11-24T18:00:00Z.") from None


def page(rows: QuerySet[AuditEvent], *, after: int) -> list[AuditEvent]:
    """Read the next rows in the order in which they were written, those past sequence ``after``."""
    return list(rows.filter(sequence__gt=after).order_by("sequence")[:PAGE])


def pages(rows: QuerySet[AuditEvent]) -> Iterator[list[AuditEvent]]:
    """Read all rows, oldest first, a page at a time, so that a long reading holds no lock."""
    after = 0
    while found := page(rows, after=after):
        yield found
        after = found[-1].sequence


def to_dict(event: AuditEvent) -> dict[str, Any]:
    """Return an event as the API and exports show it; its ``id`` is its place in the chain."""
    known = {name: getattr(event, name) for name in FIELDS if name != "id"}
    return {"id": event.sequence, **known}


def as_jsonl(events: list[AuditEvent]) -> str:
    """Return one JSON object a line."""
    return "".join(f"{to_line(_plain(to_dict(event)))}\n" for event in events)


def csv_head() -> str:
    """Return the line of column names."""
    return ",".join(FIELDS) + "\r\n"


def as_csv(events: list[AuditEvent]) -> str:
    """Return one line an event; objects are JSON, and no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    for event in events:
        writer.writerow([_cell(value) for value in _plain(to_dict(event)).values()])
    return text.getvalue()


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return values | {"timestamp": values["timestamp"].isoformat()}


def _cell(value: Any) -> Any:
    if isinstance(value, dict | list):
        return to_line(value) if value else ""
    if isinstance(value, str):
        one_line = to_line(value)[1:-1].replace('\\"', '"').replace("\\\\", "\\") if not value.isprintable() else value
        return f"'{one_line}" if one_line.startswith(_FORMULA) else one_line
    return "" if value is None else value
