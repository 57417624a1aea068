"""Changing hours. What is written holds at once: openings are computed when they are asked for. Bookings that were made
are promises and stay; pages list those that no longer fit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from saas import audit
from saas.db import action, db
from saas.errors import Invalid
from saas.stale import unchanged
from saas.tenancy import current_tenant
from saas.text import Cleaner
from saas.words import _
from tenants.availability.hours import DAYS, Week, Windows
from tenants.availability.models import HoursBreak, HoursOverride, TimeOff, WeeklyHours
from tenants.availability.queries import (
    NoSuchHours,
    break_by_id,
    date_values,
    override_windows,
    same_time_off,
    time_off_by_id,
    time_off_values,
    week_values,
)
from tenants.availability.rules import week_faults, windows_faults
from tenants.clinic.actions import lock_clinic
from tenants.practitioners.queries import practitioner_by_id

_LONGEST_AWAY = timedelta(days=731)


@action
def replace_week(
    *, practitioner_id: UUID, week: Week, valid_from: date, now: datetime, seen: str | None = None
) -> None:
    """From `valid_from` (a date on the clinic's clock, not before today) on, work this week and no other.

    Weeks that were planned to begin later are replaced too. What was in force before keeps its rows, closed at
    `valid_from`: history is kept. Raises `Invalid` with a sentence for each window, under "mon-0" and so on, and
    `ChangedMeanwhile` when these hours are no longer what `seen` is the mark of (`week_values`).
    """
    _refuse(week_faults(week))
    if valid_from < _today(now):
        raise Invalid(_("Choose today or a later day"), fields={"valid_from": _("Choose today or a later day")})
    row = practitioner_by_id(practitioner_id, lock=True)
    unchanged(seen, *week_values(row.id))
    mine = WeeklyHours.practitioner_id == row.id
    db.session.execute(delete(WeeklyHours).where(mine, WeeklyHours.valid_from >= valid_from))
    in_force = WeeklyHours.valid_to.is_(None) | (WeeklyHours.valid_to > valid_from)
    db.session.execute(update(WeeklyHours).where(mine, in_force).values(valid_to=valid_from))
    db.session.add_all(
        WeeklyHours(practitioner_id=row.id, weekday=number, start=start, end=end, valid_from=valid_from)
        for number, day in enumerate(DAYS)
        for start, end in week.get(day, ())
    )
    audit.record("hours.week", target="practitioner", target_id=row.id, now=now, valid_from=valid_from.isoformat())


@action
def set_override(*, practitioner_id: UUID, day: date, windows: Windows, now: datetime, seen: str | None = None) -> None:
    """On this date work these windows in place of the week's; none means closed that day."""
    _refuse(windows_faults({"mon": windows}, show_as="at"))
    _check_day(day, now)
    row = practitioner_by_id(practitioner_id, lock=True)
    unchanged(seen, override_windows(row.id, day))
    _clear_override(row.id, day)
    spans: Sequence[tuple[str | None, str | None]] = list(windows) or [(None, None)]
    db.session.add_all(HoursOverride(practitioner_id=row.id, day=day, start=a, end=b) for a, b in spans)
    audit.record("hours.override", target="practitioner", target_id=row.id, now=now, day=day.isoformat())


@action
def set_overrides(
    *, practitioner_ids: Iterable[UUID], day: date, windows: Windows, now: datetime, seen: str | None = None
) -> None:
    """The same date for several people, all or nothing; `seen` is the mark of what they kept of it (`date_values`)."""
    ids = sorted(practitioner_ids)
    for practitioner_id in ids:
        practitioner_by_id(practitioner_id, lock=True)
    unchanged(seen, *date_values(ids, day))
    for practitioner_id in ids:
        set_override(practitioner_id=practitioner_id, day=day, windows=windows, now=now)


@action
def remove_override(*, practitioner_id: UUID, day: date, now: datetime) -> None:
    """Let the week hold again on this date."""
    row = practitioner_by_id(practitioner_id, lock=True)
    if not _clear_override(row.id, day):
        raise NoSuchHours
    audit.record("hours.override_removed", target="practitioner", target_id=row.id, now=now, day=day.isoformat())


def _clear_override(practitioner_id: UUID, day: date) -> int:
    mine = (HoursOverride.practitioner_id == practitioner_id, HoursOverride.day == day)
    found = list(db.session.execute(select(HoursOverride.id).where(*mine)).scalars())
    db.session.execute(delete(HoursOverride).where(*mine))
    return len(found)


@action
def add_break(
    *, practitioner_id: UUID, start: str, end: str, now: datetime, weekday: int | None = None, day: date | None = None
) -> UUID:
    """A pause on every such weekday (0 = Monday), or on one date; returns its id. Overrides do not remove it."""
    _refuse(windows_faults({"mon": [(start, end)]}, show_as="break"))
    if (weekday is None) == (day is None) or weekday not in (None, *range(7)):
        raise Invalid(_("Choose a weekday or a date"), fields={"day": _("Choose a weekday or a date")})
    if day is not None:
        _check_day(day, now)
    row = practitioner_by_id(practitioner_id, lock=True)
    pause = HoursBreak(practitioner_id=row.id, weekday=weekday, day=day, start=start, end=end)
    db.session.add(pause)
    db.session.flush()
    audit.record("hours.break", target="practitioner", target_id=row.id, now=now)
    return pause.id


@action
def remove_break(*, break_id: UUID, now: datetime) -> None:
    """Take the pause away."""
    pause = break_by_id(break_id)
    practitioner_by_id(pause.practitioner_id, lock=True)
    db.session.delete(pause)
    audit.record("hours.break_removed", target="practitioner", target_id=pause.practitioner_id, now=now)


@action
def add_time_off(*, practitioner_id: UUID | None, starts_at: datetime, ends_at: datetime, now: datetime) -> UUID:
    """Away from one instant to another (the whole clinic when nobody is named); returns its id. Said twice, such as by
    a button pressed twice, it is one absence."""
    _check_away(starts_at, ends_at, now)
    if practitioner_id is not None:
        practitioner_by_id(practitioner_id, lock=True)
    else:
        lock_clinic()
    stands = same_time_off(practitioner_id, starts_at, ends_at)
    if stands is not None:
        return stands
    away = TimeOff(practitioner_id=practitioner_id, starts_at=starts_at, ends_at=ends_at, created_at=now)
    db.session.add(away)
    db.session.flush()
    audit.record("hours.time_off", target="time_off", target_id=away.id, now=now)
    return away.id


@action
def block_time(*, practitioner_id: UUID, starts_at: datetime, ends_at: datetime, label: str, now: datetime) -> None:
    """`add_time_off` with what it is for, in at most 60 characters."""
    cleaner = Cleaner()
    said = cleaner.line("label", label, 60)
    cleaner.check()
    away = add_time_off(practitioner_id=practitioner_id, starts_at=starts_at, ends_at=ends_at, now=now)
    time_off_by_id(away, lock=True).label = said


@action
def change_time_off(
    *,
    time_off_id: UUID,
    practitioner_id: UUID | None,
    starts_at: datetime,
    ends_at: datetime,
    now: datetime,
    seen: str | None = None,
) -> None:
    """Be away at another time, or let it be for somebody else; `ChangedMeanwhile` when it is not what was seen."""
    _check_away(starts_at, ends_at, now)
    away = time_off_by_id(time_off_id, lock=True)
    unchanged(seen, *time_off_values(away))
    for who in sorted({away.practitioner_id, practitioner_id} - {None}, key=str):
        if who is not None:
            practitioner_by_id(who, lock=True)
    away.practitioner_id, away.starts_at, away.ends_at = practitioner_id, starts_at, ends_at
    audit.record("hours.time_off_changed", target="time_off", target_id=away.id, now=now)


@action
def remove_time_off(*, time_off_id: UUID, now: datetime) -> None:
    """Be there after all."""
    db.session.delete(time_off_by_id(time_off_id, lock=True))
    audit.record("hours.time_off_removed", target="time_off", target_id=time_off_id, now=now)


def _check_away(starts_at: datetime, ends_at: datetime, now: datetime) -> None:
    sentence = ""
    if ends_at <= starts_at:
        sentence = _("The end must be after the beginning")
    elif ends_at <= now:
        sentence = _("Choose an end that is still to come")
    elif ends_at - starts_at > _LONGEST_AWAY:
        sentence = _("Choose at most two years")
    if sentence:
        raise Invalid(sentence, fields={"ends_at": sentence})


def _today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(current_tenant().zone)).date()


def _check_day(day: date, now: datetime) -> None:
    if not _today(now) <= day <= _today(now) + _LONGEST_AWAY:
        sentence = _("Choose a day from today on, at most two years ahead")
        raise Invalid(sentence, fields={"day": sentence})


def _refuse(fields: dict[str, str]) -> None:
    if fields:
        raise Invalid(_("Some hours need another look"), fields=fields)
