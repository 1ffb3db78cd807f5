"""The project as an app of its own, so that its commands are found."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProjectConfig(AppConfig):
    """Commands that belong to no single app: init, serve, doctor."""

    name = "mcadmin"

    def ready(self) -> None:
        """Keep the database closed to others whoever migrates it: `serve` or `migrate`."""
        from web import migrating  # noqa: PLC0415 - imports models

        post_migrate.connect(migrating.close_to_others)  # sent for each app that has models
