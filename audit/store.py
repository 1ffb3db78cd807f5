"""Audit events in the database: appended under one lock, read in order, pruned from the old end."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import transaction

from audit import chain
from audit.models import AuditEvent, ChainHead

_ONLY = 1
_PAGE = 1000


def append(events: Sequence[Mapping[str, Any]]) -> None:
    """Add rows of these values at the end of the chain: all of them or none.

    Raises:
        django.db.Error: the database refuses.
    """
    with transaction.atomic():
        head = _locked_head()
        rows = []
        for values in events:
            row = AuditEvent(**values, sequence=head.sequence + 1, previous_hash=head.hash)
            row.hash = chain.hash_of(vars(row), previous_hash=head.hash)
            head.sequence, head.hash = row.sequence, row.hash
            rows.append(row)
        AuditEvent.objects.bulk_create(rows)
        head.save(update_fields=["sequence", "hash"])


def set_count(request_id: str, method: str, count: int) -> None:
    """Bring the row of a repeated read to its final count."""
    AuditEvent.objects.filter(request_id=request_id, method=method).update(count=count)


def verify() -> Iterator[str]:
    """Yield a sentence for each break in the chain of all rows."""
    head = ChainHead.objects.filter(pk=_ONLY).first()
    if head is None:
        if AuditEvent.objects.exists():
            yield "The record of where the chain begins and ends was deleted."
        return
    yield from chain.verify(
        _rows(until=head.sequence),
        after=chain.Link(sequence=head.pruned_sequence, hash=head.pruned_hash),
        until=chain.Link(sequence=head.sequence, hash=head.hash),
    )
    head.refresh_from_db()  # rows may have been added meanwhile, and it with them
    if beyond := AuditEvent.objects.filter(sequence__gt=head.sequence).count():
        yield f"{beyond} rows stand behind the last one that was written."


def last() -> chain.Link:
    """Return the end of the chain, to be noted outside of the database."""
    head = ChainHead.objects.filter(pk=_ONLY).first()
    return chain.Link(sequence=head.sequence, hash=head.hash) if head else chain.Link()


def prune(*, keep_days: int) -> int:
    """Delete the rows older than ``keep_days`` and return how many; the chain then begins after them."""
    before = datetime.now(UTC) - timedelta(days=keep_days)
    deleted = 0
    while step := _prune_some(before):
        deleted += step
    return deleted


def _prune_some(before: datetime) -> int:
    with transaction.atomic():
        head = _locked_head()
        oldest = AuditEvent.objects.order_by("sequence").values_list("sequence", "hash", "timestamp")[:_PAGE]
        gone = []
        for row in oldest:
            if row[2] >= before:
                break
            gone.append(row)
        if gone:
            head.pruned_sequence, head.pruned_hash, _ = gone[-1]
            AuditEvent.objects.filter(sequence__lte=head.pruned_sequence).delete()
            head.save(update_fields=["pruned_sequence", "pruned_hash"])
        return len(gone)


def _locked_head() -> ChainHead:
    """Return the end of the chain, ours alone until the transaction ends (SQLite: the whole database is)."""
    head = ChainHead.objects.select_for_update().filter(pk=_ONLY).first()
    if head is None:
        end = AuditEvent.objects.order_by("-sequence").values_list("sequence", "hash").first() or (0, chain.START)
        first = {"sequence": end[0], "hash": end[1], "pruned_hash": chain.START}
        head, _ = ChainHead.objects.select_for_update().get_or_create(pk=_ONLY, defaults=first)
    return head


def _rows(*, until: int) -> Iterator[Mapping[str, Any]]:
    """Yield all rows by sequence, a page at a time: a reader must not hold the database against the writers."""
    names = [*chain.COVERED, *chain.COVERED_IF_SET, "hash", "previous_hash"]
    rows = AuditEvent.objects.filter(sequence__lte=until).order_by("sequence").values(*names)
    page = list(rows[:_PAGE])
    while page:
        yield from page
        page = list(rows.filter(sequence__gt=page[-1]["sequence"])[:_PAGE])
