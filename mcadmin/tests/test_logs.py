import logging
from pathlib import Path

import pytest

from core import request_id, tasks
from core.daily_file import DailyFile
from core.redaction import Redactor
from mcadmin.logs import DailyHandler, OneLine

MASTER = "m4st3r/t0ken+of=the.tests"


def formatted(message: str, *args: object, error: BaseException | None = None) -> str:
    info = (type(error), error, None) if error else None
    return OneLine(Redactor([MASTER])).format(logging.LogRecord("x", logging.INFO, "f", 1, message, args, info))


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


@pytest.mark.parametrize(
    "text",
    [
        f"got {MASTER}",
        "Authorization: Bearer s3cret",
        "authorization: basic s3cret==",
        "GET /ws?access_token=s3cret HTTP/1.1",
        "subprotocol bearer, s3cret",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl",
    ],
)
def test_secrets_never_reach_a_log_whoever_logs_them(text: str) -> None:
    line = formatted(text, error=ValueError(text))

    for secret in (MASTER, "s3cret", "eyJzdWIiOiJhIn0"):
        assert secret not in line
    assert line.count("***MASKED***") == 2


def test_a_line_of_no_request_has_a_dash() -> None:
    assert " [-] x: hello" in formatted("hello")


async def test_work_that_outlives_its_request_logs_under_its_id() -> None:
    request_id.begin("abc-123")

    async def work() -> str:
        return formatted("later")

    assert " [abc-123] " in await tasks.start(work())


@pytest.mark.parametrize("given", ["", "a b", "x" * 65, "a\r\nSet-Cookie: x", "é"])
def test_what_is_no_id_is_replaced(given: str) -> None:
    assert request_id.begin(given) != given
    request_id.carry(request_id.NONE)


def test_a_full_disk_stops_no_program_and_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    handler = DailyHandler(DailyFile(Path("/dev/full"), keep_days=1))
    for _ in range(3):
        handler.handle(logging.LogRecord("x", logging.INFO, "f", 1, "hello", (), None))
    handler.close()

    assert capsys.readouterr().err == "MC Admin cannot write /dev/full: No space left on device\n"
