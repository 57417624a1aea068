"""Days off and exceptions, page by page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from tenants.availability import actions
from tenants.availability.queries import Exceptions, exceptions
from tenants.practitioners.logins import link_account
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import booked
from tests.tenants.hours.pages import fields_of, said, send

HOURS = "/c/rowan/manage/hours/"
DAYS = f"{HOURS}days/"
TUESDAY = "2026-03-24"


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def kept(inside: Enter, rowan: Clinic) -> Exceptions:
    with inside(rowan):
        return exceptions(list(rowan.practitioners.values()), today=date(2026, 3, 23), now=NOW)


def test_a_run_of_days_is_closed_for_the_whole_clinic(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = alma.get(f"{DAYS}?who=ben")
    answer = send(alma, DAYS, page, "save", who="", day="2026-06-01", last="2026-06-05")
    assert answer.status_code == 303
    (away,) = kept(inside, rowan).away
    assert (away.practitioner_id, away.starts_at, away.ends_at) == (
        None,
        datetime(2026, 5, 31, 23, tzinfo=UTC),
        datetime(2026, 6, 5, 23, tzinfo=UTC),
    )
    shown = said(alma.get(f"{HOURS}?who=iris"))
    assert "Monday 1 June to Friday 5 June Closed, the whole clinic" in shown


def test_a_day_lasts_as_long_as_it_does_where_the_clocks_change(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    assert send(alma, DAYS, alma.get(DAYS), "save", day="2026-03-29").status_code == 303
    (away,) = kept(inside, rowan).away
    assert away.ends_at - away.starts_at == timedelta(hours=23)
    assert "Sunday 29 March Closed" in said(alma.get(HOURS))


def test_part_of_a_day_is_closed_and_told_first_when_it_costs_openings(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        key = str(booked(rowan).id)
    page = send(alma, DAYS, alma.get(DAYS), "save", day=TUESDAY, begins="09:30", ends="12:00")
    assert "1 booking no longer fits" in said(page)
    assert "Removes " in said(page)
    assert kept(inside, rowan).away == ()
    answer = send(alma, DAYS, page, "confirm", **{f"fate-{key}": "cancel"})
    assert answer.status_code == 303
    assert "To be cancelled" in said(alma.get(answer.location))
    assert "Tuesday 24 March, 09:30 to 12:00" in said(alma.get(HOURS))


def test_an_absence_is_changed_and_removed_after_asking(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    send(alma, DAYS, alma.get(DAYS), "save", day="2026-07-06", last="2026-07-10")
    off = kept(inside, rowan).away[0].id
    page = alma.get(f"{DAYS}?off={off}")
    form = fields_of(page)
    assert (form["who"], form["day"], form["last"]) == ("ben", "2026-07-06", "2026-07-10")
    assert send(alma, f"{DAYS}?off={off}", page, "save", last="2026-07-07").status_code == 303
    assert [away.id for away in kept(inside, rowan).away] == [off]
    overtaken = send(alma, f"{DAYS}?off={off}", page, "save", last="2026-07-09")
    assert overtaken.status_code == 409
    assert "Kept now: Monday 6 July to Tuesday 7 July" in said(overtaken)
    remove = f"{DAYS}remove/?off={off}"
    asked = alma.get(remove)
    assert "Remove this exception?" in said(asked)
    assert "Monday 6 July to Tuesday 7 July" in said(asked)
    assert len(kept(inside, rowan).away) == 1
    assert send(alma, remove, asked).status_code == 303
    assert kept(inside, rowan).away == ()
    assert alma.get(remove).status_code == 404


def test_a_date_has_other_hours_for_one_or_for_all(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = send(alma, DAYS, alma.get(DAYS), "add:at", kind="other", day="2026-04-04")
    assert fields_of(page).getlist("at-from") == ["10:00"]
    page = send(alma, DAYS, page, "add:at", who="")
    answer = send(alma, DAYS, page, "save", at_from=["10:00", "15:00"], at_to=["14:00", "16:00"])
    assert answer.status_code == 303
    found = kept(inside, rowan).days
    assert {(one.practitioner_id, one.windows) for one in found} == {
        (who, (("10:00", "14:00"), ("15:00", "16:00"))) for who in rowan.practitioners.values()
    }
    assert "Saturday 4 April 10:00 to 14:00 and 15:00 to 16:00" in said(alma.get(HOURS))
    edit = f"{DAYS}?day=2026-04-04&of={rowan.practitioners['ben']}"
    page = alma.get(edit)
    assert fields_of(page).getlist("at-from") == ["10:00", "15:00"]
    page = send(alma, edit, page, "remove:at:1")
    page = send(alma, edit, page, "save")
    assert "Removes " in said(page)
    assert send(alma, edit, page, "confirm").status_code == 303
    with inside(rowan):
        assert len(exceptions([rowan.practitioners["ben"]], today=date(2026, 3, 23), now=NOW).days[0].windows) == 1


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ({"day": ""}, "Choose a date"),
        ({"day": "2026-06-05", "last": "2026-06-01"}, "Choose the same date or a later one"),
        ({"day": "2026-06-05", "begins": "12:00", "ends": "11:00"}, "The end must be after the beginning"),
        ({"day": "2026-06-05", "begins": "noon"}, "Enter times like 09:00 and 17:30"),
        ({"day": "2020-06-05"}, "Choose an end that is still to come"),
        ({"day": "2026-06-05", "last": "2030-01-01"}, "Choose at most two years"),
        ({"day": "2026-06-05", "kind": "other"}, "Enter the hours of that date, or choose Closed"),
        (
            {"day": "2026-06-05", "kind": "other", "at_from": ["09:00", "13:30"], "at_to": ["14:00", "15:00"]},
            "13:30 falls inside 09:00 to 14:00",
        ),
        (
            {"day": "2026-06-05", "kind": "other", "at_from": ["10:00"], "at_to": [""]},
            "Enter times like 09:00 and 17:30",
        ),
        (
            {"day": "2026-06-05", "kind": "other", "at_from": ["10:00"], "at_to": ["late"]},
            "Enter times like 09:00 and 17:30",
        ),
        (
            {"day": "2031-06-05", "kind": "other", "at_from": ["09:00"], "at_to": ["14:00"]},
            "Choose a day from today on, at most two years ahead",
        ),
        ({"day": "2026-06-05", "who": "nobody"}, "Choose whose hours these are"),
    ],
)
def test_a_date_that_cannot_be_is_told_beside_the_field(
    alma: FlaskClient, rowan: Clinic, inside: Enter, typed: dict[str, str | list[str]], sentence: str
) -> None:
    answer = send(alma, DAYS, alma.get(DAYS), "save", **typed)
    assert answer.status_code == 422
    assert answer.text.count(sentence) >= 2
    assert fields_of(answer)["day"] == typed["day"]
    assert kept(inside, rowan) == Exceptions((), (), ())


def test_a_weekly_break_is_shown_and_taken_away(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        key = actions.add_break(
            practitioner_id=rowan.practitioners["ben"], start="12:00", end="13:00", weekday=2, now=NOW
        )
    assert "Every Wednesday Break, 12:00 to 13:00" in said(alma.get(HOURS))
    remove = f"{DAYS}remove/?pause={key}"
    asked = alma.get(remove)
    assert "Adds " in said(asked)
    assert send(alma, remove, asked).status_code == 303
    assert kept(inside, rowan).breaks == ()


def test_ben_changes_his_own_days_and_neither_iris_nor_the_clinic(
    client: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    span = {"starts_at": NOW + timedelta(days=40), "ends_at": NOW + timedelta(days=41)}
    with inside(rowan):
        link_account(account_id=rowan.accounts["ben"], practitioner_id=rowan.practitioners["ben"], now=NOW)
        hers = actions.add_time_off(practitioner_id=rowan.practitioners["iris"], **span, now=NOW)
        whole = actions.add_time_off(practitioner_id=None, **span, now=NOW)
    log_in(client, rowan, "ben")
    page = client.get(DAYS)
    assert "The whole clinic" not in said(page)
    refused = [
        client.get(f"{DAYS}?off={hers}"),
        client.post(f"{DAYS}remove/?off={hers}", data=fields_of(page)),
        client.get(f"{DAYS}?day={TUESDAY}&of={rowan.practitioners['iris']}"),
        client.get(f"{DAYS}?off={UUID(int=7)}"),
        client.get(f"{DAYS}remove/"),
        client.get(f"{DAYS}?off=x"),
    ]
    assert [answer.status_code for answer in refused] == [404] * 6
    assert client.post(f"{DAYS}remove/?off={whole}", data=fields_of(page)).status_code == 403
    for who in ("", "iris"):
        assert send(client, DAYS, page, "save", who=who, day="2026-06-05").status_code == 422
    assert {away.id for away in kept(inside, rowan).away} == {hers, whole}
    assert send(client, DAYS, page, "save", day="2026-06-05").status_code == 303


@pytest.mark.parametrize("who", ["ben", ""])
def test_a_new_date_does_not_take_the_place_of_one_kept_meanwhile(
    alma: FlaskClient, rowan: Clinic, inside: Enter, who: str
) -> None:
    first = alma.get(DAYS)
    new = {"kind": "other", "day": "2026-04-04", "at_from": "10:00"}
    assert send(alma, DAYS, first, "save", who="ben", **new, at_to="12:00").status_code == 303
    overtaken = send(alma, DAYS, first, "save", who=who, **new, at_to="14:00")
    assert overtaken.status_code == 409
    assert f"Kept now: {'' if who else 'Ben Ashby: '}10:00 to 12:00." in said(overtaken)
    assert {one.windows for one in kept(inside, rowan).days} == {(("10:00", "12:00"),)}
    assert send(alma, DAYS, overtaken, "save").status_code == 303
    found = kept(inside, rowan).days
    assert {one.windows for one in found} == {(("10:00", "14:00"),)}
    assert len(found) == (1 if who else len(rowan.practitioners))


@pytest.mark.parametrize("who", ["ben", ""])
def test_a_closed_date_that_is_pressed_twice_is_one_absence(
    alma: FlaskClient, rowan: Clinic, inside: Enter, who: str
) -> None:
    page = alma.get(DAYS)
    for _press in range(2):
        assert send(alma, DAYS, page, "save", who=who, day="2026-06-01").status_code == 303
    assert len(kept(inside, rowan).away) == 1
