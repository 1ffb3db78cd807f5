"""Bounds of a YAML text, checked on its event stream: building the tree blindly can crash or never end."""

from dataclasses import dataclass

import yaml

MAX_DEPTH = 64
MAX_NODES = 20_000
MAX_EXPANDED_BYTES = 1024 * 1024  # what the text would take with every alias written out
# A secret that begins with * or ! and has no quotes is an alias or a tag: neither name is told.
_NO_ANCHOR = "This alias (*name) names nothing that stands before it. Put a value that begins with * in quotes."
_PLAIN_TAG = "tag:yaml.org,2002:str"  # says no more than quotes would


class BoundExceeded(yaml.YAMLError):
    """The text breaks a bound. ``code``, ``message`` and ``line`` are fit to be shown."""

    def __init__(self, code: str, message: str, line: int | None) -> None:
        super().__init__(message)
        self.code, self.message, self.line = code, message, line


def check_bounds(text: str, *, loader: type[yaml.CSafeLoader]) -> None:
    """Read the events of ``text`` up to the first that breaks a bound.

    Raises:
        BoundExceeded: too deep, too many values, aliases that expand too far, a tag, no or a second document.
        yaml.YAMLError: it is no YAML.
    """
    bounds = _Bounds()
    for event in yaml.parse(text, Loader=loader):
        bounds.take(event)
    if not bounds.documents:
        raise BoundExceeded("empty", "The compose file is empty.", None)


@dataclass(slots=True)
class _Open:
    """A collection whose end has not come yet."""

    anchor: str | None
    size_before: int
    height: int = 1  # levels that it spans, itself included


class _Bounds:
    """Counts what the events would build, aliases written out."""

    def __init__(self) -> None:
        self.documents = self._nodes = self._expanded = 0
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[int, int]] = {}  # size written out, height

    def take(self, event: yaml.Event) -> None:
        """Count one event."""
        line = event.start_mark.line + 1 if event.start_mark else None
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise BoundExceeded("documents", "A compose file is one YAML document; remove the second one.", line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._close()
        elif isinstance(event, yaml.NodeEvent):
            self._add(event, line)
            self._check(line)

    def _add(self, event: yaml.NodeEvent, line: int | None) -> None:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent):
            size, height = self._target(event.anchor or "", line)
            self._expanded += size
            self._reach(height, line)
            return
        _check_tag(event, line)
        size = len(event.value.encode()) + 1 if isinstance(event, yaml.ScalarEvent) else 1
        if isinstance(event, yaml.CollectionStartEvent):
            self._open.append(_Open(event.anchor, self._expanded))
            self._reach(0, line)
        elif event.anchor:
            self._anchors[event.anchor] = (size, 0)
        self._expanded += size

    def _close(self) -> None:
        closed = self._open.pop()
        if closed.anchor:
            self._anchors[closed.anchor] = (self._expanded - closed.size_before, closed.height)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, closed.height + 1)

    def _target(self, anchor: str, line: int | None) -> tuple[int, int]:
        if any(one.anchor == anchor for one in self._open):
            raise BoundExceeded("alias_loop", "This alias (*name) contains itself.", line)
        if anchor not in self._anchors:
            raise BoundExceeded("yaml", _NO_ANCHOR, line)
        return self._anchors[anchor]

    def _reach(self, height: int, line: int | None) -> None:
        """Note that something of ``height`` levels stands here."""
        if len(self._open) + height > MAX_DEPTH:
            raise BoundExceeded("too_deep", f"The text nests deeper than {MAX_DEPTH} levels.", line)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, height + 1)

    def _check(self, line: int | None) -> None:
        if self._nodes > MAX_NODES:
            raise BoundExceeded("too_many", f"The text has more than {MAX_NODES} values.", line)
        if self._expanded > MAX_EXPANDED_BYTES:
            raise BoundExceeded("alias_bomb", "The aliases (*name) of this text expand to more than 1 MiB.", line)


def _check_tag(event: yaml.NodeEvent, line: int | None) -> None:
    tag = getattr(event, "tag", None)
    if tag is not None and tag != _PLAIN_TAG:
        raise BoundExceeded("tag", "Tags are not allowed. Put a value that begins with ! in quotes.", line)
