"""`python -m tests.bench.engine`: what `open_epochs` costs, hours cached, beside a loop over every minute.

One run on one machine, medians, the collector off, CPU time: on an idle machine the same as the clock on the wall, on
a shared one the only fair figure. Bookings are made once and come in no order. Half-hour starts, 09:00 to 17:00 on
every day, a break at noon: the hours of a busy clinic.
"""

import gc
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import median
from time import process_time

from tenants.availability.slots import DAYS, Break, Busy, Rules, Schedule, Service, open_epochs, open_starts, union
from tests.tenants.availability import reference

RUNS = 9
_SERVICE = Service(60, 30, 0, 0)
_RULES = Rules(0, None)
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_FROM = date(2026, 3, 1)
_MONTH = date(2026, 4, 1)
_YEAR = date(2027, 3, 1)


@dataclass(frozen=True)
class Row:
    """One line of the table. Times in milliseconds; `ratio`: how many times longer the minute loop takes."""

    name: str
    milliseconds: float
    budget: float | None = None
    loop_milliseconds: float | None = None

    @property
    def ratio(self) -> float | None:
        return None if self.loop_milliseconds is None else self.loop_milliseconds / self.milliseconds

    @property
    def passed(self) -> bool:
        within = self.budget is None or self.milliseconds <= self.budget
        return within and (self.ratio is None or self.ratio >= 30)


def run(runs: int = RUNS) -> list[Row]:
    """Measure the engine, small and large. At least 7 runs make a fair median."""
    loop = {count: _loop(1, count, _MONTH) for count in (0, 100, 1_000)}
    return [
        Row("1 practitioner, month, 0 busy", _engine(1, 0, _MONTH, runs), None, loop[0]),
        Row("1 practitioner, month, 100 busy", _engine(1, 100, _MONTH, runs), 0.15, loop[100]),
        Row("1 practitioner, month, 1,000 busy", _engine(1, 1_000, _MONTH, runs), None, loop[1_000]),
        Row("10 practitioners, month, 100 busy each, union", _engine(10, 100, _MONTH, runs), 1.2, 10 * loop[100]),
        Row("200 practitioners, month, 100 busy each, union", _engine(200, 100, _MONTH, runs), 12.0, 200 * loop[100]),
        Row("1 practitioner, year, 1,000 busy", _engine(1, 1_000, _YEAR, runs), 2.0, _loop(1, 1_000, _YEAR)),
        Row("1 practitioner, month, 100 busy, first time ever", _first_time(runs)),
    ]


def table(rows: list[Row]) -> str:
    """The rows as text, one per line, with budget and verdict."""
    head = f"{'open_epochs, hours cached: CPU time':<50}{'ms':>9}{'budget':>9}{'minute loop':>13}{'ratio':>8}"
    lines = [head]
    for row in rows:
        budget = "" if row.budget is None else f"{row.budget:g}"
        loop = "" if row.loop_milliseconds is None else f"{row.loop_milliseconds:.1f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.0f}x"
        verdict = "ok" if row.passed else "MISSED"
        lines.append(f"{row.name:<50}{row.milliseconds:>9.4f}{budget:>9}{loop:>13}{ratio:>8}  {verdict}")
    return "\n".join(lines)


def _schedule(number: int) -> Schedule:
    # No two alike, so that nothing is remembered for more than one of them.
    week = {day: [("09:00", "17:00")] for day in DAYS}
    return Schedule("Europe/London", week, {_FROM + timedelta(days=number % 28): []}, [Break("12:00", "12:30")])


def _busy(number: int, count: int, until: date) -> list[Busy]:
    chance = random.Random(number)
    days = (until - _FROM).days
    midnight = datetime(_FROM.year, _FROM.month, _FROM.day, tzinfo=UTC)
    starts = [
        midnight + timedelta(days=chance.randrange(days), hours=9, minutes=15 * chance.randrange(28))
        for _ in range(count)
    ]
    return [Busy(start, start + timedelta(minutes=45), 0, 15) for start in starts]


def _engine(practitioners: int, count: int, until: date, runs: int) -> float:
    people = [(_schedule(number), _busy(number, count, until)) for number in range(practitioners)]

    def ask() -> list[int]:
        answers = [
            open_epochs(
                service=_SERVICE,
                rules=_RULES,
                schedule=schedule,
                blocks=[],
                busy=busy,
                date_from=_FROM,
                date_to=until,
                now=_NOW,
            )
            for schedule, busy in people
        ]
        return answers[0] if practitioners == 1 else union(answers)

    return _median(ask, runs)


def _loop(number: int, count: int, until: date) -> float:
    """The same answer from the minute loop of the tests, its hours cached as well; one run, it is slow enough."""
    schedule, busy = _schedule(number), _busy(number, count, until)
    hours = reference.Hours(_SERVICE, schedule, _FROM, until)
    begun = process_time()
    walked = reference.open_starts(
        service=_SERVICE,
        rules=_RULES,
        schedule=schedule,
        blocks=[],
        busy=busy,
        date_from=_FROM,
        date_to=until,
        now=_NOW,
        hours=hours,
    )
    took = (process_time() - begun) * 1_000
    quick = open_starts(
        service=_SERVICE,
        rules=_RULES,
        schedule=schedule,
        blocks=[],
        busy=busy,
        date_from=_FROM,
        date_to=until,
        now=_NOW,
    )
    if quick != walked:
        raise AssertionError("the engine and the minute loop disagree: their times cannot be compared")
    return took


def _first_time(runs: int) -> float:
    """New hours each time, as after a change: only the edges of that zone and date are remembered."""
    busy = _busy(0, 100, _MONTH)
    took = []
    for number in range(runs):
        week = {day: [("09:00", f"17:{number:02d}")] for day in DAYS}
        schedule = Schedule("Europe/London", week, {}, [Break("12:00", "12:30")])
        begun = process_time()
        open_epochs(
            service=_SERVICE,
            rules=_RULES,
            schedule=schedule,
            blocks=[],
            busy=busy,
            date_from=_FROM,
            date_to=_MONTH,
            now=_NOW,
        )
        took.append((process_time() - begun) * 1_000)
    return median(took)


def _median(ask: Callable[[], object], runs: int) -> float:
    """Milliseconds of one call: the median over `runs` of the mean of as many calls as fit in 20 ms."""
    begun = process_time()
    ask()
    ask()
    calls = max(1, min(500, int(0.02 / (process_time() - begun))))
    took = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(runs):
            begun = process_time()
            for _ in range(calls):
                ask()
            took.append((process_time() - begun) / calls * 1_000)
    finally:
        gc.enable()
    return median(took)


if __name__ == "__main__":
    print(table(run()))
