"""What may be said to a game, and how what it says is shown."""

import pytest

from core.errors import InvalidRequest
from servers.minecraft.rcon.client import clean_answer, validate_command


@pytest.mark.parametrize(
    "text", ["", "  ", "a\nb", "a\r", "\0", "a\x1b[0m", "a\x7f", "a\x85b", "x" * 1447, "ü" * 724, "\ud800", "a\tb"]
)
def test_commands_that_no_game_should_get(text: str) -> None:
    with pytest.raises(InvalidRequest):
        validate_command(text)


@pytest.mark.parametrize("text", ["l", "say ü 🙂 § \\n", "x" * 1446, "ü" * 723])
def test_commands_that_pass(text: str) -> None:
    assert validate_command(f" {text} ") == text


@pytest.mark.parametrize(
    ("answer", "shown"),
    [
        ("§aThere are §l2§r players\n", "There are 2 players"),
        ("\x1b[31;1mred\x1b[0m\r\n\x1b[2Kplain", "red\nplain"),
        ("§x§1§2§a§b§c§dhex", "hex"),
        ("§zstays § alone", "§zstays § alone"),
        ("\x1b]0;title\x07text", "text"),
        ("  \n ", ""),
    ],
)
def test_answers_lose_their_colours(answer: str, shown: str) -> None:
    assert clean_answer(answer) == shown
