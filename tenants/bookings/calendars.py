"""What stands in a practitioner's calendar, read in two queries and handed to the slot engine as values.

Selects name columns, not entities (a month of bookings costs a third that way), and bounds are plain comparisons: under
row-level security `&&` is not leakproof and cannot use an index. Each statement names its tenant (`tenant_checked`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Date,
    Integer,
    String,
    Uuid,
    bindparam,
    cast,
    literal,
    literal_column,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType

from saas.db import Utc, instant, line
from saas.prepared import Prepared
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


def rows(statement: Prepared, asked: Mapping[str, object]) -> list[tuple[Any, ...]]:
    """Run a select that names its tenant itself (its parameter `mine`), in the session's own transaction.

    Past the session's machinery, which costs more than the statement: rows are values here, and the tenant is in the
    statement (and in the database's own guard).
    """
    return statement.rows(line(), asked)


@dataclass(frozen=True)
class Hours:
    """Weekly windows, dates with other windows, breaks, time off: as rows by practitioner (None: the whole clinic)."""

    weekly: defaultdict[UUID | None, tuple[tuple[int, str, str, date, date | None], ...]]
    days: defaultdict[UUID | None, tuple[tuple[date, str | None, str | None], ...]]
    breaks: defaultdict[UUID | None, tuple[tuple[int | None, date | None, str, str], ...]]
    off: defaultdict[UUID | None, tuple[slots.Block, ...]]


@lru_cache(maxsize=1)
def _hours_statement() -> Prepared:
    """Weekly hours, overrides, breaks and time off in one round trip; built once: building costs more than running.

    Parameters: mine, people, first and last (dates), lo and hi (instants).
    """
    mine, people = bindparam("mine", type_=Uuid()), bindparam("people", expanding=True, type_=Uuid())
    first, last = bindparam("first", type_=Date()), bindparam("last", type_=Date())
    lo, hi = bindparam("lo", type_=Utc()), bindparam("hi", type_=Utc())
    no_text, no_day, no_int = cast(null(), String(5)), cast(null(), Date()), cast(null(), Integer())
    no_time = cast(null(), Utc())
    week, special, pause, off = (
        WeeklyHours.__table__.c,
        HoursOverride.__table__.c,
        HoursBreak.__table__.c,
        TimeOff.__table__.c,
    )
    return Prepared(union_all(
        select(
            literal("weekly").label("kind"), week.practitioner_id, week.weekday, week.start, week.end,
            week.valid_from.label("day"), week.valid_to.label("until"), no_time.label("lo"), no_time.label("hi"),
        ).where(
            week.tenant_id == mine, week.practitioner_id.in_(people), week.valid_from <= last,
            or_(week.valid_to.is_(None), week.valid_to > first),
        ),
        select(
            literal("day"), special.practitioner_id, no_int, special.start, special.end,
            special.day, no_day, no_time, no_time,
        ).where(special.tenant_id == mine, special.practitioner_id.in_(people), special.day.between(first, last)),
        select(
            literal("break"), pause.practitioner_id, pause.weekday, pause.start, pause.end,
            pause.day, no_day, no_time, no_time,
        ).where(pause.tenant_id == mine, pause.practitioner_id.in_(people)),
        select(
            literal("off"), off.practitioner_id, no_int, no_text, no_text, no_day, no_day, off.starts_at, off.ends_at,
        ).where(
            off.tenant_id == mine, off.ends_at > lo, off.starts_at < hi,
            or_(off.practitioner_id.is_(None), off.practitioner_id.in_(people)),
        ),
    ).order_by(*(literal_column(str(number)) for number in range(1, 10))))  # fmt: skip


def read_hours(ids: Sequence[UUID], lo: datetime, hi: datetime) -> Hours:
    """What these practitioners' hours are around `[lo, hi)`."""
    asked = {
        "mine": current_tenant().id, "people": list(ids), "first": lo.date() - _A_DAY, "last": hi.date() + _A_DAY,
        "lo": lo, "hi": hi,
    }  # fmt: skip
    found = Hours(defaultdict(tuple), defaultdict(tuple), defaultdict(tuple), defaultdict(tuple))
    for row in rows(_hours_statement(), asked):  # in one order, so that what is made of them is remembered
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


@dataclass(frozen=True)
class _Also:
    """What else than people and times a read of bookings asks about."""

    rooms: bool
    client: bool
    but: bool


@lru_cache(maxsize=8)
def _taken_statement(also: _Also) -> Prepared:
    """Live bookings of people (rooms, a client) that touch a span.

    Parameters: mine, people, rooms, client, lo, hi, now, day_before (`lo` less the longest a booking can be), but.

    Ids and instants come as the database keeps them (`_raw`): hundreds of rows are read and few of their values differ.
    """
    columns = Booking.__table__.c
    wanted = [_raw(columns.practitioner_id), _raw(columns.busy_from), _raw(columns.busy_to)]
    who: list[ColumnElement[bool]] = [columns.practitioner_id.in_(bindparam("people", expanding=True, type_=Uuid()))]
    where = [
        columns.tenant_id == bindparam("mine", type_=Uuid()),
        columns.busy_from < bindparam("hi", type_=Utc()),
        columns.busy_from > bindparam("day_before", type_=Utc()),
        columns.busy_to > bindparam("lo", type_=Utc()),
        columns.status.in_(LIVE),
        or_(
            columns.status != "held", columns.paying.is_(True), columns.hold_expires_at > bindparam("now", type_=Utc())
        ),
    ]
    if also.rooms:
        who.append(columns.room_id.in_(bindparam("rooms", expanding=True, type_=Uuid())))
    if also.client:
        who.append(columns.client_id == bindparam("client", type_=Uuid()))
    if also.rooms or also.client:
        wanted += [columns.room_id, columns.client_id, columns.starts_at, columns.ends_at]
    if also.but:
        where.append(columns.id != bindparam("but", type_=Uuid()))
    return Prepared(select(*wanted).where(or_(*who), *where))


def _raw(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return type_coerce(column, NullType())


@lru_cache(maxsize=1 << 16)
def _busy(lo: int | datetime, hi: int | datetime) -> slots.Busy:
    """The engine's value for a span as the database keeps it: datetimes, or microseconds since 1970 (`saas.db.Utc`)."""
    return slots.Busy(instant(lo), instant(hi))


def read_taken(span: Span) -> Taken:
    """Live bookings that touch the span. Holds that have lapsed stand in nobody's way."""
    asked: dict[str, object] = {
        "mine": current_tenant().id, "people": list(span.people), "lo": span.lo, "hi": span.hi,
        "day_before": span.lo - _A_DAY, "now": span.now,
    }  # fmt: skip
    also = _Also(bool(span.rooms), span.for_client is not None, span.except_booking is not None)
    if also.rooms:
        asked["rooms"] = list(span.rooms)
    if also.client:
        asked["client"] = span.for_client
    if also.but:
        asked["but"] = span.except_booking
    people: dict[Any, list[slots.Busy]] = defaultdict(list)
    in_rooms: dict[UUID, list[slots.Busy]] = defaultdict(list)
    own: list[slots.Block] = []
    for row in rows(_taken_statement(also), asked):
        busy = _busy(row[1], row[2])
        people[row[0]].append(busy)
        if also.rooms and row[3] is not None:
            in_rooms[row[3]].append(busy)
        if also.client and row[4] == span.for_client:
            own.append(slots.Block(row[5], row[6]))
    whose = {key if isinstance(key, UUID) else UUID(key): found for key, found in people.items()}
    return Taken(_frozen(whose), _frozen(in_rooms), tuple(own))


def _frozen(spans: dict[UUID, list[slots.Busy]]) -> dict[UUID, tuple[slots.Busy, ...]]:
    return {who: tuple(found) for who, found in spans.items()}
