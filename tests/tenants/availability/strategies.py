"""Random clinics, mostly near the days on which their clocks change."""

import os
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import TypedDict
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tenants.availability.slots import DAYS, Block, Break, Busy, Rules, Schedule, Service

ZONES = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Casablanca",
    "Pacific/Apia",
    "UTC",
]
# Fixed seeds in `make test`; `make prove` looks further.
PROVE = os.environ.get("LONGTIDE_PROVE") == "1"
PROOF = settings(
    max_examples=2_500 if PROVE else 40,
    derandomize=not PROVE,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ZONE_PROOF = settings(PROOF, max_examples=400 if PROVE else 20)


class Query(TypedDict):
    service: Service
    rules: Rules
    schedule: Schedule
    blocks: list[Block]
    busy: list[Busy]
    date_from: date
    date_to: date
    now: datetime
    query_tz: str | None


@dataclass(frozen=True)
class Case:
    service: Service
    rules: Rules
    schedule: Schedule
    blocks: tuple[Block, ...]
    busy: tuple[Busy, ...]
    date_from: date
    date_to: date
    now: datetime
    query_tz: str | None

    def query(self) -> Query:
        return Query(
            service=self.service,
            rules=self.rules,
            schedule=self.schedule,
            blocks=list(self.blocks),
            busy=list(self.busy),
            date_from=self.date_from,
            date_to=self.date_to,
            now=self.now,
            query_tz=self.query_tz,
        )

    def with_busy(self, *more: Busy) -> "Case":
        return replace(self, busy=(*self.busy, *more))


@cache
def change_days(tz: str) -> list[date]:
    """The UTC dates between 2010 and 2035 at whose noon the offset differs from the noon before."""
    zone = ZoneInfo(tz)
    noon = datetime(2009, 12, 31, 12, tzinfo=UTC)
    days = []
    while noon.year < 2036:
        following = noon + timedelta(days=1)
        if noon.astimezone(zone).utcoffset() != following.astimezone(zone).utcoffset():
            days += [noon.date(), following.date()]
        noon = following
    return days


@st.composite
def days_near_changes(draw: st.DrawFn, tz: str) -> date:
    changes = change_days(tz)
    is_near = draw(st.integers(0, 3)) > 0
    if changes and is_near:
        change: date = draw(st.sampled_from(changes))
        return change + timedelta(days=draw(st.integers(-2, 1)))
    return draw(st.dates(date(2010, 1, 3), date(2035, 12, 28)))


@st.composite
def times(draw: st.DrawFn) -> str:
    # Hours at which clocks change come up more often than the rest of the day.
    hour = draw(st.one_of(st.sampled_from([0, 1, 2, 3, 23, 24]), st.integers(0, 23)))
    minute = 0 if hour == 24 else draw(st.sampled_from([0, 0, 0, 1, 15, 29, 30, 31, 45, 59]))
    return f"{hour:02d}:{minute:02d}"


def windows(most: int = 3) -> st.SearchStrategy[list[tuple[str, str]]]:
    return st.lists(st.tuples(times(), times()), max_size=most)


WeekDict = dict[str, list[tuple[str, str]]]


def weeks() -> st.SearchStrategy[WeekDict]:
    return st.dictionaries(st.sampled_from(DAYS), windows(), min_size=2, max_size=7)


@st.composite
def every_day(draw: st.DrawFn) -> WeekDict:
    same = draw(st.lists(st.tuples(times(), times()), min_size=1, max_size=3))
    return {day: list(same) for day in DAYS}


@st.composite
def eras(draw: st.DrawFn, day: date) -> tuple[tuple[date, WeekDict], ...]:
    since = draw(st.lists(near(day - timedelta(days=2)), max_size=3, unique=True))
    return tuple((first, draw(st.one_of(every_day(), weeks()))) for first in since)


def near(day: date) -> st.SearchStrategy[date]:
    return st.integers(-3, 4).map(lambda days: day + timedelta(days=days))


@st.composite
def instants(draw: st.DrawFn, day: date) -> datetime:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    minute = draw(st.integers(-2 * 1440, 4 * 1440))
    if draw(st.booleans()):
        minute -= minute % 30
    second = draw(st.sampled_from([0, 0, 0, 1, 30, 59]))
    micro = draw(st.sampled_from([0, 0, 1, 999_999]))
    return midnight + timedelta(minutes=minute, seconds=second, microseconds=micro)


@st.composite
def busy_times(draw: st.DrawFn, day: date) -> Busy:
    start = draw(instants(day))
    length = timedelta(seconds=draw(st.sampled_from([0, 1, 1800, 2700, 3600, 3601, 5400, 40_000])))
    buffers = st.sampled_from([0, 0, 0, 5, 15, 31, 90])
    return Busy(start, start + length, draw(buffers), draw(buffers))


@st.composite
def blocks(draw: st.DrawFn, day: date) -> Block:
    start = draw(instants(day))
    return Block(start, start + timedelta(seconds=draw(st.sampled_from([-60, 0, 1, 3600, 9001, 86_400]))))


@st.composite
def breaks(draw: st.DrawFn, day: date) -> Break:
    scope = draw(st.integers(0, 3))
    return Break(
        draw(times()),
        draw(times()),
        day=draw(st.sampled_from(DAYS)) if scope in {1, 3} else None,
        date=draw(near(day)) if scope >= 2 else None,
    )


@st.composite
def services(draw: st.DrawFn) -> Service:
    buffers = st.sampled_from([0, 0, 0, 5, 10, 30, 61])
    return Service(
        duration_min=draw(st.one_of(st.sampled_from([30, 60, 1, 50, 90, 240, 1500]), st.integers(1, 200))),
        step_min=draw(st.one_of(st.sampled_from([7, 15, 30, 45, 60]), st.integers(1, 100))),
        buffer_before_min=draw(buffers),
        buffer_after_min=draw(buffers),
        capacity=draw(st.sampled_from([1, 1, 1, 2, 3, 5])),
    )


@st.composite
def cases(draw: st.DrawFn, zones: tuple[str, ...] = tuple(ZONES)) -> Case:
    tz = draw(st.sampled_from(zones))
    day = draw(days_near_changes(tz))
    weekly = draw(st.one_of(every_day(), every_day(), weeks(), eras(day)))
    return Case(
        service=draw(services()),
        rules=Rules(
            min_notice_min=draw(st.sampled_from([0, 0, 60, 1440, 61])),
            horizon_days=draw(st.sampled_from([None, None, 0, 2, 4, 7, 90])),
        ),
        schedule=Schedule(
            tz,
            weekly,
            draw(st.dictionaries(near(day), windows(), max_size=2)),
            draw(st.lists(breaks(day), max_size=2)),
        ),
        blocks=tuple(draw(st.lists(blocks(day), max_size=2))),
        busy=tuple(draw(st.lists(busy_times(day), max_size=8))),
        date_from=day,
        date_to=day + timedelta(days=draw(st.sampled_from([1, 2, 3, 1, 0]))),
        now=draw(instants(day - timedelta(days=draw(st.sampled_from([5, 4, 6, 3, 1, 0, 40]))))),
        query_tz=draw(st.one_of(st.none(), st.sampled_from(ZONES))),
    )
