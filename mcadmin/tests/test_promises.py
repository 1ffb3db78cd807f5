import ast

import pytest

from testbed.prove import ROOT, Promise, break_line, promises


def test_every_promise_has_a_proof() -> None:
    assert {one.number for one in promises()} == set(range(1, 11))


@pytest.mark.parametrize("promise", promises(), ids=lambda one: f"{one.number}-{one.file}")
def test_the_line_that_a_promise_rests_on_is_there_and_so_is_its_test(promise: Promise) -> None:
    text = (ROOT / promise.file).read_text()
    assert break_line(text, promise) != text
    ast.parse(break_line(text, promise))
    file, _, name = promise.test.partition("::")
    tree = ast.parse((ROOT / file).read_text())
    functions = [one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert name in functions
