"""The accounts app as Django knows it."""

from django.apps import AppConfig
from django.core import checks


class AccountsConfig(AppConfig):
    """Registers the checks that keep every route behind a declared permission."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Both need DRF, which can be imported once the apps are ready; openapi registers itself.
        from accounts import openapi  # noqa: F401, PLC0415 - see above
        from accounts.checks import check_permissions  # noqa: PLC0415 - see above

        checks.register(check_permissions, checks.Tags.security)
