"""docs/cases.md: each case has a row of its own, and each test that a row names exists."""

import ast
import re
from functools import cache

import pytest

from testbed.prove import ROOT

LEVELS = ("right", "partly", "open", "not tried")
TEST = re.compile(r"`([\w/.]+\.py)::(\w+)`")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in (ROOT / "docs/cases.md").read_text().splitlines()
    if re.match(r"\| [A-DS]\d", line)
]


@cache
def functions(file: str) -> set[str]:
    tree = ast.parse((ROOT / file).read_text())
    return {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_each_case_has_a_row_of_its_own() -> None:
    numbers = [row[0] for row in ROWS]

    assert len(numbers) == len(set(numbers))
    assert {"A1a", "B1", "C1", "D1", "S1"} <= set(numbers)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_what_happens_and_which_tests_prove_it(row: list[str]) -> None:
    _, _, now, proofs = row
    named = TEST.findall(proofs)

    assert now.startswith(LEVELS)
    assert proofs.startswith("no test") if not named else proofs.count("::") == len(named)
    assert [f"{file}::{name}" for file, name in named if name not in functions(file)] == []
