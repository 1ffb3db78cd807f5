"""The audit log on the admin site: to be read, never changed."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest

from audit.models import AuditEvent

if TYPE_CHECKING:  # generic in the stubs only

    class _ModelAdmin(admin.ModelAdmin[AuditEvent]): ...

else:
    _ModelAdmin = admin.ModelAdmin


@admin.register(AuditEvent)
class AuditEventAdmin(_ModelAdmin):
    """Search by user, path and server."""

    list_display = ["timestamp", "username", "method", "path", "status_code", "success", "client_ip", "count"]
    list_filter = ["success", "method", "role"]
    search_fields = ["username", "path", "server_id", "request_id"]
    date_hierarchy = "timestamp"

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse: only the recorder writes."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        """Refuse: what was written stays."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        """Refuse: old events are pruned by command."""
        return False
