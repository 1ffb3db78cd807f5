"""Lines of a game's log as a console shows them: data, never something a terminal would obey."""

import re

MAX_LINE_BYTES = 32 * 1024
CUT_MARK = " … [cut at 32 KiB]"

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_RETURNS = re.compile(r"\r+")
_COLOUR = r"\x1b\[[0-9;:]{0,64}m"
# Strings end at BEL or ST. An unended one loses its introducer alone: the words after it stay readable.
_SEQUENCES = re.compile(
    rf"(?P<colour>{_COLOUR})"
    # titles, clipboard, links, devices
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # cursor, modes, reports, and whatever only resembles a colour
    r"|\x1b[ -/]*[0-Z\\-~]"  # short escapes; `[` is no end of one
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f]"
)
_GAME_COLOUR = re.compile(r"§[0-9a-fk-orx]", re.IGNORECASE)


def is_rcon_noise(line: str) -> bool:
    """Tell whether the line only says that an RCON connection came or went."""
    return "[RCON Client" in line or "[RCON Listener" in line


def is_filtered(line: str) -> bool:
    """Tell whether the RCON filter leaves the line out: noise, and blank lines, runs of which noise leaves behind."""
    return not line or line.isspace() or is_rcon_noise(line)


def clean_line(line: str) -> str:
    """Return one line with colours (SGR) but no other control sequence; tabs stay, a line over 32 KiB is cut.

    A carriage return at the end is dropped, elsewhere it becomes a space: it would hide what precedes it.
    """
    if len(line) * 4 > MAX_LINE_BYTES:
        line = _cut(line)
    if not _CONTROL.search(line):
        return line
    line = _RETURNS.sub(" ", line.rstrip("\r"))
    return _SEQUENCES.sub(lambda found: found["colour"] or "", line)


def plain_text(text: str) -> str:
    """Return ``text``, of any number of lines, without colours of terminal or game, and without control characters."""
    lines = (_SEQUENCES.sub("", line) for line in text.replace("\r", "").split("\n"))
    return _GAME_COLOUR.sub("", "\n".join(lines))


def _cut(line: str) -> str:
    encoded = line.encode(errors="replace")
    if len(encoded) <= MAX_LINE_BYTES:
        return line
    return encoded[:MAX_LINE_BYTES].decode(errors="ignore") + CUT_MARK
