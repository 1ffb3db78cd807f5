"""A page of the panel, as a browser shows it: what the tests of sessions drive."""

import json
from typing import Any

from django.conf import settings
from rest_framework.test import APIClient

from accounts.tests.conftest import PASSWORD

SESSION, SESSIONS, ME = "/api/auth/session", "/api/auth/sessions", "/api/user/me"
COOKIE = settings.SESSION_COOKIE_NAME


class Browser:
    """A page's view of the panel: cookies kept, the CSRF token sent along with changes."""

    def __init__(self, *, is_secure: bool = False) -> None:
        self.client = APIClient(enforce_csrf_checks=True)
        self.csrf = ""
        self.extra: dict[str, Any] = {"secure": is_secure}

    def sign_in(self, username: str = "alice", password: str = PASSWORD, **body: Any) -> Any:
        answer = self.client.post(
            SESSION, {"username": username, "password": password} | body, format="json", **self.extra
        )
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
        return answer

    def get(self, path: str, **headers: Any) -> Any:
        return self.client.get(path, **self.extra, **headers)

    def change(self, method: str, path: str, body: Any = None, **headers: Any) -> Any:
        return self.client.generic(
            method, path, "" if body is None else json.dumps(body), content_type="application/json",
            **self.extra, **({"HTTP_X_CSRFTOKEN": self.csrf} | headers),
        )

    @property
    def key(self) -> str:
        return self.client.cookies[COOKIE].value
