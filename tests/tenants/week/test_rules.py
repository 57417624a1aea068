"""How a calendar is laid out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.week.rules import (
    MOST_LANES,
    Piece,
    day_asked,
    hours_shown,
    minute_asked,
    pieces,
    rows_for,
    side_by_side,
    week_of,
)

LONDON = ZoneInfo("Europe/London")
DAY = date(2026, 3, 24)


def test_an_interval_is_cut_at_midnight() -> None:
    start = datetime(2026, 3, 24, 22, 30, tzinfo=UTC)
    assert pieces(start, start + timedelta(hours=26), LONDON) == [
        Piece(DAY, 1350, 1440),
        Piece(DAY + timedelta(days=1), 0, 1440),
        Piece(DAY + timedelta(days=2), 0, 30),
    ]
    assert pieces(start, start, LONDON) == []


def test_an_hour_that_comes_twice_is_drawn_as_long_as_it_lasts() -> None:
    start = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 01:30 summer time; an hour later it is 01:30 again
    assert pieces(start, start + timedelta(hours=1), LONDON) == [Piece(date(2026, 10, 25), 90, 150)]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=12))
def test_what_meets_lies_side_by_side(spans: list[tuple[int, int]]) -> None:
    given_ = [Piece(DAY, start, start + length) for start, length in spans]
    laid = side_by_side(given_)
    assert [(piece.start, piece.end) for piece in laid] == [(piece.start, piece.end) for piece in given_]
    for index, one in enumerate(laid):
        assert one.lane < one.lanes <= MOST_LANES
        for other in laid[index + 1 :]:
            if one.start < other.end and other.start < one.end:
                assert one.lanes == other.lanes
                assert one.lane != other.lane or one.lane == MOST_LANES - 1


def test_the_hours_grow_with_what_is_in_them() -> None:
    assert hours_shown([]) == (8, 20)
    assert hours_shown([Piece(DAY, 6 * 60 + 30, 400), Piece(DAY, 1200, 1201)]) == (6, 21)
    assert rows_for(Piece(DAY, 482, 541), 8) == (0, 13)


@pytest.mark.parametrize(
    "text,minute",
    [("09:30", 570), ("9:05", 545), ("9.05", 545), ("0905", 545), ("905", 545), (" 23:59 ", 1439), ("00:00", 0)]
    + [(wrong, None) for wrong in ("", "24:00", "9:5", "9:60", "nine", "-1:00", "٠٩:٣٠", "1:2:3", "12345")],
)
def test_a_typed_time_is_understood_or_refused(text: str, minute: int | None) -> None:
    assert minute_asked(text) == minute


def test_a_day_that_no_calendar_has_is_today() -> None:
    assert week_of(DAY) == date(2026, 3, 23)
    assert day_asked("2026-04-01", DAY) == date(2026, 4, 1)
    for wrong in ("", "x", "0001-01-01", "9999-12-31", "2026-02-30"):
        assert day_asked(wrong, DAY) == DAY
