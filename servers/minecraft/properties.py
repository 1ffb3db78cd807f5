"""``server.properties``: values with their types; comments, order and untouched lines stay as they are."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidRequest

Value = bool | int | str

MAX_VALUE_CHARS = 10_000
_SPACE = " \t\f"
_KEY = re.compile(r"[A-Za-z0-9_.\-/]{1,200}")


@dataclass(frozen=True, slots=True)
class _Whole:
    lowest: int = -(2**31)
    highest: int = 2**31 - 1


@dataclass(frozen=True, slots=True)
class _Choice:
    values: tuple[str, ...]


_PORT = _Whole(1, 65535)
_YES_OR_NO = {
    "accepts-transfers", "allow-flight", "allow-nether", "broadcast-console-to-ops", "broadcast-rcon-to-ops",
    "debug", "enable-code-of-conduct", "enable-command-block", "enable-jmx-monitoring", "enable-query", "enable-rcon",
    "enable-status", "enforce-secure-profile", "enforce-whitelist", "force-gamemode", "generate-structures",
    "hardcore", "hide-online-players", "log-ips", "management-server-enabled", "online-mode",
    "prevent-proxy-connections", "previews-chat", "pvp", "require-resource-pack", "snooper-enabled", "spawn-animals",
    "spawn-monsters", "spawn-npcs", "sync-chunk-writes", "use-native-transport", "white-list",
}
_TYPES: dict[str, _Whole | _Choice] = {
    "difficulty": _Choice(("peaceful", "easy", "normal", "hard")),
    "entity-broadcast-range-percentage": _Whole(10, 1000),
    "function-permission-level": _Whole(1, 4),
    "gamemode": _Choice(("survival", "creative", "adventure", "spectator")),
    "max-build-height": _Whole(8, 4064),
    "max-chained-neighbor-updates": _Whole(),
    "max-players": _Whole(0),
    "max-tick-time": _Whole(-1, 2**63 - 1),
    "max-world-size": _Whole(1, 29999984),
    "network-compression-threshold": _Whole(-1),
    "op-permission-level": _Whole(0, 4),
    "pause-when-empty-seconds": _Whole(),
    "player-idle-timeout": _Whole(0),
    "query.port": _PORT,
    "rate-limit": _Whole(0),
    "rcon.port": _PORT,
    "region-file-compression": _Choice(("deflate", "lz4", "none")),
    "server-port": _PORT,
    "simulation-distance": _Whole(3, 32),
    "spawn-protection": _Whole(0),
    "status-heartbeat-interval": _Whole(0),
    "view-distance": _Whole(3, 32),
}


def parse(raw: bytes) -> dict[str, Value]:
    """Return the properties in their order; a value that does not fit its type is returned as the text it is."""
    return {key: _typed(key, value) for key, value in (_split(line) for line, _ in _logical(_text(raw))) if key}


def change(raw: bytes, wanted: Mapping[str, Any]) -> bytes:
    """Return the file with the ``wanted`` values in it; None takes a property out, a new one comes at the end.

    Raises:
        InvalidRequest: with what is wrong by property.
    """
    values, errors = {}, {}
    for key, value in wanted.items():
        try:
            values[key] = None if value is None else _spelled(key, value)
        except ValueError as error:
            errors[key] = [str(error)]
    if errors:
        said = " ".join(f"{key}: {messages[0]}" for key, messages in errors.items())
        raise InvalidRequest(said, errors=errors)
    mark, text = raw[: len(raw) - len(raw.removeprefix(BOM_UTF8))], _text(raw)
    end = "\r\n" if "\r\n" in text else "\n"
    present = parse(raw)
    same = {key for key, value in wanted.items() if key in present and value == present[key]}
    written: list[str] = []
    last = {key: number for number, (line, _) in enumerate(_logical(text)) if (key := _split(line)[0])}
    for number, (line, original) in enumerate(_logical(text)):
        key = _split(line)[0]
        if not key or key not in values or key in same:
            written.append(original)
        elif values[key] is not None and last[key] == number:  # of a property set twice the last one counts
            written.append(f"{_escaped(key, is_key=True)}={values[key]}{_end_of(original) or end}")
    new = [key for key in values if key not in present and values[key] is not None]
    if new and written and not _end_of(written[-1]):
        written[-1] += end
    written += [f"{_escaped(key, is_key=True)}={values[key]}{end}" for key in new]
    return mark + "".join(written).encode("utf-8" if _is_utf8(raw) else "latin-1")


def _typed(key: str, value: str) -> Value:
    if key in _YES_OR_NO and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    kind = _TYPES.get(key)
    if isinstance(kind, _Whole) and re.fullmatch(r"-?\d{1,19}", value):
        return int(value)
    return value


def _spelled(key: str, value: Any) -> str:
    """Check a value and return it as the file has it; raises ValueError with a sentence."""
    if not _KEY.fullmatch(key):
        raise ValueError("A property's name has letters, digits, '.', '-' and '_' only.")
    if key in _YES_OR_NO:
        if not isinstance(value, bool):
            raise ValueError("It is true or false.")
        return "true" if value else "false"
    kind = _TYPES.get(key)
    if isinstance(kind, _Whole):
        if isinstance(value, bool) or not isinstance(value, int) or not kind.lowest <= value <= kind.highest:
            raise ValueError(f"It is a whole number from {kind.lowest} to {kind.highest}.")
        return str(value)
    if isinstance(kind, _Choice) and value not in kind.values:
        raise ValueError(f"It is one of: {', '.join(kind.values)}.")
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, int | str) or len(str(value)) > MAX_VALUE_CHARS or "\0" in str(value):
        raise ValueError(f"It is a text of at most {MAX_VALUE_CHARS} characters.")
    return _escaped(str(value), is_key=False)


def _logical(text: str) -> Iterator[tuple[str, str]]:
    """Yield each logical line with the original text it came from, line ends included."""
    original = line = ""
    for natural in re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z", text):
        original += natural
        body = natural.rstrip("\r\n")
        stripped = body.lstrip(_SPACE)
        if not line and stripped[:1] in {"#", "!", ""}:
            yield "", original
            original = ""
            continue
        line += stripped
        if (len(line) - len(line.rstrip("\\"))) % 2:  # an odd number of backslashes: it goes on
            line = line[:-1]
            continue
        yield line, original
        original = line = ""
    if original:
        yield line, original


def _split(line: str) -> tuple[str, str]:
    """Return name and value of a logical line as Java reads them."""
    found = re.match(r"((?:\\.|[^\\=:\s])*)[ \t\f]*[=:]?[ \t\f]*(.*)", line, re.DOTALL)
    return (_plain(found[1]), _plain(found[2])) if found else ("", "")


def _plain(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        return {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}.get(found[2], found[2])

    plain = re.sub(r"\\(?:u([0-9A-Fa-f]{4})|(.))", one, text, flags=re.DOTALL)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _escaped(text: str, *, is_key: bool) -> str:
    """Write a name or value in ASCII, as every version of the game reads it."""
    named = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f"}
    if is_key:
        named |= {"=": "\\=", ":": "\\:", " ": "\\ "}
    parts = []
    for number, one in enumerate(text):
        if one in named:
            parts.append(named[one])
        elif one == " " and number == 0:
            parts.append("\\ ")
        elif " " <= one <= "~":
            parts.append(one)
        else:
            units = one.encode("utf-16-be")
            parts += [f"\\u{units[at]:02X}{units[at + 1]:02X}" for at in range(0, len(units), 2)]
    return "".join(parts)


def _text(raw: bytes) -> str:
    """Decode the file without the byte order mark that some editors put first: it is part of no property's name."""
    raw = raw.removeprefix(BOM_UTF8)
    return raw.decode("utf-8" if _is_utf8(raw) else "latin-1")


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _end_of(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
