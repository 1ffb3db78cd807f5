"""Sign in to the admin site: the same throttles and the same time as over the API."""

from typing import Any

from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from accounts import login, sign_ins
from accounts.shared_cache import CacheGone
from accounts.throttles import TooManyTries


def has_session(key: str) -> bool:
    """Tell whether the session of that key is of somebody who may use the admin site."""
    request = HttpRequest()
    request.session = SessionStore(key)
    return bool(getattr(get_user(request), "is_staff", False))


class SignInForm(AdminAuthenticationForm):
    """Name and password of an owner; everybody else learns nothing, whether they exist or not."""

    request: HttpRequest

    def clean(self) -> dict[str, Any]:
        """Prove the password by ``accounts.login``, not by Django's backends."""
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username is None or not password:
            return self.cleaned_data
        try:
            user = login.sign_in(username, password=password, request=self.request)
        except TooManyTries as error:
            raise ValidationError(str(error), "throttled") from None
        except CacheGone as error:
            raise ValidationError(str(error), error.code) from None
        if user is None:
            raise self.get_invalid_login_error()
        self.confirm_login_allowed(user)
        user.backend = sign_ins.BACKEND  # Django reads it where it writes the session
        self.user_cache = user
        return self.cleaned_data
