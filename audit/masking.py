"""Secrets are taken out before anything is stored. Pure: it knows bodies and texts, not Django.

When in doubt it masks too much: an audit log is read by more people than the thing it tells about.
"""

import json
import math
import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from core.redaction import REDACTED, Redactor

MASK = REDACTED
MAX_DEPTH = 32
_TEXTS = {"content", "yaml_content", "override_yaml"}  # fields of file contents, which are never kept
_COMMAND = "command"  # the field of console commands
_ALWAYS = ("authorization", "cookie", "passwd", "passphrase")  # beside the words of the settings
_EXACTLY = {"code"}  # login codes; as part of a name it is innocent (exit_code)
# Commands of login plugins: whatever follows is a name and a password.
_LOGINS = {"login", "nlogin", "nregister", "l", "register", "reg", "authme", "changepw", "changepass"}
MAX_FIELDS = 1000  # of a form or a query; Django refuses more, too

# Strangers write these texts, so each pattern takes time in proportion to the text: a name is tried from its first
# character only and never given back a part at a time, and whether it is sensitive is asked afterwards.
_CHARACTER = r"[^\s:=,{}\[\]&?]"
_NAME = rf"(?<!{_CHARACTER})(?P<name>{_CHARACTER}++)\s*+"
_PAIR = re.compile(rf"{_NAME}[:=]\s*+")
# An option of a program, on the line of its value or on one of its own: `--password X`, `["--password", "X"]`.
_OPTION = re.compile(r"(?<![\w-])(?P<name>--?[\w-]++)[\"']?,?(?:\s++|$)")
_EXPLICIT = re.compile(rf"^[\s-]*+\?\s*+{_NAME}$")
# A name in quotes whose colon stands on the next line.
_LAST = re.compile(r"[\"'](?P<name>[^\"'\s:=,{}\[\]]{1,200})[\"']\s*+$")
_BARE = re.compile(r"-{0,2}[\w.-]{1,64}")
# YAML and JSON may write any character of a name by its number.
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")


class _Open:
    """A name whose value is being left out, line by line."""

    def __init__(self, indent: int, *, is_empty: bool) -> None:
        self._indent = indent
        self._is_empty = is_empty  # the value has yet to come
        self._is_first = True

    def goes_on(self, line: str) -> bool:
        """Tell whether ``line`` still belongs to the value, as YAML and JSON continue one."""
        if not line.strip():
            return True
        first, self._is_first = self._is_first, False
        is_item = line.lstrip().startswith("-") and _indent(line) == self._indent
        return _indent(line) > self._indent or (self._is_empty and (first or is_item))


