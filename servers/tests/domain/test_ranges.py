"""Headers and texts with numbers of any length: never an error of Python's own."""

import pytest

from core.errors import AppError
from servers.minecraft.compose.derivations import max_memory_bytes
from servers.minecraft.files.ranges import NotSatisfiable, wanted_range
from servers.minecraft.players import parse_players

LONG = "9" * 4301


@pytest.mark.parametrize(
    "header", [f"bytes={LONG}-", f"bytes=-{LONG}", f"bytes=0-{LONG}", f"bytes={LONG}-{LONG}", f"bytes=\u0661-{LONG}"]
)
def test_a_range_of_thousands_of_digits_is_ignored(header: str) -> None:
    assert wanted_range(header, size=10) is None


@pytest.mark.parametrize("header", ["bytes=\u0661-\u0662", "bytes=\u00b2-"])
def test_only_plain_digits_are_a_range(header: str) -> None:
    assert wanted_range(header, size=10) is None


def test_a_range_beyond_the_file_is_still_told() -> None:
    with pytest.raises(NotSatisfiable):
        wanted_range("bytes=99999999999999999999-", size=10)


def test_a_memory_of_thousands_of_digits_is_none() -> None:
    assert max_memory_bytes({"MAX_MEMORY": f"{LONG}G"}) == 0
    assert max_memory_bytes({"MAX_MEMORY": "2G"}) == 2 * 2**30


def test_players_of_thousands_of_digits_are_an_answer_that_cannot_be_read() -> None:
    with pytest.raises(AppError, match="cannot be read"):
        parse_players(f"There are 1 of a max of {LONG} players online: a")
