"""The servers app."""

from django.apps import AppConfig


class ServersConfig(AppConfig):
    """Nothing starts here: wiring.start() does, on the server's own loop."""

    name = "servers"
    default_auto_field = "django.db.models.BigAutoField"
