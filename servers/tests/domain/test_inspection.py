"""Containers read together: what fails with one of them spoils no other, and an engine that is away is told as such."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.errors import AppError, TimedOut, Unavailable
from core.process import ProgramFailed
from servers.docker.inspection import inspect_batch


def item(one: str, **state: Any) -> dict[str, Any]:
    return {
        "Id": one, "Name": f"/{one}", "Created": "2026-11-24T10:00:00Z", "Config": {"Image": "mc"},
        "State": {"Status": "running", "ExitCode": 0, **state},
    }


def printed(*ids: str) -> str:
    return json.dumps([item(one) for one in ids])


def hangs() -> Unavailable:
    error = Unavailable("The engine does not answer.")
    error.__cause__ = TimedOut("30 s")
    return error


@dataclass
class Engine:
    """Answers by the ids asked for, joined; what it has no answer for is printed well."""

    answers: dict[str, str | AppError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    probes: int = 0
    is_away: bool = False

    async def inspect(self, ids: Sequence[str]) -> str:
        self.asked.append("+".join(ids))
        answer = self.answers.get("+".join(ids), printed(*ids))
        if isinstance(answer, AppError):
            raise answer
        return answer

    async def probe(self) -> None:
        self.probes += 1
        if self.is_away:
            raise Unavailable("The engine is away.")


@pytest.mark.parametrize(
    ("answer", "found", "asked"),
    [
        (printed("a", "b", "c"), {"a", "b", "c"}, []),
        (printed("a", "c"), {"a", "c"}, []),
        ("", set(), []),
        ("[]", set(), []),
        ("{cut", {"a", "b", "c"}, ["a", "b", "c"]),
        ("[{}]", {"a", "b", "c"}, ["a", "b", "c"]),
        ("7", {"a", "b", "c"}, ["a", "b", "c"]),
        (AppError("too much"), {"a", "b", "c"}, ["a", "b", "c"]),
        (hangs(), {"a", "b", "c"}, ["a", "b", "c"]),
        (ProgramFailed("docker", 1, "Error: No such container: b", printed("a", "c")), {"a", "c"}, []),
        (ProgramFailed("docker", 1, "error: no such container: b", printed("a")), {"a", "c"}, ["c"]),
        (ProgramFailed("docker", 1, "broken", printed("b")), {"a", "b", "c"}, ["a", "c"]),
        (ProgramFailed("docker", 1, "broken", "[{cut"), {"a", "b", "c"}, ["a", "b", "c"]),
        (ProgramFailed("docker", 1, "broken"), {"a", "b", "c"}, ["a", "b", "c"]),
    ],
)
async def test_after_a_call_that_failed_each_that_is_open_is_asked_alone(
    answer: str | AppError, found: set[str], asked: list[str]
) -> None:
    engine = Engine({"a+b+c": answer})

    result = await inspect_batch(["a", "b", "c"], engine.inspect, probe=engine.probe)

    assert set(result.found) == found
    assert all(one.id == key for key, one in result.found.items())
    assert result.failed == {}
    assert engine.asked == ["a+b+c", *asked]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("{cut", "what docker inspect prints cannot be read (JSONDecodeError)"),
        ("[7]", "what docker inspect prints cannot be read (TypeError)"),
        (AppError("It printed too much."), "It printed too much."),
        (hangs(), "The engine does not answer."),
        (ProgramFailed("docker", 1, "first\nlast line"), "docker failed (1): last line"),
    ],
)
async def test_what_fails_with_one_container_is_said_of_it_alone(answer: str | AppError, reason: str) -> None:
    engine = Engine({"a+b": AppError("no"), "b": answer})

    result = await inspect_batch(["a", "b"], engine.inspect, probe=engine.probe)

    assert list(result.found) == ["a"]
    assert result.failed == {"b": reason}


@pytest.mark.parametrize("answer", ["[]", ProgramFailed("docker", 1, "Error: No such container: b")])
async def test_a_container_that_went_meanwhile_is_neither_found_nor_failed(answer: str | AppError) -> None:
    engine = Engine({"a+b": AppError("no"), "b": answer})

    result = await inspect_batch(["a", "b"], engine.inspect, probe=engine.probe)

    assert (list(result.found), result.failed) == (["a"], {})


@pytest.mark.parametrize("is_whole", [True, False])
async def test_a_state_that_is_not_known_is_said_and_asked_no_second_time(*, is_whole: bool) -> None:
    text = json.dumps([item("a"), item("b", Status="dreaming")])
    engine = Engine({"a+b": text if is_whole else ProgramFailed("docker", 1, "broken", text)})

    result = await inspect_batch(["a", "b"], engine.inspect, probe=engine.probe)

    assert list(result.found) == ["a"]
    assert list(result.failed) == ["b"]
    assert "dreaming" in result.failed["b"]
    assert engine.asked == ["a+b"]


async def test_an_engine_that_is_away_is_no_failure_of_its_containers() -> None:
    engine = Engine({"a+b": Unavailable("The engine is away.")})

    with pytest.raises(Unavailable, match="away"):
        await inspect_batch(["a", "b"], engine.inspect, probe=engine.probe)

    assert (engine.asked, engine.probes) == (["a+b"], 0)


async def test_an_engine_that_hangs_altogether_is_told_by_its_probe() -> None:
    engine = Engine({"a+b": hangs()}, is_away=True)

    with pytest.raises(Unavailable, match="away"):
        await inspect_batch(["a", "b"], engine.inspect, probe=engine.probe)

    assert (engine.asked, engine.probes) == (["a+b"], 1)
