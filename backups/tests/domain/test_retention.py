"""What a policy keeps: by examples, and against a model over random histories."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backups.restic.retention import EmptyPolicy, Entry, Policy, plan

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SERVERS = ("lobby", "creative", "survival")
LEVELS = ("flushed", "stopped", "unconfirmed", "live")
ZONES = [ZoneInfo(name) for name in ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]


def entry(number: int, *, hours_ago: float, server: str = "lobby", **fields: object) -> Entry:
    values: dict[str, object] = {
        "id": f"{number:064x}", "time": NOW - timedelta(hours=hours_ago), "scope": "server",
        "paths": (f"/srv/{server}",), "levels": {server: "flushed"},
    }
    return Entry(**{**values, **fields})  # type: ignore[arg-type]


def numbers(ids: list[str]) -> list[int]:
    return [int(one, 16) for one in ids]


def test_last_ones_of_each_server_stay() -> None:
    history = [entry(10 * n + k, hours_ago=k, server=server) for n, server in enumerate(SERVERS) for k in range(4)]

    done = plan(history, policy=Policy(keep_last=2), zone=UTC, now=NOW)

    assert sorted(numbers(done.keep)) == [0, 1, 10, 11, 20, 21]
    assert len(done.remove) == 6


def test_newest_of_each_day_stays() -> None:
    history = [entry(k, hours_ago=6 * k) for k in range(12)]  # 12:00, 06:00, 00:00 today, 18:00 yesterday, …

    done = plan(history, policy=Policy(keep_daily=2), zone=UTC, now=NOW)

    assert numbers(done.keep) == [3, 0]


def test_a_day_begins_where_the_zone_says() -> None:
    history = [entry(1, hours_ago=1), entry(2, hours_ago=13.5)]  # 11:00 and 22:30 UTC: 23:30 in Berlin, 00:30 in Kyiv

    in_berlin = plan(history, policy=Policy(keep_daily=9), zone=ZoneInfo("Europe/Berlin"), now=NOW)
    in_kyiv = plan(history, policy=Policy(keep_daily=9), zone=ZoneInfo("Europe/Kyiv"), now=NOW)

    assert numbers(in_berlin.keep) == [2, 1]
    assert numbers(in_kyiv.keep) == [1]


def test_pinned_ones_stay() -> None:
    done = plan(
        [entry(1, hours_ago=900, pinned=True), entry(2, hours_ago=1)], policy=Policy(keep_last=1), zone=UTC, now=NOW
    )

    assert done.remove == []


def test_last_good_one_stays_whatever_the_policy_says() -> None:
    history = [entry(1, hours_ago=900), entry(2, hours_ago=2, levels={"lobby": "live"})]

    done = plan([*history, entry(3, hours_ago=1, levels={"lobby": "unconfirmed"})], policy=Policy(keep_last=1),
                zone=UTC, now=NOW)

    assert numbers(done.keep) == [1, 3]


def test_a_good_safety_snapshot_does_not_replace_the_last_good_one() -> None:
    safety = entry(3, hours_ago=1, trigger="safety", levels={"lobby": "stopped"})
    history = [entry(1, hours_ago=900), entry(2, hours_ago=2, levels={"lobby": "live"}), safety]

    assert numbers(plan(history, policy=Policy(keep_last=1), zone=UTC, now=NOW).keep) == [1, 2, 3]


@pytest.mark.parametrize("kind", [{"scope": "path"}, {"trigger": "safety"}])
def test_path_and_safety_snapshots_live_a_week_and_count_for_nobody(kind: dict[str, str]) -> None:
    short = [entry(9, hours_ago=1, **kind), entry(8, hours_ago=24 * 8, **kind)]
    history = [entry(1, hours_ago=48), entry(2, hours_ago=24), *short]

    done = plan(history, policy=Policy(keep_last=2), zone=UTC, now=NOW)

    assert sorted(numbers(done.keep)) == [1, 2, 9]


def test_one_server_s_policy_looks_at_no_other_and_at_no_global_one() -> None:
    everything = dict.fromkeys(SERVERS, "flushed")
    history = [entry(k, hours_ago=k, server=server) for k, server in enumerate(SERVERS * 2)]
    history += [entry(20 + k, hours_ago=k, scope="global", levels=everything, paths=("/srv",)) for k in range(3)]

    done = plan(history, policy=Policy(keep_last=1), zone=UTC, now=NOW, server_id="creative")

    assert numbers(done.keep) == [1]
    assert numbers(done.remove) == [4]


def test_policy_that_keeps_nothing_is_refused() -> None:
    with pytest.raises(EmptyPolicy):
        Policy()
    with pytest.raises(EmptyPolicy):
        Policy(keep_last=3, keep_daily=-1)


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    found = []
    for number in range(draw(st.integers(0, 30))):
        scope = draw(st.sampled_from(["server", "server", "server", "path", "global"]))
        servers = draw(st.sets(st.sampled_from(SERVERS), min_size=1)) if scope == "global" else None
        server = draw(st.sampled_from(SERVERS))
        paths = {"server": f"/srv/{server}", "path": f"/srv/{server}/data/world", "global": "/srv"}[scope]
        found.append(
            Entry(
                id=f"{number:064x}", time=NOW - timedelta(minutes=draw(st.integers(0, 90 * 24 * 60))), scope=scope,
                paths=(paths,), trigger=draw(st.sampled_from(["manual", "schedule", "safety"])),
                levels={one: draw(st.sampled_from(LEVELS)) for one in sorted(servers or {server})},
                pinned=draw(st.integers(0, 9)) == 0,
            )
        )
    return found


counts = st.integers(0, 6)
policies = st.tuples(counts, counts, counts, counts, counts).filter(any).map(
    lambda five: Policy(keep_last=five[0], keep_hourly=five[1], keep_daily=five[2], keep_weekly=five[3],
                        keep_monthly=five[4])
)


def model_keeps(
    history: list[Entry], policy: Policy, zone: ZoneInfo, server_id: str | None, *, now: datetime = NOW
) -> set[str]:
    """Say what stays, rule by rule and snapshot by snapshot, without a thought for speed."""
    stays = {one.id for one in history if one.pinned}
    for server in SERVERS:
        good = [one for one in history if one.scope != "path" and one.levels.get(server) in {"flushed", "stopped"}]
        best = [one for one in good if one.trigger != "safety"] or good
        stays |= {max(best, key=lambda one: (one.time, one.id)).id} if best else set()
    for one in history:
        if one.scope == "path" or one.trigger == "safety":
            stays |= {one.id} if now - one.time < timedelta(days=7) else set()
            continue
        peers = [
            other for other in history
            if other.trigger != "safety" and other.scope == one.scope
            and (one.scope == "global" or list(other.levels) == list(one.levels))
        ]
        for count, form in (
            (policy.keep_hourly, "%Y-%m-%d %H %z"), (policy.keep_daily, "%Y-%m-%d"),
            (policy.keep_weekly, "%G-%V"), (policy.keep_monthly, "%Y-%m"),
        ):
            newest: dict[str, tuple[datetime, str]] = defaultdict(lambda: (datetime.min.replace(tzinfo=UTC), ""))
            for other in peers:
                period = other.time.astimezone(zone).strftime(form)
                newest[period] = max(newest[period], (other.time, other.id))
            if (one.time, one.id) in sorted(newest.values(), reverse=True)[:count]:
                stays.add(one.id)
        if (one.time, one.id) in sorted(((other.time, other.id) for other in peers), reverse=True)[: policy.keep_last]:
            stays.add(one.id)
    looked_at = [one for one in history if server_id is None or (one.scope != "global" and server_id in one.levels)]
    return {one.id for one in looked_at if one.id in stays}


@settings(max_examples=50, deadline=None)
@given(histories(), policies, st.sampled_from(ZONES), st.sampled_from([None, *SERVERS]))
def test_what_stays_is_what_the_model_says(
    history: list[Entry], policy: Policy, zone: ZoneInfo, server_id: str | None
) -> None:
    done = plan(history, policy=policy, zone=zone, now=NOW, server_id=server_id)

    assert set(done.keep) == model_keeps(history, policy, zone, server_id)
    assert not set(done.keep) & set(done.remove)


@settings(max_examples=50, deadline=None)
@given(histories(), policies)
def test_doing_it_twice_removes_nothing_more(history: list[Entry], policy: Policy) -> None:
    removed = set(plan(history, policy=policy, zone=UTC, now=NOW).remove)
    left = [one for one in history if one.id not in removed]

    assert plan(left, policy=policy, zone=UTC, now=NOW).remove == []


def test_the_last_good_one_without_a_hole_stays_beside_newer_ones_with_some() -> None:
    holes = [entry(number, hours_ago=9 - number, is_whole=False) for number in (3, 4)]
    history = [entry(1, hours_ago=60), entry(2, hours_ago=50), *holes]

    done = plan(history, policy=Policy(keep_last=1), zone=UTC, now=NOW)

    assert (numbers(done.keep), numbers(done.remove)) == ([2, 4], [1, 3])
