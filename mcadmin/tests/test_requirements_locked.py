"""The lock files hold what the requirements files pin, each by its hash: `make lock` writes them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;]+)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}$")


def requirements(text: str) -> list[list[str]]:
    """The words of each requirement, its continued lines and its hashes among them; comments left out."""
    joined = text.replace("\\\n", " ")
    lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [line.split() for line in lines if line and not line.startswith("-r ")]


def name_and_version(requirement: list[str]) -> tuple[str, str]:
    found = PIN.match(requirement[0])
    assert found, f"not pinned to one version: {requirement[0]}"
    return re.sub(r"[-_.]+", "-", found["name"]).lower(), found["version"]


def missing(pins: str, lock: str) -> set[tuple[str, str]]:
    """What is pinned and not locked at that version."""
    return set(map(name_and_version, requirements(pins))) - set(map(name_and_version, requirements(lock)))


def without_hash(lock: str) -> list[str]:
    """Requirements without a hash, options that stand on a line of their own, and what is no sha256."""
    return [
        line[0] for line in requirements(lock)
        if not PIN.match(line[0]) or not any(map(HASH.match, line))
        or any(not HASH.match(word) for word in line if word.startswith("--"))
    ]


@pytest.mark.parametrize(("pins", "lock"), [
    ("requirements.txt", "requirements.lock"),
    ("requirements-dev.txt", "requirements-dev.lock"),
    ("requirements.txt", "requirements-dev.lock"),
    ("requirements.lock", "requirements-dev.lock"),
    ("setup/compose.txt", "setup/compose.lock"),
    ("requirements-page.txt", "requirements-page.lock"),
])
def test_everything_pinned_is_locked_at_its_version(pins: str, lock: str) -> None:
    assert missing((ROOT / pins).read_text(), (ROOT / lock).read_text()) == set(), "run `make lock`"


@pytest.mark.parametrize(
    ("lock", "packages"),
    [
        ("requirements.lock", 60), ("requirements-dev.lock", 60), ("setup/compose.lock", 1),
        ("requirements-page.lock", 2),
    ],
)
def test_everything_locked_has_a_hash_and_no_index_is_named(lock: str, packages: int) -> None:
    text = (ROOT / lock).read_text()

    assert len(requirements(text)) >= packages
    assert without_hash(text) == []
    assert "://" not in text


SHA = "--hash=sha256:" + "0f" * 32


@pytest.mark.parametrize(("lock", "lacks"), [
    (f"Some.Name==1.2 ; python_version < '3.12' \\\n    {SHA}\n", False),
    ("some-name==1.2\n", True),
    ("some-name==1.2 ; python_version < '3.12'\n", True),
    (f"some-name==1.2 \\\n    {SHA[:-2]}\n", True),
    ("some-name==1.2 \\\n    --hash=md5:0f0f\n", True),
    (f"some-name>=1.2 \\\n    {SHA}\n", True),
    (f"some-name @ file:///name.whl \\\n    {SHA}\n", True),
    (f"--no-binary some-name\nsome-name==1.2 \\\n    {SHA}\n", True),
])
def test_what_lacks_a_hash_is_found(lock: str, *, lacks: bool) -> None:
    assert bool(without_hash(lock)) is lacks


@pytest.mark.parametrize(("pins", "lost"), [
    ("Some_Name[extra]==1.2   # a comment\n", False), ("some-name==1.3\n", True), ("some-names==1.2\n", True),
])
def test_a_pin_that_is_not_locked_is_found(pins: str, *, lost: bool) -> None:
    assert bool(missing(pins, f"some.name==1.2 \\\n    {SHA}\n")) is lost


@pytest.mark.parametrize(("file", "locks"), [
    ("setup/python.sh", ["requirements-dev.lock"]),
    ("deploy/Dockerfile", ["requirements.lock", "requirements-page.lock"]),
    ("testbed/panel_image.sh", ["requirements.lock"]), ("setup/compose.sh", ["compose.lock"]),
    ("setup/page.sh", ["requirements-page.lock"]),
])
def test_what_installs_installs_by_hash(file: str, locks: list[str]) -> None:
    text = (ROOT / file).read_text().replace("\\\n", " ").replace('"$LOCK"', locks[0])
    installing = [line for line in text.splitlines() if re.search(r"\bpip (-\S+ )*(install|download) ", line)]

    assert len(installing) == len(locks)
    assert all("--require-hashes" in line and lock in line for line, lock in zip(installing, locks, strict=True))
