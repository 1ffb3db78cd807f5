"""What a snapshot leaves out: a server's own list, or our default. Blocking: they read the disk.

The list lies beside ``data``, where neither the game nor the file API can write: a plugin must not decide what is in
the backups. Earlier it lay in ``data``; such a list is taken over once, and that is said until somebody saves it again.
Where the server's own folder is the game's (``.:/data``), no place beside it is left: there the default alone counts.
"""

import codecs
import re
from collections.abc import Iterator
from stat import S_ISDIR

from backups.restic.patterns import Patterns, escape
from core.errors import AppError, Conflict, InvalidRequest
from core.paths import FileMissing, Root, names_in
from servers.docker.folders import EXCLUDE_LIST as NAME
from servers.docker.folders import DataElsewhere, open_server
from servers.minecraft.data_root import DataRoot

TAKEN_OVER = "# Taken over from data/, where the game could write it. Save this list again to confirm it."
DEFAULT = "/cache/\n/libraries/.cache/\n*.tmp\nsession.lock\n"
_NEWLINE = re.compile(r"\r\n|\r|\n")
_WRITABLE = (
    "The list of what to leave out (`.mcadminignore`) lies among the game's own files, where any plugin can write it, "
    "so it is not used: the default is."
)
_ADVICE = "For a list of your own, move the game's files to a folder `data` and mount that (`./data:/data`)."
MAX_NAMED = 3  # lines of a list, in one sentence
_REGIONS = ("region", "DIM-1/region", "DIM1/region")
MAX_WORLDS, MAX_REGIONS = 1000, 20_000  # that are looked at, of one server and of one folder
MAX_BYTES = 64 * 1024
MAX_LINES = 1000
MAX_ANY_DEPTH = 2  # restic tries every way to fit them: with a dozen it looks at one deep file for hours
# A name that restic takes; with any other it refuses the whole backup. Source: Go's path/filepath, Match.
_NAME = re.compile(r"(?:[^\\\[]|\\.|\[\^?+(?:(?:\\.|[^\]\\-])(?:-(?:\\.|[^\]\\-]))?)+\])*+")


class ListWritableByGame(Conflict):
    """The server's list would lie where the game can write it."""

    code = "list_is_the_games"


def is_the_games(data: DataRoot) -> bool:
    """Tell whether the server's list would lie among the game's own files."""
    return data.in_server == ""


def read_list(data: DataRoot) -> str:
    """Return the list that counts: the server's own, or the default where it can have none; changes nothing."""
    if is_the_games(data):
        return DEFAULT
    try:
        return _read(open_server(data.directory))
    except FileMissing:
        pass
    try:
        return f"{TAKEN_OVER}\n{_read(data.hold())}"
    except (FileMissing, DataElsewhere):
        return DEFAULT


def settle(data: DataRoot) -> None:
    """Write the list where it is not there yet, so that what a game writes later counts for nothing."""
    if is_the_games(data):
        return
    try:
        _read(open_server(data.directory))
    except FileMissing:
        with open_server(data.directory) as root:
            root.write_bytes(NAME, read_list(data).encode())


def warnings(data: DataRoot) -> list[str]:
    """Say what is wrong with the list: not used, confirmed by nobody, no patterns, the world's files left out."""
    told, text = _unused(data), read_list(data)
    if text.startswith(TAKEN_OVER):
        told.append("The list was taken over from data/, where the game could write it. Save it again to confirm it.")
    bad = [(number, problem) for number, line in enumerate(_NEWLINE.split(text), 1) if (problem := _problem(line))]
    if bad:
        more = f" So it is with {len(bad) - 1} more." if len(bad) > 1 else ""
        told.append(f"Line {bad[0][0]} of the list of what to leave out {bad[0][1]}: it counts for nothing.{more}")
    return told + lost_world(data, patterns(data))


def _unused(data: DataRoot) -> list[str]:
    """Say what lies in the place of a list that does not count; nothing where that is the default, or no list."""
    if not is_the_games(data):
        return []
    try:
        found = _lines(_read(open_server(data.directory)))
    except FileMissing:
        return []
    except AppError as error:
        return [f"{_WRITABLE} ({error}) {_ADVICE}"]
    more = sorted({*found} - {*_lines(DEFAULT)})
    what = f" What it would leave out is saved: {named(more)}." if more else ""
    return [] if found == _lines(DEFAULT) else [f"{_WRITABLE}{what} {_ADVICE}"]


def named(lines: list[str]) -> str:
    """Return some lines of a list as a sentence may have them."""
    more = f" and {len(lines) - MAX_NAMED} more" if len(lines) > MAX_NAMED else ""
    return ", ".join(repr(line)[:100] for line in lines[:MAX_NAMED]) + more


def lost_world(data: DataRoot, left_out: list[str]) -> list[str]:
    """Say which files of worlds are there and would be left out; one sentence, or none."""
    lost = lost_files(data, left_out)
    return [f"The list of what to leave out leaves out files of the world: {lost}."] if lost else []


