"""Counts what ran, and holds it against the floor, so that nothing is skipped unseen."""

import os
import subprocess
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOOR_FILE = ROOT / "testbed" / "floor.txt"
MARKS = ("docker", "restic", "redis", "browser", "process")
IMAGE = os.environ.get("TESTBED_IMAGE", "itzg/minecraft-server:java21")
REDIS = ROOT / ".tools/bin/redis-server"
REQUIRE_REAL = os.environ.get("MCADMIN_REQUIRE_REAL") == "1"
HOLD_FLOOR = os.environ.get("MCADMIN_HOLD_FLOOR") == "1"


@cache
def absent(mark: str) -> str:
    """Return why tests of this mark cannot run here, or an empty text."""
    match mark:
        case "docker":
            return _fails("docker", "version", "--format", "{{.Server.Version}}") or _fails(
                "docker", "image", "inspect", IMAGE
            )
        case "restic":
            return _fails(str(ROOT / ".tools/bin/restic"), "version")
        case "redis":
            return _fails(str(REDIS), "--version")
        case "browser":
            return _fails("chromium", "--version")
    return ""


def _fails(*argv: str) -> str:
    try:
        done = subprocess.run(argv, capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{argv[0]}: {error}"
    return f"{' '.join(argv)}: exit code {done.returncode}" if done.returncode else ""


def parse_floor(text: str) -> dict[str, int]:
    """Return the least number of passed tests by mark; ``#`` begins a comment."""
    lines = (line.partition("#")[0].split() for line in text.splitlines())
    return {words[0]: int(words[1]) for words in lines if words}


def below(floor: dict[str, int], passed: Counter[str]) -> list[str]:
    """Return a sentence for each mark of which too few tests passed."""
    return [
        f"{mark}: {passed[mark]} tests ran and passed, at least {least} must"
        for mark, least in floor.items()
        if passed[mark] < least
    ]


class Tally:
    """The pytest plugin that counts by mark, prints it, and fails the run below the floor."""

    def __init__(self) -> None:
        self.passed: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        marks = [mark for mark in MARKS if mark in report.keywords] or ["fast"]
        if report.skipped:
            self.skipped.update(marks)
        elif report.when == "call" and report.passed:
            self.passed.update([*marks, "all"])

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._below() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        numbers = ", ".join(f"{mark} {count}" for mark, count in sorted(self.passed.items()))
        terminalreporter.write_line(f"passed by mark: {numbers or 'none'}")
        for mark in MARKS:
            if self.skipped[mark]:
                reason = absent(mark) or "see above"
                terminalreporter.write_line(
                    f"!!! {self.skipped[mark]} {mark} TESTS WERE SKIPPED ({reason}); `make test` brings it up",
                    red=True,
                )
        for sentence in self._below():
            terminalreporter.write_line(f"BELOW THE FLOOR: {sentence}", red=True)

    def _below(self) -> list[str]:
        return below(parse_floor(FLOOR_FILE.read_text()), self.passed) if HOLD_FLOOR else []