class Masker:
    """Masks whatever stands under a name that contains one of ``sensitive``, upper and lower case alike.

    ``secrets`` (known values) and what looks like an access token go wherever they stand.
    """

    def __init__(self, sensitive: Iterable[str], *, secrets: Iterable[str] = ()) -> None:
        self._words = [*_ALWAYS, *(word.lower() for word in sensitive if word)]
        self._redact = Redactor(secrets)

    def is_sensitive(self, name: str) -> bool:
        """Tell whether a value of that name must not be kept."""
        return name.lower() in _EXACTLY or self._holds_word(name)

    def plain(self, text: str) -> str:
        """Mask known secrets and tokens in a text that has no names and values: a path, a User-Agent."""
        return self._redact(text)

    def command(self, text: str) -> str:
        """Mask a console command: as ``text``, and whatever follows a sensitive word or a login."""
        words = text.split()
        for number, word in enumerate(words):
            lower = word.lower().lstrip("/").rpartition(":")[2]
            # `execute … run login x`, `sudo bob login x`
            begins = number == 0 or words[number - 1].lower() == "run" or words[0].lower().endswith("sudo")
            is_login = begins and lower in _LOGINS
            if (is_login or self.is_sensitive(lower)) and "=" not in word and len(words) > number + 1:
                return " ".join([*words[: number + 1], MASK])
        return self.text(text)

    def value(self, value: Any, *, depth: int = 0) -> Any:
        """Return ``value`` (as JSON knows them) with every secret masked, in lists and texts as well."""
        if depth > MAX_DEPTH:
            return "…"
        if isinstance(value, Mapping):
            is_pair = any(self._is_name(value.get(key)) for key in ("name", "key"))  # {"name": "PASSWORD", "value": …}
            return {
                self.text(str(key)): MASK if is_pair and key == "value" else self._field(str(key), item, depth)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [
                MASK if number and self._is_name(value[number - 1]) else self.value(item, depth=depth + 1)
                for number, item in enumerate(value)
            ]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """Mask the values of ``KEY: value`` and ``KEY=value`` in a text, with the lines that continue them (YAML)."""
        text = self._redact(_ESCAPE.sub(_letter, text))
        if not self.is_sensitive(text):
            return text
        lines: list[str] = []
        secret: _Open | None = None
        for line in text.splitlines():
            if secret is not None and secret.goes_on(line):
                continue
            secret = None
            masked = line
            if (end := self._end_of_name(line)) is not None:
                # From the name on, the rest of its line: a value may hold any character, quotes and separators too.
                masked = line[:end] + MASK
                secret = _Open(_indent(line), is_empty=not line[end:].strip())
            elif (found := _EXPLICIT.match(line) or _LAST.search(line)) and self._holds_word(found["name"]):
                masked = f"{line}: {MASK}"
                secret = _Open(_indent(line), is_empty=True)
            lines.append(masked)
        return "\n".join(lines)

    def query(self, query: str) -> dict[str, Any]:
        """Return the masked parameters of a query string; a name given twice has a list. Past MAX_FIELDS: how many."""
        if (fields := query.count("&") + 1) > MAX_FIELDS:
            return {"…": f"{fields} fields"}
        return self.pairs(parse_qsl(query, keep_blank_values=True))

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
        """Return the masked fields of a form; a name given twice has a list."""
        found: dict[str, list[str]] = {}
        for name, value in pairs:
            found.setdefault(name, []).append(value)
        masked: dict[str, Any] = self.value(found)
        return {
            name: values[0] if isinstance(values, list) and len(values) == 1 else values
            for name, values in masked.items()
        }

    def body(self, raw: bytes, *, content_type: str) -> Any:
        """Return a masked JSON or form body; of any other, type and size."""
        kind = media_type(content_type)
        try:
            if kind == "application/json":
                return self.value(json.loads(raw, parse_constant=str))
            if kind == "application/x-www-form-urlencoded":
                return self.query(raw.decode("utf-8"))
        except (ValueError, RecursionError):
            pass  # not what it says it is: told by type and size
        return summary(content_type, size=len(raw))

    def _end_of_name(self, line: str) -> int | None:
        """Return where the value of the first sensitive ``name:``, ``name=`` or ``--name`` of ``line`` begins."""
        ends = [
            next((found.end() for found in pattern.finditer(line) if self._holds_word(found["name"])), None)
            for pattern in (_PAIR, _OPTION)
        ]
        return min((end for end in ends if end is not None), default=None)

    def _holds_word(self, name: str) -> bool:
        lower = name.lower()
        return any(word in lower for word in self._words)

    def _is_name(self, item: Any) -> bool:
        """Tell whether an item of a list is the bare name of a secret, or an option: what follows is its value."""
        return isinstance(item, str) and _BARE.fullmatch(item) is not None and self._holds_word(item)

    def _field(self, name: str, value: Any, depth: int) -> Any:
        if self.is_sensitive(name):
            return MASK
        if name.lower() in {*_TEXTS, _COMMAND} and isinstance(value, list):  # a form's field
            return [self._field(name, item, depth + 1) for item in value]
        if name.lower() in _TEXTS and value is not None:
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            return summary("text", size=len(text.encode("utf-8", "replace")))
        if name.lower() == _COMMAND and isinstance(value, str):
            return self.command(value)
        return self.value(value, depth=depth + 1)


def _letter(escape: re.Match[str]) -> str:
    """Return the letter, figure or ``_`` that is meant; other escapes stay, for a line break would end a value."""
    number = int(next(filter(None, escape.groups())), 16)
    meant = chr(number) if number <= sys.maxunicode else ""
    return meant if meant.isalnum() or meant in {"_", "-"} else escape[0]


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def media_type(content_type: str) -> str:
    """Return the type of a ``Content-Type`` header, without parameters."""
    return content_type.partition(";")[0].strip().lower()


def summary(content_type: str, *, size: int | None) -> dict[str, Any]:
    """Return what is kept of a body that is not kept: its type and its size in bytes (None: not told)."""
    return {"type": media_type(content_type), "size": size}


def storable(value: Any) -> Any:
    """Return ``value`` with NUL and lone surrogates escaped, and numbers beyond JSON's as text.

    No database and no UTF-8 file takes them; ``1e999`` in a body is JSON, and infinite when it is read.
    """
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, str):
        return value.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
