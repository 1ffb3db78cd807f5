"""What drf-spectacular cannot see by itself: the one shape of our errors."""

from typing import Any

PROBLEM = {
    "type": "object",
    "required": ["detail", "code"],
    "properties": {
        "detail": {"type": "string", "description": "What was wrong and what to do, for a person."},
        "code": {"type": "string", "description": "Stable, for a program."},
        "findings": {
            "type": "array",
            "description": "Of a compose file: broken rules (400), or what an owner would have to accept (403).",
            "items": {
                "type": "object",
                "required": ["code", "message", "line", "file"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "line": {"type": ["integer", "null"]},
                    "file": {"type": ["string", "null"]},
                },
            },
        },
        "restored": {
            "type": "boolean",
            "description": "On 502 of a compose update: the old file runs again, on a world that no other version had.",
        },
        "restored_parts": {
            "type": "object",
            "description": "On 502 of a compose update: what is as before; data is not once the new file ran.",
            "properties": {"compose": {"type": "boolean"}, "data": {"type": "boolean"}},
        },
        "safety_snapshot_id": {
            "type": ["string", "null"],
            "description": "On 502 of a compose update: the snapshot of the server before it.",
        },
        "reason": {"type": "string", "description": "On 502 of a compose update: what Docker or the game said."},
        "etag": {
            "type": ["string", "null"],
            "description": "On 412, and on 502 of a compose update: the tag of the file that is there now.",
        },
        "errors": {
            "type": "object",
            "description": "On 400: the messages by field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


def add_errors(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Give every operation a ``default`` answer: any status of 400 and above has the shape ``Problem``."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    answer = {
        "description": "Any error: 400 to 504.",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for path in result.get("paths", {}).values():
        for operation in path.values():
            operation["responses"].setdefault("default", answer)
    return result
