"""Which snapshots a policy keeps. Pure: what restic is told to forget is decided here, by id.

restic's own ``forget --keep-…`` groups by host, paths and all tags; our tags tell how well a world was saved,
so its groups would fall apart, and it knows neither pins nor other panels.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from core.errors import InvalidRequest

AHEAD = timedelta(minutes=5)  # a snapshot dated further ahead was made while a clock was wrong
SHORT_LIVED = timedelta(days=7)  # path and safety snapshots
MAX_KEPT = 10_000  # of one rule
GOOD_LEVELS = frozenset({"flushed", "stopped"})


class EmptyPolicy(InvalidRequest):
    """A policy that keeps nothing: surely not what was meant."""

    code = "empty_policy"


@dataclass(frozen=True, kw_only=True)
class Policy:
    """How many of each group stay: the last ones, and the newest of each of so many hours, days, weeks, months."""

    keep_last: int = 0
    keep_hourly: int = 0
    keep_daily: int = 0
    keep_weekly: int = 0
    keep_monthly: int = 0

    def __post_init__(self) -> None:
        counts = (self.keep_last, self.keep_hourly, self.keep_daily, self.keep_weekly, self.keep_monthly)
        if min(counts) < 0 or not any(counts):
            raise EmptyPolicy(
                "This policy would keep nothing. Give at least one of keep_last, keep_hourly, keep_daily, "
                "keep_weekly and keep_monthly a number above 0."
            )
        if max(counts) > MAX_KEPT:
            raise InvalidRequest(f"A policy may keep at most {MAX_KEPT} snapshots by one rule.")


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One snapshot as retention sees it.

    Attributes:
        scope: ``server``, ``path`` or ``global``.
        levels: how well each server in it was saved, by the server's id.
        is_whole: whether every file could be read, and nothing is lost that earlier ones hold.
        without_world: the servers of which it holds no world, as far as that was looked at.
        is_new: it was made by the run that the policy belongs to; it stays.
    """

    id: str
    time: datetime
    scope: str
    paths: tuple[str, ...]
    trigger: str = "manual"
    levels: Mapping[str, str] = field(default_factory=dict)
    pinned: bool = False
    is_whole: bool = True
    without_world: frozenset[str] = frozenset()
    is_new: bool = False

    @property
    def is_short_lived(self) -> bool:
        """Whether no server's policy counts it."""
        return self.scope == "path" or self.trigger == "safety"


@dataclass(frozen=True)
class Plan:
    """What stays and what goes, both oldest first."""

    keep: list[str]
    remove: list[str]


def plan(  # noqa: PLR0913 - what may be looked at
    entries: Iterable[Entry],
    *,
    policy: Policy,
    zone: tzinfo,
    now: datetime,
    server_id: str | None = None,
    is_global: bool = False,
) -> Plan:
    """Decide about ``entries``, which are all of this panel and of no other.

    Each group of one (server, scope, paths) is judged by itself. Path and safety snapshots live for
    SHORT_LIVED and count for no policy. Pinned ones stay, and so does each server's last good one; where that has
    a hole, the last good one without, too, and where it has no world, the last one that has it. One that is dated
    ahead of ``now`` counts for no rule and stays: else it would stand for the newest, and every real one go.

    Args:
        zone: where an hour, a day, a week and a month begin.
        server_id: look at the snapshots of this server alone; global ones, which hold others too, stay out.
        is_global: look at the global snapshots alone.
    """
    everything = sorted(entries, key=_by_age)
    all_of_ours = [one for one in everything if not is_ahead(one.time, now)]
    looked_at = [one for one in everything if server_id is None or _is_of(one, server_id)]
    looked_at = [one for one in looked_at if one.scope == "global" or not is_global]
    keep = {one.id for one in everything if one.pinned or one.is_new or is_ahead(one.time, now)}
    keep |= _floor(all_of_ours) | _floor([one for one in all_of_ours if one.is_whole]) | _last_worlds(all_of_ours)
    groups: dict[tuple[str, ...], list[Entry]] = defaultdict(list)
    for one in [one for one in looked_at if not is_ahead(one.time, now)]:
        if one.is_short_lived:
            if now - one.time < SHORT_LIVED:
                keep.add(one.id)
        else:
            groups[(one.scope, *_owner(one), *sorted(one.paths))].append(one)
    for group in groups.values():
        keep |= _kept(group, policy, zone)
    return Plan(
        keep=[one.id for one in looked_at if one.id in keep],
        remove=[one.id for one in looked_at if one.id not in keep],
    )


def is_ahead(time: datetime, now: datetime) -> bool:
    """Tell whether a snapshot is dated ahead of the clock: then one of the two clocks was wrong."""
    return time > now + AHEAD


def _by_age(entry: Entry) -> tuple[datetime, str]:
    return entry.time, entry.id


def _owner(entry: Entry) -> list[str]:
    return [] if entry.scope == "global" else sorted(entry.levels)


def _is_of(entry: Entry, server_id: str) -> bool:
    return entry.scope != "global" and server_id in entry.levels


def _kept(group: Sequence[Entry], policy: Policy, zone: tzinfo) -> set[str]:
    """Return the ids that ``policy`` keeps of a group that is sorted oldest first."""
    rules: list[tuple[int, Callable[[datetime], object]]] = [
        (policy.keep_hourly, lambda time: (time.date(), time.hour, time.utcoffset())),
        (policy.keep_daily, datetime.date),
        (policy.keep_weekly, lambda time: time.isocalendar()[:2]),
        (policy.keep_monthly, lambda time: (time.year, time.month)),
    ]
    newest_first = [(one, one.time.astimezone(zone)) for one in reversed(group)]
    kept = {one.id for one, _ in newest_first[: policy.keep_last]}
    for count, period in rules:
        seen: list[object] = []
        for one, time in newest_first:
            if len(seen) == count:
                break
            if not seen or period(time) != seen[-1]:
                seen.append(period(time))
                kept.add(one.id)
    return kept


def _floor(entries: Sequence[Entry]) -> set[str]:
    """Return the last good snapshot of each whole server; a safety one only where there is no other."""
    found: dict[str, Entry] = {}
    for wanted in (True, False):
        for one in reversed(entries):
            if one.scope == "path" or (one.trigger == "safety") is wanted:
                continue
            for server, level in one.levels.items():
                if level in GOOD_LEVELS:
                    found.setdefault(server, one)
    return {one.id for one in found.values()}


def _last_worlds(entries: Sequence[Entry]) -> set[str]:
    """Return, for each server whose newest snapshot has no world, the newest one that has, however it was saved."""
    newest: set[str] = set()
    found: dict[str, str] = {}
    for one in reversed([one for one in entries if one.scope != "path"]):
        for server in one.levels:
            if server in one.without_world:
                newest.add(server)
            elif server not in found:
                found[server] = one.id if server in newest else ""
    return set(found.values()) - {""}
