"""Find files by name and by what is in them, within bounds of time, number and memory."""

import fnmatch
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import regex

from core.errors import AppError, InvalidRequest
from core.paths import Node, Root, walk
from servers.minecraft.files.secret_files import SecretFiles

MAX_RESULTS = 1000
MAX_PATTERN_CHARS = 500
MAX_TIME_S = 10.0
MAX_MATCH_S = 2.0  # in one line: a pattern that needs longer goes through every way there is
MAX_ENTRIES = 500_000
MAX_FILE_BYTES = 16 * 1024 * 1024
MAX_SHOWN_CHARS = 300


class SlowPattern(InvalidRequest):
    """The pattern takes too long on some line."""

    code = "slow_pattern"


@dataclass(frozen=True, slots=True)
class Hit:
    """A name that fits; with ``line`` (from 1) and ``text`` when its content was searched."""

    path: str
    is_directory: bool
    line: int | None = None
    text: str | None = None


@dataclass(slots=True)
class Found:
    """The answer; ``stopped`` says in a sentence why there may be more, or is None."""

    hits: list[Hit] = field(default_factory=list)
    looked_at: int = 0
    skipped_large: int = 0
    skipped_secret: int = 0
    stopped: str | None = None


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What to look for: ``name`` is a part of the name, or a glob; ``content`` a part of a line, or a regex."""

    name: str = ""
    content: str = ""
    is_regex: bool = False
    limit: int = 200


def search(root: Root, path: str, wanted: Wanted, *, secrets: SecretFiles | None = None) -> Found:
    """Search the directory ``path`` and all below it; links are not followed. Upper and lower case are alike.

    The content of ``secrets`` is not searched, and they are counted.

    Raises:
        SlowPattern, FileMissing.
        InvalidRequest: nothing to look for, or a regex that is none.
    """
    if not wanted.name and not wanted.content:
        raise InvalidRequest("Say what to look for: name, content or both.")
    deadline = time.monotonic() + MAX_TIME_S
    is_named, is_in = _name_test(wanted.name), _line_test(wanted, deadline)
    found = Found()
    for node in walk(root, path, unreadable=lambda _: None):
        found.looked_at += 1
        found.stopped = _why_stop(found, deadline)
        if found.stopped:
            break
        if not is_named(node.name):
            continue
        if not wanted.content:
            found.hits.append(Hit(node.path, node.is_directory))
        elif node.is_file and secrets is not None and secrets.has_node(node):
            found.skipped_secret += 1
        elif node.is_file:
            _search_file(node, is_in, found, wanted.limit)
        if len(found.hits) >= wanted.limit:
            found.stopped = f"Only the first {wanted.limit} are shown."
            break
    return found


def _search_file(node: Node, is_in: Callable[[str], bool], found: Found, limit: int) -> None:
    if node.info.st_size > MAX_FILE_BYTES:
        found.skipped_large += 1
        return
    for number, line in _lines(node):
        if is_in(line):
            found.hits.append(Hit(node.path, is_directory=False, line=number, text=line[:MAX_SHOWN_CHARS]))
            if len(found.hits) >= limit:
                return


def _lines(node: Node) -> Iterator[tuple[int, str]]:
    try:
        with os.fdopen(node.open_file(), "rb") as file:
            content = file.read(MAX_FILE_BYTES)
    except (AppError, OSError):  # it went away, or may not be read
        return
    if b"\0" in content[:8192]:
        return
    for number, line in enumerate(content.split(b"\n"), start=1):
        yield number, line.rstrip(b"\r").decode(errors="replace")


def _why_stop(found: Found, deadline: float) -> str | None:
    if found.looked_at > MAX_ENTRIES:
        return f"Only the first {MAX_ENTRIES:,} entries were looked at; search a smaller directory."
    if time.monotonic() > deadline:
        return f"The search was ended after {MAX_TIME_S:g} s; search a smaller directory."
    return None


def _name_test(wanted: str) -> Callable[[str], bool]:
    lower = wanted.lower()
    if any(one in lower for one in "*?["):
        return lambda name: fnmatch.fnmatchcase(name.lower(), lower)
    return lambda name: lower in name.lower()


def _line_test(wanted: Wanted, deadline: float) -> Callable[[str], bool]:
    if not wanted.is_regex:
        lower = wanted.content.lower()
        return lambda line: lower in line.lower()
    if len(wanted.content) > MAX_PATTERN_CHARS:
        raise InvalidRequest(f"A pattern may have at most {MAX_PATTERN_CHARS} characters.")
    try:
        pattern: Any = regex.compile(wanted.content, regex.IGNORECASE)
    except (regex.error, OverflowError, MemoryError, RecursionError) as error:
        raise InvalidRequest(f"The pattern is no regular expression: {error}.") from None

    def is_in(line: str) -> bool:
        left = min(MAX_MATCH_S, max(0.001, deadline - time.monotonic()))
        try:
            return pattern.search(line, timeout=left) is not None
        except TimeoutError:
            raise SlowPattern("The pattern takes too long. Avoid a repetition inside a repetition.") from None
        except (MemoryError, RecursionError):  # `(?R)` calls itself and never takes a character
            raise SlowPattern("The pattern needs too much memory. Avoid one that calls itself.") from None

    return is_in
