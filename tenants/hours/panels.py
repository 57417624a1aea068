"""What stands beside the editor, as values: what the week gives clients, the days that differ, the weeks before and
after. Words and dates as the reader says them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from babel.units import format_unit

from saas import formats
from saas.words import _
from tenants.availability import slots
from tenants.availability.hours import DAYS, Week
from tenants.availability.models import HoursBreak, TimeOff
from tenants.availability.queries import Era, Exceptions, Special
from tenants.availability.rules import day_name
from tenants.hours.rules import by_week, gives
from tenants.services.models import Service

_UNITS = ((7 * 1440, "week"), (1440, "day"), (60, "hour"), (1, "minute"))


@dataclass(frozen=True)
class Summary:
    """What a week gives clients, in words. `session`: the id of the one that is counted; None without any."""

    closed: bool
    open_time: str
    turns: str
    starts_label: str
    starts: str
    gap: str
    reach: str
    session: UUID | None


@dataclass(frozen=True)
class Different:
    """A day, or days, that differ: when, what, and the query that opens or removes it."""

    when: str
    what: str
    query: dict[str, str]
    can_edit: bool
    can_change: bool


@dataclass(frozen=True)
class Known:
    """One week in the list of weeks: from when, its hours day by day, and whether it holds now or later."""

    since: date
    when: str
    days: tuple[str, ...]
    now: bool
    later: bool


def summary(
    schedule: slots.Schedule,
    week: Week,
    sessions: Sequence[Service],
    *,
    since: date,
    notice_min: int,
    horizon_days: int | None,
    locale: str,
) -> Summary:
    """What `week` gives clients from `since` on; the first session counts its starts."""
    first = sessions[0] if sessions else None
    engine = None
    if first:
        engine = slots.Service(first.duration_min, first.step_min, first.buffer_before_min, first.buffer_after_min)
    found = gives(schedule, week, engine, since)
    turns = ""
    if found.turns:
        turns = _(
            "In the week of %(day)s the clocks change: %(length)s",
            day=formats.day_month(found.turns[0], locale), length=length(found.turns[1], locale),
        )  # fmt: skip
    return Summary(
        closed=not found.open_min,
        open_time=_("%(length)s a week", length=length(found.open_min, locale)),
        turns=turns,
        starts_label=_("Starts for %(session)s", session=_named(first, locale)) if first else "",
        starts=_("%(count)s a week", count=found.starts or 0),
        gap=_gap(first, locale),
        reach=_reach(notice_min, horizon_days, locale),
        session=first.id if first else None,
    )


def _named(session: Service, locale: str) -> str:
    return _("%(name)s, %(length)s", name=session.name, length=formats.duration(session.duration_min, locale))


def _gap(session: Service | None, locale: str) -> str:
    if session is None or not (session.buffer_before_min or session.buffer_after_min):
        return _("None")
    before, after = (formats.duration(m, locale) for m in (session.buffer_before_min, session.buffer_after_min))
    if not session.buffer_before_min:
        return after
    return _("%(before)s before, %(after)s after", before=before, after=after)


def _reach(notice_min: int, horizon_days: int | None, locale: str) -> str:
    soonest = length(notice_min, locale) if notice_min else _("At once")
    if horizon_days is None:
        return _("From %(soonest)s ahead, without an end", soonest=soonest)
    return _("%(soonest)s to %(furthest)s ahead", soonest=soonest, furthest=_whole(horizon_days * 1440, locale))


def length(minutes: int, locale: str) -> str:
    """Such as 24 hours 30 minutes."""
    hours, rest = divmod(minutes, 60)
    parts = [(hours, "hour"), (rest, "minute")]
    said = [str(format_unit(number, unit, "long", locale=_tag(locale))) for number, unit in parts if number]
    return " ".join(said) or str(format_unit(0, "hour", "long", locale=_tag(locale)))


def _whole(minutes: int, locale: str) -> str:
    size, unit = next(pair for pair in _UNITS if minutes % pair[0] == 0)
    return str(format_unit(minutes // size, unit, "long", locale=_tag(locale)))


def _tag(locale: str) -> str:
    return locale.replace("-", "_")


def windows_words(windows: Sequence[tuple[str, str]], locale: str) -> str:
    """Such as 09:00 to 13:00 and 14:00 to 18:30, or that it is closed."""
    if not windows:
        return _("Closed")
    spans = [_("%(start)s to %(end)s", start=_hour(a, locale), end=_hour(b, locale)) for a, b in windows]
    return formats.joined(spans, locale)


def _hour(text: str, locale: str) -> str:
    hour, minute = int(text[:2]) % 24, int(text[3:])
    return formats.clock(time(hour, minute), locale)


def exception_list(found: Exceptions, *, zone: str, locale: str, shared: bool) -> list[Different]:
    """All that differs from the week, by time; `shared`: whether the reader may change what is the whole clinic's."""
    dated = [(_first(one, zone), _of_day(one, locale)) for one in found.days]
    dated += [(_first(one, zone), _of_absence(one, zone, locale, shared=shared)) for one in found.away]
    dated += [(one.day, _of_break(one, locale)) for one in found.breaks if one.day is not None]
    weekly = [_of_break(one, locale) for one in found.breaks if one.day is None]
    return weekly + [item for _day, item in sorted(dated, key=lambda pair: pair[0])]


