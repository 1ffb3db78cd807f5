"""No edge writes a row: API, admin site and commands call the home of each rule. Read from the syntax trees."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("accounts", "audit", "backups", "core", "mcadmin", "servers", "web")

ON_ANYTHING = {
    "save", "asave", "delete", "adelete", "bulk_create", "abulk_create", "bulk_update", "abulk_update",
    "get_or_create", "aget_or_create", "update_or_create", "aupdate_or_create", "acreate", "aupdate",
}
ON_ROWS = {"create", "update"}  # dictionaries and views have methods of these names, too
ROOMS = {"admin_site", "api", "commands", "consumers", "management"}
HOMES = {"users", "planning", "paths"}  # modules with rules: their functions may be called so


def edges() -> list[Path]:
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    return sorted(path for path in found if _is_edge(path.relative_to(ROOT)))


def _is_edge(path: Path) -> bool:
    if {"tests", "migrations"} & set(path.parts):
        return False
    return bool(ROOMS & set(path.parts[:-1])) or path.name.startswith(("admin", "shell"))


def writes(source: str) -> Iterator[str]:
    """Yield each call that writes rows, as ``line: call``."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        on, name = ast.unparse(node.func.value), node.func.attr
        if on in HOMES:
            continue
        if name in ON_ANYTHING or (name in ON_ROWS and (".objects" in on or "queryset" in on)):
            yield f"{node.lineno}: {on}.{name}"


@pytest.mark.parametrize("path", edges(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_edge_writes_rows(path: Path) -> None:
    assert list(writes(path.read_text())) == []


def test_all_edges_are_read() -> None:
    names = {str(path.relative_to(ROOT)) for path in edges()}
    assert {
        "accounts/admin.py", "accounts/api/users.py", "accounts/management/commands/createowner.py",
        "backups/api/schedules.py", "backups/management/shell.py", "mcadmin/admin_site/actions.py",
        "servers/api/files/uploads.py",
        "servers/consumers/console.py", "servers/operations/shell.py", "web/admin_base.py",
    } <= names


@pytest.mark.parametrize(
    "planted",
    [
        "user.save()", "obj.delete()", "await row.asave()", "User.objects.create(username='a')",
        "Schedule.objects.filter(pk=1).update(enabled=False)", "queryset.update(is_active=False)",
        "Pin.objects.all().delete()", "Pin.objects.update_or_create(pk=1)", "form.save()",
    ],
)
def test_the_lint_sees_each_way(planted: str) -> None:
    assert list(writes(f"async def edge():\n    {planted}\n"))
