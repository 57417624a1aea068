"""Every rule of the slot engine as cases written by hand, with the answer as a person would read it off a clock."""

import subprocess
import sys
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tenants.availability.slots import (
    Block,
    Break,
    Busy,
    Rules,
    Schedule,
    Service,
    common,
    explain,
    open_epochs,
    open_starts,
    union,
)
from tests.tenants.availability.asking import MONDAY, at, every, query


def walls(schedule: Schedule, day: date = MONDAY, days: int = 1, **change: Any) -> str:
    """The open starts as the clinic's clock shows them, e.g. "09:00 10:00"."""
    zone = ZoneInfo(change.get("query_tz") or schedule.tz)
    starts = open_starts(**query(schedule, day, days, **change))
    return " ".join(f"{start.astimezone(zone):%H:%M}" for start in starts)


def instants(schedule: Schedule, day: date = MONDAY, days: int = 1, **change: Any) -> str:
    """The open starts in UTC, e.g. "31T00:30"."""
    return " ".join(f"{start:%dT%H:%M}" for start in open_starts(**query(schedule, day, days, **change)))


# Rule 1: an edge is the first real instant at which the clock shows that time or later.


@pytest.mark.parametrize(
    "tz, day, windows, expected",
    [
        # Spring: 02:00 to 03:00 does not exist, the gap ends at 07:00 UTC.
        ("America/New_York", date(2024, 3, 10), ("02:30", "05:00"), "10T07:00 10T08:00"),
        ("America/New_York", date(2024, 3, 10), ("01:00", "02:30"), "10T06:00"),
        ("America/New_York", date(2024, 3, 10), ("02:00", "03:00"), ""),
        # Autumn: 01:00 to 02:00 comes twice; both edges mean the first time.
        ("America/New_York", date(2024, 11, 3), ("01:30", "03:30"), "03T05:30 03T06:30 03T07:30"),
        ("America/New_York", date(2024, 11, 3), ("00:00", "01:30"), "03T04:00"),
        ("Europe/London", date(2024, 3, 31), ("00:00", "03:00"), "31T00:00 31T01:00"),
        ("Europe/London", date(2024, 10, 27), ("00:00", "03:00"), "26T23:00 27T00:00 27T01:00 27T02:00"),
        # Half an hour only: 02:00 jumps to 02:30 at 15:30 UTC the day before.
        ("Australia/Lord_Howe", date(2024, 10, 6), ("02:15", "04:30"), "05T15:30 05T16:30"),
        ("Australia/Lord_Howe", date(2024, 4, 7), ("01:30", "03:00"), "06T14:30 06T15:30"),
        ("Asia/Kathmandu", date(2024, 5, 6), ("09:00", "11:00"), "06T03:15 06T04:15"),
        # Midnight of 2018-11-04 does not exist: the day begins at 01:00, 03:00 UTC.
        ("America/Sao_Paulo", date(2018, 11, 4), ("00:00", "03:00"), "04T03:00 04T04:00"),
        ("America/Sao_Paulo", date(2018, 11, 3), ("22:00", "24:00"), "04T01:00 04T02:00"),
        # The last hour of 2018-02-17 comes twice; midnight is after the second.
        ("America/Sao_Paulo", date(2018, 2, 17), ("22:00", "24:00"), "18T00:00 18T01:00 18T02:00"),
        # Ramadan 2024: back to UTC on 10 March at 03:00, forward again on 14 April at 02:00.
        ("Africa/Casablanca", date(2024, 3, 10), ("01:00", "04:00"), "10T00:00 10T01:00 10T02:00 10T03:00"),
        ("Africa/Casablanca", date(2024, 4, 14), ("01:00", "04:00"), "14T01:00 14T02:00"),
    ],
)
def test_edges_across_a_change_of_clocks(tz: str, day: date, windows: tuple[str, str], expected: str) -> None:
    assert instants(Schedule(tz, {}, {day: [windows]}), day) == expected


def test_the_day_that_apia_skipped_has_no_start() -> None:
    apia = Schedule("Pacific/Apia", every(("09:00", "11:00")))
    assert instants(apia, date(2011, 12, 30)) == ""
    # 29 December is UTC-10, 31 December UTC+14: 24 hours apart, not 48.
    assert instants(apia, date(2011, 12, 29), days=3) == "29T19:00 29T20:00 30T19:00 30T20:00"


