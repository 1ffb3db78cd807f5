"""What the pages of the admin site are made of: pills, times, and lists that can only be read."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.errors import AppError
from core.text_difference import Differ

_STATUS = {
    "HEALTHY": "good", "RUNNING": "warn", "STARTING": "info", "CREATED": "idle", "EXISTS": "idle", "REMOVED": "idle",
    "UNKNOWN": "bad",
}
_STATE = {
    "running": "info", "waiting": "info", "succeeded": "good", "failed": "bad", "interrupted": "bad",
    "cancelled": "idle", "skipped": "idle", "missed": "warn",
}
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"))


class RoomAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """Pages of rows that a room of ours makes, changes and deletes, by the rules that hold for the API, too.

    Nothing is written by Django's own ways; what the room refuses is said on the page.
    """

    def store(self, request: HttpRequest, row: Any, form: Any, *, is_new: bool) -> Any:
        """Make or change a row as the form says, and return it as stored; raises AppErrors."""
        raise NotImplementedError

    def remove(self, request: HttpRequest, row: Any) -> None:
        """Delete a row; raises AppErrors."""
        raise NotImplementedError

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """Leave it to the room."""
        obj.pk = self.store(request, obj, form, is_new=not change).pk

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Leave it to the room."""
        self.remove(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete all of them or none."""
        with transaction.atomic():
            for row in queryset:
                self.remove(request, row)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Say what was refused after the form had been found good: something changed meanwhile."""
        view = super().changeform_view
        return _or_message(request, lambda: view(request, object_id, form_url, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Say what was refused."""
        view = super().delete_view
        return _or_message(request, lambda: view(request, object_id, extra_context))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Say what was refused of several."""
        view = super().changelist_view
        return _or_message(request, lambda: view(request, extra_context))


def _or_message(request: HttpRequest, view: Callable[[], Any]) -> Any:
    """Answer with the view, or with the page it was asked from and a sentence."""
    try:
        return view()
    except AppError as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(request.get_full_path())


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
    lines = Differ().unified(before, after, names=("before", "after"))
    tones = {"+": "added", "-": "removed", "@": "place"}
    return [(tones.get(line[:1], ""), line) for line in lines[2:]]


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
