"""The backups app."""

from django.apps import AppConfig


class BackupsConfig(AppConfig):
    """Snapshots by restic."""

    name = "backups"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of servers that are removed, and save worlds before upgrades; nothing is started here."""
        from backups.receivers import disable_schedules  # noqa: PLC0415 - models are there now
        from backups.snapshots.upgrade_safety import UpgradeSafety  # noqa: PLC0415
        from servers.changes import world_safety  # noqa: PLC0415
        from servers.signals import server_removed  # noqa: PLC0415

        world_safety.provide(UpgradeSafety())
        server_removed.connect(disable_schedules, dispatch_uid="schedules of removed servers")
