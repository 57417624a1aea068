"""What hours give clients, and what a change of them takes away. Pure: the engine answers, nothing is read."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from tenants.availability import slots
from tenants.availability.hours import DAYS, Schedule, Week, Windows
from tenants.availability.intervals import Pair, merge, subtract
from tenants.availability.walltime import ceil_minute, edge, floor_minute, local_day, to_datetime

_WEEK = timedelta(days=7)
_WEEKS_AHEAD = 30  # in every zone with clock changes there is one within half a year

Blocks = tuple[slots.Block, ...]
Change = Callable[[Schedule, Blocks], tuple[Schedule, Blocks]]
"""What somebody is about to save, done to one person's hours and absences."""


@dataclass(frozen=True)
class Gives:
    """What a week gives clients. `starts`: of the session in question; None when there is none to book.

    `turns`: the next week in which the clocks change and the open time differs for it, as (its Monday, minutes).
    """

    open_min: int
    starts: int | None
    turns: tuple[date, int] | None


def gives(schedule: Schedule, week: Week, session: slots.Service | None, since: date) -> Gives:
    """What `week` gives from `since` on in a week like any other: `schedule`'s weekly breaks count, its dates don't."""
    breaks = [rest for rest in schedule.breaks if rest.date is None]
    plain = Schedule(schedule.tz, week, {}, breaks)
    first = since + timedelta(days=-since.weekday() % 7)
    mondays = [first + number * _WEEK for number in range(_WEEKS_AHEAD)]
    steady = next((day for day in mondays if not _turns(schedule.tz, day)), first)
    usual = _length(open_time(plain, steady, steady + _WEEK))
    odd = ((day, _length(open_time(plain, day, day + _WEEK))) for day in mondays if _turns(schedule.tz, day))
    return Gives(
        usual,
        _starts(plain, session, steady) if session else None,
        next(((day, length) for day, length in odd if length != usual), None),
    )


def open_time(schedule: Schedule, first: date, stop: date) -> list[Pair]:
    """The open time of the windows that begin on the dates `[first, stop)`: minutes since 1970, breaks taken out."""
    lo, hi = first.toordinal(), stop.toordinal() - 1
    return subtract(merge(schedule.windows(lo, hi)), merge(schedule.pauses(lo - 2, hi + 2)))


def still_fit(schedule: Schedule, blocks: Blocks, spans: Sequence[tuple[datetime, datetime]]) -> list[bool]:
    """For each session (its begin and end, UTC) whether it lies wholly in open time and meets no time off."""
    if not spans:
        return []
    pairs = [(floor_minute(start), ceil_minute(end)) for start, end in spans]
    first = local_day(schedule.tz, min(lo for lo, _ in pairs)) - 2
    last = local_day(schedule.tz, max(hi for _, hi in pairs)) + 2
    runs = open_time(schedule, date.fromordinal(first), date.fromordinal(last + 1))
    free = subtract(runs, merge((block.lo, block.hi) for block in blocks))
    return [_inside(free, pair) for pair in pairs]


def with_week(since: date, week: Week) -> Change:
    """From `since` on this week and no other."""

    def change(schedule: Schedule, blocks: Blocks) -> tuple[Schedule, Blocks]:
        known = schedule.weekly
        eras = [(date.min, known)] if isinstance(known, Mapping) else [era for era in known if era[0] < since]
        return Schedule(schedule.tz, (*eras, (since, week)), schedule.overrides, schedule.breaks), blocks

    return change


def with_day(day: date, windows: Windows | None) -> Change:
    """On this date these windows in place of the week's; None gives the day back to the week."""

    def change(schedule: Schedule, blocks: Blocks) -> tuple[Schedule, Blocks]:
        days = {known: spans for known, spans in schedule.overrides.items() if known != day}
        if windows is not None:
            days[day] = windows
        return Schedule(schedule.tz, schedule.weekly, days, schedule.breaks), blocks

    return change


def with_time_off(start: datetime, end: datetime, *, in_place_of: tuple[datetime, datetime] | None = None) -> Change:
    """Away meanwhile; `in_place_of`: the absence that this one replaces."""

    def change(schedule: Schedule, blocks: Blocks) -> tuple[Schedule, Blocks]:
        left = list(blocks)
        old = slots.Block(*in_place_of) if in_place_of else None
        if old in left:
            left.remove(old)
        return schedule, (*left, slots.Block(start, end))

    return change


def without_break(rest: slots.Break) -> Change:
    """The pause is worked through."""

    def change(schedule: Schedule, blocks: Blocks) -> tuple[Schedule, Blocks]:
        left = list(schedule.breaks)
        if rest in left:
            left.remove(rest)
        return Schedule(schedule.tz, schedule.weekly, schedule.overrides, left), blocks

    return change


def wall_instants(zone: str, day: date, minute: int) -> list[datetime]:
    """The instants at which the clock of `zone` shows `minute` of `day`: one, two in the night the clocks go back, none
    for a minute that is skipped."""
    wall = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=ZoneInfo(zone))
    both = [wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    real = [at for at in both if at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall.replace(tzinfo=None)]
    return sorted(set(real))


def instant_at(zone: str, day: date, minute: int) -> datetime:
    """The first real instant at which the clock of `zone` shows that minute of that date, or later."""
    return to_datetime(edge(zone, day.toordinal(), minute))


def by_week(week: Week) -> list[tuple[str, Windows]]:
    """The open days of a week, Monday first, their windows by the clock."""
    return [(day, sorted(week[day])) for day in DAYS if week.get(day)]


def _turns(tz: str, monday: date) -> bool:
    zone = ZoneInfo(tz)
    ends = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (monday, monday + _WEEK))
    before, after = (end.utcoffset() for end in ends)
    return before != after


def _length(pairs: Iterable[Pair]) -> int:
    return sum(hi - lo for lo, hi in pairs)


def _starts(plain: Schedule, session: slots.Service, monday: date) -> int:
    found = slots.open_epochs(
        service=session,
        rules=slots.Rules(),
        schedule=plain,
        blocks=(),
        busy=(),
        date_from=monday,
        date_to=monday + _WEEK,
        now=datetime(monday.year, monday.month, monday.day, tzinfo=UTC) - _WEEK,
    )
    return len(found)


def _inside(runs: Sequence[Pair], pair: Pair) -> bool:
    place = bisect_right(runs, pair[0], key=lambda run: run[0]) - 1
    return place >= 0 and pair[1] <= runs[place][1]
