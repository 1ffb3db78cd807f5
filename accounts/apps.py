"""The accounts app as Django knows it."""

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.core import checks
from django.db.models.signals import post_delete, post_save


class AccountsConfig(AppConfig):
    """Registers the checks that keep every route behind a declared permission."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They need DRF and models, which can be imported once the apps are ready; openapi registers itself.
        from accounts import openapi, revocation, sign_ins  # noqa: F401, PLC0415 - see above
        from accounts.checks import check_permissions  # noqa: PLC0415 - see above
        from accounts.models import User  # noqa: PLC0415 - see above

        checks.register(check_permissions, checks.Tags.security)
        for signal in (post_save, post_delete):
            signal.connect(revocation.user_changed, sender=User, dispatch_uid="accounts.revocation")
        user_logged_in.connect(sign_ins.session_begun, dispatch_uid="accounts.sign_ins")
        user_logged_out.connect(sign_ins.session_ended, dispatch_uid="accounts.sign_ins")
