"""The audit app as Django knows it."""

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """Keeps what was done."""

    name = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Hear of the master token at sockets; nothing is started here."""
        from accounts.signals import master_token_used  # noqa: PLC0415 - as below
        from audit.receivers import record_socket  # noqa: PLC0415 - models are there now

        master_token_used.connect(record_socket, dispatch_uid="master token at sockets")
