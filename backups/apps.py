"""The backups app."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    """Snapshots by restic."""

    name = "backups"
    default_auto_field = "django.db.models.BigAutoField"
