"""Why a server stands where it stands: each reason as a code with parameters, and the same as a sentence.

The one home of both: no other module words a reason. Codes never change, sentences may.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from servers.minecraft.autopause import ASLEEP
from servers.minecraft.compose.java import TooOld

Params = Mapping[str, str | int | bool | None]
ENDED_WELL = frozenset({0, 130, 143})  # by itself, or because it was told to


class ReasonCode(StrEnum):
    """What the reason is, for those who word it themselves."""

    NEVER_STARTED = "never_started"
    START_FAILED = "start_failed"
    ENDED = "ended"
    CRASHED = "crashed"
    OOM_KILLED = "oom_killed"
    KILLED = "killed"
    STOP_TIMED_OUT = "stop_timed_out"
    CRASH_LOOP = "crash_loop"
    PAUSED = "paused"
    UNHEALTHY = "unhealthy"
    RESTARTED = "restarted"
    NO_HEALTH_CHECK = "no_health_check"
    ASLEEP = "asleep"
    OTHER_GAME = "other_game"
    ENGINE_AWAY = "engine_away"
    CONTAINER_UNREAD = "container_unread"
    OWNER_UNKNOWN = "owner_unknown"


REASON_CODES = [one.value for one in ReasonCode]


@dataclass(frozen=True, slots=True)
class Detail:
    """What is added to a reason: a sentence, and parameters that say the same."""

    sentence: str
    params: Params = field(hash=False)


@dataclass(frozen=True, slots=True)
class Reason:
    """A code with parameters, and a sentence that says the same."""

    code: ReasonCode
    sentence: str
    params: Params = field(default_factory=dict, hash=False)

    def and_also(self, more: Detail) -> "Reason":
        """Return the reason with something added to it."""
        return replace(self, sentence=f"{self.sentence} {more.sentence}", params={**self.params, **more.params})


@dataclass(frozen=True, slots=True)
class LastEnd:
    """How a process ended: with which code, and whether for lack of memory."""

    exit_code: int | None
    is_oom: bool

    @property
    def words(self) -> str:
        return f"OOM-killed (exit code {self.exit_code})" if self.is_oom else f"exited with code {self.exit_code}"


def paused() -> Reason:
    """Return that its processes are held."""
    return Reason(ReasonCode.PAUSED, "The container is paused.")


def crash_loop(last: LastEnd, *, restarts: int) -> Reason:
    """Return that the engine is about to start it once more."""
    return Reason(
        ReasonCode.CRASH_LOOP, f"Crash loop: {last.words}, {restarts} restarts.",
        {"exitCode": last.exit_code, "oomKilled": last.is_oom, "restarts": restarts},
    )


def never_started(error: str) -> Reason:
    """Return why there was no process yet; ``error``: what the engine says of it, or empty."""
    if not error:
        return Reason(ReasonCode.NEVER_STARTED, "Never started.")
    return Reason(ReasonCode.START_FAILED, f"Never started: {error}", {"message": error})


def ended(last: LastEnd, *, was_stopped: bool, was_killed: bool) -> Reason:
    """Return how the process ended; by whom is what the engine's events tell."""
    code = last.exit_code
    if last.is_oom:
        kind, said = ReasonCode.OOM_KILLED, f"OOM-killed: it reached its memory limit (exit code {code})."
    elif was_stopped and code == 137:
        kind = ReasonCode.STOP_TIMED_OUT
        said = f"Stopped, but it did not end within its grace period and was killed (exit code {code})."
    elif was_killed or code == 137:
        kind, said = ReasonCode.KILLED, f"Killed (exit code {code})."
    else:
        kind = ReasonCode.ENDED if code in ENDED_WELL else ReasonCode.CRASHED
        said = f"Exited with code {code}."
    return Reason(kind, said, {"exitCode": code})


def unhealthy(message: str) -> Reason:
    """Return that the health check fails; ``message``: its last output, or empty."""
    said = message or "the health check fails"
    return Reason(ReasonCode.UNHEALTHY, f"Unhealthy: {said}", {"message": message or None})


def no_health_check() -> Reason:
    """Return that nobody can tell whether the game is ready."""
    return Reason(ReasonCode.NO_HEALTH_CHECK, "No health check is on, in the image or in the compose file.")


def restarted(before: Reason | None, *, restarts: int, last: LastEnd) -> Reason:
    """Return that the engine restarted it, and what is wrong besides; ``last``: the end of the run before."""
    params: dict[str, str | int | bool | None] = {"restarts": restarts}
    how = ""
    if last.exit_code is not None:
        how = f"; last it {'was OOM-killed' if last.is_oom else last.words}"
        params |= {"exitCode": last.exit_code, "oomKilled": last.is_oom}
    more = Detail(f"Restarted {restarts} times since it was started by hand{how}.", params)
    if before is None:
        return Reason(ReasonCode.RESTARTED, more.sentence, params)
    if before.code is ReasonCode.NO_HEALTH_CHECK:  # that is no trouble, and this is
        before = replace(before, code=ReasonCode.RESTARTED, params={"healthCheck": False})
    return before.and_also(more)


def asleep(before: Reason | None) -> Reason:
    """Return that the game sleeps, and what else is to be said of it."""
    if before is None:
        return Reason(ReasonCode.ASLEEP, ASLEEP)
    return before.and_also(Detail(ASLEEP, {"asleep": True}))


def it_said(line: str) -> Detail:
    """Return what is added of a failed process: its last line."""
    return Detail(f"It said: {line}", {"said": line})


def java_too_old(found: TooOld) -> Detail:
    """Return what is added of a failed process where its cause is known to be the image's Java."""
    return Detail(found.sentence, {"cause": "java_too_old", "javaNeeded": found.needed, "java": found.present})


def of_other_game(game: str, status: str, reason: Reason | None) -> Reason:
    """Return the reason of a server whose status is that of a game which is not its main one."""
    if reason is None:
        said = f"Its game `{game}`: it is {status}."
        return Reason(ReasonCode.OTHER_GAME, said, {"game": game, "status": status})
    return replace(reason, sentence=f"Its game `{game}`: {reason.sentence}", params={**reason.params, "game": game})


def engine_away(problem: str) -> Reason:
    """Return that the engine cannot be asked; ``problem``: why, a sentence."""
    return Reason(ReasonCode.ENGINE_AWAY, problem, {"message": problem})


def container_unread(message: str) -> Reason:
    """Return that the engine does not tell the container's state; ``message``: what it says."""
    said = f"The state of the container is not known now, it is asked for again: {message}"
    return Reason(ReasonCode.CONTAINER_UNREAD, said, {"message": message})


def owner_unknown(container_id: str, message: str) -> Reason:
    """Return that there is a container which may be the server's; ``message``: what the engine says of it."""
    short = container_id[:12]
    said = f"Of the container {short} nobody knows whose it is, it is asked for again: {message}"
    return Reason(ReasonCode.OWNER_UNKNOWN, said, {"container": short, "message": message})
