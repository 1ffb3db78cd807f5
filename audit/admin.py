"""The audit log on the admin site: to be read, never changed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from audit.models import AuditEvent
from audit.sentences import sentence
from web.admin_base import ReadOnlyAdmin, diff_lines, pill, when

TEXTS = ("yaml_content", "override_yaml")


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Search by user, path, server and request id; a changed compose file is shown as a difference."""

    page = "mcadmin/admin/audit_event.html"
    list_display = ["time", "username", "what", "server", "outcome", "client_ip"]
    list_display_links = ["time", "what"]
    list_filter = ["success", "role", "method", "server_id"]
    search_fields = ["username", "path", "server_id", "request_id"]
    show_full_result_count = False

    @admin.display(description="when", ordering="sequence")
    def time(self, event: AuditEvent) -> SafeString:
        return when(event.timestamp)

    @admin.display(description="what")
    def what(self, event: AuditEvent) -> str:
        return sentence(event)

    @admin.display(description="server", ordering="server_id")
    def server(self, event: AuditEvent) -> str:
        return event.server_id or " "

    @admin.display(description="outcome", ordering="success")
    def outcome(self, event: AuditEvent) -> SafeString:
        if event.success:
            return pill("done", "good")
        return pill(f"failed ({event.status_code})" if event.status_code else "failed", "bad")

    def describe(self, row: AuditEvent) -> dict[str, Any]:
        """Return the event in words, its fields, and what it carried."""
        row.what = sentence(row)  # type: ignore[attr-defined]  # for the page
        body: Any = row.request_body
        diff = list(_difference(row)) if isinstance(body, Mapping) else []
        if diff:
            body = {name: value for name, value in body.items() if name not in TEXTS}
        bodies = [("Query", row.query_params), ("Request", body)]
        return {
            "title": f"Event {row.sequence}",
            "event": row,
            "facts": [(name, value) for name, value in _facts(row) if value not in (None, "")],
            "diff": diff,
            "diff_title": "What was changed in the compose file",
            "bodies": [(name, _as_text(value)) for name, value in bodies if value not in (None, {}, "")],
        }


def _facts(event: AuditEvent) -> list[tuple[str, Any]]:
    took = None if event.processing_time_ms is None else f"{event.processing_time_ms:g} ms"
    who = event.username if event.user_id is None else f"{event.username} (id {event.user_id}, {event.role})"
    return [
        ("When", f"{event.timestamp:%Y-%m-%d %H:%M:%S} UTC"),
        ("Who", who),
        ("Call", f"{event.method} {event.path}"),
        ("Answer", event.status_code),
        ("Result", event.result or None),
        ("Took", took),
        ("Server", event.server_id),
        ("Address", event.client_ip),
        ("Program", event.user_agent),
        ("Request id", event.request_id),
        ("Times", event.count if event.count > 1 else None),
        ("Hash", event.hash),
    ]


def _as_text(value: Any) -> str:
    if isinstance(value, dict) and value and all(isinstance(one, str) and "\n" in one for one in value.values()):
        return "\n\n".join(f"{name}:\n{text}" for name, text in value.items())
    return json.dumps(value, indent=2, ensure_ascii=False)


def _difference(event: AuditEvent) -> Iterator[tuple[str, str]]:
    """Yield the lines of a text that changed, against the last accepted one of the same address before."""
    body: Any = event.request_body
    for name in (name for name in TEXTS if isinstance(body.get(name), str)):
        before = (
            AuditEvent.objects.filter(path=event.path, success=True, sequence__lt=event.sequence)
            .exclude(request_body=None)
            .order_by("-sequence")
            .values_list("request_body", flat=True)
            .first()
        )
        old = before.get(name, "") if isinstance(before, dict) else ""
        yield from diff_lines(str(old), body[name])
