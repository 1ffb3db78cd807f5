"""Numbers in a query."""

from typing import Any

from core.errors import InvalidRequest

_MOST_DIGITS = 12


def up_to(highest: int) -> dict[str, Any]:
    """Return the schema of a number from 1 to ``highest``."""
    return {"type": "integer", "minimum": 1, "maximum": highest}


def number(text: str | None, name: str, *, default: int, highest: int) -> int:
    """Return the number that a parameter holds, ``default`` where it is absent; raises InvalidRequest."""
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal()) or len(text) > _MOST_DIGITS or not 1 <= int(text) <= highest:
        raise InvalidRequest(f"{name} is a whole number from 1 to {highest}.")
    return int(text)
