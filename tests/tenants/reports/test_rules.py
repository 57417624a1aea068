"""The counting against a slow reference; weeks against the calendar, over both changes of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.bookings.rules import STANDING
from tenants.reports.rules import MOST_DAYS, Count, NoSpan, Row, Span, last_weeks, report, span_asked

START = datetime(2026, 3, 2, tzinfo=UTC)
TODAY = date(2026, 3, 25)
CLIENTS, SERVICES, PEOPLE = ([UUID(int=base + n) for n in range(3)] for base in (10, 20, 30))
STATES = ("confirmed", "arrived", "completed", "no_show", "cancelled")
moments = st.integers(-3 * 1440, 31 * 1440).map(lambda minute: START + timedelta(minutes=minute))
rows = st.builds(
    Row, starts_at=moments, minutes=st.integers(1, 120), status=st.sampled_from(STATES), late=st.booleans(),
    client_id=st.sampled_from(CLIENTS), service_id=st.sampled_from(SERVICES), practitioner_id=st.sampled_from(PEOPLE),
    first=st.none(),
)  # fmt: skip
opened = st.tuples(moments, st.integers(1, 3000)).map(lambda one: (one[0], one[0] + timedelta(minutes=one[1])))
paid = st.tuples(
    st.integers(0, 3), st.sampled_from(SERVICES), st.sampled_from(PEOPLE), st.integers(-9000, 9000)
)  # fmt: skip


def slowly(rows: list[Row], lo: datetime, hi: datetime, spans: list[tuple[datetime, datetime]], income: int) -> Count:
    """One sum, looked at from scratch."""
    mine = [row for row in rows if lo <= row.starts_at < hi]
    held = [row for row in mine if row.status != "cancelled"]
    came = {row.client_id for row in mine if row.status in STANDING}
    new = {row.client_id for row in mine if row.status in STANDING and row.first and lo <= row.first < hi}
    minutes = 0
    for begin, end in spans:
        at = begin
        while at < end:
            minutes += lo <= at < hi
            at += timedelta(minutes=1)
    return Count(
        sessions=len(held), no_shows=len([row for row in held if row.status == "no_show"]),
        late=len([row for row in mine if row.status == "cancelled" and row.late]), new=len(new),
        returning=len(came - new), booked=sum(row.minutes for row in held), opened=minutes, income=income,
    )  # fmt: skip


@given(st.lists(rows, max_size=25), st.lists(opened, max_size=2), st.lists(paid, max_size=8))
def test_the_counting_is_what_a_slow_look_finds(
    given_rows: list[Row], spans: list[tuple[datetime, datetime]], income: list[tuple[int, UUID, UUID, int]]
) -> None:
    first = {c: min(r.starts_at for r in given_rows if r.client_id == c and r.status in STANDING)
             for c in {r.client_id for r in given_rows if r.status in STANDING}}  # fmt: skip
    all_rows = [Row(**{**vars(row), "first": first.get(row.client_id)}) for row in given_rows]
    edges = [START + timedelta(days=7 * n) for n in range(5)]
    hours = {PEOPLE[0]: spans[:1], PEOPLE[1]: spans[1:]}
    found = report(all_rows, edges, hours, income)
    for n, week in enumerate(found.weeks):
        assert week == slowly(all_rows, edges[n], edges[n + 1], spans, sum(one[3] for one in income if one[0] == n))
    lo, hi = edges[0], edges[-1]
    assert found.whole == slowly(all_rows, lo, hi, spans, sum(one[3] for one in income))
    for who, count in found.people.items():
        mine = [row for row in all_rows if row.practitioner_id == who]
        took = sum(one[3] for one in income if one[2] == who)
        assert count == slowly(mine, lo, hi, list(hours.get(who, [])), took)
    for what, count in found.services.items():
        mine = [row for row in all_rows if row.service_id == what]
        assert count == slowly(mine, lo, hi, [], sum(one[3] for one in income if one[1] == what))


def test_the_fill_of_nothing_is_not_a_number() -> None:
    assert Count(booked=30).fill is None
    assert Count(booked=30, opened=60).fill == 0.5


@given(st.dates(date(2001, 1, 1), date(2150, 1, 1)), st.integers(1, 300))
def test_columns_begin_on_mondays_and_miss_no_day(first: date, days: int) -> None:
    span = Span(first, first + timedelta(days=days))
    columns = span.days()
    assert columns[0] == first
    assert all(day.weekday() == 0 for day in columns[1:])
    ends = [*columns[1:], span.until]
    assert all(0 < (end - begin).days <= 7 for begin, end in zip(columns, ends, strict=True))


def test_a_span_is_chosen_by_weeks_or_by_days() -> None:
    assert last_weeks(4, TODAY) == Span(date(2026, 3, 2), date(2026, 3, 30), 4)
    assert span_asked(weeks="", since="", to="", today=TODAY).weeks == 12
    assert span_asked(weeks="9", since="", to="", today=TODAY).weeks == 12
    assert span_asked(weeks="9" * 5000, since="", to="", today=TODAY).weeks == 12
    assert span_asked(weeks="26", since=" ", to="", today=TODAY).weeks == 26
    assert span_asked(weeks="4", since="2026-03-04", to="2026-03-04", today=TODAY).last == date(2026, 3, 4)


@pytest.mark.parametrize("since, to, wrong", [
    ("", "2026-01-01", ("from", "day")), ("2026-01-01", "soon", ("to", "day")),
    ("0099-01-01", "2026-01-01", ("from", "day")),
    ("2026-01-02", "2026-01-01", ("to", "order")), ("2020-01-01", "2026-01-01", ("to", "long")),
])  # fmt: skip
def test_days_that_make_no_span_say_which_and_why(since: str, to: str, wrong: tuple[str, str]) -> None:
    with pytest.raises(NoSpan) as refused:
        span_asked(weeks="", since=since, to=to, today=TODAY)
    assert (refused.value.field, refused.value.code) == wrong
    assert MOST_DAYS > 365
