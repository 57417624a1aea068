"""Amounts as people type them."""

from __future__ import annotations

from uuid import uuid4

import pytest

from saas.money import Money
from tenants.services.rules import amount_of, amount_text, moved


@pytest.mark.parametrize(
    "text, currency, minor",
    [
        ("95", "EUR", 9500), ("95.00", "EUR", 9500), ("95,00", "EUR", 9500), ("95,5", "EUR", 9550),
        (" € 95 ", "EUR", 9500), ("95 EUR", "EUR", 9500), ("0", "EUR", 0), ("1250", "EUR", 125000),
        ("1,250", "EUR", 125000), ("1.250", "EUR", 125000), ("1.250,50", "EUR", 125050), ("1,250.50", "EUR", 125050),
        ("1 250,50", "EUR", 125050), ("95", "JPY", 95), ("95.00", "JPY", 95), ("1,250", "JPY", 1250),
        ("1.250", "KWD", 1250), ("95", "KWD", 95000),
    ],
)  # fmt: skip
def test_an_amount_is_read_with_either_sign(text: str, currency: str, minor: int) -> None:
    assert amount_of(text, currency) == minor
    assert amount_of(amount_text(Money(minor, currency)), currency) == minor


@pytest.mark.parametrize("text", ["", "-3", "95.5.5", "1,250,50", "ninety", "9" * 20, "12,34.5", "95.50 USD"])
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        amount_of(text, "EUR")


def test_a_place_on_or_back() -> None:
    one, two, three = (uuid4() for _ in range(3))
    assert moved([one, two, three], three, -1) == [one, three, two]
    assert moved([one, two, three], one, 1) == [two, one, three]
    assert moved([one, two, three], one, -1) == [one, two, three]
    assert moved([one, two], three, 1) == [one, two]
