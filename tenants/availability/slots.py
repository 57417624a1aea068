"""The slot engine answers one question: which starts can be booked.

Values in, starts out: no clock, no database, no application. The listing, the commit check and `explain` all stand on
the functions below. Instants inside are whole minutes since 1970 UTC; what goes in and out are datetimes and seconds.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import chain
from typing import Literal, TypeAlias, TypeVar

from tenants.availability.hours import DAYS, Break, Schedule, Week, WeekProblem, Windows, check_week
from tenants.availability.intervals import (
    Pair,
    Span,
    Spanning,
    Starts,
    full_stretches,
    index_range,
    merge,
    spare,
    subtract,
)
from tenants.availability.memo import Memo
from tenants.availability.walltime import (
    FOREVER,
    aware,
    ceil_minute,
    check_zone,
    date_spans,
    floor_minute,
    local_day,
    spans_until,
    to_datetime,
)

__all__ = [
    "DAYS",
    "Block",
    "Break",
    "Busy",
    "Code",
    "Reason",
    "Rules",
    "Schedule",
    "Service",
    "Week",
    "WeekProblem",
    "Windows",
    "check_week",
    "common",
    "explain",
    "open_epochs",
    "open_starts",
    "union",
]

_T = TypeVar("_T", int, datetime)
_NEVER = (-(2**29), -(2**29))  # a thousand years before 1970: clear of every start and its buffers
_ALWAYS = ((-FOREVER, FOREVER),)
_MAX_DAY = date.max.toordinal()


@dataclass(frozen=True, slots=True)
class Service:
    """What is booked, in elapsed minutes. `capacity`: how many bookings may run at once (group sessions)."""

    duration_min: int
    step_min: int
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    capacity: int = 1

    def __post_init__(self) -> None:
        if min(self.duration_min, self.step_min, self.capacity) < 1:
            raise ValueError("A service needs a duration, a step and a capacity of at least 1.")
        if min(self.buffer_before_min, self.buffer_after_min) < 0:
            raise ValueError("A buffer cannot be negative.")


@dataclass(frozen=True, slots=True)
class Rules:
    """How soon (elapsed minutes from now) and how late (local dates from today, None for no end) one may book."""

    min_notice_min: int = 0
    horizon_days: int | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """Time off: aware instants, half open, widened to whole minutes. One that ends before it starts blocks nothing."""

    start: datetime
    end: datetime
    lo: int = field(init=False, repr=False, compare=False)
    hi: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        lo, hi = _widened(self.start, self.end)
        object.__setattr__(self, "lo", lo)
        object.__setattr__(self, "hi", hi)


@dataclass(frozen=True, slots=True)
class Busy:
    """A live booking or hold with its own buffers: aware instants, half open, widened to whole minutes.

    One that ends before it starts, or at once, occupies nothing, buffers included. `lo` and `hi` are its padded
    minutes; they are worked out here, once, because a listing reads thousands of them.
    """

    start: datetime
    end: datetime
    buffer_before_min: int = 0
    buffer_after_min: int = 0
    lo: int = field(init=False, repr=False, compare=False)
    hi: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if min(self.buffer_before_min, self.buffer_after_min) < 0:
            raise ValueError("A buffer cannot be negative.")
        lo, hi = _widened(self.start, self.end)
        object.__setattr__(self, "lo", lo - self.buffer_before_min)
        object.__setattr__(self, "hi", hi + self.buffer_after_min)


Code: TypeAlias = Literal["off_grid", "outside_hours", "on_break", "time_off", "booked", "buffer", "notice", "horizon"]


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that removes a start, and the interval that stands in the way, half open, UTC, None for unbounded.

    `off_grid`: the starts of the grid before and after; `outside_hours`: the part of the session that is outside;
    `on_break`, `time_off`: the break or the time off; `booked`: what is booked meanwhile (at full capacity); `buffer`:
    what is booked, its buffers included, too near; `notice`: until `end`, the first instant that is late enough;
    `horizon`: from `start`, the first instant that is too late.
    """

    code: Code
    start: datetime | None = None
    end: datetime | None = None


