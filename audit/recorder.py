"""Write down what was done: a row and a line of the log file. The one module of this app that others import.

Nothing here raises: an audit that cannot be written must not undo what it tells about. It is logged as an error,
counted, and shown by ``doctor`` (``failures``).
"""

import getpass
import logging
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from ipaddress import ip_address
from typing import Any, Protocol

from django.conf import settings
from django.db.models import F

from audit import store
from audit.events import Event
from audit.log_file import LogFile
from audit.masking import Masker, storable
from audit.master_reads import MasterReads
from audit.models import AuditFailure
from audit.writer import FAILURES, Place, Writer
from core import request_id

logger = logging.getLogger(__name__)

_LENGTHS = {"path": 2048, "user_agent": 512, "username": 150, "role": 16, "server_id": 64, "request_id": 64}

_master_reads = MasterReads()
_log = LogFile()


@dataclass(frozen=True, kw_only=True)
class Failure:
    """What could not be written to one place (database, file, making) on one day."""

    day: date
    place: str
    late: int
    lost: int
    problem: str


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


@dataclass(frozen=True)
class ShellUser:
    """Somebody at a shell of this machine, by the name of their account there."""

    username: str
    id: None = None
    role: str = "shell"


def shell_user() -> ShellUser:
    """Return who runs this command."""
    try:
        return ShellUser(getpass.getuser())
    except (KeyError, OSError):  # an account without a name, as containers have
        return ShellUser(str(os.getuid()))


def record(event: Event) -> None:
    """Write ``event``, which is masked already, to the database and to the file, the one even if the other fails."""
    if settings.MC_ADMIN.audit.enabled:
        _writer.add(_fit(event))


def record_made(make: Callable[[], Event]) -> None:
    """Make an event and ``record`` it; what fails in the making is an audit failure, not the request's."""
    if (event := _made(make)) is not None:
        record(event)


def record_call(  # noqa: PLR0913 - each is a field of the event
    *,
    user: Actor,
    method: str,
    path: str,
    success: bool,
    server_id: str = "",
    body: dict[str, Any] | None = None,
    client_ip: str | None = None,
) -> None:
    """Write down what came by no HTTP request: from a socket, a shell or a schedule.

    Args:
        method: what kind of call, in capitals: COMMAND, SOCKET, SHELL, SCHEDULE.
        body: what was asked; it is masked here.

    Without ``start`` (in a command) it blocks: in a coroutine call it in a thread.
    """
    record_made(
        lambda: Event(
            method=method,
            path=path,
            success=success,
            client_ip=client_ip,
            user_id=user.id,
            username=user.username,
            role=_role(user),
            request_body=masker().value(body) if body is not None else None,
            server_id=server_id,
            request_id=this_request(),
        )
    )


@contextmanager
def shell_call(command: str, body: dict[str, Any]) -> Iterator[None]:
    """Write down a command of a shell when its work has ended, well or not; ``body`` may be filled meanwhile."""
    success = False
    try:
        yield
        success = True
    finally:
        record_call(user=shell_user(), method="SHELL", path=command, success=success, body=body)


def record_command(
    *, user: Actor, server_id: str, command: str, client_ip: str | None, success: bool
) -> None:
    """Write down a command to a server's console, from a socket, a shell or a schedule."""
    record_call(
        user=user, method="COMMAND", path=f"/api/servers/{server_id}/console", success=success,
        server_id=server_id, body={"command": command}, client_ip=client_ip,
    )


def record_master_read(make: Callable[[], Event], *, pattern: str) -> None:
    """Write down a read with the master token; further ones of that minute, address and ``pattern`` are counted."""
    if not settings.MC_ADMIN.audit.enabled or (event := _made(make)) is None:
        return
    is_first, ended = _master_reads.add(event, pattern=pattern)
    _finish_counts(ended)
    if is_first:
        record(event)


def record_socket(*, user: Actor, path: str, pattern: str, client_ip: str | None) -> None:
    """Write down that the master token opened a socket, as ``record_master_read`` does for a read."""
    record_master_read(
        lambda: Event(
            method="SOCKET", path=masker().plain(path), success=True, client_ip=client_ip, user_id=user.id,
            username=user.username, role=_role(user), request_id=this_request(),
        ),
        pattern=f"{_role(user)} {user.id} SOCKET {pattern}",
    )


def start() -> None:
    """Write in the background from now on, in batches; call it when the process begins to serve."""
    _writer.start()


def flush() -> None:
    """Write everything still in memory and close the file; call it when the process stops."""
    _writer.stop()
    _finish_counts(_master_reads.take())
    _log.close()


