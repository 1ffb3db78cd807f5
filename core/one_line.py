"""Text from elsewhere as it may stand in a line that a terminal, an editor or a page shows."""

import re

# C0, DEL, C1, the separators that some viewers break lines at, and changes of writing direction.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def escape(text: str) -> str:
    """Return ``text`` with its control characters written out; what is escaped already stays as it is."""
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode("ascii"), text)
