import logging

import pytest

from mcadmin.logs import OneLine


def formatted(message: str, *args: object, error: BaseException | None = None) -> str:
    info = (type(error), error, None) if error else None
    return OneLine().format(logging.LogRecord("x", logging.INFO, "f", 1, message, args, info))


@pytest.mark.parametrize("character", ["\n", "\r", "\x1b", "\x00", "\x85", "\u2028"])
def test_control_characters_cannot_forge_a_line(character: str) -> None:
    line = formatted("user %s", f"a{character}2026-01-01 INFO forged")

    assert character not in line
    assert "\\" in line


def test_lines_of_a_traceback_are_marked() -> None:
    text = formatted("failed", error=ValueError("one\n2026-01-01 INFO forged"))

    assert all(line.startswith("  | ") for line in text.split("\n")[1:])


def test_tokens_in_addresses_are_masked() -> None:
    assert "s3cret" not in formatted('"GET /ws?token=s3cret&x=1"')