def open_epochs(
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
) -> list[int]:
    """Every start that can be booked, in UTC seconds, ascending, each once.

    `blocks`, `busy`: any order. `date_from`, `date_to`: half open, local dates in `query_tz` (the schedule's zone when
    None). `now`: aware, with seconds. Raises ValueError for naive instants and for a zone that does not exist.
    """
    plan = _plan(schedule, service, query_tz or schedule.tz, date_from, date_to)
    duration, before, after = service.duration_min, service.buffer_before_min, service.buffer_after_min
    taken: Sequence[Spanning] = busy if service.capacity == 1 else full_stretches(busy, service.capacity)
    if blocks:
        # Buffers may lie inside a block: it gives back what the margins below would add to it.
        taken = [*taken, *(Span(block.lo + after, block.hi - before) for block in blocks)]
    earliest = ceil_minute(now) + rules.min_notice_min
    starts = plan.starts
    found = [
        spare(
            starts,
            plan.seconds,
            taken,
            index_range(starts.minutes, max(lo, earliest), hi),
            (duration + after, before),
        )
        for lo, hi in _horizon(rules, schedule.tz, now)
    ]
    return found[0] if len(found) == 1 else list(chain.from_iterable(found))


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
) -> list[datetime]:
    """What `open_epochs` answers, as aware datetimes in UTC."""
    epochs = open_epochs(
        service=service,
        rules=rules,
        schedule=schedule,
        blocks=blocks,
        busy=busy,
        date_from=date_from,
        date_to=date_to,
        now=now,
        query_tz=query_tz,
    )
    return [datetime.fromtimestamp(epoch, UTC) for epoch in epochs]


def union(lists: Iterable[Iterable[_T]]) -> list[_T]:
    """The starts at which any of several practitioners is free: ascending, each once."""
    return sorted(set[_T]().union(*lists))


def common(lists: Iterable[Iterable[_T]]) -> list[_T]:
    """The starts at which all of several practitioners are free: ascending, each once; none for nobody."""
    first, *others = [set(starts) for starts in lists] or [set()]
    return sorted(first.intersection(*others))


def explain(
    *,
    at: datetime,
    service: Service,
    rules: Rules,
    schedule: Schedule,
    blocks: Sequence[Block],
    busy: Sequence[Busy],
    now: datetime,
    date_from: date | None = None,
    date_to: date | None = None,
    query_tz: str | None = None,
) -> list[Reason]:
    """Every rule that removes the start `at` (aware), in the order of `Code`; none exactly when it can be booked.

    The dates and the zone of a query are accepted, so that a caller can hand on what it asked `open_epochs`; they
    limit a listing and are no reason against a start.
    """
    del date_from, date_to, query_tz
    # A start with seconds is on no grid; for the other rules its session is widened to whole minutes.
    start = floor_minute(at)
    session = (start, ceil_minute(at) + service.duration_min)
    reach = local_day(schedule.tz, start) - 2, local_day(schedule.tz, session[1]) + 2
    windows = schedule.windows(*reach)
    reasons = _grid_reasons(at, start, windows, service.step_min)
    outside = subtract([session], merge(windows))
    reasons += [_reason("outside_hours", gap) for gap in outside]
    reasons += [_reason("on_break", rest) for rest in schedule.pauses(*reach) if _meet(rest, session)]
    off = sorted((block.lo, block.hi) for block in blocks if block.lo < block.hi)
    reasons += [_reason("time_off", block) for block in off if _meet(block, session)]
    reasons += _booked_reasons(service, busy, session)
    earliest = aware(now).astimezone(UTC) + timedelta(minutes=rules.min_notice_min)
    if at < earliest:
        reasons.append(Reason("notice", end=earliest))
    allowed = _horizon(rules, schedule.tz, now)
    if not any(lo <= start < hi for lo, hi in allowed):
        reasons.append(Reason("horizon", start=to_datetime(allowed[-1][1])))
    return reasons


@dataclass(frozen=True, slots=True)
class _Plan:
    """The starts that the hours alone allow (rules 1 to 3 and 7): minutes for arithmetic, seconds for answers."""

    starts: Starts
    seconds: list[int]


_PlanKey: TypeAlias = tuple[Schedule, int, int, str, date, date]
# Weighed by starts and the places of their table, 64 for the entry itself: a month of half hours of 1,600 practitioners
# who all keep other hours, about 40 MB. A thousand clinics asked at random must not push each other out.
_plans: Memo[_PlanKey, _Plan] = Memo(room=4_000_000, weigh=lambda plan: 2 * len(plan.seconds) + len(plan.starts) + 64)


def _plan(schedule: Schedule, service: Service, tz: str, date_from: date, date_to: date) -> _Plan:
    """The remembered plan, else a new one. Keyed by value: hours that changed are another key, never a stale answer."""
    key = (schedule, service.duration_min, service.step_min, tz, date_from, date_to)
    plan = _plans.get(key)
    if plan is None:
        spans = date_spans(check_zone(tz), date_from.toordinal(), date_to.toordinal())
        plan = _candidates(schedule, service, spans) if spans else _Plan(Starts([]), [])
        _plans.put(key, plan)
    return plan


