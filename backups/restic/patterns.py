"""restic's patterns: how to write one that means a single path, and which paths a list of them means."""

import fnmatch
import re
from collections.abc import Iterable, Sequence
from functools import cache

_SPECIAL = re.compile(r"([\\*?\[\]])")


def escape(path: str) -> str:
    """Return the pattern that means exactly ``path``, whatever characters its names have."""
    return _SPECIAL.sub(r"\\\1", path)


class Patterns:
    """A list of exclude patterns, as ``restic backup --exclude`` reads it.

    An absolute pattern is matched from the root, another at any depth; ``**`` stands for any number of names;
    what lies in a folder that matches is matched with it; ``!pattern`` takes out again what an earlier one took
    in.

    Source: restic's internal/filter/filter.go.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self._patterns = [
            (text.startswith("!"), _parts(text.removeprefix("!"))) for text in patterns if text.removeprefix("!")
        ]

    def match(self, path: str) -> bool:
        """Tell whether the absolute ``path`` is meant."""
        names = _parts(path)
        meant = False
        for is_negated, pattern in self._patterns:
            if meant is is_negated and _matches(pattern, names):
                meant = not is_negated
        return meant

    def seen_from(self, folder: str) -> list[str]:
        """Return the patterns that mean in the absolute ``folder``, taken for the root, what these mean there."""
        names = _parts(folder)[1:]
        return [
            f"{'!' if is_negated else ''}/{'/'.join(left)}"
            for is_negated, pattern in self._patterns
            for left in _left_below(pattern[1:] if pattern[0] == "" else ("**", *pattern), names)
        ]

    def __bool__(self) -> bool:
        return bool(self._patterns)


def _parts(text: str) -> tuple[str, ...]:
    """Split at ``/``; the first part of an absolute path is empty."""
    names = [name for name in text.split("/") if name not in {"", "."}]
    return ("", *names) if text.startswith("/") else tuple(names)


def _matches(pattern: Sequence[str], names: Sequence[str]) -> bool:
    """Match ``pattern`` at any place in ``names``; it need not reach their end."""
    if not pattern:
        return False
    starts = [0] if pattern[0] == "" else range(len(names))
    return any(_matches_at(tuple(pattern), tuple(names[start:])) for start in starts)


def _matches_at(pattern: tuple[str, ...], names: tuple[str, ...]) -> bool:
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_matches_at(pattern[1:], names[skip:]) for skip in range(len(names) + 1))
    return bool(names) and _name(pattern[0]).fullmatch(names[0]) is not None and _matches_at(pattern[1:], names[1:])


def _left_below(pattern: tuple[str, ...], names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return what is left of ``pattern`` to be matched below ``names``: in each way in which it fits to them, once."""
    if not pattern:
        return []  # it means the folder itself, or what that lies in
    if not names:
        return [pattern]
    found = []
    if pattern[0] == "**":
        found = [*_left_below(pattern, names[1:]), *_left_below(pattern[1:], names)]
    elif _name(pattern[0]).fullmatch(names[0]):
        found = _left_below(pattern[1:], names[1:])
    return list(dict.fromkeys(found))


@cache
def _name(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of one name: as fnmatch's, with a backslash before a character that means itself."""
    if "\\" not in pattern:
        return re.compile(fnmatch.translate(pattern.replace("[^", "[!")))
    pieces, left = [""], pattern  # what stands between the stars
    while left:
        if left[0] == "\\" and len(left) > 1:
            found, left = re.escape(left[1]), left[2:]
        elif left[0] == "[" and (group := re.match(r"\[\^?(?:\\.|[^\]\\])+\]", left)):
            found, left = _one_of(group[0]), left[group.end() :]
        elif left[0] == "*":
            pieces.append("")
            left = left[1:]
            continue
        else:
            found, left = "." if left[0] == "?" else re.escape(left[0]), left[1:]
        pieces[-1] += found
    first, *rest = pieces
    # Each piece is taken where it first fits, for good: to try all places of many stars would take for ever.
    stars = [f"(?>.*?{piece})" for piece in rest[:-1]] + [f".*{piece}" for piece in rest[-1:]]
    return re.compile(first + "".join(stars), re.DOTALL)


def _one_of(group: str) -> str:
    """Write a choice such as ``[a-c]`` for Python, to which more signs mean something and ``[z-a]`` is an error."""
    inner, sign = group[1:-1].removeprefix("^"), group[1:2] if group.startswith("[^") else ""
    found = re.findall(r"(\\.|[^\\])(?:-(\\.|[^\\]))?", inner, re.DOTALL)
    ranges = [(low[-1], (high or low)[-1]) for low, high in found]
    kept = "".join(f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges if low <= high)
    return f"[{sign}{kept}]" if kept else "." if sign else "(?!)"
