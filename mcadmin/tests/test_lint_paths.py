"""Nothing but core/paths touches files of servers: read from the syntax trees."""

import ast
from collections.abc import Callable, Container, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# File: why it may.
ALLOWED = {
    "servers/docker/usage/cgroup_path.py": "reads /proc and /sys, not server data",
    "servers/docker/usage/cgroup.py": "reads /proc and /sys, not server data",
    "servers/docker/usage/cgroup_v1.py": "reads /sys, not server data",
    "servers/docker/usage/cgroup_v2.py": "reads /sys, not server data",
    "servers/docker/usage/kernel_file.py": "reads /proc and /sys, not server data",
    "servers/docker/usage/network.py": "reads /proc, not server data",
    "servers/docker/seen_places.py": "reads /proc, not server data",
    "servers/docker/writers.py": "reads /proc, not server data",
    "servers/docker/cli.py": "looks for programs in PATH",
    "backups/snapshots/database_copies.py": "writes copies into the panel's own folder",
    "backups/snapshots/databases.py": "makes and removes the panel's own folder of copies",
    "backups/repository/embedded.py": "makes the repository's own folder",
    "backups/repository/change_marker.py": "a file beside the panel's log",
    "backups/snapshots/panel_state.py": "writes the panel's own state, which is no server's",
    "backups/restic/command.py": "looks for programs in PATH, makes restic's cache",
    "backups/restic/confinement.py": "looks for programs in PATH, and at restic's own",
}
OF_OS = {
    "open", "rename", "replace", "unlink", "remove", "removedirs", "rmdir", "mkdir", "makedirs", "link", "symlink",
    "stat", "lstat", "listdir", "scandir", "walk", "fwalk", "chmod", "chown", "truncate", "readlink", "mkfifo",
}
OF_PATH = {
    "read_text", "read_bytes", "write_text", "write_bytes", "unlink", "rename", "mkdir", "rmdir", "touch",
    "iterdir", "glob", "rglob", "symlink_to", "hardlink_to", "chmod",
}
MODULES = {"shutil", "aiofiles"}
# What else may be held open by its path: the folder of all servers, a volume's own folder, with that of its files in
# it (``base`` is one of these two: no game can change either), the repository, a page of the settings.
TOPS = {"server_path", "server_path()", "self.server_path", "_root()", "base"}
MAY_HOLD = {
    "servers/docker/folders.py": "the one that opens a server's folder and its data, never through a link",
    "backups/repository/space.py": "the size of the repository, and of a tree that was found before",
    "mcadmin/spa.py": "the folder of the page, from the settings",
    "mcadmin/own_page.py": "the folder of our own page, in the checkout",
}


def violations(source: str) -> Iterator[str]:
    """Yield what in ``source`` touches files, as ``line: call``."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if any(isinstance(one, ast.Attribute) and one.attr == "devnull" for one in node.args):
            continue
        call = node.func
        if isinstance(call, ast.Name) and call.id == "open":
            yield f"{node.lineno}: open"
        if isinstance(call, ast.Attribute):
            base = call.value.id if isinstance(call.value, ast.Name) else ""
            if (base == "os" and call.attr in OF_OS) or base in MODULES:
                yield f"{node.lineno}: {base}.{call.attr}"
            elif call.attr in OF_PATH and base not in {"root", "held", "self"} and not _of_root(node):
                yield f"{node.lineno}: .{call.attr}"
            elif call.attr == "open" and base not in {"os", "root", "held", "archive"}:
                yield f"{node.lineno}: .open"


def held_by_path(source: str) -> Iterator[str]:
    """Yield each ``Root(...)`` of something below the servers' folder: it would follow a link there."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Root":
            place = ast.unparse(node.args[0]) if node.args else ""
            if place not in TOPS:
                yield f"{node.lineno}: Root({place})"


def _of_root(call: ast.Call) -> bool:
    """``Root(...).read_bytes(path, max_bytes=…)`` and its like have arguments that pathlib's have not."""
    return any(word.arg == "max_bytes" for word in call.keywords)


def sources() -> list[Path]:
    return sorted(
        path
        for app in ("servers", "backups")
        for path in (ROOT / app).rglob("*.py")
        if not {"tests", "migrations"} & set(path.relative_to(ROOT).parts)
    )


def found_in(paths: list[Path], rule: Callable[[str], Iterator[str]], allowed: Container[str]) -> dict[str, list[str]]:
    """Return what ``rule`` yields, by file: one test for all of them takes a second, a test for each half a minute."""
    names = {str(path.relative_to(ROOT)): path for path in paths}
    found = {name: list(rule(path.read_text())) for name, path in names.items() if name not in allowed}
    return {name: lines for name, lines in found.items() if lines}


def test_files_of_servers_are_left_to_core_paths() -> None:
    assert len(sources()) > 200
    assert found_in(sources(), violations, ALLOWED) == {}


@pytest.mark.parametrize(
    "source",
    [
        "open('x')", "os.unlink(p)", "shutil.rmtree(p)", "p.write_text('')", "p.open()", "(a / b).mkdir()",
        "aiofiles.open(p)",
    ],
)
def test_the_lint_sees_each_way(source: str) -> None:
    assert list(violations(source))


def test_every_exception_is_still_needed() -> None:
    assert [name for name in ALLOWED if not (ROOT / name).is_file()] == []


def holders() -> list[Path]:
    rooms = [path for room in ("mcadmin", "web") for path in sorted((ROOT / room).rglob("*.py"))]
    return [*sources(), *(path for path in rooms if "tests" not in path.relative_to(ROOT).parts)]


def test_folders_of_servers_are_opened_in_one_place() -> None:
    assert found_in(holders(), held_by_path, MAY_HOLD) == {}


@pytest.mark.parametrize("place", ["self.directory / 'data'", "instance.directory", "server_path / name", "data"])
def test_the_lint_sees_each_folder(place: str) -> None:
    assert list(held_by_path(f"with Root({place}) as root: pass"))
