"""How long a client's record is kept: a rule for each place, with how sure we are of it; and what makes a look at a
record worth a second one. Pure.

A minor's record is kept until a birthday, where there is such a rule, when that is later. None of it is advice: the
pages say that a clinic verifies it with its association or insurer, and nothing is erased by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from tenants.clients.rules import name_key

WHYS = ("claim", "authority", "insurer", "own")
"""Why a record is on hold: a claim or a complaint, a court or an authority, an insurer, or the clinic's own reasons."""
Certainty = Literal["firm", "secondary", "weak", "example"]
OF_AGE = 18


@dataclass(frozen=True)
class Period:
    """`years` from the last session. `birthday`: a minor's record is kept at least until they are so old;
    `birthday_at_17`: who was 17 at the last session, where that differs. `source`: who says so."""

    years: int
    certainty: Certainty
    source: str
    birthday: int = 0
    birthday_at_17: int = 0


# The setting of the clinic names the place (tenants/intake/settings.py: JURISDICTIONS).
PERIODS: Mapping[str, Period] = {
    "uk": Period(8, "firm", "General Chiropractic Council, which follows the NHS", 25, 26),
    "us": Period(10, "weak", "State rules: commonly 5 to 10 years, to be verified", OF_AGE + 10, OF_AGE + 10),
    "us-ny": Period(6, "secondary", "Massage therapy in New York", 22, 22),
    "us-tx": Period(4, "weak", "Massage therapy in Texas"),
    "fr": Period(10, "example", "A French school of osteopathy"),
    "eu": Period(8, "example", "Storage limitation: the clinic states why", 25, 25),
}


def kept_until(period: Period, *, last: date, born: date | None = None) -> date:
    """The first day on which a record may go. `last`: the day of the last session; without `born`, an adult's."""
    until = _years_on(last, period.years)
    if born is None or not is_child(born, last):
        return until
    birthday = period.birthday_at_17 if _age(born, last) == OF_AGE - 1 else period.birthday
    return max(until, _years_on(born, birthday)) if birthday else until


def is_child(born: date, on: date) -> bool:
    """Whether somebody was not of age on a day."""
    return _age(born, on) < OF_AGE


def seen_before(period: Period, today: date) -> date:
    """Who had their last session before this day is due, unless a birthday keeps them."""
    return _years_on(today, -period.years)


def _age(born: date, on: date) -> int:
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


def _years_on(day: date, years: int) -> date:
    """The same day of another year; 29 February becomes 1 March."""
    year = day.year + years
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


MARGIN = timedelta(hours=1)
"""So long before the first session hour of a day, and after the last, nobody is out of hours."""
_PARTICLES = frozenset(
    "af al am an av ben bin da das de degli dei del della den der di do dos du el i la las le los mac mc san santa "
    "ten ter van vom von y zu zum zur".split()
)


@dataclass(frozen=True)
class Open:
    """The hours of one day at the clinic, half-open, in UTC."""

    begins: datetime
    ends: datetime


def working_days(windows: Iterable[tuple[datetime, datetime]], zone: str) -> list[Open]:
    """One span for each day on which somebody gave sessions, from the first of their hours to the last, with an hour
    before and after. `windows`: everybody's, in any order; each belongs to the day on which it begins."""
    days: dict[date, Open] = {}
    for begins, ends in windows:
        day = begins.astimezone(ZoneInfo(zone)).date()
        known = days.get(day, Open(begins, ends))
        days[day] = Open(min(known.begins, begins), max(known.ends, ends))
    return [Open(one.begins - MARGIN, one.ends + MARGIN) for _, one in sorted(days.items())]


def family_words(name: str) -> tuple[str, ...]:
    """What may be the family name in a name, as lists search it: all but the first word, and no "de" or "van". Two for
    who has two, as in Spain."""
    return tuple(word for word in name_key(name).split()[1:] if len(word) > 1 and word not in _PARTICLES)
