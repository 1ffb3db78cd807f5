"""Every container that tests and benches start has a memory limit: one that runs wild must not take the machine along.

Read from the sources: arguments of ``docker run`` and ``docker create``, and texts of compose files.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("servers/tests/real", "backups/tests/real", "bench", "testbed", "testing", "deploy/tests")
ALLOWED = {"servers/tests/real/hostile.py": "texts that are refused before any container is made"}
LIMITS = ("mem_limit:", "memory:")


def sources() -> list[Path]:
    found = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    return [path for path in found if str(path.relative_to(ROOT)) not in ALLOWED]


def unlimited(source: str) -> Iterator[str]:
    """Yield the line of each container that is started without a limit."""
    nodes = list(ast.walk(ast.parse(source)))
    pieces = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in nodes:
        if isinstance(node, ast.List | ast.Tuple | ast.Call):
            parts = node.args if isinstance(node, ast.Call) else node.elts
            if _starts_a_container(node, parts) and "--memory" not in _texts(parts):
                yield f"line {node.lineno}: docker run without --memory"
        elif isinstance(node, ast.expr) and id(node) not in pieces and _is_unlimited_file(_text(node)):
            yield f"line {node.lineno}: a compose file without mem_limit"


def _starts_a_container(node: ast.AST, parts: list[ast.expr]) -> bool:
    texts = _texts(parts)
    if not {"run", "create"} & set(texts) or not {"--detach", "-d", "--rm", "--name"} & set(texts):
        return False
    names = [one.id for one in parts if isinstance(one, ast.Name)]
    called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
    return "docker" in [*texts, *names, called]


def _is_unlimited_file(text: str) -> bool:
    return "services:" in text and "image:" in text and not any(one in text for one in LIMITS)


def _texts(parts: list[ast.expr]) -> list[str]:
    return [one.value for one in parts if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def _text(node: ast.AST) -> str:
    """Return a text as far as the source tells it, an f-string's fixed parts too; else nothing."""
    if isinstance(node, ast.JoinedStr):
        return "".join(one.value for one in node.values if isinstance(one, ast.Constant) and isinstance(one.value, str))
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_container_has_a_memory_limit(path: Path) -> None:
    assert list(unlimited(path.read_text())) == []


@pytest.mark.parametrize("path", sorted((ROOT / "testbed").glob("*.sh")), ids=lambda path: path.name)
def test_every_container_of_a_script_has_one_too(path: Path) -> None:
    lines = path.read_text().replace("\\\n", " ").splitlines()

    assert [line for line in lines if "docker run " in line and "--memory" not in line] == []


@pytest.mark.parametrize(
    "source",
    [
        'run("docker", "run", "--rm", TINY, "true")', 'docker("run", "--detach", "--name", name, TINY)',
        '[docker, "run", "--detach", TINY]', '["docker", "create", "--name", "x", TINY]',
        'X = """services:\\n  mc:\\n    image: x\\n"""', 'X = f"services:\\n  {name}:\\n    image: x\\n"',
    ],
)
def test_the_lint_sees_each_way(source: str) -> None:
    assert len(list(unlimited(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        'run("docker", "run", "--rm", "--memory", "64m", TINY, "true")', 'docker("run", "--help")',
        'X = "services:\\n  mc:\\n    image: x\\n    mem_limit: 64m\\n"', 'subprocess.run(["docker", "ps"])',
    ],
)
def test_the_lint_lets_the_rest_be(source: str) -> None:
    assert list(unlimited(source)) == []


def test_every_exception_is_still_needed() -> None:
    assert [name for name in ALLOWED if not (ROOT / name).is_file()] == []
