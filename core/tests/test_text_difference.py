import difflib

import pytest

from core import text_difference
from core.text_difference import Differ

NAMES = ("now", "new")
ROWS = [f"line {number}" for number in range(40)]
CASES: dict[str, tuple[list[str], list[str]]] = {
    "nothing": ([], []),
    "the same": (ROWS, ROWS),
    "all is new": ([], ROWS),
    "all is gone": (ROWS, []),
    "the first line": (ROWS, ["other", *ROWS[1:]]),
    "the last line": (ROWS, [*ROWS[:-1], "other"]),
    "in the middle": (ROWS, [*ROWS[:20], "other", *ROWS[21:]]),
    "two places": (ROWS, [*ROWS[:5], "one", *ROWS[5:30], *ROWS[31:]]),
    "two places near each other": (ROWS, [*ROWS[:5], "one", *ROWS[5:9], *ROWS[10:]]),
    "one line": (["a"], ["b"]),
    "a line more at the end": (ROWS, [*ROWS, "more"]),
}


def of(old: list[str], new: list[str]) -> list[str]:
    return Differ().unified("\n".join(old), "\n".join(new), names=NAMES)


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_difference_that_is_usual(case: str) -> None:
    old, new = CASES[case]

    assert of(old, new) == list(difflib.unified_diff(old, new, *NAMES, lineterm=""))


def test_what_is_too_dear_is_replaced_whole_between_what_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_difference, "MAX_STEPS", 50)
    old = [f"# {number}" for number in range(50)]
    new = old[::-1]
    head, tail = ROWS[:10], ROWS[-10:]

    lines = of([*head, *old, *tail], [*head, *new, *tail])

    assert lines[2:6] == ["@@ -8,56 +8,56 @@", *(f" {one}" for one in head[-3:])]
    assert [one for one in lines[2:] if one.startswith("-")] == [f"-{one}" for one in old]
    assert [one for one in lines[2:] if one.startswith("+")] == [f"+{one}" for one in new]


def test_all_differences_of_one_differ_share_its_price(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_difference, "MAX_STEPS", 1000)
    differ = Differ()

    found = [differ.unified("a\nb\nc\nd\n" * 10, "b\nc\na\nd\ne\n" * 10, names=NAMES) for _ in range(9)]

    assert any(one.startswith(" ") for one in found[0])
    assert not any(one.startswith(" ") for one in found[-1][:-1])


def test_more_than_can_be_shown_is_told_by_how_much_it_is() -> None:
    old = [f"# {number}" for number in range(40_000)]
    new = [old[number * 7919 % 40_000] for number in range(40_000)]

    lines = of(["same", *old], ["same", *new])

    assert lines[:2] == ["--- now", "+++ new"]
    assert len(lines) == 3
    assert lines[2].startswith("\\ diff_too_large: not all is shown of ")
