"""The one place where a domain error becomes an HTTP answer."""

import logging
from typing import Any

from django.db import OperationalError
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from core import errors
from core.redaction import without_login
from web.database_errors import explain

logger = logging.getLogger(__name__)

STATUS: dict[type[errors.AppError], int] = {
    errors.InvalidRequest: 400,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Gone: 410,
    errors.Conflict: 409,
    errors.PreconditionFailed: 412,
    errors.TooLarge: 413,
    errors.NotText: 415,
    errors.Unsupported: 501,
    errors.CommandFailed: 502,
    errors.Unavailable: 503,
    errors.TimedOut: 504,
    errors.DiskFull: 507,
}


def status_of(kind: type[errors.AppError]) -> int:
    """Return the status of the nearest mapped ancestor of ``kind``."""
    return next(STATUS[base] for base in kind.__mro__ if base in STATUS)


def exception_handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Answer every anticipated error as ``{"detail": text, "code": slug}``, plus ``errors`` by field.

    Anything else is a bug of ours: None lets Django log it with its traceback and answer 500.
    """
    if isinstance(exc, OperationalError) and (trouble := explain(exc)) is not None:
        logger.error("The database: %s", exc)
        exc = trouble
    if isinstance(exc, errors.AppError):
        return _domain_answer(exc, context)
    response = drf_exception_handler(exc, context)
    if response is None:
        return None
    if isinstance(exc, exceptions.ValidationError):
        by_field = _flatten(exc.detail)
        response.data = {"detail": _sentence(by_field), "code": "invalid", "errors": by_field}
    elif isinstance(exc, exceptions.APIException):
        response.data = {"detail": str(exc.detail), "code": str(exc.get_codes())}
    else:  # Http404 and PermissionDenied, which DRF translates itself
        response.data = {"detail": str(response.data["detail"]), "code": str(response.data["detail"].code)}
    return response


def _domain_answer(error: errors.AppError, context: dict[str, Any]) -> Response:
    status = status_of(type(error))
    if status >= 500:
        logger.warning("%s: %s", type(context.get("view")).__name__, error)
    body: dict[str, Any] = {"detail": _sayable(str(error)), "code": error.code, **error.extra}
    if isinstance(error, errors.InvalidRequest) and error.errors:
        body["errors"] = {_sayable(name): list(map(_sayable, told)) for name, told in error.errors.items()}
    tag = error.extra.get("etag")
    return Response(body, status=status, headers={"ETag": tag} if tag else None)


def _flatten(detail: Any, prefix: str = "") -> dict[str, list[str]]:
    """Return DRF's nested messages as field path to sentences."""
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for key, value in detail.items():
            flat |= _flatten(value, _sayable(f"{prefix}.{key}" if prefix else str(key)))
        return flat
    sentences = [_sayable(str(item)) for item in (detail if isinstance(detail, list) else [detail])]
    return {prefix or "non_field_errors": sentences}


def _sayable(text: str) -> str:
    """Return a sentence that repeats what was sent, or what a program said of it, as an answer may have it.

    Half a character would break the answer itself; the user part of an address is nobody's to read.
    """
    return without_login(text.encode(errors="replace").decode())


def _sentence(by_field: dict[str, list[str]]) -> str:
    parts = [
        message if field == "non_field_errors" else f"{field}: {message}"
        for field, messages in by_field.items()
        for message in messages
    ]
    return " ".join(parts)
