"""Compose texts read with bounds: what a stranger sends can cost neither memory nor time, nor run anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml

from mcadmin.core.errors import InvalidRequest

MAX_BYTES = 256 * 1024
MAX_DEPTH = 64
MAX_NODES = 20_000
MAX_EXPANDED_BYTES = 1024 * 1024  # what all aliases written out would take

Path = tuple[str | int, ...]
_PLAIN_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null", "seq", "map"))


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: a stable code, a sentence, and the line (from 1) where it can be told."""

    code: str
    message: str
    line: int | None = None

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


class BadComposeFile(InvalidRequest):
    """The text is no compose file that we accept; names every broken rule."""

    code = "bad_compose_file"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        sentences = [str(problem) for problem in self.problems]
        super().__init__(" ".join(sentences), errors={"yaml_content": sentences})


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text: plain Python values, and the line of each key and item."""

    value: dict[str, Any]
    lines: dict[Path, int] = field(repr=False)

    def line_of(self, path: Path) -> int | None:
        """Return the line of ``path``, or of the nearest parent that has one."""
        while path not in self.lines and path:
            path = path[:-1]
        return self.lines.get(path)


def parse_yaml(text: str | bytes) -> Document:
    """Parse one YAML mapping of plain values.

    Raises:
        BadComposeFile: too large, too deep, an alias bomb, several documents, tags, duplicate keys, no mapping.
    """
    text = _decode(text)
    try:
        _check_events(text)
        node = yaml.compose(text, Loader=yaml.CSafeLoader)
        lines: dict[Path, int] = {}
        duplicates = list(_index(node, (), lines))
        if duplicates:
            raise BadComposeFile(duplicates)
        value = yaml.load(text, Loader=yaml.CSafeLoader)  # the C form of the safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise _refuse("yaml", f"This is not valid YAML: {error.problem or error.context}.", line) from None
    except yaml.YAMLError:
        raise _refuse("yaml", "This is not valid YAML: it contains characters that YAML does not allow.") from None
    except (ValueError, OverflowError):  # e.g. a date that no calendar has
        raise _refuse("yaml", "A value looks like a date or number but is none; put it in quotes.") from None
    if not isinstance(value, dict):
        raise _refuse("no_mapping", "A compose file is a mapping with the key `services`.", 1)
    return Document(value, lines)


def _decode(text: str | bytes) -> str:
    size = len(text if isinstance(text, bytes) else text.encode(errors="replace"))
    if size > MAX_BYTES:
        raise _refuse("too_large", f"A compose file may have {MAX_BYTES // 1024} KiB; this one has {size // 1024} KiB.")
    if isinstance(text, bytes):
        try:
            text = text.decode()
        except UnicodeDecodeError:
            raise _refuse("not_utf8", "A compose file must be UTF-8 text.") from None
    text = text.removeprefix("\ufeff")
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise _refuse("yaml", "A compose file must not contain NUL or broken characters.")
    return text


class _Bounds:
    """Counts what the event stream would build, and stops at the first bound that breaks."""

    def __init__(self) -> None:
        self.documents = self.depth = self.nodes = self.expanded = 0
        self._sizes: dict[str, int] = {}  # of anchors, written out
        self._open: list[tuple[str | None, int]] = []

    def take(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 0
        self._count(event, line)
        if isinstance(event, yaml.CollectionStartEvent):
            self.depth += 1
            self._open.append((event.anchor, self.expanded))
        elif isinstance(event, yaml.CollectionEndEvent):
            self.depth -= 1
            anchor, before = self._open.pop()
            if anchor:
                self._sizes[anchor] = self.expanded - before + 1
        if self.documents > 1:
            raise _refuse("documents", "A compose file is one YAML document; remove the second one.", line)
        if self.depth > MAX_DEPTH:
            raise _refuse("too_deep", f"The text nests deeper than {MAX_DEPTH} levels.", line)
        if self.nodes > MAX_NODES:
            raise _refuse("too_many", f"The text has more than {MAX_NODES} values.", line)
        if self.expanded > MAX_EXPANDED_BYTES:
            raise _refuse("alias_bomb", "The aliases (*name) of this text expand to more than 1 MiB.", line)

    def _count(self, event: yaml.Event, line: int) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
        elif isinstance(event, yaml.AliasEvent):  # one to what is still open would never end
            self.expanded += self._sizes.get(event.anchor or "", MAX_EXPANDED_BYTES)
        elif isinstance(event, yaml.NodeEvent):
            _check_tag(event, line)
            size = len(getattr(event, "value", "")) + 1
            self.nodes += 1
            self.expanded += size
            if isinstance(event, yaml.ScalarEvent) and event.anchor:
                self._sizes[event.anchor] = size


def _check_events(text: str) -> None:
    """Walk the event stream, which needs no memory to speak of: building the tree blindly can crash."""
    bounds = _Bounds()
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        bounds.take(event)
    if not bounds.documents:
        raise _refuse("empty", "The compose file is empty.")


def _check_tag(event: yaml.NodeEvent, line: int) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None and tag != "!" and tag not in _PLAIN_TAGS:
        raise _refuse("tag", f"The tag {str(tag)[:60]!r} is not allowed.", line)


def _index(node: Any, path: Path, lines: dict[Path, int], seen: set[int] | None = None) -> Iterator[Problem]:
    """Note the line of every key and item; yield a problem for each key that stands twice.

    What several aliases lead to is walked once: its lines are those of its anchor.
    """
    seen = set() if seen is None else seen
    lines.setdefault(path, node.start_mark.line + 1)
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _index(item, (*path, number), lines, seen)
    elif isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            lines[(*path, name)] = key.start_mark.line + 1
            if name in names and name != "<<":
                yield Problem("duplicate_key", f"The key {name[:60]!r} stands twice.", key.start_mark.line + 1)
            names.add(name)
            yield from _index(value, (*path, name), lines, seen)


def _refuse(code: str, message: str, line: int | None = None) -> BadComposeFile:
    return BadComposeFile([Problem(code, message, line)])
