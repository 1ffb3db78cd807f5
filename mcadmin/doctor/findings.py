"""What a check says."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; ``advice`` is empty when there is nothing to do."""

    name: str
    verdict: Verdict
    sentence: str
    advice: str = ""


Check = Callable[[], Awaitable[list[Finding]]]


def ok(name: str, sentence: str) -> list[Finding]:
    """Say that nothing is to be done."""
    return [Finding(name, Verdict.OK, sentence)]


def warning(name: str, sentence: str, advice: str) -> list[Finding]:
    """Say that something works badly, or will fail later."""
    return [Finding(name, Verdict.WARNING, sentence, advice)]


def failed(name: str, sentence: str, advice: str) -> list[Finding]:
    """Say that something does not work."""
    return [Finding(name, Verdict.FAILED, sentence, advice)]