def lost_files(data: DataRoot, left_out: list[str]) -> str:
    """Name the files of worlds that are there and would be left out by the patterns ``left_out``; empty for none."""
    match = Patterns(left_out).match
    try:
        lost = [name for name in world_files(data) if match(f"{data.path}/{name}")]
    except AppError:  # no data that could be read: the copy itself says so
        return ""
    more = f" and {len(lost) - 3} more" if len(lost) > 3 else ""
    return f"{', '.join(lost[:3])}{more}"


def world_files(data: DataRoot) -> Iterator[str]:
    """Yield level.dat and region files of the worlds at most two folders deep; blocking, raises as ``DataRoot.hold``.

    Of a folder that a game has filled with any number of files only so many are looked at.
    """
    with data.hold() as root:
        tops = ["", *(f"{name}/" for name in sorted(names_in(root, directories=True, at_most=MAX_WORLDS)))]
        for top in tops:
            if root.lstat(f"{top}level.dat") is not None:
                yield f"{top}level.dat"
        for top in tops:
            for place in _REGIONS:
                there = root.lstat(f"{top}{place}")
                if there is not None and S_ISDIR(there.st_mode):
                    names = names_in(root, f"{top}{place}", directories=False, at_most=MAX_REGIONS)
                    yield from (f"{top}{place}/{name}" for name in sorted(names) if name.endswith(".mca"))


def _read(opened: Root) -> str:
    with opened as root:
        text = _decoded(root.read_bytes(NAME, max_bytes=MAX_BYTES, follow=False))
    if len(_NEWLINE.findall(text)) > MAX_LINES:  # each line is a word of restic's command, which takes only so many
        raise _too_long()
    return text


def _decoded(raw: bytes) -> str:
    """Return the text of a list as an editor may have written it: in UTF-8, else UTF-16, else Latin-1."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    if b"\0" in raw[:2]:  # UTF-16 without a mark: its first sign is none but an ASCII one, such as / or *
        return raw.decode("utf-16-be" if raw[:1] == b"\0" else "utf-16-le", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _too_long() -> InvalidRequest:
    return InvalidRequest(f"The list may have {MAX_LINES} lines and {MAX_BYTES // 1024} KiB.")


def write_list(data: DataRoot, text: str) -> None:
    """Replace the server's own list.

    Raises:
        ListIsTheGames: it would not count.
        InvalidRequest: names the line that is no pattern.
    """
    if is_the_games(data):
        raise ListWritableByGame(f"{_WRITABLE} {_ADVICE}")
    text = text.removeprefix("\ufeff")
    if len(text.encode(errors="replace")) > MAX_BYTES or len(_NEWLINE.findall(text)) > MAX_LINES:
        raise _too_long()
    for number, line in enumerate(_NEWLINE.split(text), 1):
        problem = _problem(line)
        if problem:
            raise InvalidRequest(f"Line {number} {problem}.", errors={"content": [f"Line {number} {problem}."]})
    with open_server(data.directory) as root:
        root.write_bytes(NAME, text.encode())


def patterns(data: DataRoot) -> list[str]:
    """Return the list as restic takes it: bound to the game's files, so that one server's list never touches another's.

    A line that begins with a slash counts from there, any other matches at every depth below it; lines that
    are no pattern, as somebody may have written by hand, are passed over.
    """
    return _patterns(data, read_list(data))


def usable_patterns(data: DataRoot) -> list[str]:
    """Return the list as ``patterns`` does, and the default where it cannot be read."""
    try:
        return patterns(data)
    except AppError:
        return default_patterns(data)


def default_patterns(data: DataRoot) -> list[str]:
    """Return what is left out where the server's own list cannot be read: that must not keep it from being saved."""
    return _patterns(data, DEFAULT)


def _patterns(data: DataRoot, text: str) -> list[str]:
    base = escape(str(data.path))
    return [_bound(line, base) for line in _lines(text) if not _problem(line)]


def _lines(text: str) -> list[str]:
    """Return what counts of a list: no comments, no blanks around a line."""
    found = [line.strip() for line in _NEWLINE.split(text)]
    return [line for line in found if line and not line.startswith("#")]


def lines(data: DataRoot) -> list[str]:
    """Return the lines of the server's list that count, as somebody wrote them; the default's where it has none."""
    return _lines(read_list(data))


def _bound(line: str, base: str) -> str:
    negated = "!" if line.startswith("!") else ""
    pattern = line.removeprefix("!").rstrip("/")
    return f"{negated}{base}{pattern}" if pattern.startswith("/") else f"{negated}{base}/**/{pattern}"


def _problem(line: str) -> str:
    """Say what is wrong with a line; empty when it may stand."""
    pattern = line.strip().removeprefix("!")
    if not pattern or pattern.startswith("#"):
        return ""
    names = pattern.split("/")
    rules = {
        "has control characters": re.search(r"[\x00-\x1f\x7f]", pattern) is not None,
        "leads out of the server's data with '..'": ".." in names,
        "would leave out everything": not pattern.strip("/"),
        f"has ** more than {MAX_ANY_DEPTH} times": names.count("**") > MAX_ANY_DEPTH,
        "has an unfinished [ or \\, or a bare - or ] inside of []": not all(map(_NAME.fullmatch, names)),
    }
    return next((problem for problem, is_so in rules.items() if is_so), "")
