from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from saas import formats
from saas.money import Money

THURSDAY = dt.datetime(2026, 11, 26, 10, 30, tzinfo=ZoneInfo("Europe/Dublin"))


def plain(text: str) -> str:
    """`text` with every kind of space as a simple one."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    "locale,long,short,day,time",
    [
        ("en_IE", "Thursday 26 November", "Thu 26 Nov", "26 November", "10:30"),
        ("en-IE", "Thursday 26 November", "Thu 26 Nov", "26 November", "10:30"),
        ("en_GB", "Thursday 26 November", "Thu 26 Nov", "26 November", "10:30"),
        ("en_US", "Thursday, November 26", "Thu, Nov 26", "November 26", "10:30 AM"),
        ("de_DE", "Donnerstag, 26. November", "Do., 26. Nov.", "26. November", "10:30"),
        ("es_ES", "jueves, 26 de noviembre", "jue, 26 de nov", "26 de noviembre", "10:30"),
        ("fr_CA", "jeudi 26 novembre", "jeu. 26 nov.", "26 novembre", "10 h 30"),
        ("ja_JP", "11月26日木曜日", "11月26日木", "11月26日", "10:30"),
    ],
)
def test_a_moment_reads_as_people_of_the_place_write_it(
    locale: str, long: str, short: str, day: str, time: str
) -> None:
    assert formats.long_date(THURSDAY, locale) == long
    assert formats.short_date(THURSDAY, locale) == short
    assert formats.day_month(THURSDAY, locale) == day
    assert plain(formats.clock(THURSDAY, locale)) == time


def test_dates_and_datetimes_read_alike() -> None:
    assert formats.long_date(THURSDAY.date(), "en_IE") == formats.long_date(THURSDAY, "en_IE")
    assert formats.full_date(THURSDAY, "en_IE") == "26 November 2026"
    assert formats.weekday(THURSDAY, "en_IE") == "Thursday"
    assert formats.weekday_short(THURSDAY, "en_IE") == "Thu"
    assert formats.month_short(THURSDAY, "en_IE") == "Nov"


def test_a_datetime_is_read_in_its_own_zone() -> None:
    late = dt.datetime(2026, 11, 26, 23, 30, tzinfo=dt.UTC).astimezone(ZoneInfo("Pacific/Auckland"))
    assert formats.long_date(late, "en_IE") == "Friday 27 November"
    assert formats.clock(late, "en_IE") == "12:30"


@pytest.mark.parametrize(
    "amount,locale,text",
    [
        (Money(9500, "EUR"), "en_IE", "€95"),
        (Money(4750, "EUR"), "en_IE", "€47.50"),
        (Money(-9500, "EUR"), "en_IE", "-€95"),
        (Money(123450000, "EUR"), "en_IE", "€1,234,500"),
        (Money(0, "EUR"), "en_IE", "€0"),
        (Money(9500, "USD"), "en_US", "$95"),
        (Money(9505, "USD"), "en_US", "$95.05"),
        (Money(9500, "EUR"), "de_DE", "95 €"),
        (Money(4750, "EUR"), "de_DE", "47,50 €"),
        (Money(500, "JPY"), "en_US", "¥500"),
        (Money(1500, "KWD"), "en_US", "KWD 1.500"),
        (Money(9500, "CHF"), "en_IE", "CHF 95"),
    ],
)
def test_money_is_short_when_it_can_be(amount: Money, locale: str, text: str) -> None:
    assert plain(formats.money(amount, locale)) == text


def test_sessions_are_told_in_minutes() -> None:
    assert formats.duration(90, "en_IE") == "90 minutes"
    assert formats.duration(1, "en_IE") == "1 minute"
    assert formats.duration(90, "de_DE") == "90 Minuten"


def test_lists_read_as_a_sentence() -> None:
    assert formats.joined(["Aoife", "Dana", "Ruairí"], "en_IE") == "Aoife, Dana and Ruairí"
    assert formats.joined(["Aoife"], "en_IE") == "Aoife"
    assert formats.joined([], "en_IE") == ""


@pytest.mark.parametrize(
    "number,region,text",
    [
        ("+35391555014", "IE", "091 555 014"),
        ("+35391555014", "US", "+353 91 555 014"),
        ("+15035550142", "US", "(503) 555-0142"),
        ("+15035550142", "", "+1 503-555-0142"),
        ("ask at the desk", "IE", "ask at the desk"),
        ("", "IE", ""),
    ],
)
def test_a_number_is_written_as_it_is_dialled_there(number: str, region: str, text: str) -> None:
    assert formats.phone(number, region) == text


def test_an_unknown_locale_reads_english() -> None:
    assert formats.long_date(THURSDAY, "xx_YY") == "Thursday, November 26"
    assert formats.money(Money(9500, "EUR"), "not a locale") == "€95"


def test_a_zone_is_called_by_its_city() -> None:
    assert formats.place("America/Los_Angeles") == "Los Angeles"
    assert formats.place("America/Argentina/Buenos_Aires") == "Buenos Aires"


def test_filters_follow_the_reader() -> None:
    reader = {"locale": "en_IE", "region": "IE"}
    made = formats.filters(lambda: reader["locale"], lambda: reader["region"])
    assert made["clock"](THURSDAY) == "10:30"
    assert made["phone"]("+35391555014") == "091 555 014"
    reader.update(locale="en_US", region="US")
    assert made["clock"](THURSDAY).endswith("AM")
    assert made["phone"]("+35391555014") == "+353 91 555 014"
    assert made["place"]("Europe/Dublin") == "Dublin"
