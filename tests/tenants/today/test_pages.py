"""The day as staff use it, without script: who comes, what is due, one press, what has changed, and the money."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas.money import Money
from saas.tenancy import tenant_scope
from tenants.bookings.changes import cancel_by_staff, move_by_staff, undo
from tenants.bookings.moves import cancel
from tenants.bookings.rules import Details
from tenants.payments.desk import take_at_clinic
from tenants.payments.queries import day_totals
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import HOUR, booked, fresh, held, later, only_sqlite
from tests.tenants.bookings.test_query_counts import asked
from tests.tenants.week.scenes import client_named, fill_week

pytestmark = only_sqlite
DAY = "/c/rowan/manage/"
Made = dict[str, UUID]


def said(page: TestResponse) -> str:
    """The page's main part as it is read."""
    main = page.text[page.text.index("<main") :]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def who_comes(page: TestResponse) -> list[str]:
    found = re.findall(r'<li id="b-.*?<time[^>]*>([^<]+)<.*?<h2><a[^>]*>([^<]*)<', page.text, re.DOTALL)
    return [f"{time} {unescape(name)}" for time, name in found]


def lines(page: TestResponse) -> dict[str, str]:
    """What is said of each client who comes."""
    found = re.findall(r'<li id="b-.*?</li>\s*(?=<li id="b-|</ol>)', page.text, re.DOTALL)
    plain = [unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", one))) for one in found]
    names = [one.partition(" ")[2] for one in who_comes(page)]
    return dict(zip(names, plain, strict=True))


def press(client: FlaskClient, booking: UUID, verb: str, day: str = "") -> TestResponse:
    page = client.get(f"{DAY}?d={day}")
    return client.post(f"{DAY}turn/", data={"csrf_token": token_of(page), "id": booking, "verb": verb})


@pytest.fixture
def week(app: Flask, rowan: Clinic) -> Made:
    with app.app_context(), tenant_scope(rowan.ref):
        return fill_week(rowan)


@pytest.fixture
def desk(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def test_who_comes_is_shown_by_the_day_with_what_is_due(desk: FlaskClient, week: Made) -> None:
    page = desk.get(DAY)
    assert who_comes(page) == ["14:00 Tom Daly", "16:00 Hana Vrba"]
    assert "Monday 23 March. 2 sessions. 2 first visits." in said(page)
    assert 'aria-current="page">Today<' in page.text
    tom = lines(page)["Tom Daly"]
    assert all(words in tom for words in ("First visit", "to pay at the clinic", "Take payment", "Has arrived", "Ben"))
    assert "Did not come" not in tom
    tomorrow = desk.get(f"{DAY}?d=2026-03-24")
    assert who_comes(tomorrow) == ["09:00 Niamh Ford", "10:00 Orla Card", "13:00 Priya Shah"]
    assert "16:00, " in said(tomorrow)
    assert "held until 09:15, then it is free again." in said(tomorrow)
    assert "Since yesterday" not in tomorrow.text
    assert "Has arrived" not in tomorrow.text
    assert "Tomorrow" in said(tomorrow)
    for odd in ("9999-99-99", "1066-10-14", "x", "9999-12-31"):
        assert who_comes(desk.get(f"{DAY}?d={odd}")) == who_comes(page)
    with later(minutes=20):
        assert "held until" not in desk.get(f"{DAY}?d=2026-03-24").text


def test_one_press_turns_a_session_and_a_second_one_says_how_it_stands(
    desk: FlaskClient, app: Flask, rowan: Clinic, week: Made
) -> None:
    tom = week["Tom Daly"]
    answer = press(desk, tom, "arrive")
    assert (answer.status_code, answer.location) == (303, DAY)
    page = desk.get(DAY)
    assert "Tom Daly: Arrived." in said(page)
    assert "Session took place" not in lines(page)["Tom Daly"]
    with later(hours=6, minutes=30):
        desk = app.test_client()
        log_in(desk, rowan, "alma")
        page = desk.get(DAY)
        assert "did the session take place?" in lines(page)["Tom Daly"]
        assert press(desk, tom, "complete").status_code == 303
        assert press(desk, week["Hana Vrba"], "no_show").status_code == 409
        late = press(desk, tom, "no_show")
        assert late.status_code == 409
        assert "That isn’t possible any more." in said(late)
        assert "Completed" in lines(desk.get(DAY))["Tom Daly"]
    assert press(desk, tom, "dance").status_code == 422
    assert desk.post(f"{DAY}turn/", data={"id": tom, "verb": "arrive"}).status_code == 422
    for nobody in ("", "x", str(week["hold"])):
        wrong = {"csrf_token": token_of(desk.get(DAY)), "id": nobody, "verb": "arrive"}
        assert desk.post(f"{DAY}turn/", data=wrong).status_code == 404
    assert desk.get(f"{DAY}turn/").status_code == 405


def test_what_is_being_cancelled_cannot_be_turned(desk: FlaskClient, week: Made, inside: Enter, rowan: Clinic) -> None:
    tom = week["Tom Daly"]
    before = desk.get(DAY)
    with inside(rowan):
        cancel_by_staff(booking_id=tom, reason="client", keep_fee=False, seen=None, now=NOW)
    form = {"csrf_token": token_of(before), "id": tom, "verb": "arrive"}
    answer = desk.post(f"{DAY}turn/", data=form)
    assert answer.status_code == 409
    assert "Undo that first." in said(answer)
    assert "It is being cancelled" in lines(answer)["Tom Daly"]
    assert "Has arrived" not in lines(answer)["Tom Daly"]
    with inside(rowan):
        assert fresh(tom).status == "confirmed"


def test_a_practitioner_has_their_own_day_and_no_till(
    client: FlaskClient, rowan: Clinic, week: Made, inside: Enter
) -> None:
    log_in(client, rowan, "ben")
    page = client.get(f"{DAY}?d=2026-03-24")
    assert who_comes(page) == ["09:00 Niamh Ford", "13:00 Priya Shah"]
    assert "Orla" not in client.get(DAY).text
    assert "Take payment" not in page.text
    assert "Taken at the desk" not in page.text
    form = {"csrf_token": token_of(client.get(DAY)), "id": week["iris"], "verb": "arrive"}
    assert client.post(f"{DAY}turn/", data=form).status_code == 404
    with inside(rowan):
        assert fresh(week["iris"]).status == "confirmed"


def test_what_has_changed_since_yesterday_and_what_was_taken_back(
    desk: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        old = NOW - timedelta(days=5)
        slots = [NOW + timedelta(days=2, hours=hour) for hour in range(1, 6)]
        made = {}
        names = ("Stays Old", "Moves Old", "Returns Old", "Leaves Old", "Waits Old")
        for name, at in zip(names, slots, strict=True):
            made[name] = booked(rowan, "desk", at, who=client_named(name), now=old).id
        ben, third = rowan.practitioners["ben"], NOW + timedelta(days=3)
        for name, at in (("Moves Old", third + HOUR), ("Returns Old", third + 3 * HOUR)):
            change = move_by_staff(booking_id=made[name], starts_at=at, practitioner_id=ben, seen=None, now=NOW)
            if name == "Returns Old" and change is not None:
                undo(change_id=change, now=NOW)
        cancel(booking_id=made["Leaves Old"], who="client", fee_percent=0, click="c", now=NOW)
        cancel_by_staff(booking_id=made["Waits Old"], reason="client", keep_fee=False, seen=None, now=NOW)
        booked(rowan, "desk", NOW + timedelta(days=4), who=client_named("Comes New"), now=NOW - 20 * HOUR)
    page = desk.get(DAY)
    found = re.findall(r"<strong>(\w+)</strong> <a[^>]*>([^<]+)</a><span>([^<]+)<", page.text)
    assert sorted(found) == [
        ("Cancelled", "Leaves Old", "Wed 25 Mar, 13:00"),
        ("Moved", "Moves Old", "Thu 26 Mar, 10:00"),
        ("New", "Comes New", "Fri 27 Mar, 09:00"),
    ]
    with later(days=2):
        desk = app.test_client()
        log_in(desk, rowan, "alma")
        assert "Nothing has changed since yesterday." in said(desk.get(DAY))


def test_the_days_money_is_the_ledgers(desk: FlaskClient, app: Flask, rowan: Clinic, week: Made, inside: Enter) -> None:
    tom = week["Tom Daly"]
    before = desk.get(DAY)
    both = re.search(r"Still to take</dt><dd>([^<]+)<", before.text)
    with inside(rowan):
        price = fresh(tom).price
        assert both
        assert both[1] == f"£{2 * price.minor // 100}"
        part = Money(1500, "GBP")
        take_at_clinic(booking_id=tom, client_id=fresh(tom).client_id, amount=part, method="cash", click="a", now=NOW)
        day = NOW.replace(hour=0)
        assert day_totals(since=day, until=day + timedelta(days=1)).at_clinic == part
    fern = app.test_client()
    log_in(fern, rowan, "fern")
    page = fern.get(DAY)
    assert "Taken at the desk</dt><dd>£15<" in page.text
    assert f"Still to take</dt><dd>£{(2 * price.minor - 1500) // 100}<" in page.text


def test_details_that_differ_are_due_and_lead_to_the_client(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        booked(rowan, "desk", NOW + 3 * HOUR, who=Details(name="Cleo Marsh", email="cleo@example.com"), now=NOW)
        again = Details(name="Cleo Marsh-Lind", email="cleo@example.com", phone="+441132000002")
        booked(rowan, "desk", NOW + 5 * HOUR, who=again, now=NOW)
    page = desk.get(DAY)
    first, second = re.findall(r'<li id="b-.*?</li>\s*(?=<li id="b-|</ol>)', page.text, re.DOTALL)
    assert "The details differ" not in first
    assert "The details differ from what you know." in second
    assert "/manage/clients/details/?id=" in second
    assert "First visit" in first
    assert "First visit" not in second


def test_an_empty_day_says_what_comes_next(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = desk.get(DAY)
    assert "Nobody has booked yet." in said(page)
    assert "Say which sessions you offer" in said(page)
    with inside(rowan):
        booked(rowan, "desk", NOW + timedelta(days=2, hours=1))
    assert "Nobody comes today. The next session is on Wednesday 25 March." in said(desk.get(DAY))
    later_on = desk.get(f"{DAY}?d=2026-04-20")
    assert "Nobody comes on this day. Look at the week" in said(later_on)


def test_more_sessions_need_no_more_questions(desk: FlaskClient, rowan: Clinic, inside: Enter, app: Flask) -> None:
    with inside(rowan):
        booked(rowan, "desk", NOW + 2 * HOUR, who=client_named("One Alone"))
        booked(rowan, "desk", NOW + 2 * HOUR, who=client_named("Two Alone"), person="iris")
    desk.get(DAY)
    few = asked(app, desk, DAY)
    with inside(rowan):
        for hour in range(3, 8):
            booked(rowan, "desk", NOW + hour * HOUR, who=client_named(f"N{hour} Many"))
            booked(rowan, "desk", NOW + hour * HOUR, who=client_named(f"M{hour} Many"), person="iris")
        held(rowan, "desk", NOW + timedelta(days=1, hours=3))
    assert len(who_comes(desk.get(DAY))) == 12
    assert asked(app, desk, DAY) == few
