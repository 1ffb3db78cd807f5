"""One line of restic's JSON output."""

import json
from typing import Any


def parse_line(line: str) -> dict[str, Any]:
    """Return the object in ``line``; empty where there is none: restic says other things in between."""
    if not line.startswith("{"):
        return {}
    try:
        said = json.loads(line)
    except json.JSONDecodeError:
        return {}
    return said if isinstance(said, dict) else {}
