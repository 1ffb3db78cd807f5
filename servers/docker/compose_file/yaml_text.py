"""Compose texts read with bounds: what a stranger sends can cost neither memory nor time, nor run anything."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypedDict

import yaml

from core.errors import InvalidRequest
from servers.docker.compose_file.scalars import ComposeLoader
from servers.docker.compose_file.yaml_bounds import BoundExceeded, check_bounds

MAX_BYTES = 256 * 1024
MAX_PROBLEMS_SHOWN = 50

Path = tuple[str | int, ...]
_STR_TAG, _MERGE_TAG = "tag:yaml.org,2002:str", "tag:yaml.org,2002:merge"
# What YAML forbids anywhere; refused here so that the sentence can name the line.
# Also line breaks that only some readers know: what is a comment to us must be none to Compose.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_ODD = "[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]"
_ODD_AROUND = re.compile(f"^({_ODD})|({_ODD})$")
_ODD_BEHIND_COLON = re.compile(rf"[\w.-]+:({_ODD})")
# Thousands of these make the parser quadratic, and nothing uses them where tags are refused.
_TAG_DIRECTIVE = re.compile(r"^%TAG", re.MULTILINE)


class ProblemFacts(TypedDict):
    """A broken rule for a program: as in ``Problem``, but ``file`` is None where it is the compose file itself."""

    code: str
    message: str
    line: int | None
    file: str | None


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule: a stable code, a sentence, and the line (from 1) where it can be told.

    ``file`` names the file when it is not the compose file itself.
    """

    code: str
    message: str
    line: int | None = None
    file: str = ""

    def facts(self) -> ProblemFacts:
        """Return it for a program."""
        return {"code": self.code, "message": self.message, "line": self.line, "file": self.file or None}

    def __str__(self) -> str:
        where = f"{self.file}, " if self.file else ""
        return f"{where}line {self.line}: {self.message}" if self.line else f"{where}{self.message}"


