from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tenants.availability.walltime import (
    ceil_minute,
    date_spans,
    edge,
    floor_minute,
    local_day,
    parse_time,
    spans_until,
    to_datetime,
)
from tests.tenants.availability.strategies import PROVE, ZONES, change_days

# Beyond the eight: a fold that crosses midnight (one minute past it), and zones odd in other ways.
MORE_ZONES = [*ZONES, "America/St_Johns", "Antarctica/Troll", "Pacific/Chatham", "Asia/Gaza", "Europe/Dublin"]


@pytest.mark.parametrize("tz", MORE_ZONES)
def test_edges_dates_and_spans_agree_with_the_clock_at_every_minute_around_changes(tz: str) -> None:
    zone = ZoneInfo(tz)
    changes = change_days(tz)[::2] or [date(2024, 3, 31)]
    for change in changes if PROVE else changes[:: max(1, len(changes) // 3)]:
        midnight = datetime(change.year, change.month, change.day, tzinfo=UTC) - timedelta(days=1)
        latest = midnight.astimezone(zone).replace(tzinfo=None)
        day = local_day(tz, floor_minute(midnight))
        within = date_spans(tz, day + 1, day + 3)
        until = spans_until(tz, day + 1)
        for number in range(1, 4 * 1440):
            instant = midnight + timedelta(minutes=number)
            minute = floor_minute(instant)
            clock = instant.astimezone(zone).replace(tzinfo=None)
            shown = clock.toordinal()
            assert local_day(tz, minute) == shown
            assert any(lo <= minute < hi for lo, hi in within) == (day + 1 <= shown < day + 3)
            assert any(lo <= minute < hi for lo, hi in until) == (shown <= day + 1)
            # Every wall time that this minute is the first to reach has its edge here.
            while latest < clock:
                latest += timedelta(minutes=1)
                assert edge(tz, latest.toordinal(), latest.hour * 60 + latest.minute) == minute
                if latest.hour < 12:
                    assert edge(tz, latest.toordinal() - 1, 1440 + latest.hour * 60 + latest.minute) == minute


def test_the_skipped_day_has_no_span() -> None:
    skipped = date(2011, 12, 30).toordinal()
    assert date_spans("Pacific/Apia", skipped, skipped + 1) == ()
    assert edge("Pacific/Apia", skipped, 540) == edge("Pacific/Apia", skipped + 1, 0)


def test_a_fold_across_midnight_shows_a_date_twice() -> None:
    # Newfoundland, 2010-11-07: at 00:01 the clock went back to 23:01.
    day = date(2010, 11, 7).toordinal()
    first, second = date_spans("America/St_Johns", day, day + 1)
    assert first[1] - first[0] == 1
    assert second[0] - first[1] == 59


def test_the_ends_of_the_calendar_hold() -> None:
    assert date_spans("Europe/London", 1, 2)
    assert date_spans("Europe/London", date.max.toordinal() - 1, date.max.toordinal())
    assert (
        local_day("Asia/Kathmandu", floor_minute(datetime(9998, 12, 31, 23, tzinfo=UTC))) == date.max.toordinal() - 364
    )


@pytest.mark.parametrize("second, micro, floor, ceil", [(0, 0, 0, 0), (0, 1, 0, 1), (59, 0, 0, 1), (59, 999_999, 0, 1)])
@pytest.mark.parametrize("year", [1969, 1970, 2024, 2035])
def test_minutes_around_an_instant(year: int, second: int, micro: int, floor: int, ceil: int) -> None:
    whole = datetime(year, 3, 31, 0, 59, tzinfo=UTC)
    instant = (whole + timedelta(seconds=second, microseconds=micro)).astimezone(ZoneInfo("Asia/Kathmandu"))
    assert to_datetime(floor_minute(instant)) == whole + timedelta(minutes=floor)
    assert to_datetime(ceil_minute(instant)) == whole + timedelta(minutes=ceil)


@pytest.mark.parametrize("text", ["", "9:00", "09:60", "24:01", "25:00", "09:00 ", "09:00:00", "-1:00", "٠٩:٠٠"])
def test_times_that_no_clock_shows_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HH:MM"):
        parse_time(text)


def test_times_are_minutes_after_midnight() -> None:
    assert [parse_time(text) for text in ("00:00", "09:30", "23:59", "24:00")] == [0, 570, 1439, 1440]
