"""What the audit says, in words, of sign-ins and their ends, and of what was asked of servers."""

import pytest

from audit.models import AuditEvent
from audit.sentences import sentence

TABLE = [
    ("POST", "/api/auth/setup", {"username": "olga", "code": "***"}, "became the first owner as olga"),
    ("POST", "/api/auth/session", {"username": "olga", "password": "***"}, "signed in on a page as olga"),
    ("POST", "/api/auth/session/", {"access_token": "***"}, "signed in on a page by a token"),
    ("POST", "/api/auth/session", None, "signed in on a page by a token"),
    ("DELETE", "/api/auth/session", None, "signed out"),
    ("DELETE", "/api/auth/sessions", None, "ended all their other sessions"),
    ("DELETE", "/api/auth/sessions/17", None, "ended one of their sessions"),
    ("PUT", "/api/user/me/preferences", {"theme": "dark"}, "changed their preferences"),
    ("DELETE", "/api/admin/users/7/sessions", None, "ended all sessions of user 7"),
    ("DELETE", "/api/admin/users/7", None, "deleted user 7"),
    ("POST", "/api/servers/removed/a-20260101T120000000000Z/restore", None, "brought back a-20260101T120000000000Z"),
    ("POST", "/api/servers/check", {"id": "lobby"}, "checked a file for a new server lobby"),
    ("POST", "/api/servers/lobby/compose/check", {}, "checked a compose file for lobby"),
    ("DELETE", "/api/servers/removed/a-20260101T120000000000Z", None, "deleted a-20260101T120000000000Z for good"),
]


@pytest.mark.parametrize(("method", "path", "body", "said"), TABLE)
def test_each_has_a_sentence(method: str, path: str, body: dict[str, str] | None, said: str) -> None:
    assert sentence(AuditEvent(method=method, path=path, request_body=body)) == said
