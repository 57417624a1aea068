"""Sessions and prices, practitioners, rooms: their lists and forms."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tenants.bookings import openings
from tenants.practitioners.actions import retire_practitioner, save_practitioner, save_room, set_services
from tenants.practitioners.queries import offering, practitioner_by_id, room_by_id, services_of
from tenants.practitioners.rules import PractitionerRequest, RoomRequest
from tenants.services.actions import save_service
from tenants.services.queries import every_service, offered, service_by_id
from tenants.services.rules import ServiceRequest
from tests.cast import NOW, Clinic
from tests.factories import make_clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import booked, fresh
from tests.tenants.bookings.test_query_counts import counted
from tests.tenants.hours.pages import fields_of, said, send

MANAGE = "/c/rowan/manage/"
NEW = f"{MANAGE}services/new/"


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def test_a_session_is_added_with_who_offers_it_and_can_be_booked(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    page = alma.get(NEW)
    ben = str(rowan.practitioners["ben"])
    answer = send(
        alma, NEW, page, name="Long rest", duration_min="75", price="95,00", payment="at_clinic", people=[ben]
    )
    assert answer.status_code == 303
    shown = said(alma.get(answer.location))
    for part in ("Long rest", "75 minutes", "£95", "Ben Ashby", "15 minutes after", "Offered"):
        assert part in shown
    with inside(rowan):
        made = openings.find_service(slug="long-rest")
        assert (made.price.minor, [person[1] for person in made.people]) == (9500, ["ben"])
        assert every_service()[-1].id == made.id
    assert "Long rest" in said(alma.get(f"{MANAGE}services/?search=rest"))
    assert "Long rest" not in said(alma.get(f"{MANAGE}services/?search=talk"))


@pytest.mark.parametrize(
    "typed, sentence",
    [
        ({"name": ""}, "Give the service a name"),
        ({"name": "x" * 121}, "Use at most 120 characters"),
        ({"slug": "talk"}, "Another service already has this address"),
        ({"duration_min": "0"}, "Enter a whole number from 5 to 720"),
        ({"duration_min": "an hour"}, "Enter a whole number, such as 30"),
        ({"duration_min": "720", "buffer_after_min": "360", "buffer_before_min": "361"}, "from 0 to 360"),
        ({"step_min": ""}, "Enter a whole number, such as 30"),
        ({"price": "-3"}, "Enter an amount like 95.00"),
        ({"price": "1.001"}, "Write it out: 1.00 · 1001.00"),
        ({"price": "95.5.5"}, "Enter an amount like 95.00"),
        ({"price": "1000000"}, "This is more than a card can pay. Enter at most 999999.99"),
        ({"price": ""}, "Enter a price, or offer it free of charge"),
        ({"price": "0.10", "payment": "full"}, "This is less than the smallest amount a card can pay"),
        ({"payment": "free"}, "A free service has no price"),
        ({"payment": "barter"}, "Choose how it is paid"),
        ({"payment": "deposit"}, "Enter the deposit as an amount or as a part of the price, not both"),
        ({"payment": "deposit", "deposit": "20", "deposit_percent": "30"}, "not both"),
        ({"payment": "deposit", "deposit": "200"}, "The deposit is at most the price"),
        ({"payment": "deposit", "deposit_percent": "101"}, "Enter a whole number from 1 to 100"),
    ],
)
def test_a_session_that_cannot_be_is_told_beside_the_field_and_nothing_is_lost(
    alma: FlaskClient, rowan: Clinic, inside: Enter, typed: dict[str, str], sentence: str
) -> None:
    with inside(rowan):
        before = len(every_service())
    whole = {"name": "Long rest", "price": "95", "text": "Quiet & slow", **typed}
    answer = send(alma, NEW, alma.get(NEW), **whole)
    assert answer.status_code == 422
    assert said(answer).count(sentence) >= 2
    form = fields_of(answer)
    assert {name: form.get(name) for name in whole if name != "payment"} == {
        name: value for name, value in whole.items() if name != "payment"
    }
    with inside(rowan):
        assert len(every_service()) == before


def test_a_session_is_changed_and_who_saves_second_is_told(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    key = rowan.services["deposit"]
    edit = f"{MANAGE}services/edit/?id={key}"
    page = alma.get(edit)
    form = fields_of(page)
    assert (form["price"], form["deposit_percent"], form["deposit"]) == ("90.00", "30", "")
    answer = send(alma, edit, page, price="100", deposit="25.50", deposit_percent="")
    assert answer.status_code == 303
    with inside(rowan):
        row = service_by_id(key)
        assert (row.price_minor, row.deposit_minor, row.deposit_percent) == (10000, 2550, None)
        assert len(offering(key)) == 2
    second = send(alma, edit, page, price="80")
    assert second.status_code == 409
    assert "Somebody else has changed this meanwhile" in said(second)
    assert "100.00" in said(second)
    assert fields_of(second)["price"] == "80"
    assert send(alma, edit, second).status_code == 303
    with inside(rowan):
        assert service_by_id(key).price_minor == 8000


def test_who_offers_it_is_part_of_what_was_seen(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    edit = f"{MANAGE}services/edit/?id={rowan.services['desk']}"
    page = alma.get(edit)
    with inside(rowan):
        set_services(practitioner_id=rowan.practitioners["ben"], service_ids=[], now=NOW)
    assert send(alma, edit, page, name="Desk").status_code == 409


@pytest.mark.parametrize(
    "case",
    [
        ("service", "services", "1 booking ahead keeps its time and its price."),
        ("practitioner", "practitioners", "1 booking ahead stays with Ben Ashby."),
        ("room", "rooms", "1 booking ahead stays in it."),
    ],
)
def test_it_is_offered_no_more_only_after_asking_and_what_is_booked_stays(
    alma: FlaskClient, rowan: Clinic, inside: Enter, case: tuple[str, str, str]
) -> None:
    what, url, words = case
    key = {"service": rowan.services["room"], "practitioner": rowan.practitioners["ben"], "room": rowan.rooms["quiet"]}
    finders: dict[str, Callable[[UUID], Any]] = {
        "service": service_by_id,
        "practitioner": practitioner_by_id,
        "room": room_by_id,
    }
    find = finders[what]
    with inside(rowan):
        booking = booked(rowan, "room")
        status, booking_id = booking.status, booking.id
    path = f"{MANAGE}{url}/status/?id={key[what]}"
    asked = alma.get(path)
    assert words in said(asked)
    assert send(alma, path, asked, csrf_token="x").status_code == 422
    with inside(rowan):
        assert find(key[what]).active
    assert send(alma, path, asked, "retire").status_code == 303
    with inside(rowan):
        assert not find(key[what]).active
        assert fresh(booking_id).status == status
    assert "Not offered" in said(alma.get(f"{MANAGE}{url}/?flt_state=off"))
    asked = alma.get(path)
    assert "Clients can choose it again at once." in said(asked)
    assert send(alma, path, asked, "revive").status_code == 303
    with inside(rowan):
        assert find(key[what]).active


def test_saving_a_session_takes_it_from_nobody_who_pauses(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    desk, ben = rowan.services["desk"], rowan.practitioners["ben"]
    with inside(rowan):
        retire_practitioner(practitioner_id=ben, now=NOW)
    path = f"{MANAGE}services/edit/?id={desk}"
    assert send(alma, path, alma.get(path), name="Desk hour").status_code == 303
    with inside(rowan):
        assert service_by_id(desk).name == "Desk hour"
        assert ben in offering(desk)
    assert str(ben) not in alma.get(NEW).text


def test_the_last_room_and_sessions_that_need_one(alma: FlaskClient, rowan: Clinic) -> None:
    page = alma.get(f"{MANAGE}rooms/status/?id={rowan.rooms['quiet']}")
    assert "It is the last room in use" in said(page)


def test_the_order_is_changed_one_place_at_a_time(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    order = f"{MANAGE}services/order/"
    with inside(rowan):
        names = [row.name for row in every_service()]
        last = every_service()[-1].id
    page = alma.get(order)
    assert re.findall(r'name="do" value="up:', page.text)
    answer = send(alma, order, page, f"up:{last}")
    assert answer.status_code == 303
    with inside(rowan):
        assert [row.name for row in every_service()] == [*names[:-2], names[-1], names[-2]]
        assert [row.name for row in offered()] == [row.name for row in every_service()]
    assert send(alma, order, alma.get(order), "up:nonsense").status_code == 404
    for url, first in (("practitioners", rowan.practitioners["ben"]), ("rooms", rowan.rooms["quiet"])):
        path = f"{MANAGE}{url}/order/"
        assert send(alma, path, alma.get(path), f"down:{first}").status_code == 303


def test_a_practitioner_is_added_changed_and_keeps_the_account(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    new = f"{MANAGE}practitioners/new/"
    desk = str(rowan.services["desk"])
    answer = send(alma, new, alma.get(new), name="Una Byrne", email="una@rowan.example", services=[desk])
    assert answer.status_code == 303
    assert "Una Byrne" in said(alma.get(f"{MANAGE}hours/?who=una-byrne"))
    ben = rowan.practitioners["ben"]
    edit = f"{MANAGE}practitioners/edit/?id={ben}"
    with inside(rowan):
        account = practitioner_by_id(ben).account_id
    assert account is not None
    answer = send(alma, edit, alma.get(edit), name="Benedict Ashby", services=[desk], mental_health_licence="y")
    assert answer.status_code == 303
    with inside(rowan):
        row = practitioner_by_id(ben)
        assert (row.name, row.account_id, services_of(ben)) == ("Benedict Ashby", account, {rowan.services["desk"]})
        assert row.mental_health_licence
    for typed, sentence in (
        ({"name": ""}, "Enter a name"),
        ({"slug": "iris"}, "This address is already taken"),
        ({"email": "ben"}, "Enter an email address like name@example.com"),
    ):
        answer = send(alma, edit, alma.get(edit), **typed)
        assert answer.status_code == 422
        assert said(answer).count(sentence) >= 2


def test_a_room_is_added_and_two_cannot_share_an_address(alma: FlaskClient, rowan: Clinic) -> None:
    new = f"{MANAGE}rooms/new/"
    assert send(alma, new, alma.get(new), name="Garden room").status_code == 303
    again = send(alma, new, alma.get(new), name="Garden room")
    assert again.status_code == 422
    assert "This address is already taken" in said(again)
    assert "Garden room" in said(alma.get(f"{MANAGE}rooms/"))


def test_empty_lists_say_what_to_do_next(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        bare = make_clinic("rowan", now=NOW, people=(), services=(), roles={"alma": "owner"})
    log_in(client, bare, "alma")
    assert "Add the first one: a name, a length and a price are enough." in said(client.get(f"{MANAGE}services/"))
    assert "Add the first practitioner: a name is enough." in said(client.get(f"{MANAGE}practitioners/"))
    assert "Add the first practitioner to begin." in said(client.get(f"{MANAGE}hours/"))
    assert "a session and a practitioner come first" in said(client.get(f"{MANAGE}hours/why/"))
    assert client.get(f"{MANAGE}hours/days/").status_code == 404
    assert "None: every booking lies within the hours." in said(client.get(f"{MANAGE}hours/outside/"))


def test_the_list_of_prices_is_exported_as_people_read_it(alma: FlaskClient) -> None:
    answer = alma.get(f"{MANAGE}services/export/csv/?sort=0")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["Session", "Length", "Paid", "Price", "Status"]
    assert ["Deposit session", "90 minutes", "Deposit when booking: 30 %", "£90", "Offered"] in rows


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_list_asks_as_much_for_many_rows_as_for_few(
    alma: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    lists = [f"{MANAGE}{url}/" for url in ("services", "practitioners", "rooms")]

    def cost() -> list[int]:
        found = []
        for path in lists:
            alma.get(path)
            with counted(app) as asked:
                assert alma.get(path).status_code == 200
            found.append(len(asked))
        return found

    few = cost()
    with inside(rowan):
        for number in range(20):
            save_service(service_id=None, request=ServiceRequest(f"S {number}", 30, payment="free"), now=NOW)
            save_practitioner(practitioner_id=None, request=PractitionerRequest(f"P {number}"), now=NOW)
            save_room(room_id=None, request=RoomRequest(f"R {number}"), now=NOW)
    assert cost() == few
