"""The compose texts that a server had: plain functions on the database."""

from datetime import UTC, datetime

from django.db import transaction

from core.errors import NotFound
from core.text_difference import Differ
from servers.models import ComposeRevision
from servers.records import incarnations

FOUND = "Found on the disk."
NOTHING = "nothing"
MAX_LISTED = 200


class RevisionNotFound(NotFound):
    """The server has no revision of that number."""

    code = "revision_not_found"


def add(server_id: str, text: str, *, username: str, message: str = "") -> int:
    """Store a text as the newest revision and return its number; the text of the newest again is not stored."""
    with transaction.atomic():
        last = ComposeRevision.objects.select_for_update().filter(server_id=server_id).first()
        incarnation = incarnations.current(server_id)
        if last is not None and last.yaml_content == text and last.incarnation == incarnation:
            return last.number
        number = last.number + 1 if last is not None else 1
        ComposeRevision.objects.create(
            server_id=server_id,
            incarnation=incarnation,
            number=number,
            created_at=datetime.now(UTC),
            username=username[:50],
            message=message[:500],
            yaml_content=text,
        )
    return number


def read(server_id: str, number: int) -> ComposeRevision:
    """Read one revision; raises RevisionNotFound."""
    found = ComposeRevision.objects.filter(
        server_id=server_id, number=number, incarnation=incarnations.current(server_id)
    ).first()
    if found is None:
        raise RevisionNotFound(f"{server_id} has no revision {number}.")
    return found


def listed(server_id: str, *, of_all: bool) -> list[tuple[ComposeRevision, str]]:
    """List the revisions, newest first, each with its difference to the one before."""
    rows = ComposeRevision.objects.filter(server_id=server_id)
    if not of_all:
        rows = rows.filter(incarnation=incarnations.current(server_id))
    found = list(rows[: MAX_LISTED + 1])
    differ = Differ()  # the newest come first, where one of them is too dear
    pairs = [(one, _diff(differ, before, one)) for one, before in zip(found, [*found[1:], None], strict=False)]
    return pairs[:MAX_LISTED]


def _diff(differ: Differ, before: ComposeRevision | None, after: ComposeRevision) -> str:
    old = before.yaml_content if before is not None and before.incarnation == after.incarnation else ""
    name = f"revision {before.number}" if old and before is not None else NOTHING
    return "\n".join(differ.unified(old, after.yaml_content, names=(name, f"revision {after.number}")))