def masker() -> Masker:
    """Return the masker of the configured ``sensitive_fields`` and secrets."""
    return _masker(tuple(settings.MC_ADMIN.audit.sensitive_fields), tuple(settings.MC_ADMIN.secrets()))


def this_request() -> str:
    """Return the id of the request that is answered now, or a new one."""
    found = request_id.current()
    return uuid.uuid4().hex if found == request_id.NONE else found


def failures(*, days: int = 7) -> list[Failure]:
    """Read what could not be written in the last ``days`` days, by every process; newest first.

    Raises:
        django.db.Error: the database cannot be read.
    """
    since = datetime.now(UTC).date() - timedelta(days=days)
    rows = AuditFailure.objects.filter(day__gte=since).order_by("-day", "place")
    names = ("day", "place", "late", "lost", "problem")
    return [Failure(**row) for row in rows.values(*names)]


@lru_cache(maxsize=4)
def _masker(sensitive: tuple[str, ...], secrets: tuple[str, ...]) -> Masker:
    return Masker(sensitive, secrets=secrets)


def _fit(event: Event) -> dict[str, Any]:
    """Return the event's fields as columns take them."""
    values: dict[str, Any] = storable(event.as_dict())
    values["client_ip"] = _address(event.client_ip)
    return values | {name: values[name][:length] for name, length in _LENGTHS.items() if values[name]}


def _role(user: Actor) -> str:
    """Return the role, or by which key they came, as ``accounts.identity.role_told``."""
    prefix = getattr(user, "key_prefix", "")
    return f"key {prefix}" if prefix else str(user.role)


def _address(text: str | None) -> str | None:
    """Return the address in the form in which every database gives it back; None for what is none."""
    try:
        return str(ip_address(text)) if text else None
    except ValueError:
        return None


def _made(make: Callable[[], Event]) -> Event | None:
    try:
        return make()
    except FAILURES as error:
        _tally.add("making", lost=1, problem=type(error).__name__)
        logger.exception("An audit event could not be made.")
        return None


def _append(events: list[dict[str, Any]]) -> None:
    path = settings.MC_ADMIN.logs_dir / settings.MC_ADMIN.audit.log_file
    _log.append(events, path=path, keep_days=settings.MC_ADMIN.audit_keep_days)


def _finish_counts(events: list[Event]) -> None:
    """Bring the row of each event to its final count, and say the count in a line of its own."""
    for event in events:
        try:
            store.set_count(event.request_id, event.method, event.count)
            _append([_fit(event)])
        except FAILURES as error:
            _tally.add("database", late=1, problem=type(error).__name__)
            logger.exception("How often a read was repeated could not be written.")


class _Tally:
    """Failures on their way to the database, where ``failures`` finds them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh: dict[str, tuple[int, int, str]] = {}
        self._seen: dict[str, tuple[int, int]] = {}

    def add(self, place: str, *, late: int = 0, lost: int = 0, problem: str = "") -> None:
        with self._lock:
            before = self._fresh.get(place, (0, 0, ""))
            self._fresh[place] = (before[0] + late, before[1] + lost, problem or before[2])

    def take_from(self, place: Place) -> None:
        """Add what a place counted since the last time."""
        late, lost = self._seen.get(place.name, (0, 0))
        if (place.late, place.lost) != (late, lost):
            self._seen[place.name] = (place.late, place.lost)
            self.add(place.name, late=place.late - late, lost=place.lost - lost, problem=place.problem)

    def store(self) -> None:
        """Write what is fresh; while the database refuses, it stays so."""
        with self._lock:
            fresh, self._fresh = self._fresh, {}
        today = datetime.now(UTC).date()
        for name, (late, lost, problem) in fresh.items():
            try:
                row, _ = AuditFailure.objects.get_or_create(day=today, place=name)
                changes = {"late": F("late") + late, "lost": F("lost") + lost, "problem": storable(problem)}
                AuditFailure.objects.filter(pk=row.pk).update(**changes)
            except FAILURES:
                self.add(name, late=late, lost=lost, problem=problem)


_tally = _Tally()
_places = [Place("file", _append), Place("database", store.append)]


def _after_batch() -> None:
    for place in _places:
        _tally.take_from(place)
    _tally.store()


def _daily() -> None:
    keep_days = settings.MC_ADMIN.audit_keep_days
    try:
        store.prune(keep_days=keep_days)
        AuditFailure.objects.filter(day__lt=datetime.now(UTC).date() - timedelta(days=keep_days)).delete()
    except FAILURES:
        logger.exception("Old audit events could not be deleted.")


_writer = Writer(_places, after_batch=_after_batch, daily=_daily)
