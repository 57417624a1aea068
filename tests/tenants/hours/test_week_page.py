"""The editor of weekly hours as Alma (the owner), Ben (a practitioner) and Fern (the front desk) meet it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from saas.db import db
from tenants.availability import actions
from tenants.availability.queries import eras, week_values
from tenants.practitioners.logins import link_account
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import DORA, TUESDAY_TEN, booked
from tests.tenants.hours.pages import fields_of, said, send

HOURS = "/c/rowan/manage/hours/"
TODAY = date(2026, 3, 23)


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def weeks(inside: Enter, rowan: Clinic, who: str = "ben") -> list[tuple[date, list[str]]]:
    with inside(rowan):
        known = eras(week_values(rowan.practitioners[who]))
    return [(era.since, [f"{day} {a}-{b}" for day, spans in era.week.items() for a, b in spans]) for era in known]


def test_the_page_shows_the_week_and_what_it_gives(alma: FlaskClient) -> None:
    page = alma.get(HOURS)
    form = fields_of(page)
    assert (form.getlist("mon-from"), form.getlist("mon-to")) == (["09:00"], ["17:00"])
    assert "sat-on" not in form
    words = said(page)
    assert "All times are Leeds time" in words
    assert "40 hours a week" in words
    assert "At once to 60 days ahead" in words
    assert page.status_code == 200


def test_every_button_but_save_changes_the_page_only(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    before = weeks(inside, rowan)
    page = send(alma, HOURS, alma.get(HOURS), "break:mon")
    assert fields_of(page).getlist("mon-from") == ["09:00", "13:30"]
    page = send(alma, HOURS, page, "copy:mon")
    assert "Copy the hours of Monday to" in said(page)
    page = send(alma, HOURS, page, "paste:mon", onto=["sat", "tue"])
    form = fields_of(page)
    assert form.getlist("sat-from") == form.getlist("tue-from") == ["09:00", "13:30"]
    assert "sat-on" in form
    page = send(alma, HOURS, page, "remove:mon:0")
    assert fields_of(page).getlist("mon-from") == ["13:30"]
    page = send(alma, HOURS, page, "open:sun")
    assert fields_of(page).getlist("sun-from") == ["09:00", "13:30"]
    for odd in ("", "break:", "remove:mon:99", "remove:noday:1", "open:at", "paste:at", "\x00", "copy:mon:x:y"):
        assert send(alma, HOURS, page, odd or "look").status_code == 200, odd
    assert weeks(inside, rowan) == before


def test_more_hours_are_saved_at_once(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = send(alma, HOURS, alma.get(HOURS), "open:sat")
    answer = send(alma, HOURS, page, "save")
    assert (answer.status_code, answer.location) == (303, f"{HOURS}?who=ben")
    assert "openings more." in said(alma.get(answer.location))
    assert weeks(inside, rowan)[-1][1][-1] == "sat 09:00-17:00"


def test_less_hours_are_told_first_and_a_booking_is_kept_unless_somebody_says_otherwise(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        kept, moved = booked(rowan), booked(rowan, at=TUESDAY_TEN + timedelta(hours=2))
        kept_id, moved_id = str(kept.id), str(moved.id)
        elsewhere = str(booked(rowan, at=TUESDAY_TEN, person="iris", who=DORA).id)
    before = weeks(inside, rowan)
    page = send(alma, HOURS, alma.get(HOURS), "save", tue_from=["14:00"])
    words = said(page)
    assert page.status_code == 200
    assert "Nothing is saved yet" in words
    assert "Removes " in words
    assert "2 bookings no longer fit" in words
    assert "Cleo Marsh" in words
    assert elsewhere not in page.text
    form = fields_of(page)
    assert (form[f"fate-{kept_id}"], form[f"fate-{moved_id}"]) == ("keep", "keep")
    assert weeks(inside, rowan) == before
    back = send(alma, HOURS, page, "back")
    assert fields_of(back).getlist("tue-from") == ["14:00"]
    form.setlist("do", ["confirm"])
    form[f"fate-{moved_id}"] = "move"
    answer = alma.post(HOURS, data=form)
    assert answer.status_code == 303
    assert moved_id in answer.location
    assert kept_id not in answer.location
    page = alma.get(answer.location)
    assert f"/week/booking/move/?id={moved_id}" in page.text
    assert f"/week/booking/cancel/?id={kept_id}" in page.text
    assert "To be moved" in said(page)
    assert "Kept as they are" in said(page)
    assert [line for line in weeks(inside, rowan)[-1][1] if line.startswith("tue")] == ["tue 14:00-17:00"]
    assert "2 bookings lie outside these hours" in said(alma.get(HOURS))


def test_hours_from_a_later_day_keep_what_was_before_and_replace_what_was_planned(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    later, sooner = TODAY + timedelta(days=30), TODAY + timedelta(days=20)
    page = send(alma, HOURS, alma.get(HOURS), "open:sat")
    assert send(alma, HOURS, page, "save", since=later.isoformat()).status_code == 303
    assert [since for since, _ in weeks(inside, rowan)] == [TODAY, later]
    assert "From 22 April 2026" in said(alma.get(HOURS))
    planned = alma.get(f"{HOURS}?since={later}")
    assert fields_of(planned).getlist("sat-from") == ["09:00"]
    page = send(alma, HOURS, alma.get(HOURS), "open:sun")
    page = send(alma, HOURS, page, "save", since=sooner.isoformat())
    assert "takes the place of the hours that were planned" in said(page)
    assert send(alma, HOURS, page, "confirm").status_code == 303
    assert [since for since, _ in weeks(inside, rowan)] == [TODAY, sooner]


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ({"tue_from": ["09:00", "13:30"], "tue_to": ["14:00", "15:00"]}, "Tuesday: 13:30 falls inside 09:00 to 14:00"),
        ({"tue_to": ["08:00"]}, "Tuesday: 08:00 is before 09:00. Choose a later end"),
        ({"wed_from": ["9 o’clock"]}, "Wednesday: enter times like 09:00 and 17:30"),
        ({"thu_to": ["09:00"]}, "Thursday: 09:00 to 09:00 is no time at all. Choose a later end"),
        ({"sun_on": "on"}, "Sunday: enter its hours, or take the tick away"),
        ({"since": "2026-03-22"}, "Choose today or a later day"),
        ({"since": "soon"}, "Choose today or a later day"),
        ({"fri_from": ["09:00"] * 30, "fri_to": [f"{h:02}:00" for h in range(10, 23)] * 2}, "Use at most 12 in a day"),
    ],
)
def test_hours_that_cannot_be_are_told_beside_the_field_and_nothing_is_lost(
    alma: FlaskClient, rowan: Clinic, inside: Enter, typed: dict[str, str | list[str]], sentence: str
) -> None:
    before = weeks(inside, rowan)
    answer = send(alma, HOURS, alma.get(HOURS), "save", mon_from=["08:45"], **typed)
    assert answer.status_code == 422
    assert answer.text.count(sentence) >= 2  # above, and beside the field
    assert 'aria-invalid="true"' in answer.text or "12-from" in answer.text
    form = fields_of(answer)
    assert form.getlist("mon-from") == ["08:45"]
    for name, value in typed.items():
        if isinstance(value, list) and len(value) < 24:
            assert form.getlist(name.replace("_", "-")) == value
    assert weeks(inside, rowan) == before


def test_who_saves_second_is_told_and_sees_both(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    mine = send(alma, HOURS, alma.get(HOURS), "open:sat")
    with inside(rowan):
        actions.replace_week(
            practitioner_id=rowan.practitioners["ben"], week={"mon": [("11:00", "12:00")]}, valid_from=TODAY, now=NOW
        )
    theirs = weeks(inside, rowan)
    answer = send(alma, HOURS, mine, "save")
    assert answer.status_code == 409
    assert "Monday 11:00 to 12:00" in said(answer)
    assert fields_of(answer).getlist("sat-from") == ["09:00"]
    assert weeks(inside, rowan) == theirs
    assert send(alma, HOURS, answer, "save").status_code == 303
    assert weeks(inside, rowan)[-1][1][-1] == "sat 09:00-17:00"


def test_all_closed_says_what_to_do(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = alma.get(HOURS)
    closed = {f"{day}_on": None for day in ("mon", "tue", "wed", "thu", "fri")}
    page = send(alma, HOURS, page, "look", **closed)
    assert "Nobody can book yet. Open a day to begin." in said(page)
    assert fields_of(page).getlist("mon-from") == ["09:00"]  # what was typed stays, for when the day opens again
    page = send(alma, HOURS, page, "save")
    assert "Removes " in said(page)
    assert send(alma, HOURS, page, "confirm").status_code == 303
    assert weeks(inside, rowan) == [] or weeks(inside, rowan)[-1][1] == []


def test_the_summary_names_the_week_in_which_the_clocks_change(alma: FlaskClient) -> None:
    page = send(alma, HOURS, alma.get(HOURS), "look", sat_on="on", sat_from=["22:00"], sat_to=["06:00"])
    assert "48 hours a week" in said(page)
    assert "In the week of 23 March the clocks change: 47 hours" in said(page)


def test_a_practitioner_has_their_own_hours_and_nobody_elses(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        link_account(account_id=rowan.accounts["ben"], practitioner_id=rowan.practitioners["ben"], now=NOW)
    log_in(client, rowan, "ben")
    page = client.get(HOURS)
    assert fields_of(page).getlist("mon-from") == ["09:00"]
    assert "Iris Ashby" not in said(page)
    assert client.get(f"{HOURS}?who=iris").status_code == 404
    assert client.post(f"{HOURS}?who=iris", data=fields_of(page)).status_code == 404
    with inside(rowan):
        link_account(account_id=rowan.accounts["ben"], practitioner_id=None, now=NOW)
    assert "not linked with a practitioner" in said(client.get(HOURS))


def test_the_front_desk_may_ask_why_and_no_more(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "fern")
    assert [client.get(HOURS + path).status_code for path in ("", "days/", "outside/")] == [403] * 3
    assert client.get(f"{HOURS}why/").status_code == 200


def test_a_form_from_elsewhere_or_long_ago_is_kept_and_not_saved(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    before = weeks(inside, rowan)
    answer = send(alma, HOURS, alma.get(HOURS), "save", csrf_token="x", mon_from=["08:45"])
    assert answer.status_code == 422
    assert fields_of(answer).getlist("mon-from") == ["08:45"]
    assert weeks(inside, rowan) == before
    assert "Nothing is saved yet" in said(send(alma, HOURS, answer, "save"))


def test_the_page_asks_as_much_for_many_bookings_as_for_few(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    def queries() -> int:
        seen: list[str] = []

        def note(*asked: Any) -> None:
            seen.append(asked[2])

        with inside(rowan):
            engine = db.engine
        event.listen(engine, "before_cursor_execute", note)
        alma.get(HOURS)
        event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    with inside(rowan):
        booked(rowan)
    alma.get(HOURS)
    few = queries()
    with inside(rowan):
        for number in range(6):
            booked(rowan, at=datetime(2026, 3, 25, 9 + number, tzinfo=UTC))
    assert queries() == few
