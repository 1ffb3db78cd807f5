"""Operations in the admin site: read, never changed."""

from typing import Any

from django.contrib import admin

from servers.models import Operation


@admin.register(Operation)
class OperationAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # generic in the stubs only
    """What was done to which server, with its output."""

    list_display = ("started_at", "server_id", "kind", "state", "started_by")
    list_filter = ("state", "kind", "server_id")

    def has_add_permission(self, request: Any) -> bool:
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        return False
