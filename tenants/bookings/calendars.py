"""What stands in a practitioner's calendar, read in two queries and handed to the slot engine as values.

Selects name columns, not entities (a month of bookings costs a third that way), and bounds are plain comparisons: under
row-level security `&&` is not leakproof and cannot use an index. Each statement names its tenant (`tenant_checked`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import String, cast, literal, null, or_, select, union_all
from sqlalchemy.sql.elements import ColumnElement

from saas.db import Utc, db
from saas.tenancy import current_tenant
from tenants.availability import slots
from tenants.availability.models import HoursBreak, HoursOverride, TimeOff, WeeklyHours
from tenants.bookings.models import Booking
from tenants.bookings.rules import LIVE

_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Span:
    """What is read: whose calendars (and rooms), between which instants, as it stands at `now`.

    `except_booking` is left out; with `for_client` the client's own bookings are read too.
    """

    people: tuple[UUID, ...]
    rooms: tuple[UUID, ...]
    lo: datetime
    hi: datetime
    now: datetime
    except_booking: UUID | None = None
    for_client: UUID | None = None


@dataclass(frozen=True)
class Taken:
    """Live bookings by practitioner and by room, and the client's own."""

    people: dict[UUID, tuple[slots.Busy, ...]]
    rooms: dict[UUID, tuple[slots.Busy, ...]]
    own: tuple[slots.Block, ...]


def rows(statement: Any) -> Sequence[Any]:
    """Run a statement that names its tenant itself."""
    return db.session.execute(statement, execution_options={"tenant_checked": True}).all()


@dataclass(frozen=True)
class Hours:
    """Weekly windows, dates with other windows, breaks and time off, as rows by practitioner (None: the whole clinic)."""

    weekly: defaultdict[UUID | None, tuple[tuple[int, str, str, date, date | None], ...]]
    days: defaultdict[UUID | None, tuple[tuple[date, str | None, str | None], ...]]
    breaks: defaultdict[UUID | None, tuple[tuple[int | None, date | None, str, str], ...]]
    off: defaultdict[UUID | None, tuple[slots.Block, ...]]


def read_hours(ids: Sequence[UUID], lo: datetime, hi: datetime) -> Hours:
    """Weekly hours, overrides, breaks and time off of these practitioners, in one round trip."""
    mine = current_tenant().id
    first, last = lo.date() - _A_DAY, hi.date() + _A_DAY
    no_text, no_day, no_time, no_int = cast(null(), String(5)), null(), null(), null()
    weekly = select(
        literal("weekly").label("kind"), WeeklyHours.practitioner_id, WeeklyHours.weekday, WeeklyHours.start,
        WeeklyHours.end, WeeklyHours.valid_from.label("day"), WeeklyHours.valid_to.label("until"),
        cast(no_time, Utc()).label("lo"), cast(no_time, Utc()).label("hi"),
    ).where(
        WeeklyHours.tenant_id == mine, WeeklyHours.practitioner_id.in_(ids), WeeklyHours.valid_from <= last,
        or_(WeeklyHours.valid_to.is_(None), WeeklyHours.valid_to > first),
    )  # fmt: skip
    days = select(
        literal("day"), HoursOverride.practitioner_id, cast(no_int, WeeklyHours.weekday.type), HoursOverride.start,
        HoursOverride.end, HoursOverride.day, cast(no_day, HoursOverride.day.type), cast(no_time, Utc()),
        cast(no_time, Utc()),
    ).where(
        HoursOverride.tenant_id == mine, HoursOverride.practitioner_id.in_(ids), HoursOverride.day.between(first, last)
    )  # fmt: skip
    breaks = select(
        literal("break"), HoursBreak.practitioner_id, HoursBreak.weekday, HoursBreak.start, HoursBreak.end,
        HoursBreak.day, cast(no_day, HoursOverride.day.type), cast(no_time, Utc()), cast(no_time, Utc()),
    ).where(HoursBreak.tenant_id == mine, HoursBreak.practitioner_id.in_(ids))  # fmt: skip
    off = select(
        literal("off"), TimeOff.practitioner_id, cast(no_int, WeeklyHours.weekday.type), no_text, no_text,
        cast(no_day, HoursOverride.day.type), cast(no_day, HoursOverride.day.type), TimeOff.starts_at, TimeOff.ends_at,
    ).where(
        TimeOff.tenant_id == mine, TimeOff.ends_at > lo, TimeOff.starts_at < hi,
        or_(TimeOff.practitioner_id.is_(None), TimeOff.practitioner_id.in_(ids)),
    )  # fmt: skip
    found = Hours(defaultdict(tuple), defaultdict(tuple), defaultdict(tuple), defaultdict(tuple))
    for row in sorted(rows(union_all(weekly, days, breaks, off)), key=str):
        kind, who = row[0], row[1]
        if kind == "weekly":
            found.weekly[who] += ((row[2], row[3], row[4], row[5], row[6]),)
        elif kind == "day":
            found.days[who] += ((row[5], row[3], row[4]),)
        elif kind == "break":
            found.breaks[who] += ((row[2], row[5], row[3], row[4]),)
        else:
            found.off[who] += (slots.Block(row[7], row[8]),)
    return found


