"""No public function of a use case, its domain or its edges returns a dictionary whose keys stand only in its body.

A TypedDict or a dataclass says them. Read from the syntax trees.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("backups", "servers")
BARE = "dict[str, Any]"

# Whose keys are not ours to say, and why.
ALLOWED = {
    "backups/admin.py: ScheduleForm.clean": "Django's forms",
    "backups/api/restore_serializers.py: RestoreRequestSerializer.get_fields": "DRF's serializers",
    "backups/restic/lines.py: parse_line": "restic's own JSON, a different one for each message",
    "backups/snapshots/panel_state.py: safe_settings": "the settings as JSON: the keys are those of web.config",
    "servers/admin.py: ComposeRevisionAdmin.describe": "the context of a template",
    "servers/admin.py: OperationAdmin.describe": "the context of a template",
    "servers/api/files/entries.py: in_operation": "an operation's result: JSON of its kind, made by the work",
    "servers/api/secrets.py: without_masks": "a user's own properties or variables, by their names",
    "servers/docker/compose_file/document.py: ComposeFile.to_dict": "a compose file, which may have any keys",
    "servers/docker/compose_file/render.py: render": "what Docker Compose prints",
    "servers/minecraft/compose/safety.py: SourceReading.render": "what Docker Compose prints",
}


def modules() -> list[Path]:
    return sorted(
        path for app in APPS for path in (ROOT / app).rglob("*.py")
        if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts)
    )


def bare_returns(source: str) -> Iterator[str]:
    """Yield the qualified name of each public function whose annotation has a bare dictionary."""
    yield from _of(ast.parse(source), "")


def _of(node: ast.Module | ast.ClassDef, prefix: str) -> Iterator[str]:
    for child in node.body:
        if isinstance(child, ast.ClassDef) and not child.name.startswith("_"):
            yield from _of(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) and _is_public_and_bare(child):
            yield f"{prefix}{child.name}"


def _is_public_and_bare(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    is_public = not function.name.startswith("_")
    return is_public and function.returns is not None and BARE in ast.unparse(function.returns)


def test_public_functions_say_the_keys_of_what_they_return() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {name}" for path in modules() for name in bare_returns(path.read_text())
    }

    assert sorted(found - set(ALLOWED)) == [], "return a TypedDict or a dataclass"
    assert sorted(set(ALLOWED) - found) == [], "no longer there: take it out of ALLOWED"


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def shown() -> dict[str, Any]: ...", ["shown"]),
        ("async def shown() -> dict[str, Any] | None: ...", ["shown"]),
        ("class Server:\n    def shown(self) -> list[dict[str, Any]]: ...", ["Server.shown"]),
        ("def _shown() -> dict[str, Any]: ...", []),
        ("class _Server:\n    def shown(self) -> dict[str, Any]: ...", []),
        ("def shown() -> dict[str, int]: ...", []),
        ("def shown(of: dict[str, Any]) -> Shape: ...", []),
    ],
)
def test_a_bare_dictionary_is_found(source: str, names: list[str]) -> None:
    assert list(bare_returns(source)) == names
