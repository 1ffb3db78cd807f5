"""`make prove P=<n>`: break the line that a promise rests on, watch its test fail, put it back.

It works on a copy of the checkout, so that not even a kill in the middle leaves the broken line behind. What each
promise rests on stands in promises.toml.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "testbed" / "promises.toml"
_SHARED = (".venv", ".tools")  # of the checkout: nothing in them is changed


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise to users: the test that proves it, and the line without which that test fails."""

    number: int
    text: str
    test: str
    file: str
    line: str
    broken: str


def promises() -> list[Promise]:
    """Read the table."""
    return [Promise(**one) for one in tomllib.loads(TABLE.read_text())["promise"]]


def break_line(text: str, promise: Promise) -> str:
    """Return ``text`` with the promise's line broken.

    Raises:
        ValueError: the line is not there exactly once.
    """
    if text.count(promise.line) != 1:
        raise ValueError(f"promise {promise.number}: {promise.file} has the line {text.count(promise.line)} times")
    return text.replace(promise.line, promise.broken)


def main() -> None:
    """Prove the promise that is named, or every one."""
    wanted = {int(one) for one in sys.argv[1:]} or {one.number for one in promises()}
    failures = [one.number for one in promises() if one.number in wanted and not prove(one)]
    if failures:
        sys.exit(f"Not proved: {', '.join(map(str, failures))}")


def prove(promise: Promise) -> bool:
    """Tell whether the test passes as the code stands and fails with the line broken."""
    say(f"\n{promise.number}. {promise.text}\n   {promise.test}")
    with tempfile.TemporaryDirectory(prefix="mcadmin-prove-") as folder:
        copy = Path(folder) / "checkout"
        checkout(copy)
        as_it_is = run_test(copy, promise.test)
        say(f"   as it is: {as_it_is}")
        file = copy / promise.file
        file.write_text(break_line(file.read_text(), promise))
        broken = run_test(copy, promise.test)
        say(f"   {promise.file}: {promise.line.strip()!r} → {promise.broken.strip()!r}: {broken}")
    return " passed" in as_it_is and "failed" not in as_it_is and "failed" in broken


def checkout(copy: Path) -> None:
    """Copy what git knows, with the changes that are not committed yet."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    for name in _SHARED:
        (copy / name).symlink_to((ROOT / name).resolve())


def run_test(folder: Path, test: str) -> str:
    """Run one test and return pytest's closing line."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
        cwd=folder, env=os.environ | {"MCADMIN_REQUIRE_REAL": "1"}, capture_output=True, text=True, check=False,
    )
    return (done.stdout.strip().splitlines() or [done.stderr.strip()])[-1]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
