"""Operations on the admin site: read, and cancelled while they run; never changed."""

import json
from typing import Any

from django.contrib import admin
from django.utils.safestring import SafeString

from mcadmin.admin_parts import ReadOnlyAdmin, long, state_pill, when
from servers.models import Operation


@admin.register(Operation)
class OperationAdmin(ReadOnlyAdmin):
    """What was done to which server, with its output as it comes."""

    page = "mcadmin/admin/operation.html"
    list_display = ["time", "kind", "server", "shown_state", "started_by", "origin", "took"]
    list_display_links = ["time", "kind"]
    list_filter = ["state", "kind", "origin", "server_id"]
    search_fields = ["server_id", "kind", "started_by", "error"]
    list_per_page = 50
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