def test_a_night_that_runs_into_the_skipped_day_ends_at_midnight() -> None:
    apia = Schedule("Pacific/Apia", {}, {date(2011, 12, 29): [("22:00", "02:00")]})
    assert instants(apia, date(2011, 12, 29), days=3) == "30T08:00 30T09:00"


def test_time_between_edges_is_elapsed_time() -> None:
    # 22:00 to 06:00 holds eight hours, seven when the clock jumps forward, nine when it goes back.
    for day, hours in ((MONDAY, 8), (date(2024, 3, 30), 7), (date(2024, 10, 26), 9)):
        night = Schedule("Europe/London", {}, {day: [("22:00", "06:00")]})
        assert len(open_epochs(**query(night, day, days=2))) == hours


# Rule 2: elapsed minutes, and a grid for each window.


def test_the_grid_starts_at_the_window_and_counts_elapsed_minutes() -> None:
    odd = Service(duration_min=50, step_min=50, buffer_before_min=0, buffer_after_min=0)
    assert walls(Schedule("UTC", every(("09:10", "12:00"))), service=odd) == "09:10 10:00 10:50"


def test_the_grid_does_not_jump_with_the_clock() -> None:
    # 90-minute steps from 00:00 in London: 00:00, then 02:30 on the clock, 90 real minutes later.
    slow = Service(duration_min=30, step_min=90, buffer_before_min=0, buffer_after_min=0)
    assert walls(Schedule("Europe/London", every(("00:00", "06:00"))), date(2024, 3, 31), service=slow) == (
        "00:00 02:30 04:00 05:30"
    )


def test_touching_windows_merge_and_keep_their_own_grids() -> None:
    two = Schedule("UTC", every(("09:00", "10:30"), ("10:30", "12:00")))
    # 10:00 runs across the seam; 11:00 would be on the first grid, but the second window begins its own at 10:30.
    assert walls(two) == "09:00 10:00 10:30"


def test_overlapping_windows_answer_in_order_and_each_start_once() -> None:
    two = Schedule("UTC", every(("09:00", "12:00"), ("09:30", "12:30"), ("10:00", "11:00")))
    assert walls(two) == "09:00 09:30 10:00 10:30 11:00 11:30"


def test_breaks_do_not_move_the_grid() -> None:
    rested = Schedule("UTC", every(("09:00", "14:00")), breaks=[Break("10:10", "10:40")])
    assert walls(rested) == "09:00 11:00 12:00 13:00"


# Rule 3: containment.


@pytest.mark.parametrize(
    "rest, expected",
    [
        (Break("12:00", "13:00"), "11:00 13:00"),
        (Break("12:00", "13:00", day="mon"), "11:00 13:00"),
        (Break("12:00", "13:00", day="tue"), "11:00 12:00 13:00"),
        (Break("12:00", "13:00", date=MONDAY), "11:00 13:00"),
        (Break("12:00", "13:00", date=MONDAY + timedelta(days=1)), "11:00 12:00 13:00"),
        (Break("23:00", "11:30"), "12:00 13:00"),
        (Break("12:30", "12:31"), "11:00 13:00"),
        (Break("13:00", "12:00", day="sun"), "12:00 13:00"),
    ],
)
def test_breaks_are_cut_out_of_open_time(rest: Break, expected: str) -> None:
    assert walls(Schedule("UTC", every(("11:00", "14:00")), breaks=[rest])) == expected


@pytest.mark.parametrize(
    "start, end, expected",
    [
        ("12:00", "13:00", "11:00 13:00"),
        ("12:59:59", "13:00", "11:00 13:00"),  # widened to 12:59
        ("12:00", "13:00:01", "11:00"),  # widened to 13:01
        ("12:00", "12:00", "11:00 12:00 13:00"),
        ("12:30", "12:10", "11:00 12:00 13:00"),
    ],
)
def test_time_off_is_widened_to_whole_minutes(start: str, end: str, expected: str) -> None:
    assert walls(Schedule("UTC", every(("11:00", "14:00"))), blocks=[Block(at(start), at(end))]) == expected


def test_buffers_may_lie_outside_hours_and_inside_time_off() -> None:
    padded = Service(duration_min=60, step_min=60, buffer_before_min=30, buffer_after_min=30)
    morning = Schedule("UTC", every(("09:00", "11:00")))
    assert walls(morning, service=padded) == "09:00 10:00"
    assert walls(morning, service=padded, blocks=[Block(at("08:00"), at("09:00"))]) == "09:00 10:00"


