"""Patterns mean to us what they mean to restic."""

import subprocess
from pathlib import Path

import pytest

from backups.restic.patterns import Patterns, escape
from testing.repositories import BINARIES, PASSWORD, make_empty

ODD_NAMES = ["a[b]*?", "back\\slash", "two\nlines", "grün", "a b", "[", "-x", "**", "!x"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_escaped_path_means_itself_alone(name: str) -> None:
    meant = Patterns([escape(f"/srv/{name}")])

    assert meant.match(f"/srv/{name}")
    assert meant.match(f"/srv/{name}/inside")
    assert not any(meant.match(f"/srv/{other}") for other in [*ODD_NAMES, "ab", "axx"] if other != name)


@pytest.mark.parametrize(
    ("patterns", "matched", "unmatched"),
    [
        (["*.tmp"], ["/srv/a.tmp", "/srv/a.tmp/b"], ["/srv/a.tmp2"]),
        (["session.lock"], ["/srv/world/session.lock"], ["/srv/session.lock.old"]),
        (["/srv/cache"], ["/srv/cache", "/srv/cache/x/y"], ["/srv/x/cache", "/srv/caches"]),
        (["/srv/**/x"], ["/srv/x", "/srv/a/b/x"], ["/srv/a/b"]),
        (["a/b"], ["/srv/a/b", "/a/b/c"], ["/srv/b", "/srv/a/c/b"]),
        (["/srv/*", "!/srv/keep"], ["/srv/x"], ["/srv/keep"]),
        (["[^a]x"], ["/bx"], ["/ax"]),
        (["[a-c]x"], ["/bx"], ["/dx"]),
        ([], [], ["/srv"]),
    ],
)
def test_patterns_match_as_restic_s(patterns: list[str], matched: list[str], unmatched: list[str]) -> None:
    meant = Patterns(patterns)

    assert [path for path in matched if not meant.match(path)] == []
    assert [path for path in unmatched if meant.match(path)] == []


@pytest.mark.restic
@pytest.mark.parametrize("version", BINARIES)
def test_restic_leaves_out_what_we_say_it_does(version: str, tmp_path: Path) -> None:
    patterns = ["*.tmp", str(tmp_path / "tree/cache"), "q?", r"a\*b", "**/deep/x", "[xy]1", "!keep.tmp", "a/b"]
    files = ["one.tmp", "keep.tmp", "cache/f", "d/cache/f", "q1", "q12", "a*b", "axb", "p/deep/x", "x1", "c/a/b/f"]
    for name in files:
        file = tmp_path / "tree" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    env = {"RESTIC_REPOSITORY": str(tmp_path / "r"), "RESTIC_PASSWORD": PASSWORD, "HOME": str(tmp_path)}
    tree = str(tmp_path / "tree")

    def restic(*args: str) -> str:
        done = subprocess.run([BINARIES[version], *args], env=env, check=True, capture_output=True, text=True)
        return done.stdout

    make_empty(tmp_path / "r", version=version)
    restic("backup", *(f"--exclude={one}" for one in patterns), tree)
    saved = restic("ls", "latest").splitlines()

    meant = Patterns(patterns)
    assert [name for name in files if f"{tree}/{name}" not in saved] == [
        name for name in files if meant.match(f"{tree}/{name}")
    ]


@pytest.mark.parametrize(
    ("pattern", "folder", "seen"),
    [
        ("/srv/lobby/data/cache", "/srv/lobby", ["/data/cache"]),
        ("/srv/lobby/data/**/*.tmp", "/srv/lobby", ["/data/**/*.tmp"]),
        ("/srv/lobby/data/**/*.tmp", "/srv/lobby/data/world", ["/**/*.tmp"]),
        ("/srv/lobby/data/**/world/tiles", "/srv/lobby/data/world", ["/**/world/tiles", "/tiles"]),
        ("!/srv/lobby/data/keep", "/srv/lobby/data", ["!/keep"]),
        ("/srv/\\[a\\]/data/x", "/srv/[a]/data", ["/x"]),
        ("/srv/other/data/x", "/srv/lobby/data", []),
        ("*.tmp", "/srv/lobby", ["/**/*.tmp"]),
        ("lobby/data", "/srv/lobby", ["/**/lobby/data", "/data"]),
    ],
)
def test_patterns_are_seen_from_a_folder(pattern: str, folder: str, seen: list[str]) -> None:
    assert Patterns([pattern]).seen_from(folder) == seen


@pytest.mark.timeout(20)
@pytest.mark.parametrize("end", ["b", "\\b"])
def test_many_stars_take_no_longer_than_one(end: str) -> None:
    meant = Patterns(["/" + "*a" * 25 + end])

    assert not meant.match("/" + "a" * 200)
    assert meant.match("/" + "xa" * 30 + "b")


@pytest.mark.parametrize(
    ("pattern", "name", "is_meant"),
    [
        ("[z-a]\\x", "ax", False), ("[^z-a]\\x", "ax", True), ("[[]\\x", "[x", True), ("[a&&b]\\x", "&x", True),
        ("[\\]\\-]\\x", "-x", True), ("[a-c]\\x", "bx", True), ("[^a-c]\\x", "bx", False), ("*[0-9]\\*", "r1*", True),
    ],
)
def test_choices_beside_a_backslash_mean_what_they_mean_to_restic(pattern: str, name: str, is_meant: bool) -> None:
    assert Patterns([f"/{pattern}"]).match(f"/{name}") is is_meant
