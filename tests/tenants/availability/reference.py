"""The rules of the slot engine a second time, slowly: every real minute is walked and shown to the local clock.

Nothing here is shared with the engine but the values it is asked with. No intervals, no binary search, no offsets: a
set of minutes for each rule, so that each rule can be read beside its sentence in the design.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from tenants.availability.slots import Block, Break, Busy, Rules, Schedule, Service

MINUTE = timedelta(minutes=1)
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@lru_cache(maxsize=512)
def shown_on(tz: str, day: date) -> list[tuple[datetime, datetime]]:
    """For each real minute of one UTC day: the minute and what the clock of the zone shows, naive."""
    zone = ZoneInfo(tz)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minutes = [midnight + number * MINUTE for number in range(1440)]
    return [(minute, minute.astimezone(zone).replace(tzinfo=None)) for minute in minutes]


def shown(tz: str, day: date) -> Iterator[tuple[datetime, datetime]]:
    """Every real minute from two days before a date on, for six days."""
    for number in range(-2, 4):
        yield from shown_on(tz, day + timedelta(days=number))


def local_date(tz: str, instant: datetime) -> date:
    return instant.astimezone(ZoneInfo(tz)).date()


@lru_cache(maxsize=100_000)
def edge(tz: str, day: date, time: str, days_later: int) -> datetime:
    hour, minute = int(time[:2]), int(time[3:])
    wanted = datetime(day.year, day.month, day.day) + timedelta(days=days_later, hours=hour, minutes=minute)
    return next(instant for instant, clock in shown(tz, wanted.date()) if clock >= wanted)


def between(start: datetime, end: datetime) -> list[datetime]:
    """The whole minutes of a half-open interval, widened to whole minutes."""
    minutes = []
    minute = start.astimezone(UTC).replace(second=0, microsecond=0)
    while minute < end and start < end:
        minutes.append(minute)
        minute += MINUTE
    return minutes


def wall_minutes(tz: str, day: date, start: str, end: str) -> list[datetime]:
    overnight = 1 if end <= start else 0
    return between(edge(tz, day, start, 0), edge(tz, day, end, overnight))


def windows_of(schedule: Schedule, day: date) -> Sequence[tuple[str, str]]:
    if day in schedule.overrides:
        return schedule.overrides[day]
    if isinstance(schedule.weekly, Sequence):
        valid = [(since, week) for since, week in schedule.weekly if since <= day]
        week = max(valid, key=lambda pair: pair[0])[1] if valid else {}
    else:
        week = schedule.weekly
    return week.get(DAYS[day.weekday()], ())


def falls_on(rest: Break, day: date) -> bool:
    return rest.date in {None, day} and rest.day in {None, DAYS[day.weekday()]}


class Hours:
    """The hours of a schedule around the dates of a query, minute by minute: the part that bookings do not change."""

    def __init__(self, service: Service, schedule: Schedule, date_from: date, date_to: date) -> None:
        self.on_grid: set[datetime] = set()
        self.open: set[datetime] = set()
        resting: set[datetime] = set()
        spare_days = 3 + service.duration_min // 1440
        day = date_from - timedelta(days=3)
        while day < date_to + timedelta(days=spare_days):
            for start, end in windows_of(schedule, day):
                minutes = wall_minutes(schedule.tz, day, start, end)
                self.open.update(minutes)
                self.on_grid.update(minutes[:: service.step_min])
            for rest in schedule.breaks:
                if falls_on(rest, day):
                    resting.update(wall_minutes(schedule.tz, day, rest.start, rest.end))
            day += timedelta(days=1)
        self.open -= resting


def open_starts(
    *,
    service: Service,
    rules: Rules,
    schedule: Schedule,
    blocks: Sequence[Block],
    busy: Sequence[Busy],
    date_from: date,
    date_to: date,
    now: datetime,
    query_tz: str | None = None,
    hours: Hours | None = None,
) -> list[datetime]:
    hours = hours or Hours(service, schedule, date_from, date_to)
    off = {minute for block in blocks for minute in between(block.start, block.end)}
    running: dict[datetime, int] = {}
    for one in busy:
        if one.start < one.end:
            before = timedelta(minutes=one.buffer_before_min)
            after = timedelta(minutes=one.buffer_after_min)
            for minute in between(one.start - before, one.end + after):
                running[minute] = running.get(minute, 0) + 1

    starts = []
    for start in sorted(hours.on_grid):
        if not date_from <= local_date(query_tz or schedule.tz, start) < date_to:
            continue
        session = (start + number * MINUTE for number in range(service.duration_min))
        if not all(minute in hours.open and minute not in off for minute in session):
            continue
        reach = range(-service.buffer_before_min, service.duration_min + service.buffer_after_min)
        if any(running.get(start + number * MINUTE, 0) >= service.capacity for number in reach):
            continue
        if start < now + timedelta(minutes=rules.min_notice_min):
            continue
        if rules.horizon_days is not None:
            last = local_date(schedule.tz, now) + timedelta(days=rules.horizon_days)
            if local_date(schedule.tz, start) > last:
                continue
        starts.append(start)
    return starts
