"""Operations and revisions on the admin site: read, and acted on by buttons; never changed."""

import json
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from audit import recorder
from servers.models import ComposeRevision, Operation
from servers.records import incarnations
from web.admin_base import ReadOnlyAdmin, diff_lines, long, state_pill, when


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """What was done to which server, with its output as it comes."""

    page = "mcadmin/admin/operation.html"
    list_display = ["time", "kind", "server", "shown_state", "started_by", "origin", "took"]
    list_display_links = ["time", "kind"]
    list_filter = ["state", "kind", "origin", "server_id"]
    search_fields = ["server_id", "kind", "started_by", "error"]
    show_full_result_count = False

    @admin.display(description="when", ordering="started_at")
    def time(self, operation: Operation) -> SafeString:
        return when(operation.started_at)

    @admin.display(description="server", ordering="server_id")
    def server(self, operation: Operation) -> str:
        return operation.server_id or " "

    @admin.display(description="state", ordering="state")
    def shown_state(self, operation: Operation) -> SafeString:
        return state_pill(operation.state)

    @admin.display(description="took")
    def took(self, operation: Operation) -> str:
        return long(operation.finished_at - operation.started_at) if operation.finished_at else " "

    def describe(self, row: Operation) -> dict[str, Any]:
        """Return the operation with what it printed."""
        facts = [
            ("Started", when(row.started_at)),
            ("By", row.started_by),
            ("From", row.origin),
            ("Took", self.took(row).strip()),
            ("Cancelled by", row.cancelled_by),
            ("Id", str(row.pk)),
        ]
        return {
            "title": f"{row.kind} {row.server_id}".strip(),
            "operation": row,
            "facts": [(name, value) for name, value in facts if value],
            "result": json.dumps(row.result, indent=2, ensure_ascii=False) if row.result else "",
        }


@admin.register(ComposeRevision)
class ComposeRevisionAdmin(ReadOnlyAdmin):
    """The compose texts that a server had, each with what it changed."""

    page = "mcadmin/admin/revision.html"
    list_display = ["name", "server_id", "time", "by", "message"]
    list_display_links = ["name"]
    list_filter = ["server_id"]
    search_fields = ["server_id", "username", "message"]
    ordering = ["-created_at", "-number"]

    @admin.display(description="revision", ordering="number")
    def name(self, revision: ComposeRevision) -> str:
        return f"{revision.server_id} {revision.number}"

    @admin.display(description="when", ordering="created_at")
    def time(self, revision: ComposeRevision) -> SafeString:
        return when(revision.created_at)

    @admin.display(description="by", ordering="username")
    def by(self, revision: ComposeRevision) -> str:
        return revision.username or "hand"

    def describe(self, row: ComposeRevision) -> dict[str, Any]:
        """Return the revision with its difference to the one before, secrets masked."""
        masked = recorder.masker().text
        same = ComposeRevision.objects.filter(server_id=row.server_id, incarnation=row.incarnation)
        before = same.filter(number__lt=row.number).first()
        newest = same.first()
        is_present = row.incarnation == incarnations.current(row.server_id)
        text = masked(row.yaml_content)
        return {
            "title": f"Revision {row.number} of {row.server_id}",
            "revision": row,
            "diff": diff_lines(masked(before.yaml_content) if before else "", text),
            "text": text,
            "can_restore": is_present and newest is not None and newest.pk != row.pk,
        }
