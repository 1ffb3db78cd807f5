"""The audit app as Django knows it."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Keeps what was done; starts nothing by itself."""

    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"
