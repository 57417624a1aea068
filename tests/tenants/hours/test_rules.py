"""What hours give, what a change takes, what still fits: against the engine, and around the clock changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.availability import slots
from tenants.availability.hours import Break, Schedule
from tenants.hours import rules
from tenants.hours.rules import gives, still_fit, wall_instants
from tests.tenants.availability.strategies import PROOF

LONDON = "Europe/London"
HOUR = slots.Service(60, 30)
DAY = {day: [("09:00", "17:00")] for day in ("mon", "tue", "wed", "thu", "fri")}
MONDAY = date(2026, 3, 23)  # the clocks go forward on Sunday the 29th


def test_a_week_like_any_other_is_counted_and_one_with_a_clock_change_is_named() -> None:
    nights = {"sat": [("22:00", "06:00")]}
    found = gives(Schedule(LONDON, {}), nights, HOUR, MONDAY)
    assert found.open_min == 8 * 60
    assert found.starts == 15
    assert found.turns == (MONDAY, 7 * 60)
    autumn = gives(Schedule(LONDON, {}), nights, HOUR, date(2026, 9, 1))
    assert (autumn.open_min, autumn.turns) == (8 * 60, (date(2026, 10, 19), 9 * 60))


def test_a_clock_change_that_meets_no_hours_is_no_news() -> None:
    found = gives(Schedule(LONDON, {}), DAY, HOUR, MONDAY)
    assert (found.open_min, found.starts, found.turns) == (5 * 8 * 60, 5 * 15, None)


def test_weekly_breaks_count_and_single_dates_do_not() -> None:
    breaks = (Break("12:00", "13:00", day="wed"), Break("09:00", "17:00", date=date(2026, 4, 2)))
    busy = Schedule(LONDON, DAY, {date(2026, 4, 1): []}, breaks)
    assert gives(busy, DAY, HOUR, MONDAY).open_min == 39 * 60


def test_nothing_gives_nothing() -> None:
    found = gives(Schedule(LONDON, {}), {}, None, MONDAY)
    assert (found.open_min, found.starts, found.turns) == (0, None, None)


BLOCKS = st.lists(st.tuples(st.integers(0, 12 * 24), st.integers(1, 30)), max_size=2)
SPANS = st.lists(st.tuples(st.integers(0, 12 * 24 * 4), st.integers(1, 16)), min_size=1, max_size=6)
EDGE = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 30]))
WINDOWS = st.lists(st.tuples(EDGE, EDGE).filter(lambda pair: pair[0] != pair[1]), max_size=2)
BEGIN = datetime(2026, 3, 24, tzinfo=UTC)


@PROOF
@given(
    week=st.fixed_dictionaries({}, optional=dict.fromkeys(slots.DAYS, WINDOWS)),
    off=BLOCKS, spans=SPANS, zone=st.sampled_from([LONDON, "America/Sao_Paulo", "Australia/Lord_Howe"]),
)  # fmt: skip
def test_what_fits_is_what_the_engine_has_nothing_against(
    week: dict[str, list[tuple[str, str]]], off: list[tuple[int, int]], spans: list[tuple[int, int]], zone: str
) -> None:
    schedule = Schedule(zone, week, {}, (Break("12:00", "12:30"),))
    blocks = tuple(slots.Block(BEGIN + timedelta(hours=lo), BEGIN + timedelta(hours=lo + length)) for lo, length in off)
    wanted = [
        (BEGIN + timedelta(minutes=15 * lo), BEGIN + timedelta(minutes=15 * (lo + length))) for lo, length in spans
    ]
    against = {"outside_hours", "on_break", "time_off"}
    said = [
        not against
        & {
            reason.code
            for reason in slots.explain(
                at=start,
                service=slots.Service(int((end - start).total_seconds()) // 60, 1),
                rules=slots.Rules(),
                schedule=schedule,
                blocks=blocks,
                busy=(),
                now=BEGIN,
            )
        }
        for start, end in wanted
    ]
    assert still_fit(schedule, blocks, wanted) == said


def test_a_change_is_done_to_hours_and_absences_and_to_nothing_else() -> None:
    schedule = Schedule(
        LONDON, ((date(2026, 1, 1), DAY), (date(2026, 5, 1), {})), {MONDAY: []}, (Break("12:00", "13:00"),)
    )
    away = slots.Block(BEGIN, BEGIN + timedelta(hours=1))
    since = date(2026, 4, 1)
    changed, blocks = rules.with_week(since, {"sat": [("10:00", "11:00")]})(schedule, (away,))
    assert [era[0] for era in changed.weekly] == [date(2026, 1, 1), since]
    assert (changed.overrides, changed.breaks, blocks) == (schedule.overrides, schedule.breaks, (away,))
    assert rules.with_day(MONDAY, None)(schedule, ())[0].overrides == {}
    assert rules.with_day(since, [("09:00", "10:00")])(schedule, ())[0].overrides.keys() == {MONDAY, since}
    later = (BEGIN + timedelta(days=1), BEGIN + timedelta(days=2))
    moved = rules.with_time_off(*later, in_place_of=(away.start, away.end))
    assert moved(schedule, (away,)) == (schedule, (slots.Block(*later),))
    assert rules.without_break(Break("12:00", "13:00"))(schedule, ())[0].breaks == ()
    assert rules.without_break(Break("01:00", "02:00"))(schedule, ())[0].breaks == schedule.breaks


@pytest.mark.parametrize(
    "day, minute, hours",
    [
        (date(2026, 3, 29), 90, []),  # skipped
        (date(2026, 10, 25), 90, [0, 1]),  # twice
        (date(2026, 7, 1), 600, [9]),
        (date(2026, 1, 1), 600, [10]),
    ],
)
def test_a_minute_of_the_clock_is_none_one_or_two_instants(day: date, minute: int, hours: list[int]) -> None:
    assert [at.hour for at in wall_instants(LONDON, day, minute)] == hours


def test_a_day_lasts_from_midnight_to_midnight_whatever_the_clocks_do() -> None:
    def midnight(month: int, day: int) -> datetime:
        return rules.instant_at(LONDON, date(2026, month, day), 0)

    assert midnight(3, 30) - midnight(3, 29) == timedelta(hours=23)
    assert midnight(10, 26) - midnight(10, 24) == timedelta(hours=49)
