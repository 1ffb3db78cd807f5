"""A value of a compose file as a sentence may quote it: to be found again, without what is secret in it."""

import re

from core.redaction import REDACTED, without_login

_LONGEST = 80
_DEFAULT = re.compile(r"(?P<before>\$\{[A-Za-z_]\w*:?[-+?]).*", re.DOTALL)
_ASSIGNED = re.compile(r"(?P<before>=|:\s).*")
_NAME = re.compile(r"(?:\$\{?)?[\w.$]+(?=\s?[=:])")


def quoted(value: object) -> str:
    """Return the start of ``value`` without logins, defaults of variables, what is assigned, and further lines."""
    text = without_login(str(value))
    text = _DEFAULT.sub(lambda found: found["before"] + REDACTED, text)
    text = _ASSIGNED.sub(lambda found: found["before"] + REDACTED, text.partition("\n")[0])
    return f"`{text[:_LONGEST]}`"


def quoted_name(entry: str) -> str:
    """Return the name with which an entry of ``environment`` begins; of one without ``=`` or ``:``, no letter."""
    found = _NAME.match(entry)
    return f"`{found[0][:_LONGEST]}…`" if found else "A name with `$`"
