"""Known secrets, and what looks like a token, taken out of any text before it is written down."""

import re
from collections.abc import Iterable

REDACTED = "***MASKED***"
NO_LOGIN = "***"
_SHORTEST = 6  # a shorter one would be found in innocent words

_TOKENS = re.compile(
    r"(?P<before>[?&][\w.-]*(?:token|password|secret|key|code)[\w.-]*=|\b(?:bearer|basic)(?:[\s,+]|%20)+)"
    r"[^\s&\"',;]+",
    re.IGNORECASE,
)
# An invitation lets in whoever has it, and stands in the path or the fragment of an address.
_INVITATION = re.compile(r"(?P<before>/invit(?:ations/|e/?#))[A-Za-z0-9_-]{8,}")
_JWT = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?")
_KEY = re.compile(r"\bmca_[a-z0-9]{8}_[A-Za-z0-9_-]{8,}")

# The user part of an address ends at the last @ before its path. A password with a / or # in it is against the rules
# and common: it is known by its `:`, behind which no port comes. The bounds keep the time in proportion to the text.
_USER_PART = re.compile(
    r"(?P<before>//|\\/\\/)(?:"
    r"[^\s/?#]*@"
    r"|[^\s/?#@:\[\]]{0,100}:(?!\d{0,5}(?:[/?#\s\\]|$))[^\s@]{0,200}@(?:[^\s/?#]*@)?"
    r"|[^\s/?#]*(?P<coded>%40))"
    r"|(?P<before_coded>%2F%2F)(?:(?!%2F)[^\s/?#&])*(?P<at>@|%40)",
    re.IGNORECASE,
)
# The same without a scheme, as images of a registry have it: `user:password@host/image`. A mail address has no path.
_USER_OF_REGISTRY = re.compile(
    r"(?<![^\s\"'`])[^\s/:@%\"'`]{1,200}:(?!//)(?:[^\s@/]|/(?!/)){1,200}@(?=[\w.-]{1,253}(?::\d{1,5})?/)"
)


def without_login(text: str) -> str:
    """Return ``text`` with the user part (``user:password@``) of each address in it masked; mail addresses stay."""
    if "@" not in text and "%40" not in text:
        return text
    text = _USER_OF_REGISTRY.sub(f"{NO_LOGIN}@", text)
    return _USER_PART.sub(_masked, text)


def _masked(found: re.Match[str]) -> str:
    return f"{found['before'] or found['before_coded']}{NO_LOGIN}{found['coded'] or found['at'] or '@'}"


class Redactor:
    """Replaces ``secrets`` wherever they stand, users of addresses, tokens, keys, invitations, JWTs."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def __call__(self, text: str) -> str:
        """Return ``text`` without them."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        text = without_login(text)
        if "=" in text or "," in text or " " in text or "\t" in text:
            text = _TOKENS.sub(lambda found: found["before"] + REDACTED, text)
        if "mca_" in text:
            text = _KEY.sub(REDACTED, text)
        if "/invit" in text:
            text = _INVITATION.sub(lambda found: found["before"] + REDACTED, text)
        return _JWT.sub(REDACTED, text) if "eyJ" in text else text
