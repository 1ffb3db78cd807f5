"""What an audit event says in a few words, for people who know the panel and not its addresses."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from audit.models import AuditEvent

Say = Callable[[re.Match[str], Mapping[str, Any]], str]

_SERVER = r"/api/servers/(?P<id>[^/]+)"
_REMOVED = r"/api/servers/removed/(?P<name>[^/]+)"


def _file(verb: str) -> Say:
    return lambda found, body: f"{verb} {body.get('path', 'a file')} of {found['id']}"


_WORDS: list[tuple[str, str, Say]] = [
    ("POST", r"/api/auth/token", lambda _, body: f"signed in as {body.get('username', '?')}"),
    ("POST", r"/api/auth/verifyCode", lambda _, body: f"let {body.get('username', '?')} in by a login code"),
    ("POST", r"/api/auth/register", lambda _, body: f"made the user {body.get('username', '?')}"),
    ("POST", r"/api/auth/setup", lambda _, body: f"became the first owner as {body.get('username', '?')}"),
    ("POST", r"/api/invitations", lambda *_: "made an invitation"),
    ("DELETE", r"/api/invitations/(?P<id>\d+)", lambda found, _: f"revoked invitation {found['id']}"),
    (
        "POST", r"/api/invitations/[^/]+",
        lambda _, body: f"took up an invitation as {body.get('username', '?')}",
    ),
    ("POST", r"/api/auth/session", lambda _, body: _session_begun(body)),
    ("DELETE", r"/api/auth/session", lambda *_: "signed out"),
    ("DELETE", r"/api/auth/sessions", lambda *_: "ended all their other sessions"),
    ("DELETE", r"/api/auth/sessions/\d+", lambda *_: "ended one of their sessions"),
    ("POST", r"/api/auth/logout-all", lambda *_: "ended all their sessions"),
    ("POST", r"/api/user/me/password", lambda *_: "changed their password"),
    ("POST", r"/api/admin/users", lambda _, body: f"made the user {body.get('username', '?')}"),
    ("PUT", r"/api/user/me/preferences", lambda *_: "changed their preferences"),
    ("DELETE", r"/api/admin/users/(?P<id>\d+)/sessions", lambda found, _: f"ended all sessions of user {found['id']}"),
    ("PUT", r"/api/admin/users/(?P<id>\d+)/grants", lambda found, _: f"changed the rights of user {found['id']}"),
    ("POST", r"/api/admin/roles", lambda _, body: f"made the role {body.get('name', '?')}"),
    ("PUT", r"/api/admin/roles/(?P<id>\d+)", lambda _, body: f"changed the role {body.get('name', '?')}"),
    ("DELETE", r"/api/admin/roles/(?P<id>\d+)", lambda found, _: f"deleted the role {found['id']}"),
    ("DELETE", r"/api/admin/users/(?P<id>\d+)", lambda found, _: f"deleted user {found['id']}"),
    ("P", r"/api/admin/users/(?P<id>\d+)", lambda found, _: f"changed user {found['id']}"),
    ("POST", r"/api/user/me/keys", lambda _, body: f"made the key {body.get('name', '?')}"),
    ("DELETE", r"/api/user/me/keys/(?P<id>\d+)", lambda found, _: f"ended their key {found['id']}"),
    ("DELETE", r"/api/admin/keys/(?P<id>\d+)", lambda found, _: f"ended key {found['id']}"),
    ("POST", r"/api/servers", lambda _, body: f"made the server {body.get('id', '?')}"),
    ("POST", rf"{_REMOVED}/restore", lambda found, _: f"brought back {found['name']}"),
    ("DELETE", _REMOVED, lambda found, _: f"deleted {found['name']} for good"),
    ("POST", rf"{_SERVER}/operations", lambda found, body: f"asked for {body.get('action', '?')} of {found['id']}"),
    ("POST", r"/api/servers/check", lambda _, body: f"checked a file for a new server {body.get('id', '?')}"),
    ("POST", rf"{_SERVER}/compose/check", lambda found, _: f"checked a compose file for {found['id']}"),
    ("POST", rf"{_SERVER}/compose", lambda found, _: f"changed the compose file of {found['id']}"),
    (
        "POST", rf"{_SERVER}/compose/revisions/(?P<n>\d+)/restore",
        lambda found, _: f"put revision {found['n']} back on {found['id']}",
    ),
    ("POST", rf"{_SERVER}/rcon", lambda found, body: f"ran “{body.get('command', '?')}” on {found['id']}"),
    ("COMMAND", rf"{_SERVER}/console", lambda found, body: f"ran “{body.get('command', '?')}” on {found['id']}"),
    ("P", rf"{_SERVER}/properties", lambda found, _: f"changed server.properties of {found['id']}"),
    ("DELETE", rf"{_SERVER}/files.*", _file("deleted")),
    (
        "P", rf"{_SERVER}/files(?P<what>/.*)?",
        lambda found, body: f"{(found['what'] or '/wrote').strip('/')}: {body.get('path', '')} on {found['id']}",
    ),
    ("POST", rf"{_SERVER}/snapshots", lambda found, _: f"backed up {found['id']}"),
    ("POST", r"/api/snapshots", lambda _, body: f"backed up {body.get('server_id') or 'everything'}"),
    ("POST", r"/api/snapshots/restore", lambda _, body: f"restored {body.get('server_id') or 'a snapshot'}"),
    ("POST", r"/api/snapshots/schedules", lambda *_: "made a schedule"),
    ("POST", r"/api/snapshots/schedules/(?P<n>\d+)/run", lambda found, _: f"ran schedule {found['n']}"),
    ("PUT", r"/api/snapshots/schedules/(?P<n>\d+)", lambda found, _: f"changed schedule {found['n']}"),
    ("DELETE", r"/api/snapshots/schedules/(?P<n>\d+)", lambda found, _: f"deleted schedule {found['n']}"),
    ("POST", r"/api/snapshots/(?P<what>forget|prune|check|unlock)", lambda found, _: f"asked for {found['what']}"),
    ("POST", r"/api/operations/(?P<id>[^/]+)/cancel", lambda found, _: f"cancelled the operation {found['id'][:8]}"),
    ("DELETE", r"/api/snapshots/(?P<id>[^/]+)", lambda found, _: f"deleted the snapshot {found['id'][:8]}"),
    ("POST", r"/[^/]+/login/", lambda _, body: f"signed in to this site as {body.get('username', '?')}"),
    ("POST", r"/[^/]+/logout/", lambda *_: "signed out of this site"),
    ("POST", r"/[^/]+/accounts/grant/add/", lambda _, body: _grant_on_site(body)),
    (
        "POST", r"/[^/]+/accounts/grant/.*",
        lambda _, body: "took grants" if "post" in body else "was asked about taking grants",
    ),
    ("POST", r"/[^/]+/accounts/role/add/", lambda _, body: f"made the role {body.get('name', '?')}"),
    (
        "POST", r"/[^/]+/accounts/role/(?P<id>\d+)/change/",
        lambda _, body: f"changed the role {body.get('name', '?')}",
    ),
    ("POST", r"/[^/]+/accounts/role/(?P<id>\d+)/delete/", lambda found, _: f"deleted the role {found['id']}"),
    (
        "POST", r"/[^/]+/accounts/user/(?P<id>\d+)/change/",
        lambda _, body: f"changed user {body.get('username', '?')}",
    ),
    ("POST", r"/[^/]+/act/", lambda _, body: _act(str(body.get("do", "")))),
    ("SHELL", r"grant", lambda _, body: f"{_grant(body)} at a shell"),
    ("SHELL", r"key", lambda _, body: f"{_key(body)} at a shell"),
    ("SHELL", r"invite", lambda _, body: f"{_invite(body)} at a shell"),
    ("SHELL", r".*", lambda found, body: f"{body.get('operation') or found[0]} from the shell"),
    ("API", r".*", lambda _, body: f"{body.get('operation', 'an operation')}, which ended with its process"),
    ("ADMIN", r".*", lambda _, body: f"{body.get('operation', 'an operation')}, which ended with its process"),
    ("SCHEDULE", r".*", lambda _, body: f"{body.get('operation', 'a run')} by schedule"),
    ("SOCKET", r".*", lambda found, _: f"opened {found[0]}"),
]
_COMPILED = [(method, re.compile(pattern), say) for method, pattern, say in _WORDS]


def sentence(event: AuditEvent) -> str:
    """Return what was done, as it goes on after the name of who did it."""
    body = event.request_body if isinstance(event.request_body, Mapping) else {}
    path = event.path.rstrip("/") if event.path.startswith("/api/") else event.path
    for method, pattern, say in _COMPILED:
        fits = event.method.startswith(method) if method == "P" else event.method == method
        if fits and (found := pattern.fullmatch(path)):
            return say(found, body)
    return f"{event.method} {event.path}"


def _session_begun(body: Mapping[str, Any]) -> str:
    return f"signed in on a page as {body['username']}" if "username" in body else "signed in on a page by a token"


def _grant(body: Mapping[str, Any]) -> str:
    who, server = body.get("username", "?"), body.get("server", "?")
    if body.get("operation") == "take":
        return f"took from {who} what they had on {server}"
    return f"gave {who} the role {body.get('role', '?')} on {server}"


def _grant_on_site(body: Mapping[str, Any]) -> str:
    where = f"on {body.get('server', '?')}"
    return f"gave user {body.get('user', '?')} the role {body.get('given_role', '?')} {where}"


def _key(body: Mapping[str, Any]) -> str:
    named = f"the key {body['name']} of {body.get('username', '?')}" if "name" in body else f"key {body.get('id', '?')}"
    return f"{'ended' if body.get('operation') == 'end' else 'made'} {named}"


def _invite(body: Mapping[str, Any]) -> str:
    if body.get("operation") == "revoke":
        return f"revoked invitation {body.get('id', '?')}"
    servers = ", ".join(map(str, body.get("server") or []))
    return f"made an invitation for the role {body.get('role', '?')} on {servers}" if servers else "made an invitation"


def _act(value: str) -> str:
    kind, _, rest = value.partition(":")
    name, _, action = rest.rpartition(":")
    match kind:
        case "server":
            return f"asked for {action} of {name}"
        case "backup":
            return f"backed up {name or 'everything'}"
        case "revision":
            return f"put revision {action} back on {name}"
    return f"{kind} {name[:8]}: {action}"
