"""What makes a changed row show: each carries the hash of its content and of the row before. Pure.

Not covered is ``count``, the one figure written later (how often a read was repeated within its minute).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

START = "0" * 64  # stands before the first row
COVERED = (
    "sequence", "timestamp", "method", "path", "status_code", "success", "processing_time_ms", "client_ip",
    "user_agent", "user_id", "username", "role", "path_params", "query_params", "request_body", "server_id",
    "request_id",
)
COVERED_IF_SET = ("result",)  # came later: rows from before it have the hash that they had


@dataclass(frozen=True, kw_only=True)
class Link:
    """A place in the chain: the row of that number had this hash."""

    sequence: int = 0
    hash: str = START


def hash_of(values: Mapping[str, Any], *, previous_hash: str) -> str:
    """Return the hash that a row of these ``COVERED`` values has after the row of ``previous_hash``."""
    content = {name: _canonical(values[name]) for name in COVERED}
    content |= {name: _canonical(values[name]) for name in COVERED_IF_SET if values.get(name)}
    text = json.dumps([previous_hash, content], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def verify(rows: Iterable[Mapping[str, Any]], *, after: Link, until: Link) -> Iterator[str]:
    """Yield a sentence for each break in ``rows`` (with ``hash`` and ``previous_hash``, by ascending sequence).

    Args:
        after: where the rows begin: what was pruned, or the start.
        until: the last row that was ever written.
    """
    last = after
    for row in rows:
        name = _name(row)
        if row["sequence"] != last.sequence + 1:
            yield f"{_missing(last.sequence + 1, row['sequence'] - 1)} before {name}."
        elif row["previous_hash"] != last.hash:
            yield f"{name} does not follow the row before it: one of the two was exchanged, moved or written anew."
        if hash_of(row, previous_hash=row["previous_hash"]) != row["hash"]:
            yield f"{name} was changed after it was written."
        last = Link(sequence=row["sequence"], hash=row["hash"])
    if last.sequence < until.sequence:
        yield f"{_missing(last.sequence + 1, until.sequence)} at the end."
    elif last.hash != until.hash:
        yield "The last row is not the one that was written last."


def _name(row: Mapping[str, Any]) -> str:
    when = f"{row['timestamp']:%Y-%m-%d %H:%M:%S}"
    return f"Row {row['sequence']} ({when} {row['username']} {row['method']} {row['path']})"


def _missing(first: int, last: int) -> str:
    return f"Row {first} is missing" if first == last else f"Rows {first} to {last} are missing"


def _canonical(value: Any) -> Any:
    """Return a form that survives every database: they store instants and numbers each in their own way."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return {"number": _digits(value)}
    if isinstance(value, Mapping):
        return {str(key): _canonical(item) for key, item in value.items()}
    return [_canonical(item) for item in value]


def _digits(value: float) -> str:
    text = format(Decimal(repr(value)), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text
