"""What Compose prints, without the values that it complains of.

Compose replaces ``$Ab3…`` of a value by nothing and prints the name, which is the secret's tail: such names are shown
by their first two characters only. What it cannot read it quotes as it stands.
"""

import re

from core.process import ProgramFailed
from core.redaction import REDACTED, without_login

_UNSET = re.compile(r'(?P<before>\\*"?)(?P<name>[A-Za-z_]\w*)(?P<after>\\*"? variable is not set)')
_INTERPOLATION = "invalid interpolation format for "
_ADVICE = "You may need to escape any $"
_COMPLAINT = re.compile(
    rf"(?P<before>(?:{_INTERPOLATION}[^:]*:|variable name(?: near)?|unterminated quoted value|invalid template:"
    r"|unknown anchor|is missing a value:|failed to cast to expected type:"
    r"|(?:invalid|unknown) (?!reference format)[\w -]{1,40}:|strconv\.\w+: parsing|invalid duration) ).+",
    re.IGNORECASE,
)


class Masking:
    """Masks the lines of one run, in their order: an interpolation that fails has its value on lines of its own."""

    def __init__(self) -> None:
        self._quotes_a_value = False

    def __call__(self, line: str) -> str:
        """Return ``line`` without names of unset variables, values that Compose complains of, and logins."""
        if self._quotes_a_value:
            return line if line.strip().startswith(_ADVICE) else REDACTED
        self._quotes_a_value = _INTERPOLATION in line
        if "variable is not set" in line:
            line = _UNSET.sub(lambda found: f"{found['before']}{shortened(found['name'])}{found['after']}", line)
        return without_login(_COMPLAINT.sub(lambda found: found["before"] + REDACTED, line))


def masked_failure(error: ProgramFailed, program: str) -> ProgramFailed:
    """Return the failure with its output masked."""
    stderr = "\n".join(map(Masking(), error.stderr.splitlines()))
    return ProgramFailed(program, error.returncode, stderr, error.stdout)


def shortened(name: str) -> str:
    """Return what may be shown of the name of an unset variable."""
    return f"{name[:2]}…"