@lru_cache(maxsize=2048)
def schedule_of(
    zone: str,
    weekly: tuple[tuple[int, str, str, date, date | None], ...],
    days: tuple[tuple[date, str | None, str | None], ...],
    breaks: tuple[tuple[int | None, date | None, str, str], ...],
) -> slots.Schedule:
    """Rows to the engine's value. Remembered by the rows themselves, so changed hours are simply another key."""
    turns = sorted({row[3] for row in weekly} | {row[4] for row in weekly if row[4] is not None})
    eras = []
    for turn in turns:
        week: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for weekday, start, end, since, until in weekly:
            if since <= turn and (until is None or turn < until):
                week[slots.DAYS[weekday]].append((start, end))
        eras.append((turn, {day: sorted(windows) for day, windows in week.items()}))
    overrides: dict[date, list[tuple[str, str]]] = {}
    for day, opens, closes in days:
        windows = overrides.setdefault(day, [])
        if opens is not None and closes is not None:
            windows.append((opens, closes))
    pauses = [
        slots.Break(start, end, day=None if weekday is None else slots.DAYS[weekday], date=day)
        for weekday, day, start, end in breaks
    ]
    return slots.Schedule(zone, tuple(eras), overrides, pauses)


def read_taken(span: Span) -> Taken:
    """Live bookings that touch the span. Holds that have lapsed stand in nobody's way."""
    mine = current_tenant().id
    columns = Booking.__table__.c
    who: list[ColumnElement[bool]] = [columns.practitioner_id.in_(span.people)]
    if span.rooms:
        who.append(columns.room_id.in_(span.rooms))
    if span.for_client is not None:
        who.append(columns.client_id == span.for_client)
    statement = select(
        columns.practitioner_id, columns.room_id, columns.client_id, columns.busy_from, columns.busy_to,
        columns.starts_at, columns.ends_at,
    ).where(
        columns.tenant_id == mine,
        or_(*who),
        columns.busy_from < span.hi,
        columns.busy_from > span.lo - _A_DAY,
        columns.busy_to > span.lo,
        columns.status.in_(LIVE),
        or_(columns.status != "held", columns.paying.is_(True), columns.hold_expires_at > span.now),
    )  # fmt: skip
    if span.except_booking is not None:
        statement = statement.where(columns.id != span.except_booking)
    people: dict[UUID, list[slots.Busy]] = defaultdict(list)
    in_rooms: dict[UUID, list[slots.Busy]] = defaultdict(list)
    own: list[slots.Block] = []
    for row in rows(statement):
        busy = slots.Busy(row.busy_from, row.busy_to)
        people[row.practitioner_id].append(busy)
        if row.room_id is not None:
            in_rooms[row.room_id].append(busy)
        if span.for_client is not None and row.client_id == span.for_client:
            own.append(slots.Block(row.starts_at, row.ends_at))
    return Taken(_frozen(people), _frozen(in_rooms), tuple(own))


def _frozen(spans: dict[UUID, list[slots.Busy]]) -> dict[UUID, tuple[slots.Busy, ...]]:
    return {who: tuple(found) for who, found in spans.items()}
