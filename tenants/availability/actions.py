"""Changing hours. What is written holds at once: openings are computed when they are asked for. Bookings that were made
are promises and stay; pages list those that no longer fit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update

from saas import audit
from saas.db import action, db
from saas.errors import Invalid, NotFound
from saas.tenancy import current_tenant
from saas.words import _
from tenants.availability.hours import DAYS, Week, Windows, check_week
from tenants.availability.models import HoursBreak, HoursOverride, TimeOff, WeeklyHours
from tenants.practitioners.queries import practitioner_by_id

MAX_WINDOWS = 12
_LONGEST_AWAY = timedelta(days=731)


class NoSuchHours(NotFound):
    """There is no such break, override or time off."""

    code = "no-such-hours"


@action
def replace_week(*, practitioner_id: UUID, week: Week, valid_from: date, now: datetime) -> None:
    """From `valid_from` (a date on the clinic's clock, not before today) on, work this week and no other.

    Weeks that were planned to begin later are replaced too. What was in force before keeps its rows, closed at
    `valid_from`: history is kept. Raises `Invalid` with a sentence for each window, under "mon-0" and so on.
    """
    _check_windows(week)
    if valid_from < _today(now):
        raise Invalid(_("Choose today or a later day"), fields={"valid_from": _("Choose today or a later day")})
    row = practitioner_by_id(practitioner_id, lock=True)
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
def set_override(*, practitioner_id: UUID, day: date, windows: Windows, now: datetime) -> None:
    """On this date work these windows in place of the week's; none means closed that day."""
    _check_windows({"mon": windows}, show_as=day.isoformat())
    _check_day(day, now)
    row = practitioner_by_id(practitioner_id, lock=True)
    _clear_override(row.id, day)
    spans: Sequence[tuple[str | None, str | None]] = list(windows) or [(None, None)]
    db.session.add_all(HoursOverride(practitioner_id=row.id, day=day, start=a, end=b) for a, b in spans)
    audit.record("hours.override", target="practitioner", target_id=row.id, now=now, day=day.isoformat())


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
    _check_windows({"mon": [(start, end)]}, show_as="break")
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
    pause = db.session.execute(select(HoursBreak).where(HoursBreak.id == break_id)).scalar_one_or_none()
    if pause is None:
        raise NoSuchHours
    practitioner_by_id(pause.practitioner_id, lock=True)
    db.session.delete(pause)
    audit.record("hours.break_removed", target="practitioner", target_id=pause.practitioner_id, now=now)


@action
def add_time_off(*, practitioner_id: UUID | None, starts_at: datetime, ends_at: datetime, now: datetime) -> UUID:
    """Away from one instant to another (the whole clinic when nobody is named); returns its id."""
    sentence = ""
    if ends_at <= starts_at:
        sentence = _("The end must be after the beginning")
    elif ends_at <= now:
        sentence = _("Choose an end that is still to come")
    elif ends_at - starts_at > _LONGEST_AWAY:
        sentence = _("Choose at most two years")
    if sentence:
        raise Invalid(sentence, fields={"ends_at": sentence})
    if practitioner_id is not None:
        practitioner_by_id(practitioner_id, lock=True)
    away = TimeOff(practitioner_id=practitioner_id, starts_at=starts_at, ends_at=ends_at, created_at=now)
    db.session.add(away)
    db.session.flush()
    audit.record("hours.time_off", target="time_off", target_id=away.id, now=now)
    return away.id


@action
def remove_time_off(*, time_off_id: UUID, now: datetime) -> None:
    """Be there after all."""
    away = db.session.execute(select(TimeOff).where(TimeOff.id == time_off_id)).scalar_one_or_none()
    if away is None:
        raise NoSuchHours
    db.session.delete(away)
    audit.record("hours.time_off_removed", target="time_off", target_id=time_off_id, now=now)


def _today(now: datetime) -> date:
    return now.astimezone(ZoneInfo(current_tenant().zone)).date()


def _check_day(day: date, now: datetime) -> None:
    if not _today(now) <= day <= _today(now) + _LONGEST_AWAY:
        sentence = _("Choose a day from today on, at most two years ahead")
        raise Invalid(sentence, fields={"day": sentence})


def _check_windows(week: Week, *, show_as: str | None = None) -> None:
    """`Invalid` with a sentence for each window that cannot be; `show_as` names the day when it is no weekday."""
    sentences = {
        "unknown_day": _("There is no such day"),
        "bad_time": _("Enter times like 09:00 and 17:30"),
        "empty": _("This ends when it begins"),
        "overlap": _("This overlaps other hours"),
    }
    fields = {f"{show_as or found.day}-{found.index}": sentences[found.code] for found in check_week(week)}
    fields |= {
        f"{show_as or day}-{MAX_WINDOWS}": _("Use at most %(limit)d in a day", limit=MAX_WINDOWS)
        for day, windows in week.items()
        if len(windows) > MAX_WINDOWS
    }
    if fields:
        raise Invalid(_("Some hours need another look"), fields=fields)