def _candidates(schedule: Schedule, service: Service, spans: Sequence[Pair]) -> _Plan:
    """The starts on the grids of all windows whose session lies in open time, within `spans`; ascending, each once."""
    duration, step = service.duration_min, service.step_min
    # A window lasts at most until the second midnight after its date, hence two days on either side.
    first = local_day(schedule.tz, spans[0][0]) - 2
    last = local_day(schedule.tz, spans[-1][1] + duration) + 2
    windows = schedule.windows(first, last)
    runs = subtract(merge(windows), merge(schedule.pauses(first, last)))
    ends = [end for _, end in runs]
    minutes: list[int] = []
    seconds: list[int] = []
    in_turns, reach = False, -FOREVER
    for opens, closes in windows:
        in_turns = in_turns or opens < reach
        reach = max(reach, closes)
        index = bisect_right(ends, opens)
        while index < len(runs) and runs[index][0] < closes:
            begin, end = runs[index]
            skipped = max(0, -((opens - begin) // step))
            grid, epochs = _grid(opens + skipped * step, min(closes, end - duration + 1), step)
            minutes += grid
            seconds += epochs
            index += 1
    if in_turns:
        # Windows that overlap bring their grids in turns, and sometimes the same start.
        minutes, seconds = sorted(set(minutes)), sorted(set(seconds))
    kept = [slice(*index_range(minutes, lo, hi)) for lo, hi in spans]
    return _Plan(
        Starts([start for part in kept for start in minutes[part]]),
        [start for part in kept for start in seconds[part]],
    )


@lru_cache(maxsize=16_384)
def _grid(first: int, stop: int, step: int) -> tuple[list[int], list[int]]:
    """The minutes of `range(first, stop, step)` and their seconds.

    Colleagues keep the same hours, so their plans share these very numbers: a tenth of the memory, and what was fetched
    for one is still near for the next.
    """
    minutes = list(range(first, stop, step))
    return minutes, [minute * 60 for minute in minutes]


def _horizon(rules: Rules, tz: str, now: datetime) -> Sequence[Pair]:
    """The instants that are not beyond the horizon: local dates up to today's plus the rule's, in the clinic's zone."""
    if rules.horizon_days is None:
        return _ALWAYS
    last = local_day(tz, floor_minute(now)) + rules.horizon_days
    return spans_until(tz, last) if last < _MAX_DAY else _ALWAYS


def _grid_reasons(at: datetime, start: int, windows: Sequence[Pair], step: int) -> list[Reason]:
    grids = [(opens, closes) for opens, closes in windows if opens <= start < closes]
    before = [start - (start - opens) % step for opens, _ in grids]
    if start in before and to_datetime(start) == at:
        return []
    after = [on_grid + step for on_grid, (_, closes) in zip(before, grids, strict=True) if on_grid + step < closes]
    return [
        Reason(
            "off_grid",
            start=to_datetime(max(before)) if before else None,
            end=to_datetime(min(after)) if after else None,
        )
    ]


def _booked_reasons(service: Service, busy: Sequence[Busy], session: Pair) -> list[Reason]:
    """Rules 4 and 5. `booked` when the session itself meets what is booked, `buffer` when only the paddings do."""
    padded = (session[0] - service.buffer_before_min, session[1] + service.buffer_after_min)
    live = [one for one in busy if one.lo < one.hi]
    bare = [Span(one.lo + one.buffer_before_min, one.hi - one.buffer_after_min) for one in live]
    conflicts: list[tuple[Pair, list[Pair]]]
    if service.capacity == 1:
        conflicts = [((one.lo, one.hi), [span]) for one, span in zip(live, bare, strict=True)]
    else:
        full = full_stretches(bare, service.capacity)
        conflicts = [
            (stretch, [span for span in full if _meet(span, stretch)])
            for stretch in full_stretches(live, service.capacity)
        ]
    reasons: list[Reason] = []
    for stretch, booked in sorted(conflicts):
        if _meet(stretch, padded):
            meanwhile = [span for span in booked if _meet(span, session)]
            reasons += [_reason("booked", span) for span in meanwhile] or [_reason("buffer", stretch)]
    return reasons


def _reason(code: Code, interval: Pair) -> Reason:
    return Reason(code, start=to_datetime(interval[0]), end=to_datetime(interval[1]))


def _meet(one: Pair, other: Pair) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _widened(start: datetime, end: datetime) -> Pair:
    """Whole minutes around an interval; one that ends before it starts, or at once, lies before all time."""
    pair = floor_minute(start), ceil_minute(end)
    return pair if start < end else _NEVER
