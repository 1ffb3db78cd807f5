"""No file and no function is longer than can be held in mind: read from the syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = (
    "accounts", "audit", "backups", "bench", "core", "deploy", "mcadmin", "servers", "setup", "testbed", "testing",
    "web",
)
FILE_LINES, FUNCTION_LINES = 400, 40


def too_long(path: Path) -> Iterator[str]:
    source = path.read_text()
    name = path.relative_to(ROOT)
    if (lines := source.count("\n")) > FILE_LINES:
        yield f"{name}: {lines} lines, {FILE_LINES} at most"
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > FUNCTION_LINES:
                yield f"{name}:{node.lineno}: {node.name} has {lines} lines, {FUNCTION_LINES} at most"


def test_no_file_and_no_function_is_too_long() -> None:
    found = [path for room in ROOMS for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts]

    assert len(found) > 400
    assert [one for path in found for one in too_long(path)] == []
