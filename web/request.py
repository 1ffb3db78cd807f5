"""What a request says, read in one way by all views: flags, numbers, and whether the client waits."""

from typing import Any

from django.http import HttpRequest
from rest_framework.request import Request

from core.errors import InvalidRequest

_MOST_DIGITS = 12  # Python refuses to read thousands of them, and no number here is larger


def flag(request: Request | HttpRequest, name: str) -> bool:
    """Return whether the flag ``name`` of the query is set."""
    return request.GET.get(name, "").lower() in {"1", "true", "yes", "on"}


def up_to(highest: int) -> dict[str, Any]:
    """Return the schema of a number from 1 to ``highest``."""
    return {"type": "integer", "minimum": 1, "maximum": highest}


def number(request: Request | HttpRequest, name: str, *, default: int, highest: int) -> int:
    """Return the number ``name`` of the query, from 1 to ``highest``; ``default`` where it is absent.

    Raises:
        InvalidRequest: it is no such number.
    """
    if (text := request.GET.get(name)) is None:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > _MOST_DIGITS or not 1 <= int(text) <= highest:
        raise InvalidRequest(f"{name} is a whole number from 1 to {highest}.")
    return int(text)


def prefers_async(request: Request | HttpRequest) -> bool:
    """Return whether the client asks for an answer at once, before the operation is done (``Prefer``)."""
    return "respond-async" in request.headers.get("Prefer", "").lower()
