"""Sign in to the admin site: the same throttles and the same time as over the API."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError

from accounts import client_address, login
from accounts.shared_cache import CacheGone
from accounts.throttles import TooManyTries

if TYPE_CHECKING:
    from django.http import HttpRequest

BACKEND = "django.contrib.auth.backends.ModelBackend"  # reads the session's user; it is never asked for a password


class SignInForm(AdminAuthenticationForm):
    """Name and password of an owner; everybody else learns nothing, whether they exist or not."""

    request: "HttpRequest"

    def clean(self) -> dict[str, Any]:
        """Prove the password by ``accounts.login``, not by Django's backends."""
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username is None or not password:
            return self.cleaned_data
        try:
            user = login.sign_in(username, password=password, address=client_address.of_request(self.request))
        except TooManyTries as error:
            raise ValidationError(str(error), "throttled") from None
        except CacheGone as error:
            raise ValidationError(str(error), error.code) from None
        if user is None:
            raise self.get_invalid_login_error()
        self.confirm_login_allowed(user)
        user.backend = BACKEND  # Django reads it where it writes the session
        self.user_cache = user
        return self.cleaned_data
