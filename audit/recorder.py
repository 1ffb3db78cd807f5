"""Write down what was done: a row and a line of the log file. The one module of this app that others import.

Nothing here raises: an audit that cannot be written must not undo what it tells about. It is logged as an error
and counted in ``failures``.
"""

import logging
import threading
import uuid
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.db import Error, transaction

from audit.events import Event
from audit.log_file import LogFile
from audit.masking import Masker, storable
from audit.master_reads import MasterReads
from audit.models import AuditEvent

logger = logging.getLogger(__name__)

# What a database, a disk or a strange value can do to us: RuntimeError has RecursionError.
_WRITING = (Error, OSError, ValueError, TypeError, RuntimeError)
_LENGTHS = {"path": 2048, "user_agent": 512, "username": 150, "role": 16, "server_id": 64, "request_id": 64}

_master_reads = MasterReads()
_log = LogFile()


class Failures:
    """How many events could not be written since the process began, by place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.database = 0
        self.file = 0
        self.making = 0

    def count(self, place: str) -> None:
        """Count one more at ``place``: database, file or making."""
        with self._lock:
            setattr(self, place, getattr(self, place) + 1)


failures = Failures()


class Actor(Protocol):
    """Who did it: a user, SYSTEM, or somebody at a shell."""

    @property
    def id(self) -> int | None:
        """The user's id; None for who is no user."""

    @property
    def username(self) -> str:
        """The name to write down."""

    @property
    def role(self) -> str:
        """The role to write down."""


def record(event: Event) -> None:
    """Write ``event``, which is masked already, to the database and to the file, the one even if the other fails."""
    if not settings.MC_ADMIN.audit.enabled:
        return
    values = _fit(event)
    _store(values)
    _append(values)


def record_made(make: Callable[[], Event]) -> None:
    """Make an event and ``record`` it; what fails in the making is an audit failure, not the request's."""
    if (event := _made(make)) is not None:
        record(event)


def record_command(
    *, user: Actor, server_id: str, command: str, client_ip: str | None, success: bool
) -> None:
    """Write down a command to a server's console, from a socket, a shell or a schedule.

    Blocking: in a coroutine call it by ``database_sync_to_async``.
    """
    record_made(
        lambda: Event(
            method="COMMAND",
            path=f"/api/servers/{server_id}/console",
            success=success,
            client_ip=client_ip,
            user_id=user.id,
            username=user.username,
            role=str(user.role),
            request_body={"command": masker().text(command)},
            server_id=server_id,
            request_id=uuid.uuid4().hex,
        )
    )


def record_master_read(make: Callable[[], Event], *, pattern: str) -> None:
    """Write down a read with the master token; further ones of that minute, address and ``pattern`` are counted."""
    if not settings.MC_ADMIN.audit.enabled or (event := _made(make)) is None:
        return
    is_first, ended = _master_reads.add(event, pattern=pattern)
    _finish_counts(ended)
    if is_first:
        record(event)


def flush() -> None:
    """Write the counts still in memory and close the file; call it when the process stops."""
    _finish_counts(_master_reads.take())
    _log.close()


def masker() -> Masker:
    """Return the masker of the configured ``sensitive_fields``."""
    return _masker(tuple(settings.MC_ADMIN.audit.sensitive_fields))


@lru_cache(maxsize=4)
def _masker(sensitive: tuple[str, ...]) -> Masker:
    return Masker(sensitive)


def _fit(event: Event) -> dict[str, Any]:
    """Return the event's fields as columns take them."""
    values: dict[str, Any] = storable(event.as_dict())
    return values | {name: values[name][:length] for name, length in _LENGTHS.items() if values[name]}


def _made(make: Callable[[], Event]) -> Event | None:
    try:
        return make()
    except _WRITING:
        failures.count("making")
        logger.exception("An audit event could not be made.")
        return None


def _store(values: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            AuditEvent.objects.create(**values)
    except _WRITING:
        failures.count("database")
        logger.exception("An audit event could not be written to the database.")


def _append(values: dict[str, Any]) -> None:
    audit = settings.MC_ADMIN.audit
    always = {"user_agent", "user_id", "client_ip", "status_code", "processing_time_ms"}
    line = {name: value for name, value in values.items() if name in always or value not in (None, {}, "")}
    try:
        path = settings.MC_ADMIN.logs_dir / audit.log_file
        _log.append(line, path=path, keep_days=settings.MC_ADMIN.audit_keep_days)
    except _WRITING:
        failures.count("file")
        logger.exception("An audit event could not be written to the log file.")


def _finish_counts(events: list[Event]) -> None:
    """Bring the row of each event to its final count, and say the count in a line of its own."""
    for event in events:
        try:
            AuditEvent.objects.filter(request_id=event.request_id, method=event.method).update(count=event.count)
        except _WRITING:
            failures.count("database")
            logger.exception("The count of an audit event could not be written to the database.")
        _append(_fit(event))
