"""What a clinic says about its hours, as frozen values, and the real instants that follow."""

import datetime as dt
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias

from tenants.availability.intervals import Pair
from tenants.availability.walltime import FOREVER, check_zone, edge, parse_time

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = 1440
_WEEK = 7 * _DAY

Windows: TypeAlias = Sequence[tuple[str, str]]
"""From and to, "HH:MM" on the clinic's wall clock; an end at or before its start is on the next day."""
Week: TypeAlias = Mapping[str, Windows]
"""mon..sun to that day's windows; a day that is missing is closed."""

_Pairs: TypeAlias = tuple[Pair, ...]
_NONE: _Pairs = ()


@dataclass(frozen=True)
class Break:
    """A pause on every day, on one weekday (`day`, mon..sun) or on one `date`."""

    start: str
    end: str
    day: str | None = None
    date: dt.date | None = None


@dataclass(frozen=True)
class Schedule:
    """One practitioner's hours. Copies what it is given, so nothing that happens later changes it.

    `weekly`: one week for ever, or `(valid_from, week)` pairs in any order: a window belongs to the week with the
    greatest `valid_from` at or before the date it starts on, and before the first there is none. `overrides`: replace
    the windows that start on that date. Two schedules that mean the same are equal and hash alike.

    Raises ValueError for an unknown zone or day and for a time that is not HH:MM.
    """

    tz: str = field(compare=False)
    weekly: Week | Sequence[tuple[dt.date, Week]] = field(compare=False)
    overrides: Mapping[dt.date, Windows] = field(default_factory=dict, compare=False)
    breaks: Sequence[Break] = field(default=(), compare=False)
    _weeks: tuple[tuple[int, tuple[_Pairs, ...]], ...] = field(init=False, repr=False, compare=False)
    _days: dict[int, _Pairs] = field(init=False, repr=False, compare=False)
    _pauses: tuple[_Pairs, ...] = field(init=False, repr=False, compare=False)
    _dated_pauses: dict[int, _Pairs] = field(init=False, repr=False, compare=False)
    _meaning: tuple[object, ...] = field(init=False, repr=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        def keep(name: str, value: object) -> None:
            object.__setattr__(self, name, value)

        check_zone(self.tz)
        eras = [(None, self.weekly)] if isinstance(self.weekly, Mapping) else list(self.weekly)
        frozen = [(since, MappingProxyType({day: _freeze(week[day]) for day in week})) for since, week in eras]
        keep("weekly", frozen[0][1] if isinstance(self.weekly, Mapping) else tuple(frozen))
        keep("overrides", MappingProxyType({day: _freeze(windows) for day, windows in self.overrides.items()}))
        keep("breaks", tuple(self.breaks))

        weeks = ((-FOREVER if since is None else since.toordinal(), _week_pairs(week)) for since, week in frozen)
        keep("_weeks", tuple(sorted(weeks, key=lambda era: era[0])))
        keep("_days", {day.toordinal(): _pairs(windows) for day, windows in self.overrides.items()})
        keep("_pauses", tuple(_weekday_pauses(self.breaks, day) for day in DAYS))
        keep("_dated_pauses", _dated_pauses(self.breaks))
        meaning = (
            self.tz,
            self._weeks,
            tuple(sorted(self._days.items())),
            self._pauses,
            tuple(sorted(self._dated_pauses.items())),
        )
        keep("_meaning", meaning)
        keep("_hash", hash(meaning))

    def __hash__(self) -> int:
        # Every look-up in the engine's cache asks: hashing the nested tuples each time costs more than the answer.
        return self._hash

    def __reduce__(self) -> tuple[object, ...]:
        # Read-only views cannot be pickled, and a hash of texts is not the same in another process.
        eras = self.weekly if isinstance(self.weekly, Mapping) else [(since, dict(week)) for since, week in self.weekly]
        weekly = dict(eras) if isinstance(eras, Mapping) else tuple(eras)
        return Schedule, (self.tz, weekly, dict(self.overrides), self.breaks)

    def windows(self, first: int, last: int) -> list[Pair]:
        """The working windows that start on the dates (ordinals) first..last, as ascending intervals of instants.

        Each window stays by itself, because each has its own grid; a window that a clock change swallowed is left out.
        """
        return self._instants(first, last, self._windows_of)

    def pauses(self, first: int, last: int) -> list[Pair]:
        """The breaks that start on the dates (ordinals) first..last, as ascending intervals of instants."""
        return self._instants(first, last, self._pauses_of)

    def _instants(self, first: int, last: int, pairs_of: Callable[[int], _Pairs]) -> list[Pair]:
        tz = self.tz
        found = [
            (edge(tz, day, start), edge(tz, day, end)) for day in range(first, last + 1) for start, end in pairs_of(day)
        ]
        return sorted(pair for pair in found if pair[0] < pair[1])

    def _windows_of(self, day: int) -> _Pairs:
        special = self._days.get(day)
        if special is not None:
            return special
        era = bisect_right(self._weeks, day, key=lambda era: era[0]) - 1
        return self._weeks[era][1][_weekday(day)] if era >= 0 else _NONE

    def _pauses_of(self, day: int) -> _Pairs:
        return self._pauses[_weekday(day)] + self._dated_pauses.get(day, _NONE)


@dataclass(frozen=True)
class WeekProblem:
    """What is wrong with the window `week[day][index]`; `other` is the window it overlaps, as (day, index)."""

    day: str
    index: int
    code: Literal["unknown_day", "bad_time", "empty", "overlap"]
    other: tuple[str, int] | None = None


def check_week(week: Week) -> list[WeekProblem]:
    """Every window that an hours editor should send back, in the order of the week, at most one problem for each.

    `bad_time`: not HH:MM, or a start at 24:00; `empty`: ends when it starts (the engine would read a whole day);
    `overlap`: begins before an earlier one ends, the overnight tail of the day before included (Sunday's runs into
    Monday). Touching windows are fine.
    """
    problems = [WeekProblem(day, 0, "unknown_day") for day in week if day not in DAYS]
    spans: list[tuple[int, int, str, int]] = []
    for number, day in enumerate(DAYS):
        for index, (start, end) in enumerate(week.get(day, ())):
            try:
                lo, hi = _pair(start, end)
            except ValueError:
                problems.append(WeekProblem(day, index, "bad_time"))
                continue
            if lo == _DAY:
                problems.append(WeekProblem(day, index, "bad_time"))
            elif start == end:
                problems.append(WeekProblem(day, index, "empty"))
            else:
                spans.append((number * _DAY + lo, number * _DAY + hi, day, index))
    problems += _overlaps(spans)
    place = {day: number for number, day in enumerate(DAYS)}
    return sorted(problems, key=lambda problem: (place.get(problem.day, 7), problem.index))


def _overlaps(spans: Iterable[tuple[int, int, str, int]]) -> list[WeekProblem]:
    spans = sorted(spans)
    last_week = [(lo - _WEEK, hi - _WEEK, day, index) for lo, hi, day, index in spans]
    problems: list[WeekProblem] = []
    reach, other = -FOREVER, ("", 0)
    for lo, hi, day, index in last_week + spans:
        if lo < reach and lo >= 0:
            problems.append(WeekProblem(day, index, "overlap", other))
        if hi > reach:
            reach, other = hi, (day, index)
    return problems


def _freeze(windows: Windows) -> tuple[tuple[str, str], ...]:
    return tuple((start, end) for start, end in windows)


def _pair(start: str, end: str) -> Pair:
    lo, hi = parse_time(start), parse_time(end)
    return lo, hi if hi > lo else hi + _DAY


def _pairs(windows: Windows) -> _Pairs:
    return tuple(_pair(start, end) for start, end in windows)


def _week_pairs(week: Week) -> tuple[_Pairs, ...]:
    for day in week:
        _check_day(day)
    return tuple(_pairs(week.get(day, ())) for day in DAYS)


def _weekday_pauses(breaks: Iterable[Break], day: str) -> _Pairs:
    return tuple(_pair(rest.start, rest.end) for rest in breaks if rest.date is None and rest.day in {None, day})


def _dated_pauses(breaks: Iterable[Break]) -> dict[int, _Pairs]:
    dated: dict[int, _Pairs] = {}
    for rest in breaks:
        if rest.day is not None:
            _check_day(rest.day)
        if rest.date is not None:
            day = rest.date.toordinal()
            # With both given, both must agree.
            if rest.day in {None, DAYS[_weekday(day)]}:
                dated[day] = (*dated.get(day, _NONE), _pair(rest.start, rest.end))
    return dated


def _check_day(day: str) -> None:
    if day not in DAYS:
        raise ValueError(f"Days are {', '.join(DAYS)}, not {day!r}.")


def _weekday(day: int) -> int:
    return (day - 1) % 7