def test_an_end_at_or_before_its_start_is_on_the_next_day() -> None:
    assert walls(Schedule("UTC", {"sun": [("22:00", "02:00")]})) == "00:00 01:00"
    assert walls(Schedule("UTC", {"sun": [("22:00", "22:00")]})).endswith("19:00 20:00 21:00")
    assert walls(Schedule("UTC", {"mon": [("22:00", "24:00")]})) == "22:00 23:00"
    assert walls(Schedule("UTC", {"mon": [("00:00", "24:00")]})).count(":") == 24


def test_a_session_may_run_past_midnight_when_the_windows_touch() -> None:
    long = Service(duration_min=120, step_min=60, buffer_before_min=0, buffer_after_min=0)
    around = Schedule("UTC", {"mon": [("22:00", "24:00")], "tue": [("00:00", "01:00")]})
    assert walls(around, service=long) == "22:00 23:00"


# Rule 4: conflict.


@pytest.mark.parametrize(
    "before, after, busy, expected",
    [
        (0, 0, ("10:00", "11:00", 0, 0), "09:00 11:00 12:00"),
        (0, 15, ("10:00", "11:00", 0, 0), "11:00 12:00"),
        (15, 0, ("10:00", "11:00", 0, 0), "09:00 12:00"),
        (0, 0, ("10:00", "11:00", 1, 0), "11:00 12:00"),
        (0, 0, ("10:00", "11:00", 0, 1), "09:00 12:00"),
        (30, 0, ("10:00", "10:15", 0, 15), "09:00 11:00 12:00"),  # 10:15 + 15 + 30: buffers add up, and touch
        (30, 0, ("10:00", "10:15", 0, 16), "09:00 12:00"),
        (0, 0, ("10:00:30", "10:59:30", 0, 0), "09:00 11:00 12:00"),
        (0, 0, ("09:59:59", "11:00:01", 0, 0), "12:00"),
        (0, 0, ("10:00", "10:00", 60, 60), "09:00 10:00 11:00 12:00"),
    ],
)
def test_bookings_with_their_buffers(before: int, after: int, busy: tuple[str, str, int, int], expected: str) -> None:
    service = Service(60, 60, before, after)
    start, end, *buffers = busy
    taken = Busy(at(start), at(end), *buffers)
    assert walls(Schedule("UTC", every(("09:00", "13:00"))), service=service, busy=[taken]) == expected


def test_a_booking_long_before_the_query_still_counts() -> None:
    week_long = Busy(at("00:00") - timedelta(days=5), at("10:00"), 0, 0)
    assert walls(Schedule("UTC", every(("09:00", "12:00"))), busy=[week_long]) == "10:00 11:00"


# Rule 5: capacity.


def test_capacity_counts_what_runs_at_the_same_minute() -> None:
    pair = Service(duration_min=60, step_min=60, buffer_before_min=0, buffer_after_min=0, capacity=2)
    hours = Schedule("UTC", every(("09:00", "12:00")))
    first, second = Busy(at("10:00"), at("10:30"), 0, 0), Busy(at("10:30"), at("11:00"), 0, 0)
    # Two bookings within the session, never two at once.
    assert walls(hours, service=pair, busy=[first, second]) == "09:00 10:00 11:00"
    longer = Busy(at("10:00"), at("10:31"), 0, 0)
    assert walls(hours, service=pair, busy=[longer, second]) == "09:00 11:00"
    assert walls(hours, service=pair, busy=[first, Busy(at("10:30"), at("11:00"), 1, 0)]) == "09:00 11:00"
    assert walls(hours, service=pair, busy=[first, first]) == "09:00 11:00"


# Rule 6: notice and horizon.


@pytest.mark.parametrize(
    "now, notice, expected",
    [
        ("10:00", 0, "10:00 11:00"),
        ("10:00:00.000001", 0, "11:00"),
        ("08:59:59", 60, "10:00 11:00"),
        ("09:00:01", 60, "11:00"),
        ("09:00", 60, "10:00 11:00"),
    ],
)
def test_notice_is_inclusive_to_the_second(now: str, notice: int, expected: str) -> None:
    hours = Schedule("UTC", every(("09:00", "12:00")))
    assert walls(hours, now=at(now), rules=Rules(notice, None)) == expected


def test_the_horizon_is_a_local_date_of_the_clinic() -> None:
    # 12:00 UTC on Monday is already Tuesday 01:00 in Apia (UTC+13): two days on is Thursday there.
    apia = Schedule("Pacific/Apia", every(("09:00", "10:00")))
    near = Rules(0, 2)
    assert instants(apia, MONDAY, days=7, now=at("12:00"), rules=near) == "04T20:00 05T20:00 06T20:00"
    assert instants(apia, MONDAY, days=7, now=at("10:00"), rules=near) == "04T20:00 05T20:00"
    assert instants(apia, MONDAY, days=7, now=at("12:00"), rules=Rules(0, 10**9)).count("T") == 6


