"""The week while somebody edits it: what each button makes of what was typed. Pure; nothing here is saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from saas.words import _
from tenants.availability.hours import DAYS, Week
from tenants.availability.rules import day_name, week_faults
from tenants.availability.walltime import parse_time

Ranges = tuple[tuple[str, str], ...]

_USUAL: Ranges = (("09:00", "17:00"),)
_TYPED = re.compile(r"(\d{1,2})(?:[:.h]?(\d{2}))?(?::00)?\s*([ap]m)?", re.IGNORECASE)
_A_DAY_MIN = 1440
_LONG_MIN, _SHORT_MIN = 180, 90


@dataclass(frozen=True)
class Day:
    """One day as typed: open or not, and its ranges. What was typed stays when the day is closed."""

    key: str
    open: bool
    ranges: Ranges = ()


Draft = tuple[Day, ...]
"""Monday to Sunday."""


def draft_of(week: Week) -> Draft:
    """The week that is kept, as the editor shows it: by the clock, and midnight as 00:00 (a browser knows no 24:00)."""
    return tuple(Day(key, bool(week.get(key)), shown(week.get(key, ()))) for key in DAYS)


def shown(windows: Iterable[tuple[str, str]]) -> Ranges:
    """Windows as the fields of an editor show them."""
    return tuple((start, "00:00" if end == "24:00" else end) for start, end in sorted(windows))


def week_of(draft: Draft) -> Week:
    """What would be kept of it: the open days."""
    return {day.key: kept(day.ranges) for day in draft if day.open and day.ranges}


def kept(ranges: Ranges) -> list[tuple[str, str]]:
    """Typed ranges as the engine writes them. An end at 00:00 is the end of the day."""
    tidy = [(normal_time(start), normal_time(end)) for start, end in ranges]
    return [(start, "24:00" if end == "00:00" else end) for start, end in tidy]


def normal_time(text: str) -> str:
    """What people type for a time (9, 9.30, 9:30 pm, 21:30:00) as HH:MM; what is no time is given back as it came."""
    found = _TYPED.fullmatch(text.strip())
    if found is None:
        return text.strip()
    hour, minute, half = int(found[1]), int(found[2] or 0), (found[3] or "").lower()
    if half and 1 <= hour <= 12:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return f"{hour:02}:{minute:02}"


def faults(draft: Draft) -> dict[str, str]:
    """A sentence for each range that cannot be ("mon-0"), and for each day that is open without one ("mon-on")."""
    found = {
        f"{day.key}-on": _("%(day)s: enter its hours, or take the tick away", day=day_name(day.key))
        for day in draft
        if day.open and not day.ranges
    }
    return found | week_faults(week_of(draft))


def opened(draft: Draft, key: str) -> Draft:
    """The day open: with what was typed there, else with the hours of the last open day before it."""
    place = DAYS.index(key)
    before = [day.ranges for day in (*draft[place + 1 :], *draft[:place]) if day.open and day.ranges]
    return _put(draft, key, lambda day: replace(day, open=True, ranges=day.ranges or (before or [_USUAL])[-1]))


def with_break(draft: Draft, key: str) -> Draft:
    """An hour's pause in the middle of the day's longest range (half an hour in a short one).

    A day without a range that is long enough gets a range more, to be filled in."""
    return _put(draft, key, lambda day: replace(day, open=True, ranges=broken(day.ranges)))


def broken(ranges: Ranges) -> Ranges:
    """The ranges with a pause in the longest of them, or with one more to fill in."""
    sizes = [_minutes(start, end) for start, end in ranges]
    longest = max(sizes, default=0)
    if longest < _SHORT_MIN:
        return (*ranges, ("", ""))
    place = sizes.index(longest)
    start, end = ranges[place]
    half = 30 if longest >= _LONG_MIN else 15
    middle = parse_time(normal_time(start)) + longest // 2 // 15 * 15
    return (*ranges[:place], (start, _clock(middle - half)), (_clock(middle + half), end), *ranges[place + 1 :])


def without(draft: Draft, key: str, index: int) -> Draft:
    """One range less; a day without any is closed."""

    def less(day: Day) -> Day:
        left = day.ranges[:index] + day.ranges[index + 1 :]
        return replace(day, open=day.open and bool(left), ranges=left)

    return _put(draft, key, less)


def copied(draft: Draft, key: str, onto: Collection[str]) -> Draft:
    """The same hours on other days."""
    source = draft[DAYS.index(key)]
    return tuple(replace(source, key=day.key) if day.key in onto and day.key != key else day for day in draft)


def _put(draft: Draft, key: str, change: Callable[[Day], Day]) -> Draft:
    return tuple(change(day) if day.key == key else day for day in draft)


def _minutes(start: str, end: str) -> int:
    """How long a range is, up to midnight: a pause after it would be the next day's. 0 for what cannot be read."""
    try:
        lo, hi = parse_time(normal_time(start)), parse_time(normal_time(end))
    except ValueError:
        return 0
    return (hi if hi > lo else _A_DAY_MIN) - lo


def _clock(minute: int) -> str:
    within = minute % _A_DAY_MIN
    return f"{within // 60:02}:{within % 60:02}"
