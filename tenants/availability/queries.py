"""What the hours pages ask: whose week holds when, and which days are different."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import zip_longest
from uuid import UUID

from sqlalchemy import or_, select

from saas.db import db
from saas.errors import NotFound
from tenants.availability.hours import DAYS, Week
from tenants.availability.models import HoursBreak, HoursOverride, TimeOff, WeeklyHours


class NoSuchHours(NotFound):
    """There is no such break, override or time off."""

    code = "no-such-hours"


@dataclass(frozen=True)
class Era:
    """The week that holds on the dates `[since, until)`; None = until further notice. An empty week is closed."""

    since: date
    until: date | None
    week: Week


@dataclass(frozen=True)
class Special:
    """One date with other hours, by practitioner; no windows = closed."""

    practitioner_id: UUID
    day: date
    windows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Exceptions:
    """All that differs from the week, from one day on: each in the order of time."""

    days: tuple[Special, ...]
    breaks: tuple[HoursBreak, ...]
    away: tuple[TimeOff, ...]


def week_values(practitioner_id: UUID) -> list[tuple[int, str, str, date, date | None]]:
    """All weekly hours of one person, history and plans included, in one order: what a mark is made of."""
    columns = WeeklyHours.weekday, WeeklyHours.start, WeeklyHours.end, WeeklyHours.valid_from, WeeklyHours.valid_to
    found = select(*columns).where(WeeklyHours.practitioner_id == practitioner_id)
    rows = db.session.execute(found.order_by(WeeklyHours.valid_from, WeeklyHours.weekday, WeeklyHours.start)).all()
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def eras(values: Sequence[tuple[int, str, str, date, date | None]]) -> list[Era]:
    """`week_values` as weeks, the oldest first; a time without hours between two is an era with an empty week."""
    turns = sorted({row[3] for row in values} | {row[4] for row in values if row[4] is not None})
    found = []
    for since, until in zip_longest(turns, turns[1:]):
        week: dict[str, list[tuple[str, str]]] = {}
        for weekday, start, end, begins, ends in values:
            if begins <= since and (ends is None or since < ends):
                week.setdefault(DAYS[weekday], []).append((start, end))
        found.append(Era(since, until, week))
    return found


def era_on(known: Iterable[Era], day: date) -> Era | None:
    """The week that holds on this date; None before the first."""
    return next((era for era in known if era.since <= day and (era.until is None or day < era.until)), None)


def exceptions(practitioner_ids: Sequence[UUID], *, today: date, now: datetime) -> Exceptions:
    """Days, breaks and absences of these people (and the whole clinic's absences) that are not over; three queries."""
    days: dict[tuple[UUID, date], list[tuple[str, str]]] = {}
    special = select(HoursOverride).where(HoursOverride.practitioner_id.in_(practitioner_ids))
    ordered = special.where(HoursOverride.day >= today).order_by(HoursOverride.day, HoursOverride.start)
    for row in db.session.execute(ordered).scalars():
        windows = days.setdefault((row.practitioner_id, row.day), [])
        if row.start is not None and row.end is not None:
            windows.append((row.start, row.end))
    pauses = select(HoursBreak).where(
        HoursBreak.practitioner_id.in_(practitioner_ids), or_(HoursBreak.day.is_(None), HoursBreak.day >= today)
    )
    whose = or_(TimeOff.practitioner_id.is_(None), TimeOff.practitioner_id.in_(practitioner_ids))
    away = select(TimeOff).where(TimeOff.ends_at > now, whose).order_by(TimeOff.starts_at, TimeOff.id)
    return Exceptions(
        tuple(Special(who, day, tuple(windows)) for (who, day), windows in days.items()),
        tuple(db.session.execute(pauses.order_by(HoursBreak.weekday, HoursBreak.day, HoursBreak.start)).scalars()),
        tuple(db.session.execute(away).scalars()),
    )


def override_windows(practitioner_id: UUID, day: date) -> list[tuple[str | None, str | None]]:
    """The rows of one date: none when the week holds, one without times when it is closed."""
    mine = select(HoursOverride.start, HoursOverride.end).where(
        HoursOverride.practitioner_id == practitioner_id, HoursOverride.day == day
    )
    return [(row[0], row[1]) for row in db.session.execute(mine.order_by(HoursOverride.start)).all()]


def date_values(practitioner_ids: Iterable[UUID], day: date) -> list[list[tuple[str | None, str | None]]]:
    """What a mark of one date of these people is made of; that of no date at all (`[]`) when none of them keeps it."""
    found = [override_windows(practitioner_id, day) for practitioner_id in sorted(practitioner_ids)]
    return found if any(found) else [[]]


def time_off_by_id(time_off_id: UUID, *, lock: bool = False) -> TimeOff:
    """The absence, or `NoSuchHours`."""
    found = select(TimeOff).where(TimeOff.id == time_off_id)
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        raise NoSuchHours
    return row


def same_time_off(practitioner_id: UUID | None, starts_at: datetime, ends_at: datetime) -> UUID | None:
    """The id of an absence of these very people from and to these very instants, if there is one."""
    found = select(TimeOff.id).where(
        TimeOff.practitioner_id.is_(None) if practitioner_id is None else TimeOff.practitioner_id == practitioner_id,
        TimeOff.starts_at == starts_at,
        TimeOff.ends_at == ends_at,
    )
    same: UUID | None = db.session.execute(found.limit(1)).scalar()
    return same


def time_off_values(away: TimeOff) -> tuple[UUID | None, datetime, datetime]:
    """What a mark of an absence is made of."""
    return away.practitioner_id, away.starts_at, away.ends_at


def break_by_id(break_id: UUID) -> HoursBreak:
    """The break, or `NoSuchHours`."""
    row = db.session.execute(select(HoursBreak).where(HoursBreak.id == break_id)).scalar_one_or_none()
    if row is None:
        raise NoSuchHours
    return row
