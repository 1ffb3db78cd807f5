"""What the pages of the admin site are made of: pills, times, and lists that can only be read."""

import difflib
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

_STATUS = {
    "HEALTHY": "good", "RUNNING": "warn", "STARTING": "info", "CREATED": "idle", "EXISTS": "idle", "REMOVED": "idle",
    "UNKNOWN": "bad",
}  # fmt: skip
_STATE = {
    "running": "info", "waiting": "info", "succeeded": "good", "failed": "bad", "interrupted": "bad",
    "cancelled": "idle", "skipped": "idle", "missed": "warn",
}  # fmt: skip
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Lists and pages of rows that something else writes; ``page`` is the template of one row."""

    page = ""
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Refuse."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show one row on the page of its own."""
        row = self.get_object(request, object_id)
        if not self.page or row is None or request.method not in {"GET", "HEAD"}:
            return super().change_view(request, object_id, form_url, extra_context)
        context = {**self.admin_site.each_context(request), **self.describe(row)}
        return TemplateResponse(request, self.page, context)

    def describe(self, row: Any) -> dict[str, Any]:
        """Return what the page of one row shows, ``title`` among it."""
        raise NotImplementedError


def diff_lines(before: str, after: str) -> list[tuple[str, str]]:
    """Return the lines of a difference, each with what it is: added, removed, place, or nothing."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), n=3, lineterm="")
    tones = {"+": "added", "-": "removed", "@": "place"}
    return [(tones.get(line[:1], ""), line) for line in list(lines)[2:]]


def pill(text: object, tone: str) -> SafeString:
    """Return a short word on a ground that means good, info, warn, bad or idle."""
    return format_html('<span class="pill {}">{}</span>', tone, text)


def status_pill(status: object) -> SafeString:
    """Return a server's status."""
    return pill(status, _STATUS.get(str(status), "idle"))


def state_pill(state: object) -> SafeString:
    """Return the state of an operation or run."""
    return pill(state, _STATE.get(str(state), "idle"))


def when(instant: datetime | None, *, now: datetime | None = None) -> SafeString:
    """Return how long ago something was, with the instant itself when pointed at."""
    if instant is None:
        return SafeString("-")
    passed = ((now or datetime.now(UTC)) - instant).total_seconds()
    if abs(passed) < 60:
        text = "just now"
    else:
        text = f"{long(timedelta(seconds=abs(passed)))} ago" if passed > 0 else f"in {long(timedelta(seconds=-passed))}"
    shown = instant.astimezone(UTC)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', shown.isoformat(), shown.strftime("%Y-%m-%d %H:%M:%S"), text
    )


def long(span: timedelta) -> str:
    """Return a length of time as a person says it: the two greatest units are enough."""
    seconds = span.total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    parts = []
    for size, unit in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count:.0f} {unit}")
    return " ".join(parts[:2])


def size(count: float | None) -> str:
    """Return bytes in the unit a person would choose."""
    if count is None:
        return "-"
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
