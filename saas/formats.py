"""How money, dates, times, durations, lists and phone numbers read to people, by locale. Pure.

Templates reach these as filters (`filters`), bound by the application to the clinic's locale.
Patterns come from the CLDR through Babel; each result is remembered, because a page of openings
asks for the same few hundred words again and again.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

import phonenumbers
from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton, format_time, get_day_names, get_month_names
from babel.lists import format_list
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
    get_decimal_symbol,
    get_group_symbol,
)
from babel.units import format_unit

from saas.money import Money

_YEAR = re.compile(r"(?:^y+\W*年?)|(?:[\s,،]*(?:'de'\s+)?y+\W*$)")
_LETTER_BEFORE_DIGIT = re.compile(r"(?<=[^\W\d_])(?=\d)")
_OPTIONAL_AREA = re.compile(r"^\((0\d*)\)")
_FALLBACK = "en"


@lru_cache(maxsize=256)
def _locale(tag: str) -> Locale:
    """The locale for `tag` (en_IE or en-IE); English for one that the CLDR does not know."""
    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return Locale.parse(_FALLBACK)


@lru_cache(maxsize=256)
def _day_pattern(tag: str) -> str:
    """Weekday, day and month without the year, all in full: 'EEEE d MMMM'."""
    locale = _locale(tag)
    known = locale.datetime_skeletons.get("MMMMEEEEd")
    if known is not None:
        return str(known.pattern)
    return _YEAR.sub("", str(locale.date_formats["full"].pattern)).strip()


@lru_cache(maxsize=8192)
def _day(day: dt.date, pattern: str, tag: str) -> str:
    return str(format_date(day, pattern, locale=_locale(tag)))


def _date(moment: dt.date) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def long_date(moment: dt.date, locale: str) -> str:
    """'Thursday 26 November': the date of a date, or of a datetime in its own zone."""
    return _day(_date(moment), _day_pattern(locale), locale)


def short_date(moment: dt.date, locale: str) -> str:
    """'Thu 26 Nov'."""
    pattern = _day_pattern(locale).replace("EEEE", "EEE").replace("MMMM", "MMM")
    return _day(_date(moment), pattern, locale)


def day_month(moment: dt.date, locale: str) -> str:
    """'26 November'."""
    known = _locale(locale).datetime_skeletons.get("MMMMd")
    return _day(_date(moment), str(known.pattern) if known is not None else "d MMMM", locale)


def day_short(moment: dt.date, locale: str) -> str:
    """'7 Sept': where there is little room."""
    return str(format_skeleton("MMMd", _date(moment), locale=_locale(locale)))


def full_date(moment: dt.date, locale: str) -> str:
    """'26 November 2026': for documents and receipts, where the year matters."""
    return _day(_date(moment), "long", locale)


def month_year(moment: dt.date, locale: str) -> str:
    """'March 2026'."""
    known = _locale(locale).datetime_skeletons.get("yMMMM")
    return _day(_date(moment), str(known.pattern) if known is not None else "MMMM y", locale)


def weekday(moment: dt.date, locale: str) -> str:
    """'Thursday'."""
    return str(get_day_names("wide", "stand-alone", _locale(locale))[_date(moment).weekday()])


def weekday_short(moment: dt.date, locale: str) -> str:
    """'Thu'."""
    names = get_day_names("abbreviated", "stand-alone", _locale(locale))
    return str(names[_date(moment).weekday()])


def month_short(moment: dt.date, locale: str) -> str:
    """'Nov'."""
    return str(get_month_names("abbreviated", "stand-alone", _locale(locale))[moment.month])


@lru_cache(maxsize=8192)
def _clock(hour: int, minute: int, tag: str) -> str:
    return str(format_time(dt.time(hour, minute), "short", locale=_locale(tag)))


def clock(moment: dt.datetime | dt.time, locale: str) -> str:
    """'10:30', or '10:30 AM' where people read it so. A datetime is read in its own zone."""
    return _clock(moment.hour, moment.minute, locale)


@lru_cache(maxsize=512)
def duration(minutes: int, locale: str) -> str:
    """'90 minutes'. Sessions are sold by the minute, so it is not turned into hours."""
    return str(format_unit(minutes, "minute", "long", locale=_locale(locale)))


@lru_cache(maxsize=4096)
def money(amount: Money, locale: str) -> str:
    """'€95' for a whole amount, '€47.50' for any other; the sign and its place are the locale's."""
    where = _locale(locale)
    places = get_currency_precision(amount.currency)
    pattern = where.currency_formats["standard"].pattern
    whole = amount.major == amount.major.to_integral_value()
    shown = re.sub(r"\.0+", "" if whole else "." + "0" * max(places, 2), pattern)
    written = format_currency(amount.major, amount.currency, shown, where, currency_digits=False)
    return _LETTER_BEFORE_DIGIT.sub("\xa0", written)  # the CLDR's spacing rule, which Babel leaves out: CHF 95


