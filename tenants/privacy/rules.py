"""How long a client's record is kept: a rule for each place, with how sure we are of it. Pure.

A minor's record is kept until a birthday, where there is such a rule, when that is later. None of it is advice: the
pages say that a clinic verifies it with its association or insurer, and nothing is erased by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

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
    if born is None or _age(born, last) >= OF_AGE:
        return until
    birthday = period.birthday_at_17 if _age(born, last) == OF_AGE - 1 else period.birthday
    return max(until, _years_on(born, birthday)) if birthday else until


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
