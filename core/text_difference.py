"""The difference of two texts, at a price that has a bound, whatever the texts are.

``difflib`` alone takes time that grows faster than the square of the lines: half a minute for 40,000 in another order.
"""

from collections.abc import Sequence
from difflib import Match, SequenceMatcher
from itertools import accumulate, takewhile

MAX_STEPS = 200_000
MAX_LINES = 20_000
_CONTEXT = 3


class Differ:
    r"""Tells differences that cost at most MAX_STEPS comparisons and show at most MAX_LINES lines, all together.

    What cannot be compared for that price is told as replaced whole. What cannot be shown is told by how much it is,
    in a line that begins with ``\ diff_too_large``: as ``diff`` begins its remarks.
    """

    def __init__(self) -> None:
        self._steps = MAX_STEPS
        self._lines = MAX_LINES

    def unified(self, old: str, new: str, *, names: tuple[str, str]) -> list[str]:
        """Return the lines of the unified difference, none where there is none."""
        matcher = _Matcher(old.splitlines(), new.splitlines(), steps=self._steps)
        hunks = list(matcher.get_grouped_opcodes(_CONTEXT))
        self._steps = matcher.steps
        if not hunks:
            return []
        lines = [f"--- {names[0]}", f"+++ {names[1]}"]
        for hunk in hunks:
            self._lines -= sum(_length(one) for one in hunk)
            if self._lines < 0:
                return [*lines, _too_large(hunks)]
            lines += _shown(hunk, matcher.old, matcher.new)
        return lines


Opcode = tuple[str, int, int, int, int]


class _Matcher(SequenceMatcher[str]):
    """A matcher that passes over what both begin and end with, and takes what is too dear for unlike."""

    def __init__(self, old: list[str], new: list[str], *, steps: int) -> None:
        self.old, self.new, self.steps = old, new, steps
        self._head = _common(old, new)
        self._tail = _common(old[self._head :][::-1], new[self._head :][::-1])
        middle = slice(self._head, -self._tail or None)
        mine = old[middle]
        super().__init__(None, mine, new[middle])
        known: dict[str, list[int]] = self.b2j  # type: ignore[attr-defined]  # not in the stubs
        self._dear = list(accumulate((1 + len(known.get(line, ())) for line in mine), initial=0))

    def find_longest_match(self, alo: int = 0, ahi: int | None = None, blo: int = 0, bhi: int | None = None) -> Match:
        """Find none where that would take more steps than are left."""
        ahi = len(self._dear) - 1 if ahi is None else ahi
        price = self._dear[ahi] - self._dear[alo]
        if price > self.steps:
            return Match(alo, blo, 0)
        self.steps -= price
        return super().find_longest_match(alo, ahi, blo, bhi)

    def get_opcodes(self) -> list[Opcode]:  # type: ignore[override]  # the stubs name the tags
        head, tail = self._head, self._tail
        middle = [(tag, i1 + head, i2 + head, j1 + head, j2 + head) for tag, i1, i2, j1, j2 in super().get_opcodes()]
        before, after = len(self.old), len(self.new)
        ends = [("equal", 0, head, 0, head)], [("equal", before - tail, before, after - tail, after)]
        return [*(ends[0] if head else []), *middle, *(ends[1] if tail else [])]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _shown(hunk: Sequence[Opcode], old: Sequence[str], new: Sequence[str]) -> list[str]:
    lines = [f"@@ -{_place(hunk[0][1], hunk[-1][2])} +{_place(hunk[0][3], hunk[-1][4])} @@"]
    for tag, i1, i2, j1, j2 in hunk:
        if tag == "equal":
            lines += [f" {line}" for line in old[i1:i2]]
        else:
            lines += [f"-{line}" for line in old[i1:i2]]
            lines += [f"+{line}" for line in new[j1:j2]]
    return lines


def _length(one: Opcode) -> int:
    kind, i1, i2, j1, j2 = one
    return i2 - i1 + (j2 - j1 if kind != "equal" else 0)


def _place(start: int, end: int) -> str:
    count = end - start
    if count == 1:
        return str(start + 1)
    return f"{start + 1 if count else start},{count}"


def _too_large(hunks: Sequence[Sequence[Opcode]]) -> str:
    changed = [one for hunk in hunks for one in hunk if one[0] != "equal"]
    removed, added = sum(i2 - i1 for _, i1, i2, _, _ in changed), sum(j2 - j1 for _, _, _, j1, j2 in changed)
    return f"\\ diff_too_large: not all is shown of {removed} lines removed and {added} lines added."