class BadComposeFile(InvalidRequest):
    """The text is no compose file that we accept; names every broken rule (of hundreds, the first fifty)."""

    code = "bad_compose_file"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        sentences = [str(problem) for problem in self.problems[:MAX_PROBLEMS_SHOWN]]
        if len(self.problems) > MAX_PROBLEMS_SHOWN:
            sentences.append(f"And {len(self.problems) - MAX_PROBLEMS_SHOWN} more.")
        super().__init__(" ".join(sentences), errors={"yaml_content": sentences})
        self.extra = {"findings": [problem.facts() for problem in self.problems[:MAX_PROBLEMS_SHOWN]]}


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed text: plain Python values, and the line where each of them stands.

    Aliases are resolved and merged keys (``<<``) are merged; mappings have text keys only. What an alias
    brings is the same object wherever it stands, so walk with care: written out it may take 1 MiB.
    """

    value: dict[str, Any]
    _node: yaml.Node = field(repr=False, compare=False)
    _children: dict[int, dict[str | int, tuple[int, yaml.Node]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def line_of(self, path: Path) -> int | None:
        """Return the line (from 1) of the key or item at ``path``, or else of its nearest parent.

        What came by an alias or a merged key has the line where it is written.
        """
        node, line = self._node, _line(self._node)
        for part in path:
            found = self._children_of(node).get(part)
            if found is None:
                break
            line, node = found
        return line

    def _children_of(self, node: yaml.Node) -> dict[str | int, tuple[int, yaml.Node]]:
        known = self._children.get(id(node))
        if known is None:
            known = {}
            if isinstance(node, yaml.MappingNode):  # merged keys stand first, so the mapping's own win
                known = {key.value: (_line(key), value) for key, value in node.value}
            elif isinstance(node, yaml.SequenceNode):
                known = {number: (_line(item), item) for number, item in enumerate(node.value)}
            self._children[id(node)] = known
        return known


def parse_yaml(text: str | bytes) -> Document:
    """Parse one YAML mapping of plain values, as Compose understands them.

    Raises:
        BadComposeFile: more than 256 KiB, not UTF-8, control characters, too deep, too many values, an alias bomb,
            not exactly one document, tags, duplicate keys, keys that are no text, no mapping.
    """
    text = _decode(text)
    try:
        check_bounds(text, loader=ComposeLoader)
        loader = ComposeLoader(text)
        node: Any = loader.get_single_node()
        broken = list(islice(_broken_keys(node, set()), MAX_PROBLEMS_SHOWN + 1))
        if broken:
            raise BadComposeFile(broken)
        value = loader.construct_document(node)
    except BoundExceeded as error:
        raise _refuse(error.code, error.message, error.line) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise _refuse("yaml", f"This is not valid YAML: {error.problem or error.context}.", line) from None
    except yaml.YAMLError:
        raise _refuse("yaml", "This is not valid YAML: it contains characters that YAML does not allow.") from None
    if not isinstance(value, dict):
        raise _refuse("no_mapping", "A compose file is a mapping with the key `services`.", _line(node))
    return Document(value, node)


def _decode(text: str | bytes) -> str:
    raw = text if isinstance(text, bytes) else text.encode(errors="surrogatepass")
    if len(raw) > MAX_BYTES:
        size = -(-len(raw) // 1024)
        raise _refuse("too_large", f"A compose file may have {MAX_BYTES // 1024} KiB; this one has {size} KiB.")
    head = text[:4] if isinstance(text, bytes) else text[:4].encode(errors="replace")
    if 0 in head:  # every second byte of western letters, perhaps behind a mark; nothing else begins so
        raise _refuse("not_utf8", "The file is UTF-16, as some Windows editors save it. Save it as UTF-8.")
    if isinstance(text, bytes):
        try:
            text = raw.decode()
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            raise _refuse("not_utf8", "A compose file must be UTF-8 text.", line) from None
    text = text.removeprefix("\ufeff")
    found = _FORBIDDEN.search(text)
    if found:
        name = f"U+{ord(found[0]):04X}"
        message = f"The text contains the control character {name}; remove it."
        raise _refuse("control_character", message, _line_at(text, found.start()))
    directive = _TAG_DIRECTIVE.search(text)
    if directive:
        raise _refuse("tag", "Tags, and so %TAG, are not allowed.", _line_at(text, directive.start()))
    return text


def _broken_keys(node: Any, seen: set[int]) -> Iterator[Problem]:
    """Yield a problem for each key that is no text or stands twice; what aliases lead to is walked once."""
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _broken_keys(item, seen)
    elif isinstance(node, yaml.MappingNode):
        names: set[str] = set()
        for key, value in node.value:
            if key.value == "<<" and key.tag != _MERGE_TAG:
                yield Problem("quoted_merge", "Write `<<` without quotes: only Compose merges it so.", _line(key))
            elif key.tag not in (_STR_TAG, _MERGE_TAG):
                yield Problem("key_not_text", "A key must be text; put it in quotes.", _line(key))
            elif key.value in names:
                yield Problem("duplicate_key", f"The key {key.value[:60]!r} stands twice.", _line(key))
            else:
                names.add(key.value)
            yield from _odd_blank(key, value)
            yield from _broken_keys(value, seen)


def _odd_blank(key: yaml.Node, value: yaml.Node) -> Iterator[Problem]:
    """Yield a problem for a blank that is none to YAML, where it hides that something is a key, or whose it is."""
    found = _ODD_AROUND.search(key.value) if isinstance(key, yaml.ScalarNode) else None
    line = _line(key)
    if found is None and isinstance(value, yaml.ScalarNode) and not value.style:
        found, line = _ODD_BEHIND_COLON.match(value.value), _line(value)
    if found is not None:
        blank = next(filter(None, found.groups()))
        message = f"This blank is none to YAML: U+{ord(blank):04X}, such as web pages have. Type it anew."
        yield Problem("odd_blank", message, line)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _line_at(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def _refuse(code: str, message: str, line: int | None = None) -> BadComposeFile:
    return BadComposeFile([Problem(code, message, line)])
