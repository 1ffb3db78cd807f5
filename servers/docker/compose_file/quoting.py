"""A value of a compose file as a sentence may quote it: to be found again, without what is secret in it."""

import re

from core.redaction import NO_LOGIN, REDACTED, without_login

_LONGEST = 80
# Without a scheme, as of a registry: `user:password@host/image`. A digest (`image:tag@sha256:…`) is none.
_BARE_LOGIN = re.compile(r"(?<![^\s\"'`])[^\s/:@\"'`]{1,200}:(?!//)[^\s@]{1,200}@(?!sha\d{3}:)")
_DEFAULT = re.compile(r"(?P<before>\$\{[A-Za-z_]\w*:?[-+?]).*", re.DOTALL)
_ASSIGNED = re.compile(r"(?P<before>=|:\s).*")
_NAME = re.compile(r"(?:\$\{?)?[\w.$]+(?=\s?[=:])")


def quoted(value: object) -> str:
    """Return the start of ``value`` without logins, defaults of variables, what is assigned, and further lines."""
    text = without_logins(str(value))
    text = _DEFAULT.sub(lambda found: found["before"] + REDACTED, text)
    text = _ASSIGNED.sub(lambda found: found["before"] + REDACTED, text.partition("\n")[0])
    return f"`{text[:_LONGEST]}`"


def without_logins(text: str) -> str:
    """Return ``text`` without the logins of its addresses, those without a scheme included."""
    return _BARE_LOGIN.sub(f"{NO_LOGIN}@", without_login(text)) if "@" in text else without_login(text)


def quoted_name(entry: str) -> str:
    """Return the name with which an entry of ``environment`` begins; of one without ``=`` or ``:``, no letter."""
    found = _NAME.match(entry)
    return f"`{found[0][:_LONGEST]}…`" if found else "A name with `$`"
