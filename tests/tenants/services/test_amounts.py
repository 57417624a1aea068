"""Amounts as people type them."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from saas.money import Money
from tenants.services.rules import NotAnAmount, amount_of, amount_text, moved


@pytest.mark.parametrize("locale", ["en_GB", "en_US", "es_ES", "es_US", "fr_FR"])
@pytest.mark.parametrize(
    "text, currency, minor",
    [
        ("95", "EUR", 9500), ("95.00", "EUR", 9500), ("95,00", "EUR", 9500), ("95,5", "EUR", 9550),
        (" € 95 ", "EUR", 9500), ("95 EUR", "EUR", 9500), ("0", "EUR", 0), ("1250", "EUR", 125000),
        ("1.250,50", "EUR", 125050), ("1,250.50", "EUR", 125050), ("1 250,50", "EUR", 125050),
        ("1.250.000", "EUR", 125000000), ("95", "JPY", 95), ("95.00", "JPY", 95), ("1,250,000", "JPY", 1250000),
        ("1.250", "KWD", 1250), ("95", "KWD", 95000), ("1.250,500", "KWD", 1250500),
    ],
)  # fmt: skip
def test_an_amount_is_read_with_either_sign(text: str, currency: str, minor: int, locale: str) -> None:
    assert amount_of(text, currency, locale) == minor
    assert amount_of(amount_text(Money(minor, currency)), currency, locale) == minor


@pytest.mark.parametrize(
    "text, currency, english, spanish",
    [
        ("1,250", "USD", 125000, "1.00 · 1250.00"),
        ("1.001", "USD", "1.00 · 1001.00", 100100),
        ("1,250", "JPY", 1250, "1 · 1250"),
        ("1.250", "JPY", "1 · 1250", 1250),
        ("1,250", "KWD", "1.250 · 1250.000", 1250),
        ("1.250", "KWD", 1250, 1250),
        ("0.500", "USD", "0.00 · 500.00", "0.00 · 500.00"),
        ("1250.000", "USD", "1250.00 · 1250000.00", "1250.00 · 1250000.00"),
    ],
)
def test_three_digits_behind_a_sign_are_what_the_reader_writes_so_or_asked_about(
    text: str, currency: str, english: int | str, spanish: int | str
) -> None:
    for locale, means in (("en_US", english), ("en_GB", english), ("es_ES", spanish), ("es", spanish)):
        if isinstance(means, int):
            assert amount_of(text, currency, locale) == means
        else:
            with pytest.raises(NotAnAmount, match=re.escape(f"Write it out: {means}")):
                amount_of(text, currency, locale)


@pytest.mark.parametrize("text", ["", "-3", "95.5.5", "1,250,50", "ninety", "9" * 20, "12,34.5", "95.50 USD"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NotAnAmount, match=re.escape("Enter an amount like 95.00")):
        amount_of(text, "EUR", "en_GB")


def test_a_place_on_or_back() -> None:
    one, two, three = (uuid4() for _ in range(3))
    assert moved([one, two, three], three, -1) == [one, three, two]
    assert moved([one, two, three], one, 1) == [two, one, three]
    assert moved([one, two, three], one, -1) == [one, two, three]
    assert moved([one, two], three, 1) == [one, two]
