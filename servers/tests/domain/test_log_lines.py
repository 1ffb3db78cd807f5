import time

import pytest

from servers.minecraft.log_lines import CUT_MARK, MAX_LINE_BYTES, clean_line, is_filtered, is_rcon_noise

ESC = "\x1b"


@pytest.mark.parametrize(
    ("line", "noise"),
    [
        ("[12:00:00] [RCON Client /127.0.0.1 #1/INFO]: Thread RCON Client /127.0.0.1 shutting down", True),
        ("[12:00:00] [RCON Listener #1/INFO]: Thread RCON Client /127.0.0.1 started", True),
        ("[12:00:00] [Server thread/INFO]: <Alex> RCON Client", False),
        ("[12:00:00] [rcon client /127.0.0.1 #1/INFO]: x", False),
        ("", False),
    ],
)
def test_rcon_noise_is_known_by_its_thread(line: str, noise: bool) -> None:
    assert is_rcon_noise(line) is noise


@pytest.mark.parametrize("line", ["", " \t", "[RCON Client x"])
def test_the_filter_takes_blank_lines_too(line: str) -> None:
    assert is_filtered(line)


@pytest.mark.parametrize(
    "line",
    ["plain", "a\tb", f"{ESC}[31mred{ESC}[0m", f"{ESC}[38;2;1;2;3m", f"{ESC}[38:5:9m", f"{ESC}[m", "§aü雪🙂", "\xa0"],
)
def test_text_tabs_and_colours_stay(line: str) -> None:
    assert clean_line(line) == line


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (f"{ESC}]0;title\x07text", "text"),
        (f"{ESC}]52;c;cm0gLXJmIC8={ESC}\\text", "text"),
        (f"{ESC}]8;;http://evil{ESC}\\link{ESC}]8;;{ESC}\\", "link"),
        (f"{ESC}]0;without an end", "0;without an end"),
        (f"{ESC}[2J{ESC}[H{ESC}[6ntext", "text"),
        (f"{ESC}[>4;2mtext{ESC}[?1m", "text"),
        (f"{ESC}P+q544e{ESC}\\text", "text"),
        (f"{ESC}_x{ESC}\\{ESC}^y{ESC}\\{ESC}Xz{ESC}\\text", "text"),
        (f"{ESC}cte{ESC}(Bxt{ESC}", "text"),
        ("\x9b2Jte\x9d0;title\x9cxt\x85", "text"),
        (f"{ESC}{ESC}[2J[2Jtext", "[2Jtext"),
        (f"te{ESC}]0;t{ESC}[31mxt", f"te0;t{ESC}[31mxt"),
        ("te\0\x07\x08\x0b\x0cxt\x7f", "text"),
        ("text\r", "text"),
        ("10%\r\r20%", "10% 20%"),
    ],
)
def test_nothing_is_left_that_a_terminal_would_obey(line: str, shown: str) -> None:
    assert clean_line(line) == shown


@pytest.mark.parametrize("character", ["x", "ü", "雪", "🙂"])
def test_a_line_over_32_kib_is_cut_at_a_character_with_a_mark(character: str) -> None:
    fitting = character * (MAX_LINE_BYTES // len(character.encode()))

    assert clean_line(fitting) == fitting
    assert clean_line(fitting + character * 2) == fitting + CUT_MARK


@pytest.mark.parametrize("bad", [f"{ESC}]", f"{ESC}[", f"{ESC}P", f"{ESC}[0", f"{ESC} ", "\x9b0", "\x9d", "\x90"])
def test_no_line_takes_long(bad: str) -> None:
    started = time.perf_counter()
    clean_line(bad * (MAX_LINE_BYTES // len(bad)))
    assert time.perf_counter() - started < 1
