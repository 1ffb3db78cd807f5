"""Keep the processes of one panel together: on one machine, at one Docker engine, over one folder of servers.

Elsewhere a process would answer REMOVED for the others' servers. Each holds an advisory lock of PostgreSQL, shared, for
as long as it lives. Whoever finds the lock free is alone, and notes in the database where it is; whoever does not
compares itself with that. Such a lock ends with its connection: a dead process holds up nobody, no clock is asked, and
a database that was restored or moved to another machine belongs to whoever starts first.
"""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from django.db import Error as DatabaseError
from django.db import connections

from core.errors import Conflict
from mcadmin.serving.postgres_address import KEEP_ALIVE, postgres_address
from servers.records import panel_place
from servers.records.panel_place import Place

logger = logging.getLogger(__name__)

COMPARING_KEY = 5678_003  # of advisory locks; any numbers that nobody else uses
PLACE_KEY = 5678_004
CHECK_S = 5.0  # how often a process makes sure that it still holds the lock

_HOLDERS = """
    SELECT activity.application_name FROM pg_locks JOIN pg_stat_activity activity USING (pid)
    WHERE locktype = 'advisory' AND classid = 0 AND objid = %s AND objsubid = 1 AND mode = 'ShareLock'
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY 1
"""


class OtherPlace(Conflict):
    """Processes of this panel run elsewhere."""

    code = "other_place"


class Membership:
    """What this process has of the place. Blocking; ``watch`` has a thread of its own."""

    def __init__(self, database: dict[str, Any], *, place: Place, name: str, engine_now: Callable[[], str]) -> None:
        """``name`` says to others who we are; ``engine_now`` is the id of our engine, "" while it is not known."""
        self.refusal = ""
        self._address = postgres_address(database) | {"application_name": name[:63]}
        self._place = place
        self._engine_now = engine_now
        self._connection: psycopg.Connection[Any] | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="place", daemon=True)

    def join(self) -> None:
        """Take the lock; raises OtherPlace, or an error of the database."""
        connection = psycopg.connect(autocommit=True, **self._address)
        try:
            connection.execute(KEEP_ALIVE)
            # Who starts at the same time waits for the end of this: it finds us there, or nobody.
            connection.execute("SELECT pg_advisory_lock(%s)", [COMPARING_KEY])
            self._compare(connection)
            connection.execute("SELECT pg_advisory_lock_shared(%s)", [PLACE_KEY])
            connection.execute("SELECT pg_advisory_unlock(%s)", [COMPARING_KEY])
        except BaseException:
            connection.close()
            raise
        self._connection = connection

    def watch(self) -> None:
        """Hold the lock from now on; without it, and with others elsewhere, this process is told to end."""
        self._thread.start()

    def leave(self) -> None:
        """Give the lock back."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(2 * CHECK_S)
        self._drop()

    def _compare(self, connection: psycopg.Connection[Any]) -> None:
        if _is_true(connection, "SELECT pg_try_advisory_lock(%s)"):  # nobody else is here
            panel_place.note(self._place)
            connection.execute("SELECT pg_advisory_unlock(%s)", [PLACE_KEY])
            return
        noted = panel_place.current()
        if noted is None:  # from a database that lost its row: those who are here know no better than we
            panel_place.note(self._place)
        elif differences := noted.differences(self._place):
            raise OtherPlace(_explained(differences, _holders(connection)))
        elif self._place.engine and not noted.engine:
            panel_place.note(self._place)

    def _watch(self) -> None:
        while not self._ended.wait(CHECK_S):
            try:
                self._make_sure()
            except OtherPlace as error:
                self.refusal = str(error)
                logger.error("this process ends: %s", error)  # noqa: TRY400 - nothing of ours has failed
                os.kill(os.getpid(), signal.SIGTERM)
                return
            except (psycopg.Error, DatabaseError) as error:
                logger.warning("the place of this process is not held: %s", str(error).partition("\n")[0])
                self._drop()
            finally:
                connections.close_all()

    def _make_sure(self) -> None:
        if self._connection is None:
            self.join()
            return
        self._connection.execute("SELECT 1")
        engine = self._engine_now()
        if not engine or engine == self._place.engine:
            return
        was_known, self._place = bool(self._place.engine), replace(self._place, engine=engine)
        noted = panel_place.current()
        if noted is not None and not was_known and (differences := noted.differences(self._place)):
            raise OtherPlace(_explained(differences, _holders(self._connection)))
        panel_place.note(self._place)  # it came at last, or was installed anew

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def held(database: dict[str, Any], *, place: Place, name: str, engine_now: Callable[[], str]) -> Iterator[Membership]:
    """Be one of the processes of this panel; raises OtherPlace when they are elsewhere."""
    membership = Membership(database, place=place, name=name, engine_now=engine_now)
    membership.join()
    try:
        membership.watch()
        yield membership
    finally:
        membership.leave()


def this_place(server_path: Path, *, engine: str) -> Place:
    """Return where this process is."""
    machine = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return Place(machine, socket.gethostname(), engine, os.path.realpath(server_path))


def _holders(connection: psycopg.Connection[Any]) -> list[str]:
    return [row[0] for row in connection.execute(_HOLDERS, [PLACE_KEY]).fetchall()]


def _is_true(connection: psycopg.Connection[Any], question: LiteralString) -> bool:
    row = connection.execute(question, [PLACE_KEY]).fetchone()
    return bool(row and row[0])


def _explained(differences: list[str], holders: list[str]) -> str:
    return (
        f"Processes of this panel run elsewhere with the same database: {', '.join(holders) or 'unknown'}. Different "
        f"from here: {', '.join(differences)}. Each would call the other's servers REMOVED. To run it here, end those "
        "first; this one then starts. To run both, give each a database of its own."
    )