# Rule 7: overrides, and weeks that begin to count.


def test_an_override_replaces_the_windows_that_start_that_day() -> None:
    nights = every(("20:00", "02:00"))
    assert walls(Schedule("UTC", nights, {MONDAY: [("10:00", "11:00")]})) == "00:00 01:00 10:00"
    # Closing the day before takes away its tail, and nothing of today.
    assert walls(Schedule("UTC", nights, {MONDAY - timedelta(days=1): []})) == "20:00 21:00 22:00 23:00"
    assert walls(Schedule("UTC", nights, {MONDAY: []})) == "00:00 01:00"


def test_overrides_do_not_remove_breaks() -> None:
    opened = Schedule("UTC", {}, {MONDAY: [("11:00", "14:00")]}, [Break("12:00", "13:00")])
    assert walls(opened) == "11:00 13:00"


def test_a_window_belongs_to_the_week_of_the_date_it_starts_on() -> None:
    weeks = ((MONDAY, every(("09:00", "10:00"))), (date(2024, 1, 1), every(("22:00", "02:00"))))
    # The night that began on Sunday ends on Monday, although Monday belongs to the new week.
    assert walls(Schedule("UTC", weeks)) == "00:00 01:00 09:00"
    assert walls(Schedule("UTC", weeks), date(2023, 12, 31)) == ""
    assert walls(Schedule("UTC", ())) == ""


# The query.


def test_dates_are_those_of_the_zone_that_asks() -> None:
    clinic = Schedule("America/New_York", every(("20:00", "22:00")))
    # 20:00 in New York is 01:00 on the next day in London.
    assert walls(clinic, MONDAY, query_tz="Europe/London") == "01:00 02:00"
    assert instants(clinic, MONDAY, query_tz="Europe/London") == "04T01:00 04T02:00"
    assert instants(clinic, MONDAY) == "05T01:00 05T02:00"


def test_an_empty_query_has_no_answer() -> None:
    clinic = Schedule("UTC", every(("09:00", "12:00")))
    assert open_epochs(**query(clinic, days=0)) == []
    assert open_epochs(**query(clinic, days=-3)) == []


def test_epochs_are_the_seconds_of_the_starts_and_belong_to_the_caller() -> None:
    asked = query(Schedule("UTC", every(("09:00", "11:00"))))
    assert open_epochs(**asked) == [int(start.timestamp()) for start in open_starts(**asked)]
    open_epochs(**asked).clear()
    assert len(open_epochs(**asked)) == 2


def test_naive_instants_are_refused() -> None:
    naive = datetime(2024, 3, 4, 9)
    with pytest.raises(ValueError, match="aware"):
        Busy(naive, naive, 0, 0)
    with pytest.raises(ValueError, match="aware"):
        open_epochs(**query(Schedule("UTC", {}), now=naive))
    with pytest.raises(ValueError, match="aware"):
        explain(at=at("09:00"), **query(Schedule("UTC", {}), now=naive))


def test_a_zone_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        open_epochs(**query(Schedule("UTC", {}), query_tz="Mars/Olympus"))


@pytest.mark.parametrize("wrong", [{"duration_min": 0}, {"step_min": 0}, {"capacity": 0}, {"buffer_after_min": -1}])
def test_a_service_that_makes_no_sense_is_refused(wrong: dict[str, int]) -> None:
    sound = {"duration_min": 60, "step_min": 30, "buffer_before_min": 0, "buffer_after_min": 0}
    with pytest.raises(ValueError, match=r"at least 1|negative"):
        Service(**(sound | wrong))


def test_union_and_common_of_several_practitioners() -> None:
    assert union([[1, 3], [2, 3], []]) == [1, 2, 3]
    assert common([[1, 2, 3], [2, 3, 4], [0, 2, 3]]) == [2, 3]
    assert union([]) == common([]) == []
    assert common([[at("09:00"), at("10:00")], [at("10:00")]]) == [at("10:00")]


def test_the_engine_needs_no_application() -> None:
    program = "import sys, tenants.availability.slots; print({'flask', 'sqlalchemy', 'saas'} & set(sys.modules))"
    alone = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert alone.stdout.strip() == "set()"
