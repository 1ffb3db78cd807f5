"""What an operation says is text: nothing in it is obeyed by a terminal, or forges a line."""

import uuid

import pytest

from servers.operations.progress import Progress

CONTROL = [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, 0x200E, 0x200F, *range(0x202A, 0x202F)]
CONTROL += range(0x2066, 0x206A)


async def nothing() -> None:
    return None


@pytest.mark.parametrize("code", CONTROL, ids=hex)
def test_control_characters_are_escaped(code: int) -> None:
    progress = Progress(uuid.uuid4(), no_return=nothing)
    try:
        progress.warn(f"ü{chr(code)}x")
        progress.line(f"ö{chr(code)}x")
        progress.percent(1, f"ä{chr(code)}x")
        [warning, line] = progress.text().split("\n")
        assert progress.warnings == [warning]
        assert all(one.isprintable() for one in (warning, line, progress.stage))
        assert (warning[0], line[0], progress.stage[0], line[-1]) == ("ü", "ö", "ä", "x")
    finally:
        progress.close()