def _first(one: Special | TimeOff, zone: str) -> date:
    return one.day if isinstance(one, Special) else one.starts_at.astimezone(ZoneInfo(zone)).date()


def _of_day(one: Special, locale: str) -> Different:
    query = {"day": one.day.isoformat(), "of": str(one.practitioner_id)}
    return Different(
        day_words(one.day, locale), windows_words(one.windows, locale), query, can_edit=True, can_change=True
    )


def _of_absence(one: TimeOff, zone: str, locale: str, *, shared: bool) -> Different:
    mine = shared or one.practitioner_id is not None
    what = _("Closed") if one.practitioner_id else _("Closed, the whole clinic")
    return Different(absence_words(one.starts_at, one.ends_at, zone, locale), what, {"off": str(one.id)}, mine, mine)


def _of_break(one: HoursBreak, locale: str) -> Different:
    day = day_words(one.day, locale) if one.day else _("Every %(day)s", day=day_name(DAYS[one.weekday or 0]))
    what = _("Break, %(span)s", span=windows_words([(one.start, one.end)], locale))
    return Different(day, what, {"pause": str(one.id)}, can_edit=False, can_change=True)


def absence_words(starts_at: datetime, ends_at: datetime, zone: str, locale: str) -> str:
    """Whole dates where it is whole dates, else with its times."""
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (starts_at, ends_at))
    if start.time() == end.time() == time(0):
        first, last = start.date(), end.date() - timedelta(days=1)
        if first == last:
            return day_words(first, locale)
        return _("%(first)s to %(last)s", first=day_words(first, locale), last=day_words(last, locale))
    clocks = formats.clock(start, locale), formats.clock(end, locale)
    if start.date() == end.date():
        day = day_words(start.date(), locale)
        return _("%(day)s, %(start)s to %(end)s", day=day, start=clocks[0], end=clocks[1])
    return _(
        "%(first)s, %(start)s to %(last)s, %(end)s",
        first=day_words(start.date(), locale), start=clocks[0], last=day_words(end.date(), locale), end=clocks[1],
    )  # fmt: skip


def day_words(day: date, locale: str) -> str:
    """Such as Saturday 5 December."""
    return formats.long_date(day, locale)


def known_weeks(known: Sequence[Era], today: date, locale: str) -> list[Known]:
    """The weeks there were, are and will be, the oldest first."""
    return [
        Known(
            era.since,
            _when(era, locale),
            week_words(era.week, locale),
            now=era.since <= today and (era.until is None or today < era.until),
            later=era.since > today,
        )
        for era in known
    ]


def _when(era: Era, locale: str) -> str:
    since = formats.full_date(era.since, locale)
    if era.until is None:
        return _("From %(day)s", day=since)
    return _("%(first)s to %(last)s", first=since, last=formats.full_date(era.until - timedelta(days=1), locale))


def week_words(week: Week, locale: str) -> tuple[str, ...]:
    """A line for each open day."""
    lines = tuple(
        _("%(day)s %(hours)s", day=day_name(day), hours=windows_words(windows, locale))
        for day, windows in by_week(week)
    )
    return lines or (_("Closed"),)
