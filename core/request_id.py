"""The id of the request being answered: set once at the edge, read by every log line and audit event."""

import re
import uuid
from contextvars import ContextVar

NONE = "-"
_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default=NONE)


def current() -> str:
    """Return the id of the request that this code works for; ``-`` when it works for none."""
    return _current.get()


def begin(given: str = "") -> str:
    """Let this context work for a request: for ``given`` where that has the form of an id, else for a new one."""
    chosen = given if _FORM.fullmatch(given) else uuid.uuid4().hex
    _current.set(chosen)
    return chosen


def carry(request_id: str) -> None:
    """Let this context work for a request begun in another one (a task that outlives its request)."""
    _current.set(request_id)
