"""The engine against the slow reference, and what must hold whatever a clinic sets up."""

import pickle
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.availability.slots import DAYS, Rules, Schedule, Service, common, explain, open_epochs, open_starts, union
from tests.tenants.availability import reference
from tests.tenants.availability.strategies import PROOF, ZONE_PROOF, ZONES, Case, busy_times, cases, change_days


@PROOF
@given(cases())
def test_engine_agrees_with_the_minute_by_minute_reference(case: Case) -> None:
    assert open_starts(**case.query()) == reference.open_starts(**case.query())


@pytest.mark.parametrize("zone", ZONES)
def test_engine_agrees_with_the_reference_in_every_zone(zone: str) -> None:
    @ZONE_PROOF
    @given(cases((zone,)))
    def agree(case: Case) -> None:
        assert open_starts(**case.query()) == reference.open_starts(**case.query())

    agree()


@PROOF
@given(cases(), st.data())
def test_adding_a_busy_interval_never_adds_a_start(case: Case, data: st.DataObject) -> None:
    fuller = case.with_busy(data.draw(busy_times(case.date_from)))
    assert set(open_epochs(**fuller.query())) <= set(open_epochs(**case.query()))


@PROOF
@given(cases())
def test_every_candidate_is_open_or_explained(case: Case) -> None:
    query = case.query()
    found = set(open_starts(**query))
    hours = reference.Hours(case.service, case.schedule, case.date_from, case.date_to)
    tz = case.query_tz or case.schedule.tz
    for start in hours.on_grid | found:
        if case.date_from <= reference.local_date(tz, start) < case.date_to:
            reasons = explain(at=start, **query)
            assert (start in found) != bool(reasons)
            assert "off_grid" not in {reason.code for reason in reasons}


@PROOF
@given(cases(), st.integers(-90_000, 260_000))
def test_any_instant_is_open_or_explained(case: Case, seconds: int) -> None:
    query = case.query()
    at = datetime(case.date_from.year, case.date_from.month, case.date_from.day, tzinfo=UTC) + timedelta(
        seconds=seconds
    )
    day = reference.local_date(case.schedule.tz, at)
    query["query_tz"], query["date_from"], query["date_to"] = None, day, day + timedelta(days=1)
    assert (at in open_starts(**query)) == (explain(at=at, **query) == [])


@PROOF
@given(cases(), st.randoms(use_true_random=False))
def test_the_answer_knows_neither_order_nor_history(case: Case, shuffler: Random) -> None:
    query = case.query()
    found = open_epochs(**query)
    shuffler.shuffle(query["busy"])
    shuffler.shuffle(query["blocks"])
    query["schedule"] = pickle.loads(pickle.dumps(query["schedule"]))  # noqa: S301 - our own value, a moment ago
    assert open_epochs(**query) == found == sorted(set(found))


@PROOF
@given(cases(), cases())
def test_union_and_common_are_those_of_sets(one: Case, other: Case) -> None:
    lists = [open_starts(**replace(one, busy=busy).query()) for busy in (one.busy, other.busy)]
    assert union(lists) == sorted(set(lists[0]) | set(lists[1]))
    assert common(lists) == sorted(set(lists[0]) & set(lists[1]))


@pytest.mark.parametrize("zone", ZONES)
def test_wall_times_are_right_on_every_day_around_every_change(zone: str) -> None:
    schedule = Schedule(zone, {day: [("09:00", "17:00")] for day in DAYS})
    service, rules = Service(60, 60, 0, 0), Rules(0, None)
    for day in change_days(zone) or [date(2024, 3, 31)]:
        starts = open_starts(
            service=service,
            rules=rules,
            schedule=schedule,
            blocks=[],
            busy=[],
            date_from=day,
            date_to=day + timedelta(days=1),
            now=datetime(2009, 1, 1, tzinfo=UTC),
        )
        walls = [start.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for start in starts]
        skipped = zone == "Pacific/Apia" and day == date(2011, 12, 30)
        hours = [] if skipped else range(9, 17)
        assert walls == [datetime(day.year, day.month, day.day, hour) for hour in hours]
