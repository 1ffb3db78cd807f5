"""Take over the users of the earlier version's SQLite database, which is only read."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.db import transaction

from accounts import hashers
from accounts.models import User, UserRole
from core.errors import InvalidRequest

_BCRYPT = re.compile(r"\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}")


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one row: ``reason`` is empty when the user was made."""

    username: str
    role: str
    reason: str = ""


def take_over(database: Path) -> list[Taken]:
    """Make a user for each row of the table ``user`` whose name is free and valid here.

    Source: columns ``username``, ``hashed_password`` (bcrypt), ``role`` (``ADMIN``, ``OWNER``), ``created_at`` (UTC
    without a zone).

    Raises:
        InvalidRequest: the file is no such database.
    """
    with transaction.atomic():
        return [_take(*row) for row in _rows(database)]


def _rows(database: Path) -> Iterator[tuple[str, str, str, str]]:
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            yield from connection.execute("SELECT username, hashed_password, role, created_at FROM user ORDER BY id")
    except sqlite3.Error as error:
        raise InvalidRequest(f"{database} is no user database of the earlier version: {error}.") from None


def _take(username: str, password: str, role: str, created_at: str) -> Taken:
    user = User(username=User.normalize_username(str(username)), role=str(role).lower())
    if role not in UserRole.__members__:
        return Taken(user.username, user.role, f"its role {role!r} is unknown")
    if User.objects.filter(username=user.username).exists():
        return Taken(user.username, user.role, "the name is taken here")
    if not _BCRYPT.fullmatch(str(password)):
        return Taken(user.username, user.role, "its password is not stored as bcrypt")
    user.password = hashers.encoded(password)
    user.created_at = _instant(created_at)
    try:
        user.clean_fields()  # without the rules for new names: who has one signs in by it
    except ValidationError as error:
        return Taken(user.username, user.role, " ".join(error.messages))
    user.save()
    return Taken(user.username, user.role)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.now(UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
