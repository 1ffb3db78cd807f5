"""What a snapshot leaves out: a server's own ``data/.mcadminignore``, or our default. Blocking: they read the disk."""

import re
from pathlib import Path

from backups.restic.patterns import escape
from mcadmin.core.errors import InvalidRequest
from mcadmin.core.paths import FileMissing
from servers.docker.folders import open_data

NAME = ".mcadminignore"
DEFAULT = "/cache/\n/libraries/.cache/\n*.tmp\nsession.lock\n"
MAX_BYTES = 64 * 1024
MAX_LINES = 1000
MAX_ANY_DEPTH = 2  # restic tries every way to fit them: with a dozen it looks at one deep file for hours
# A name that restic takes; with any other it refuses the whole backup. Source: Go's path/filepath, Match.
_NAME = re.compile(r"(?:[^\\\[]|\\.|\[\^?+(?:(?:\\.|[^\]\\-])(?:-(?:\\.|[^\]\\-]))?)+\])*+")


def read_list(data: Path) -> str:
    """Return the server's own list, or the default where it has none."""
    try:
        with open_data(data) as root:
            return root.read_bytes(NAME, max_bytes=MAX_BYTES).decode(errors="replace")
    except FileMissing:
        return DEFAULT


def write_list(data: Path, text: str) -> None:
    """Replace the server's own list; raises InvalidRequest, naming the line that is no pattern."""
    if len(text.encode(errors="replace")) > MAX_BYTES or text.count("\n") > MAX_LINES:
        raise InvalidRequest(f"The list may have {MAX_LINES} lines and {MAX_BYTES // 1024} KiB.")
    for number, line in enumerate(text.split("\n"), 1):
        problem = _problem(line)
        if problem:
            raise InvalidRequest(f"Line {number} {problem}.", errors={"content": [f"Line {number} {problem}."]})
    with open_data(data) as root:
        root.write_bytes(NAME, text.encode())


def patterns(data: Path) -> list[str]:
    """Return the list as restic takes it: bound to ``data``, so that one server's list never touches another's.

    A line that begins with a slash counts from ``data``, any other matches at every depth below it; lines that
    are no pattern, as somebody may have written by hand, are passed over.
    """
    return _patterns(data, read_list(data))


def default_patterns(data: Path) -> list[str]:
    """Return what is left out where the server's own list cannot be read: that must not keep it from being saved."""
    return _patterns(data, DEFAULT)


def _patterns(data: Path, text: str) -> list[str]:
    base = escape(str(data))
    lines = [line.strip() for line in text.split("\n")]
    return [_bound(line, base) for line in lines if line and not line.startswith("#") and not _problem(line)]


def _bound(line: str, base: str) -> str:
    negated = "!" if line.startswith("!") else ""
    pattern = line.removeprefix("!").rstrip("/")
    return f"{negated}{base}{pattern}" if pattern.startswith("/") else f"{negated}{base}/**/{pattern}"


def _problem(line: str) -> str:
    """Say what is wrong with a line; empty when it may stand."""
    pattern = line.strip().removeprefix("!")
    if not pattern or pattern.startswith("#"):
        return ""
    names = pattern.split("/")
    rules = {
        "has control characters": re.search(r"[\x00-\x1f\x7f]", pattern) is not None,
        "leads out of the server's data with '..'": ".." in names,
        "would leave out everything": not pattern.strip("/"),
        f"has ** more than {MAX_ANY_DEPTH} times": names.count("**") > MAX_ANY_DEPTH,
        "has an unfinished [ or \\, or a bare - or ] inside of []": not all(map(_NAME.fullmatch, names)),
    }
    return next((problem for problem, is_so in rules.items() if is_so), "")
