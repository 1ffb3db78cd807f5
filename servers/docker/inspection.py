"""Many containers inspected at once, so that what fails with one of them spoils no other."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from core.errors import AppError, TimedOut, Unavailable
from core.process import ProgramFailed
from servers.docker.container import Container, parse_container

AT_ONCE = 4
_MALFORMED = (KeyError, TypeError, ValueError, AttributeError)

Inspect = Callable[[Sequence[str]], Awaitable[str]]


@dataclass(slots=True)
class Inspection:
    """What was read, by id, and why the rest was not; a container that is gone is in neither."""

    found: dict[str, Container] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


async def inspect_batch(ids: Sequence[str], inspect: Inspect, *, probe: Callable[[], Awaitable[object]]) -> Inspection:
    """Read containers by one call, and where that fails each by a call of its own.

    Args:
        ids: full ids.
        inspect: calls docker.
        probe: a question that needs no container; it tells an engine that is away from one that hangs on a container.

    Raises:
        EngineUnreachable: the engine answers nothing at all.
    """
    result = Inspection()
    open_ids, problem = list(ids), ""
    try:
        _read(await inspect(open_ids), result)
    except ProgramFailed as error:
        said, problem = error.stderr.lower(), str(error)
        _read_what_came(error.stdout, result)
        open_ids = [one for one in ids if one not in result.found and f"no such container: {one}" not in said]
    except Unavailable as error:
        if not isinstance(error.__cause__, TimedOut):
            raise
        await probe()
        problem = str(error)
    except AppError as error:
        problem = str(error)
    except _MALFORMED as error:
        problem = f"what docker inspect prints cannot be read ({type(error).__name__})"
    else:
        return result  # what is missing is gone
    open_ids = [one for one in open_ids if one not in result.failed]
    if len(ids) == 1:
        result.failed |= dict.fromkeys(open_ids, problem)
    else:
        await _each(open_ids, inspect, probe, result)
    return result


async def _each(
    ids: Sequence[str], inspect: Inspect, probe: Callable[[], Awaitable[object]], result: Inspection
) -> None:
    places = asyncio.Semaphore(AT_ONCE)

    async def alone(one: str) -> Inspection:
        async with places:
            return await inspect_batch([one], inspect, probe=probe)

    for part in await asyncio.gather(*map(alone, ids)):
        result.found |= part.found
        result.failed |= part.failed


def _read(printed: str, result: Inspection) -> None:
    for item in json.loads(printed or "[]"):
        try:
            one = parse_container(item)
        except _MALFORMED as error:  # an engine newer than we are may have states that we do not know
            result.failed[item["Id"]] = f"what docker inspect tells of it cannot be read ({error})"
        else:
            result.found[one.id] = one


def _read_what_came(printed: str, result: Inspection) -> None:
    try:
        _read(printed, result)
    except _MALFORMED:  # cut off: each is asked for alone
        return
