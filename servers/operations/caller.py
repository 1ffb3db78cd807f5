"""Who asks for an operation, from where, and with which right."""

from dataclasses import dataclass
from enum import StrEnum


class Origin(StrEnum):
    """Where an operation is asked for. Stored: a name never changes."""

    API = "api"
    ADMIN = "admin"
    COMMAND = "command"
    SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        username: a user's name, or words for who is none, as ``schedule 3``.
        origin: where.
        has_everything: whether all servers are theirs, also those that were removed.
        is_owner: whether they may accept findings of the safety policy and go on without a safety snapshot.
    """

    username: str
    origin: Origin = Origin.API
    is_owner: bool = False
    has_everything: bool = True
