"""Which part of the panel this process is. One process is all of it; larger installations divide it."""

from enum import StrEnum


class Role(StrEnum):
    """What a process does."""

    WHOLE = "whole"
    WORKER = "worker"
    SUPERVISOR = "supervisor"

    @property
    def supervises(self) -> bool:
        """Whether it does what must be done once for all: history, save guard, schedules, housekeeping."""
        return self is not Role.WORKER

    @property
    def answers(self) -> bool:
        """Whether it is asked over HTTP."""
        return self is not Role.SUPERVISOR


class _This:
    role = Role.WHOLE


def assume(role: Role) -> None:
    """Make this process ``role``; call it before anything is wired."""
    _This.role = role


def current() -> Role:
    """Return what this process is."""
    return _This.role
