"""Wall clocks and instants: the only place of the engine that knows what a time zone is.

Instants are whole minutes since 1970-01-01 UTC, dates are proleptic ordinals (`date.toordinal`).
Everything is derived from a zone's *segments*, the stretches in which its offset stands still, so
gaps, folds and a day that never was need no special case.
"""

import re
from bisect import bisect_right
from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

FOREVER = 2**62
"""Later than every instant, in seconds and in minutes; its negative is earlier than every one."""

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_LAST = date.max.toordinal()
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])|24:00")


def parse_time(text: str) -> int:
    """Minutes after midnight of "HH:MM", 00:00 to 24:00. Raises ValueError for anything else."""
    if not _TIME.fullmatch(text):
        raise ValueError(f"Write a time as HH:MM between 00:00 and 24:00, not {text!r}.")
    return int(text[:2]) * 60 + int(text[3:])


def check_zone(tz: str) -> str:
    """The name of a zone that exists. Raises ValueError for any other text."""
    try:
        ZoneInfo(tz)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"There is no time zone named {tz!r}.") from error
    return tz


def aware(instant: datetime) -> datetime:
    """The same instant. Raises ValueError when it is naive: a wall time must not pass for an instant."""
    if instant.tzinfo is None:
        raise ValueError("An instant needs its zone: pass an aware datetime in UTC.")
    return instant


def floor_minute(instant: datetime) -> int:
    """The whole minute at or before an aware instant. Raises ValueError for a naive one."""
    return int(aware(instant).timestamp() // 60)


def ceil_minute(instant: datetime) -> int:
    """The whole minute at or after an aware instant. Raises ValueError for a naive one."""
    return -int(-aware(instant).timestamp() // 60)


def to_datetime(minute: int) -> datetime:
    """The aware UTC datetime of a minute."""
    return datetime.fromtimestamp(minute * 60, UTC)


@lru_cache(maxsize=32_768)
def edge(tz: str, day: int, minute: int) -> int:
    """The first real instant at which the clock of `tz` shows `minute` of date `day`, or later.

    A skipped time is the end of the gap, a repeated one its first occurrence.
    `minute` counts from the midnight of `day` and may point into the days after it.
    """
    shown = (day - _EPOCH) * _DAY + minute * 60
    for begin, end, offset in _segments(tz, shown - _DAY, shown + _DAY):
        instant = max(begin, shown - offset)
        if instant < end:
            return -(-instant // 60)
    raise AssertionError("the last segment has no end")


@lru_cache(maxsize=4_096)
def date_spans(tz: str, day_from: int, day_to: int) -> tuple[tuple[int, int], ...]:
    """The instants whose local date in `tz` lies in `[day_from, day_to)`, as half-open intervals.

    One interval in practice; none for a date that was skipped; two where a fold crosses midnight.
    """
    first, last = (day_from - _EPOCH) * _DAY, (day_to - _EPOCH) * _DAY
    spans: list[tuple[int, int]] = []
    if first >= last:
        return ()
    for begin, end, offset in _segments(tz, first - _DAY, last + _DAY):
        lo, hi = -(-max(begin, first - offset) // 60), -(-min(end, last - offset) // 60)
        if lo >= hi:
            continue
        if spans and spans[-1][1] == lo:
            lo = spans.pop()[0]
        spans.append((lo, hi))
    return tuple(spans)


@lru_cache(maxsize=4_096)
def spans_until(tz: str, day: int) -> tuple[tuple[int, int], ...]:
    """The instants whose local date in `tz` is `day` or earlier, as half-open intervals."""
    # Three days back is safely before the last date that could be skipped or repeated.
    (_, hi), *more = date_spans(tz, day - 3, day + 1)
    return ((-FOREVER, hi), *more)


def local_day(tz: str, minute: int) -> int:
    """The date, as an ordinal, that the clock of `tz` shows at an instant."""
    second = minute * 60
    changes = _changes(tz, _year(second))
    offset = changes[bisect_right(changes, (second, FOREVER)) - 1][1]
    return (second + offset) // _DAY + _EPOCH


def _segments(tz: str, first: int, last: int) -> list[tuple[int, int, int]]:
    """`(begin, end, offset)` in seconds, in order, without holes, covering at least [first, last].

    The outermost two are open-ended: callers ask for a day more than they need on either side.
    """
    changes = [change for year in range(_year(first), _year(last) + 1) for change in _changes(tz, year)]
    begins = [-FOREVER, *(second for second, _ in changes[1:]), FOREVER]
    return [(begins[index], begins[index + 1], offset) for index, (_, offset) in enumerate(changes)]


@lru_cache(maxsize=1_024)
def _changes(tz: str, year: int) -> tuple[tuple[int, int], ...]:
    """The offsets of one UTC year: `(from that second on, offset in seconds)`, the first at New Year.

    zoneinfo does not tell its transitions, so they are found by looking once a day and halving.
    Two changes within one day would be missed; since 1970 no zone has had two within six days.
    """
    zone = ZoneInfo(tz)
    second = (date(year, 1, 1).toordinal() - _EPOCH) * _DAY
    stop = (date(year, 12, 31).toordinal() + 1 - _EPOCH) * _DAY
    offset = _offset(zone, second)
    found = [(second, offset)]
    while second < stop:
        following = min(second + _DAY, stop - 1)
        if following == second:
            break
        now_offset = _offset(zone, following)
        if now_offset != offset:
            found.append((_turn(zone, second, following, offset), now_offset))
            offset = now_offset
        second = following
    return tuple(found)


def _turn(zone: ZoneInfo, before: int, after: int, offset: int) -> int:
    """The first second in `(before, after]` at which `zone` has left `offset`."""
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, second: int) -> int:
    # The first and last day of the calendar have no neighbour to be shown in.
    within = min(max(second, (2 - _EPOCH) * _DAY), (_LAST - 1 - _EPOCH) * _DAY)
    shift = datetime.fromtimestamp(within, zone).utcoffset()
    return 0 if shift is None else shift.days * _DAY + shift.seconds


def _year(second: int) -> int:
    return date.fromordinal(min(max(second // _DAY + _EPOCH, 1), _LAST)).year
