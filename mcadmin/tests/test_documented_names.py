"""What docs/ and CONTRIBUTING name is there: paths, modules, names, constants, background tasks, other pages."""

import ast
import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from testbed.prove import ROOT

FLOORS = ("mcadmin", "backups", "servers", "audit", "accounts", "web", "core")
PAGES = ("docs/architecture.md", "docs/glossary.md", "CONTRIBUTING.md")
WORD = re.compile(r"`([^`\n]+)`")
PATH = re.compile(r"[A-Za-z][\w.-]*(/[\w.-]+)*/?")
DOTTED = re.compile(rf"({'|'.join(FLOORS)}|testing)(\.\w+)+")
CONSTANT = re.compile(r"`([A-Z_]+_S)` ([\d.]+) s")
LINK = re.compile(r"\]\((?!\w+:)([^)#\s]*)#?([^)\s]*)\)")
# Part of one call and over with it, or core/periodic's own: no task of the background by itself.
PASSING = {"save-all flush", "request body", "stderr of …", "… …", "…"}


def words(page: str) -> list[str]:
    """Return what stands between backticks on a page."""
    return WORD.findall((ROOT / page).read_text(encoding="utf-8"))


def find(name: str) -> Any:
    """Import the longest module that ``name`` begins with and look the rest up; raises where there is none."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            found = getattr(found, part)
        return found
    raise AttributeError(name)


def is_there(name: str) -> bool:
    try:
        find(name)
    except AttributeError:
        return False
    return True


@cache
def rows() -> list[tuple[str, str]]:
    """Return module and text of each row of the tables of background tasks."""
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").partition("## In the background")[2]
    found = [(DOTTED.search(line), line) for line in text.splitlines() if line.startswith("|")]
    return [(match[0], line) for match, line in found if match is not None]


@pytest.mark.parametrize("page", PAGES)
def test_each_path_that_a_page_names_is_there(page: str) -> None:
    named = {word for word in words(page) if "/" in word and PATH.fullmatch(word)}
    assert sorted(word for word in named if not (ROOT / word).exists()) == []


@pytest.mark.parametrize("page", PAGES)
def test_each_name_of_the_code_that_a_page_names_is_there(page: str) -> None:
    assert sorted(word for word in set(words(page)) if DOTTED.fullmatch(word) and not is_there(word)) == []


def test_each_link_leads_to_a_page_and_a_heading_that_are_there() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "testbed/README.md"]
    links = [(page, found[1], found[2]) for page in pages for found in LINK.finditer(page.read_text(encoding="utf-8"))]

    assert len(links) > 60
    broken = [(page.name, file, heading) for page, file, heading in links if not leads(page, file, heading)]
    assert broken == []


def leads(page: Path, file: str, heading: str) -> bool:
    target = page.parent / file if file else page
    return target.exists() and (not heading or heading in headings(target))


@cache
def headings(page: Path) -> set[str]:
    """Return the anchors of a page, as GitHub makes them of its headings."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in found}


def test_each_name_in_a_recipe_stands_in_a_file_of_the_same_line() -> None:
    lines = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Recipes")[2].splitlines()
    steps = [(line, [word for word in WORD.findall(line) if (ROOT / word).is_file()]) for line in lines]

    named = [(name, files) for line, files in steps for name in WORD.findall(line) if files and name.isidentifier()]
    assert len(named) > 15
    texts = {file: (ROOT / file).read_text(encoding="utf-8") for _, files in named for file in files}
    assert [one for one, files in named if not any(re.search(rf"\b{one}\b", texts[file]) for file in files)] == []


def test_each_room_is_told_in_the_architecture() -> None:
    packages = {path.parent.relative_to(ROOT) for floor in FLOORS for path in (ROOT / floor).rglob("__init__.py")}
    rooms = [one for one in packages if not {"tests", "migrations", "commands"} & set(one.parts)]
    told = {Path(word) for word in words("docs/architecture.md")}
    assert [str(one) for one in sorted(rooms) if len(one.parts) > 1 and one not in told] == []


def test_each_word_of_the_glossary_has_a_name_in_the_code_and_they_stand_in_order() -> None:
    lines = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").splitlines()
    table = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| ")][1:]
    terms = [row[0] for row in table]

    assert len(terms) > 25
    assert terms == sorted(set(terms))
    bare = [row[0] for row in table if not any(DOTTED.fullmatch(one) or "/" in one for one in WORD.findall(row[-1]))]
    assert bare == []


def test_each_time_in_the_tables_of_the_background_is_the_constant_of_its_module() -> None:
    told = [(module, name, float(seconds)) for module, line in rows() for name, seconds in CONSTANT.findall(line)]
    assert len(told) > 20
    assert [one for one in told if getattr(find(one[0]), one[1]) != one[2]] == []


def test_each_task_that_the_code_begins_by_a_name_is_in_the_tables_of_the_background() -> None:
    told = {word for _, line in rows() for word in WORD.findall(line)}
    begun = {name for floor in FLOORS for path in (ROOT / floor).rglob("*.py") for name in begun_in(path)}
    assert len(begun) > 15
    assert sorted(begun - told - PASSING) == []
    assert PASSING - begun == set()


def begun_in(path: Path) -> Iterator[str]:
    """Yield the name of each task that a module begins; ``…`` stands for what is put in."""
    if "tests" in path.relative_to(ROOT).parts:
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        names = [one.value for one in node.keywords if one.arg == "name"] if called.endswith("create_task") else []
        names += node.args[:1] if called.endswith("Periodic") else []
        yield from map(_text, names)


def _text(name: ast.expr) -> str:
    parts = name.values if isinstance(name, ast.JoinedStr) else [name]
    return "".join(str(one.value) if isinstance(one, ast.Constant) else "…" for one in parts)
