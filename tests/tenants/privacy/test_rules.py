"""How long records are kept, place by place."""

from __future__ import annotations

from datetime import date

import pytest

from tenants.intake.settings import JURISDICTIONS
from tenants.privacy.rules import PERIODS, kept_until, seen_before

LAST = date(2026, 3, 24)


def test_every_place_that_can_be_chosen_has_a_period() -> None:
    assert {*PERIODS, ""} == set(JURISDICTIONS)


@pytest.mark.parametrize(
    "place, born, until",
    [
        ("uk", None, date(2034, 3, 24)),
        ("uk", date(1980, 1, 1), date(2034, 3, 24)),
        ("uk", date(2016, 5, 1), date(2041, 5, 1)),
        ("uk", date(2008, 9, 1), date(2034, 9, 1)),
        ("uk", date(2008, 3, 24), date(2034, 3, 24)),
        ("us", date(2020, 2, 29), date(2048, 2, 29)),
        ("us-ny", date(2025, 2, 28), date(2047, 2, 28)),
        ("us-ny", date(2009, 1, 1), date(2032, 3, 24)),
        ("us-tx", date(2020, 1, 1), date(2030, 3, 24)),
        ("fr", None, date(2036, 3, 24)),
    ],
)
def test_a_minors_record_is_kept_until_a_birthday(place: str, born: date | None, until: date) -> None:
    assert kept_until(PERIODS[place], last=LAST, born=born) == until


def test_the_29th_of_february_is_never_too_early() -> None:
    assert kept_until(PERIODS["us-ny"], last=date(2024, 2, 29)) == date(2030, 3, 1)
    assert seen_before(PERIODS["uk"], date(2034, 3, 24)) == LAST
