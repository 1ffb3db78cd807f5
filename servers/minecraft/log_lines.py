"""Lines of a game's log as a console shows them."""

import re

MAX_LINE_CHARS = 32 * 1024
CUT = " … [cut]"

# Everything that makes a terminal do more than show coloured text: titles, clipboard, links, cursor, reports.
_SEQUENCES = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # operating system commands
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # device control and other strings
    r"|\x1b\[[0-9;:]*m"  # colours: kept below
    r"|\x1b\[[0-?]*[ -/]*[@-~]?"  # any other control sequence
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f-\x9f]"
)


def is_rcon_noise(line: str) -> bool:
    """Tell whether the line only says that an RCON connection came or went."""
    return "[RCON Client" in line or "[RCON Listener" in line


def clean_line(line: str) -> str:
    """Return the line with colours but no other control sequence, cut if it is too long."""
    if len(line) > MAX_LINE_CHARS:
        line = line[: MAX_LINE_CHARS - len(CUT)] + CUT
    if line.isprintable():
        return line
    return _SEQUENCES.sub(lambda match: match[0] if match[0].endswith("m") and match[0][1:2] == "[" else "", line)
