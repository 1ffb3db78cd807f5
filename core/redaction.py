"""Known secrets, and what looks like a token, taken out of any text before it is written down."""

import re
from collections.abc import Iterable

REDACTED = "***MASKED***"
_SHORTEST = 6  # a shorter one would be found in innocent words

_TOKENS = re.compile(
    r"(?P<before>[?&][\w.-]*(?:token|password|secret|key|code)[\w.-]*=|\b(?:bearer|basic)(?:[\s,+]|%20)+)"
    r"[^\s&\"',;]+",
    re.IGNORECASE,
)
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?")


class Redactor:
    """Replaces ``secrets`` wherever they stand, tokens of addresses, of Authorization headers, and JWTs."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return ``text`` without them."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        if "=" in text or " " in text or "," in text:
            text = _TOKENS.sub(lambda found: found["before"] + REDACTED, text)
        return _JWT.sub(REDACTED, text) if "eyJ" in text else text
