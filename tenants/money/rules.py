"""What a payment is called, and the spans that totals are counted over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ENDED = frozenset(("completed", "no_show", "cancelled"))
_FIRST_YEAR, _LAST_YEAR = 2000, 2199


@dataclass(frozen=True)
class Standing:
    """The sums that say how a payment stands, in minor units. `owed`: plus, the client owes; minus, the clinic does."""

    got: int
    refunded: int
    held: int
    lost: int
    owed: int


def state_of(money: Standing, *, status: str, starts_at: datetime, now: datetime) -> str:
    """The one word for a payment, the most pressing first: disputed, owed (the session has been), give_back, later (to
    be paid at the session), lost (in a dispute), refunded, part_refunded, paid, nothing."""
    if money.held:
        return "disputed"
    if money.owed > 0:
        return "owed" if status in ENDED or starts_at <= now else "later"
    if money.owed < 0:
        return "give_back"
    if money.lost:
        return "lost"
    if money.refunded:
        return "refunded" if money.refunded >= money.got else "part_refunded"
    return "paid" if money.got else "nothing"


@dataclass(frozen=True)
class Period:
    """A month or a year of totals: the days on which its columns begin, and where they end."""

    days: tuple[date, ...]
    until: date
    of_year: bool

    @property
    def first(self) -> date:
        """Where it begins."""
        return self.days[0]

    def edges(self, zone: ZoneInfo) -> list[datetime]:
        """The instants between which its columns lie: midnights of the clinic."""
        marks = [*self.days, self.until]
        return [datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in marks]

    @property
    def before(self) -> date:
        """A day in the period before."""
        return self.first - timedelta(days=1)

    @property
    def after(self) -> date:
        """A day in the next period."""
        return self.until


def month_of(day: date) -> Period:
    """The days of the month."""
    first = day.replace(day=1)
    until = (first + timedelta(days=31)).replace(day=1)
    return Period(tuple(first + timedelta(days=n) for n in range((until - first).days)), until, of_year=False)


def year_of(day: date) -> Period:
    """The months of the year."""
    return Period(tuple(date(day.year, month, 1) for month in range(1, 13)), date(day.year + 1, 1, 1), of_year=True)


def period_asked(*, month: str, year: str, today: date) -> Period:
    """The period that an address names (`2026-03`, `2026`); this month for none, or for one that cannot be."""
    try:
        if year:
            return year_of(_sane(date(int(year), 1, 1)))
        return month_of(_sane(date.fromisoformat(f"{month}-01")) if month else today)
    except (ValueError, OverflowError):
        return month_of(today)


def _sane(day: date) -> date:
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise ValueError(day)
    return day
