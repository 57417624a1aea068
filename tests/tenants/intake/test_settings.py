from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from saas.errors import Invalid
from saas.stale import ChangedMeanwhile
from tenants.intake.help_numbers import OwnNumber
from tenants.intake.settings import (
    Contact,
    IntakeSettings,
    OpenHours,
    as_chosen,
    clinic_help,
    from_chosen,
    has_alert_contacts,
    intake_settings,
    save_settings,
    settings_mark,
)
from tests.cast import NOW, Clinic
from tests.tenants.intake.asked import publishes

LEEDS = "Europe/London"


def test_the_value_comes_back_from_json_and_an_older_row_has_the_defaults(at_rowan: Clinic) -> None:
    told = IntakeSettings(
        first=Contact("Alma", "alma@rowan.example"), services=tuple(at_rowan.services.values()),
        own_numbers=(OwnNumber("Us", "0113 496 0000", checked=date(2026, 3, 1)),), numbers_checked=date(2026, 3, 2),
        hidden_numbers=("shout",), hours=(OpenHours(),) * 7, owner_reads=False, jurisdiction="uk",
    )  # fmt: skip
    assert from_chosen(json.loads(json.dumps(as_chosen(told)))) == told
    assert from_chosen({}) == IntakeSettings()


def test_what_is_kept_is_cleaned_and_who_saves_second_is_told(at_rowan: Clinic) -> None:
    assert not has_alert_contacts()
    wanted = IntakeSettings(
        first=Contact(" Alma ", "Alma@Rowan.example"), second=Contact("Ben", "ben@rowan.example"),
        hours=(OpenHours("9:30", "17:00"), *(OpenHours(),) * 6),
        own_numbers=(OwnNumber("Our line", "0113 496 0000"),), hidden_numbers=("shout", "emergency"),
    )  # fmt: skip
    seen = settings_mark(intake_settings())
    kept = save_settings(wanted=wanted, now=NOW, seen=seen)
    assert intake_settings() == kept
    assert kept.first == Contact("Alma", "alma@rowan.example")
    assert kept.hours[0] == OpenHours("09:30", "17:00")
    assert has_alert_contacts()
    assert [one.number for one in clinic_help()] == ["999", "0113 496 0000", "116 123", "111"]
    with pytest.raises(ChangedMeanwhile):
        save_settings(wanted=wanted, now=NOW, seen=seen)


def test_every_field_that_needs_another_look_is_named(at_rowan: Clinic) -> None:
    wanted = IntakeSettings(
        first=Contact("Alma", "nowhere"), second=Contact("Ben", ""), escalate_minutes=1, review_hours=0, draft_days=0,
        hours=(OpenHours("9", ""), OpenHours("17:00", "09:00"), OpenHours("late", "later"), *(OpenHours(),) * 4),
        own_numbers=(OwnNumber("", "12"), OwnNumber("Us", "not a number")),
    )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        save_settings(wanted=wanted, now=NOW)
    assert set(refused.value.fields) == {
        "first_email", "second_email", "escalate_minutes", "review_hours", "draft_days", "start-0", "end-1", "start-2",
        "own-0-name", "own-1-number",
    }  # fmt: skip
    twice = IntakeSettings(first=Contact("", "a@rowan.example"), second=Contact("", "A@rowan.example"))
    with pytest.raises(Invalid, match="another look") as refused:
        save_settings(wanted=twice, now=NOW)
    assert set(refused.value.fields) == {"second_email"}


def test_hours_are_on_the_clinics_clock() -> None:
    usual = IntakeSettings()
    monday = datetime(2026, 3, 23, 9, 0, tzinfo=UTC)
    assert usual.is_open(monday, LEEDS)
    assert not usual.is_open(monday.replace(hour=17), LEEDS)
    friday_night = datetime(2026, 3, 27, 20, 0, tzinfo=UTC)
    # The clocks go forward on the Sunday between.
    assert usual.next_opening(friday_night, LEEDS) == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)
    assert usual.next_opening(monday, LEEDS) == monday
    assert replace(usual, hours=(OpenHours(),) * 7).next_opening(monday, LEEDS) is None
    assert replace(usual, hours=(OpenHours("09:00", "10:00"), *(OpenHours(),) * 6)).next_opening(
        monday.replace(hour=12), LEEDS
    ) == datetime(2026, 3, 30, 8, 0, tzinfo=UTC)


def test_whom_alerts_reach_is_not_taken_away_while_questions_need_somebody(at_rowan: Clinic) -> None:
    publishes(at_rowan)
    with pytest.raises(Invalid) as refused:
        save_settings(wanted=replace(intake_settings(), first=Contact(), second=Contact()), now=NOW)
    assert set(refused.value.fields) == {"first_email"}
    assert has_alert_contacts()
