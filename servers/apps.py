"""The servers app."""

from django.apps import AppConfig


class ServersConfig(AppConfig):
    """Nothing starts here: wiring.start() does, on the server's own loop. Accounts learn who knows the servers."""

    name = "servers"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let grants be looked up here."""
        from accounts import wiring  # noqa: PLC0415 - models are there only now
        from accounts.rights import grants  # noqa: PLC0415
        from servers import members  # noqa: PLC0415
        from servers.records import incarnations  # noqa: PLC0415

        wiring.look_up_servers_by(members.wanted)
        grants.hold_incarnations_by(incarnations.hold)
