"""Every change over HTTP leaves an audit event, whatever its result; reads do by the master token or a key."""

import re
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError
from django.utils.functional import SimpleLazyObject

from accounts.identity import Identity, SystemUser, role_told
from accounts.login import is_refused
from audit import recorder
from audit.events import ANONYMOUS, CLIENT_LEFT, Event
from audit.masking import media_type, summary
from web.client_address import of_request

CHANGES = {"POST", "PUT", "PATCH", "DELETE"}
_READABLE = {"application/json", "application/x-www-form-urlencoded"}
_SERVER = re.compile(r"^/api/servers/([A-Za-z0-9][A-Za-z0-9_.-]{0,62})(?:/|$)")
_REMOVED = re.compile(r"^/api/servers/removed/([A-Za-z0-9][A-Za-z0-9_.-]{0,62})-[0-9]{8}T[0-9]{12}Z(?:/|$)")
_NO_SERVERS = {"check", "defaults", "live", "removed"}  # reserved: addresses of their own


class OperationAuditMiddleware:
    """Watches from the innermost place but one, so that every answer passes here, refused hosts too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method not in CHANGES:
            return self._read(request)
        started = time.perf_counter()
        raw = _small_body(request)
        before = _admin_user(request)  # a logout leaves nobody
        response: HttpResponse | None = None
        try:
            response = self.get_response(request)
        finally:  # also when what is carried out is cancelled, as it is when the process cannot wait any longer
            took_ms = _since(started)
            recorder.record_made(
                lambda: _event(
                    request, response, user=_user(request) or before, body=_body(request, raw), took_ms=took_ms
                )
            )
        return response

    def _read(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        user = _user(request)
        if user is not None and (isinstance(user, SystemUser) or user.key_prefix):
            took_ms = _since(started)
            match = request.resolver_match
            recorder.record_master_read(
                lambda: _event(request, response, user=user, body=None, took_ms=took_ms),
                pattern=f"{role_told(user)} {user.id} {request.method} {match.route if match else ''}",
            )
        return response


def _event(
    request: HttpRequest, response: HttpResponse | None, *, user: Identity | None, body: Any, took_ms: float
) -> Event:
    match = request.resolver_match
    masker = recorder.masker()
    return Event(
        method=str(request.method)[:16],
        path=masker.plain(request.path),
        status_code=response.status_code if response is not None else None,
        result=CLIENT_LEFT if response is None or _code(response) == CLIENT_LEFT else "",
        success=response is not None and 200 <= response.status_code < 400,
        processing_time_ms=took_ms,
        client_ip=of_request(request),
        user_agent=masker.plain(agent) if (agent := request.headers.get("User-Agent")) else agent,
        user_id=user.id if user else None,
        username=user.username if user else ANONYMOUS,
        role=role_told(user) if user else ANONYMOUS,
        path_params=masker.value({name: str(value) for name, value in match.kwargs.items()}) if match else {},
        query_params=masker.query(request.META.get("QUERY_STRING", "")),
        request_body=body,
        server_id=_server_id(request.path),
        request_id=recorder.this_request(),
    )


def _code(response: HttpResponse) -> Any:
    """Return the slug of a problem that the API answers."""
    data = getattr(response, "data", None)
    return data.get("code") if isinstance(data, dict) else None


def _user(request: HttpRequest) -> Identity | None:
    """Return whom the view knew: DRF's user, on the admin site the session's.

    Under /api the lazy user of the session never counts: nothing there signs in by cookie, and asking would
    open the session.
    """
    user: Any = getattr(request, "user", None)
    if isinstance(user, SimpleLazyObject) and not _is_admin_site(request):
        return None
    return user if user is not None and user.is_authenticated else None


def _admin_user(request: HttpRequest) -> Identity | None:
    return _user(request) if _is_admin_site(request) else None


def _is_admin_site(request: HttpRequest) -> bool:
    return request.path_info.startswith(f"/{settings.MC_ADMIN.admin_path}")


def _small_body(request: HttpRequest) -> bytes | None:
    """Read a small JSON or form body; the view finds it again. Anything else stays untouched: it may stream."""
    audit = settings.MC_ADMIN.audit
    kind, size = media_type(request.headers.get("Content-Type", "")), _content_length(request)
    if not audit.enabled or not audit.log_request_body or not 0 < size <= audit.max_body_size or kind not in _READABLE:
        return None
    try:
        return request.body
    except (RequestDataTooBig, UnreadablePostError):
        return None


def _body(request: HttpRequest, raw: bytes | None) -> Any:
    """Tell what the request carried, masked: ``raw``, what the view parsed of a multipart form, or type and size.

    What was refused unread (``accounts.login``) is not parsed for the audit either.
    """
    kind, size = request.headers.get("Content-Type", ""), _content_length(request)
    if not settings.MC_ADMIN.audit.log_request_body or (size == 0 and "Transfer-Encoding" not in request.headers):
        return None
    if _is_taken_by_view(request) or is_refused(request):
        return summary(kind, size=size)
    if raw is not None:
        return recorder.masker().body(raw, content_type=kind)
    fields, files = vars(request).get("_post"), vars(request).get("_files")
    if media_type(kind) != "multipart/form-data" or fields is None:
        return summary(kind, size=size)
    pairs = [(name, str(value)) for name, values in fields.lists() for value in values]  # views may add numbers
    if sum(len(name) + len(value) for name, value in pairs) > settings.MC_ADMIN.audit.max_body_size:
        return summary(kind, size=size)
    told = recorder.masker().pairs(pairs)
    parts = [(name, part) for name, parts in files.lists() for part in parts] if files else []
    if parts:
        listed = [{"field": name, "name": part.name, "size": part.size} for name, part in parts]
        told["files"] = recorder.masker().value(listed)
    return told


def _is_taken_by_view(request: HttpRequest) -> bool:
    """Tell whether the view read the body itself, which then may be a file's content, whatever type it claims."""
    view = request.resolver_match.func if request.resolver_match else None
    return bool(getattr(getattr(view, "cls", None), "reads_body_itself", False))


def _since(started: float) -> float:
    """Return the milliseconds since ``started`` of ``perf_counter``."""
    return round((time.perf_counter() - started) * 1000, 2)


def _content_length(request: HttpRequest) -> int:
    try:
        return max(0, int(request.META.get("CONTENT_LENGTH") or 0))
    except ValueError:
        return 0


def _server_id(path: str) -> str:
    found = _REMOVED.match(path) or _SERVER.match(path)
    return found[1] if found and found[1] not in _NO_SERVERS else ""
