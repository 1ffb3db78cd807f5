"""The project as an app of its own, so that its commands are found."""

from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """Commands that belong to no single app: init, serve, doctor."""

    name = "mcadmin"
