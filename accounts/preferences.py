"""What a user wants a page to remember of them on every device: any JSON object, kept as it is."""

import json
from typing import Any

from accounts.models import Preferences, User
from core.errors import InvalidRequest, TooLarge

MAX_BYTES = 16 * 1024


def read(user: User) -> dict[str, Any]:
    """Return what ``user`` has stored; an empty object if nothing."""
    row = Preferences.objects.filter(user=user).first()
    return row.value if row is not None else {}


def replace(user: User, value: Any) -> dict[str, Any]:
    """Store ``value`` in the place of what was there, and return it.

    Raises:
        InvalidRequest: it is no object, or holds what no database stores.
        TooLarge: it has more than MAX_BYTES as JSON.
    """
    if not isinstance(value, dict):
        raise InvalidRequest("Preferences are a JSON object.")
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):  # half characters, NaN, infinity, nesting
        raise InvalidRequest("Preferences hold a number or text that cannot be stored.") from None
    if b"\\u0000" in text:
        raise InvalidRequest("Preferences hold a NUL character, which cannot be stored.")
    if len(text) > MAX_BYTES:
        raise TooLarge(f"Preferences have at most {MAX_BYTES:,} bytes; these are {len(text):,}.")
    Preferences.objects.update_or_create(user=user, defaults={"value": value})
    return value