@lru_cache(maxsize=1024)
def percent(share: float, locale: str) -> str:
    """'47%' for 0.471."""
    return str(format_percent(share, locale=_locale(locale)))


@lru_cache(maxsize=1024)
def number(count: int, locale: str) -> str:
    """'1,000', or '1.000' where thousands are set apart by a point."""
    return str(format_decimal(count, locale=_locale(locale)))


@lru_cache(maxsize=4096)
def hours(minutes: int, locale: str) -> str:
    """Minutes as hours, to the half: '37.5'."""
    return str(format_decimal(round(minutes / 30) / 2, locale=_locale(locale)))


def signs(locale: str) -> tuple[str, str]:
    """What parts the thousands and what begins the decimals: (",", ".") in English."""
    return get_group_symbol(_locale(locale)), get_decimal_symbol(_locale(locale))


def joined(items: Iterable[str], locale: str) -> str:
    """'Aoife, Dana and Ruairí'."""
    return str(format_list([str(item) for item in items], locale=_locale(locale)))


@lru_cache(maxsize=4096)
def phone(number: str, region: str) -> str:
    """A number as people of `region` (two letters, or empty) write it: '091 555 014', '+351 21 ...' from abroad.

    What cannot be understood is given back as it came.
    """
    try:
        parsed = phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return number
    home = region and parsed.country_code == phonenumbers.country_code_for_region(region)
    style = phonenumbers.PhoneNumberFormat
    written = str(phonenumbers.format_number(parsed, style.NATIONAL if home else style.INTERNATIONAL))
    # Brackets say that an area code may be left out; one that begins with 0 is dialled from every mobile phone.
    return _OPTIONAL_AREA.sub(r"\1", written)


def place(zone: str) -> str:
    """'Los Angeles' for 'America/Los_Angeles': what a time zone is called when there is no better name."""
    return zone.rsplit("/", maxsplit=1)[-1].replace("_", " ")


def filters(locale: Callable[[], str], region: Callable[[], str] = lambda: "") -> dict[str, Callable[..., str]]:
    """Jinja filters by name; `locale` and `region` are asked at each use (a worker serves many clinics)."""

    def bound(function: Callable[..., str]) -> Callable[..., str]:
        return lambda value: function(value, locale())

    return {
        "money": bound(money),
        "long_date": bound(long_date),
        "short_date": bound(short_date),
        "day_month": bound(day_month),
        "full_date": bound(full_date),
        "weekday": bound(weekday),
        "weekday_short": bound(weekday_short),
        "month_short": bound(month_short),
        "month_year": bound(month_year),
        "clock": bound(clock),
        "duration": bound(duration),
        "percent": bound(percent),
        "hours": bound(hours),
        "joined": bound(joined),
        "phone": lambda number: phone(number, region()),
        "place": place,
    }
