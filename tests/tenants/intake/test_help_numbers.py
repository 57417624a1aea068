from __future__ import annotations

from datetime import date

import pytest

from tenants.intake.help_numbers import CHECKED, OwnNumber, check_is_due, help_for, last_checked


@pytest.mark.parametrize(
    "country, numbers",
    [
        ("US", {"911", "988", "988lifeline.org", "741741"}),
        ("GB", {"999", "116 123", "111", "85258"}),
        ("ie", {"112", "116 123", "1800 247 247"}),
        ("DE", {"112", "findahelpline.com"}),
        ("XX", {"", "findahelpline.com"}),
        ("", {"", "findahelpline.com"}),
    ],
)
def test_the_list_is_of_the_country_and_is_never_empty(country: str, numbers: set[str]) -> None:
    found = help_for(country)
    assert {one.number for one in found} == numbers
    assert found[0].emergency


def test_a_clinic_adds_and_leaves_out_but_danger_now_always_has_a_line() -> None:
    every = [one.id for one in help_for("GB")]
    found = help_for("GB", own=[OwnNumber("The clinic’s on-call line", "0113 496 0000")], hidden=every)
    assert [(one.number, one.own) for one in found] == [("999", False), ("0113 496 0000", True)]
    assert help_for("XX", hidden=["emergency"])[0].say == "Your local emergency number"


def test_each_line_can_be_pressed() -> None:
    assert {one.id: (one.say, one.href) for one in help_for("US")} == {
        "911": ("Call 911", "tel:911"),
        "988-call": ("Call 988", "tel:988"),
        "988-text": ("Text 988", "sms:988"),
        "988-chat": ("988lifeline.org", "https://988lifeline.org"),
        "741741": ("Text 741741", "sms:741741"),
    }
    assert help_for("GB")[1].href == "tel:116123"


def test_the_clinic_is_asked_to_look_again_after_half_a_year_and_at_what_nobody_has_checked() -> None:
    gb = help_for("GB")
    assert last_checked(gb) == CHECKED == date(2026, 11, 23)
    assert not check_is_due(gb, today=date(2027, 5, 22))
    assert check_is_due(gb, today=date(2027, 5, 23))
    assert check_is_due(help_for("XX"), today=CHECKED)
    assert check_is_due(help_for("GB", own=[OwnNumber("Us", "0113 496 0000")]), today=CHECKED)
    again = help_for("XX", checked=date(2027, 6, 1))
    assert last_checked(again) == date(2027, 6, 1)
    assert not check_is_due(again, today=date(2027, 11, 30))
