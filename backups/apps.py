"""The backups app."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    """Snapshots by restic."""

    name = "backups"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of servers that are removed; nothing is started here."""
        from backups.removals import disable_schedules  # noqa: PLC0415 - models are there now
        from servers.signals import server_removed  # noqa: PLC0415

        server_removed.connect(disable_schedules, dispatch_uid="schedules of removed servers")
