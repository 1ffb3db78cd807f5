"""Make, change, switch and delete schedules: the rules that hold whoever asks. Blocking, uses the database."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime

from django.conf import settings
from django.core.exceptions import ValidationError

from accounts.identity import Identity
from accounts.models import UserRole
from accounts.permissions import RequireRole
from accounts.rights.loading import rights_of
from backups import wiring
from backups.models import MissedRule, OverlapRule, Schedule
from backups.restic.labels import Scope
from backups.restic.retention import Policy
from backups.schedules import due_times
from backups.snapshots import scope as targets
from core.errors import Forbidden, InvalidRequest, NotFound
from servers.minecraft.instance import MCInstance
from servers.records import monitoring

KEEPS = tuple(one.name for one in fields(Policy))
MAX_JITTER_S = 3600
_NOT_REQUESTED = {"created_by", "created_at", "looked_until", "disabled_because"}


class ScheduleNotFound(NotFound):
    """No schedule has this number."""

    code = "schedule_not_found"


@dataclass(frozen=True, kw_only=True)
class ScheduleRequest:
    """A schedule as somebody wants it; the names and meanings are those of the API.

    Attributes:
        policy: counts by the names in KEEPS; empty: nothing is removed after a run.
    """

    cron: str
    zone: str = "UTC"
    scope: str = Scope.SERVER.value
    server_id: str = ""
    path: str = ""
    require_flushed: bool = False
    policy: Mapping[str, int] = field(default_factory=dict)
    missed: str = MissedRule.RUN_ONCE.value
    overlap: str = OverlapRule.WAIT.value
    jitter_s: int = 0
    enabled: bool = True


def check(request: ScheduleRequest) -> None:
    """Raise what speaks against a schedule.

    Raises:
        ResticNotConfigured, BadSchedule, ServerNotFound, EmptyPolicy, InvalidRequest: with the fields at fault.
    """
    wiring.repository()
    due_times.check(request.cron, request.zone)
    _check_columns(request)
    if not 0 <= request.jitter_s <= MAX_JITTER_S:
        raise InvalidRequest(
            f"jitter_s may be 0 to {MAX_JITTER_S} seconds.", errors={"jitter_s": [f"0 to {MAX_JITTER_S}."]}
        )
    _check_scope(request)
    _policy(request.policy, scope=request.scope)


def create(request: ScheduleRequest, *, by: Identity) -> Schedule:
    """Store a new schedule; raises as ``check``, and Forbidden for all but owners."""
    require_owner(by)
    check(request)
    return Schedule.objects.create(created_by=by.username, looked_until=datetime.now(UTC), **_columns(request))


def exists_for(user: Identity, schedule: Schedule) -> bool:
    """Tell whether ``user`` may see it: it was made for a server that is theirs, or all are."""
    rights = rights_of(user)
    if rights.has_everything or not schedule.server_id:
        return rights.has_everything
    began = monitoring.incarnation_began(schedule.server_id)
    return rights.sees(schedule.server_id) and schedule.created_at.timestamp() >= began


def read_for(user: Identity, number: int) -> Schedule:
    """Return a schedule; raises ScheduleNotFound, also where it does not exist for ``user``."""
    schedule = read(number)
    if not exists_for(user, schedule):
        raise ScheduleNotFound(f"There is no schedule {number}.")
    return schedule


def replace(number: int, request: ScheduleRequest, *, by: Identity) -> Schedule:
    """Change a schedule; due times that have passed are not made up for. Raises as ``create``, ScheduleNotFound."""
    require_owner(by)
    read(number)
    check(request)
    values = _columns(request) | {"looked_until": datetime.now(UTC), "disabled_because": ""}
    Schedule.objects.filter(pk=number).update(**values)
    return read(number)


def switch(number: int, *, is_on: bool, by: Identity) -> Schedule:
    """Switch a schedule on or off; one that is switched on is held to the rules again. Raises as ``replace``."""
    require_owner(by)
    found = read(number)
    if is_on:
        check(request_of(found))
    values = {"enabled": is_on, "looked_until": datetime.now(UTC), "disabled_because": ""}
    Schedule.objects.filter(pk=number).update(**values)
    return read(number)


def delete(number: int, *, by: Identity) -> None:
    """Delete a schedule and the record of its runs; the snapshots stay. Raises ScheduleNotFound, Forbidden."""
    require_owner(by)
    read(number).delete()


def read(number: int) -> Schedule:
    """Return one schedule; raises ScheduleNotFound."""
    found = Schedule.objects.filter(pk=number).first()
    if found is None:
        raise ScheduleNotFound(f"There is no schedule {number}.")
    return found


def request_of(schedule: Schedule) -> ScheduleRequest:
    """Return what a stored schedule asks for."""
    return ScheduleRequest(**{one.name: getattr(schedule, one.name) for one in fields(ScheduleRequest)})


def policy_of(schedule: Schedule) -> Policy | None:
    """Return what a stored schedule keeps; None: everything.

    Raises:
        InvalidRequest, EmptyPolicy: it was stored before these rules held for every way to store one.
    """
    return _policy(schedule.policy, scope=schedule.scope)


def require_may_run(schedule: Schedule, *, by: Identity) -> None:
    """Raise Forbidden where running the schedule removes snapshots and ``by`` is no owner."""
    if schedule.policy and not RequireRole(UserRole.OWNER).admits(by):
        raise Forbidden("Only an owner may run a schedule that removes snapshots by a policy; ask one.")


def require_owner(by: Identity) -> None:
    """Raise Forbidden for all but owners: a policy removes snapshots."""
    if not RequireRole(UserRole.OWNER).admits(by):
        raise Forbidden("Only an owner may change schedules; ask one.")


def _columns(request: ScheduleRequest) -> dict[str, object]:
    return asdict(request) | {"policy": dict(request.policy)}


def _check_columns(request: ScheduleRequest) -> None:
    """Hold the values to the columns: lengths and choices."""
    try:
        Schedule(**_columns(request)).clean_fields(exclude={*_NOT_REQUESTED, "policy"})
    except ValidationError as error:
        told = error.message_dict
        sentence = " ".join(f"{name}: {message}" for name, messages in told.items() for message in messages)
        raise InvalidRequest(sentence, errors=told) from None


def _check_scope(request: ScheduleRequest) -> None:
    needs_server, needs_path = request.scope != Scope.GLOBAL, request.scope == Scope.PATH
    if bool(request.server_id) != needs_server or bool(request.path) != needs_path:
        raise InvalidRequest(
            "scope `server` needs a server_id, `path` a server_id and a path, and `global` neither of them.",
            errors={"scope": ["It does not fit to server_id and path."]},
        )
    server_path = settings.MC_ADMIN.server_path
    targets.find_past(server_path, server_id=request.server_id, path=request.path)
    if request.server_id:
        MCInstance(server_path, request.server_id).read_compose()  # raises ServerNotFound


def _policy(counts: Mapping[str, int], *, scope: str) -> Policy | None:
    if not counts:
        return None
    policy = Policy(**counts)
    if scope == Scope.PATH:
        raise InvalidRequest(
            "Snapshots of a path live for 7 days; a schedule of them takes no policy.",
            errors={"policy": ["A schedule of a path takes none."]},
        )
    return policy
