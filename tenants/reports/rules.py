"""The span of a report in weeks of the clinic's own clock, and the counting. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from tenants.bookings.rules import STANDING

WEEKS = (4, 12, 26, 52)
MOST_DAYS = 7 * 106
_A_WEEK = timedelta(days=7)
_FIRST, _LAST = date(2000, 1, 1), date(2199, 1, 1)


@dataclass(frozen=True)
class Span:
    """The days of a report: from `first` to before `until`. `weeks`: how many were chosen, None for chosen days."""

    first: date
    until: date
    weeks: int | None = None

    @property
    def last(self) -> date:
        """The last day that counts."""
        return self.until - timedelta(days=1)

    def days(self) -> list[date]:
        """Where its columns begin: at `first`, then at each Monday."""
        monday = self.first - timedelta(days=self.first.weekday()) + _A_WEEK
        found = [self.first]
        while monday < self.until:
            found.append(monday)
            monday += _A_WEEK
        return found


class NoSpan(ValueError):
    """The days that were typed make no span. `field` is the one to look at, `code` says why: day, order, long."""

    def __init__(self, name: str, code: str) -> None:
        super().__init__(code)
        self.field, self.code = name, code


def last_weeks(count: int, today: date) -> Span:
    """So many weeks, the last of them the one that `today` is in, up to its Sunday."""
    monday = today - timedelta(days=today.weekday())
    return Span(monday - (count - 1) * _A_WEEK, monday + _A_WEEK, count)


def span_asked(*, weeks: str, since: str, to: str, today: date) -> Span:
    """The span that an address names, 12 weeks for none. Raises `NoSpan` for days that make none."""
    if not (since.strip() or to.strip()):
        return last_weeks(int(weeks) if weeks in map(str, WEEKS) else 12, today)
    first, last = _day("from", since), _day("to", to)
    if last < first:
        raise NoSpan("to", "order")
    if (last - first).days >= MOST_DAYS:
        raise NoSpan("to", "long")
    return Span(first, last + timedelta(days=1))


def _day(name: str, text: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise NoSpan(name, "day") from None
    if not _FIRST <= day < _LAST:
        raise NoSpan(name, "day")
    return day


@dataclass(frozen=True)
class Row:
    """A booking of the span. `late`: the client cancelled it after the free time; `first`: when this client came for
    the first time ever."""

    starts_at: datetime
    minutes: int
    status: str
    late: bool
    client_id: UUID | None
    service_id: UUID
    practitioner_id: UUID
    first: datetime | None


@dataclass(frozen=True)
class Count:
    """What a column, a service or a person adds up to. Times in minutes, `income` in minor units."""

    sessions: int = 0
    no_shows: int = 0
    late: int = 0
    new: int = 0
    returning: int = 0
    booked: int = 0
    opened: int = 0
    income: int = 0

    @property
    def fill(self) -> float | None:
        """Which part of the open time was booked; None where nothing was open."""
        return self.booked / self.opened if self.opened else None


@dataclass(frozen=True)
class Report:
    """The weeks in order, all of it, and its parts by id."""

    weeks: tuple[Count, ...]
    whole: Count
    services: Mapping[UUID, Count]
    people: Mapping[UUID, Count]


Opened = Mapping[UUID, Sequence[tuple[datetime, datetime]]]
Income = Iterable[tuple[int, UUID, UUID, int]]


@dataclass
class _Sum:
    """A sum on its way."""

    count: Count = field(default_factory=Count)
    clients: dict[UUID, datetime | None] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        if row.status == "cancelled":
            self.count = replace(self.count, late=self.count.late + row.late)
            return
        self.count = replace(
            self.count,
            sessions=self.count.sessions + 1,
            no_shows=self.count.no_shows + (row.status == "no_show"),
            booked=self.count.booked + row.minutes,
        )
        if row.client_id is not None and row.status in STANDING:
            self.clients[row.client_id] = row.first

    def done(self, lo: datetime, hi: datetime) -> Count:
        new = sum(first is not None and lo <= first < hi for first in self.clients.values())
        return replace(self.count, new=new, returning=len(self.clients) - new)


def report(rows: Iterable[Row], edges: Sequence[datetime], opened: Opened, income: Income) -> Report:
    """Count the span between `edges` (rising; week n lies between edges n and n + 1).

    `opened`: each person's open time, disjoint; `income`: (week, service, person, minor units). A session belongs to
    the week in which it begins. A client counts once in each sum, as new where it holds the first session they came to.
    """
    weeks = [_Sum() for _ in edges[1:]]
    whole, services, people = _Sum(), dict[UUID, _Sum](), dict[UUID, _Sum]()
    for row in rows:
        week = bisect_right(edges, row.starts_at) - 1
        if not 0 <= week < len(weeks):
            continue
        service = services.setdefault(row.service_id, _Sum())
        person = people.setdefault(row.practitioner_id, _Sum())
        for one in (weeks[week], whole, service, person):
            one.add(row)
    for who, spans in opened.items():
        for number, minutes in enumerate(open_minutes(spans, edges)):
            for one in (weeks[number], whole, people.setdefault(who, _Sum())):
                one.count = replace(one.count, opened=one.count.opened + minutes)
    for week, service_id, who, minor in income:
        parts = services.setdefault(service_id, _Sum()), people.setdefault(who, _Sum())
        for one in (weeks[week], whole, *parts):
            one.count = replace(one.count, income=one.count.income + minor)
    ends = edges[0], edges[-1]
    return Report(
        tuple(one.done(lo, hi) for one, lo, hi in zip(weeks, edges, edges[1:], strict=False)),
        whole.done(*ends),
        {key: one.done(*ends) for key, one in services.items()},
        {key: one.done(*ends) for key, one in people.items()},
    )


def open_minutes(spans: Iterable[tuple[datetime, datetime]], edges: Sequence[datetime]) -> list[int]:
    """How many minutes of these times lie in each week."""
    found = [0] * (len(edges) - 1)
    for begin, end in spans:
        week = max(0, bisect_right(edges, begin) - 1)
        while week < len(found) and edges[week] < end:
            inside = min(end, edges[week + 1]) - max(begin, edges[week])
            found[week] += max(0, int(inside.total_seconds()) // 60)
            week += 1
    return found
