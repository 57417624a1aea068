"""A new, empty clinic is led through four questions, each of which can wait, until its page is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.accounts.actions import create_account
from saas.fleet.actions import connect_stripe, create_clinic, ensure_platform
from saas.fleet.rules import ClinicRequest
from saas.tenancy import find_by_slug, tenant_scope
from tenants.availability.queries import week_values
from tenants.bookings import openings
from tenants.clinic.actions import on_clinic_created
from tenants.clinic.queries import clinic_view
from tenants.practitioners.logins import practitioner_of
from tenants.services.queries import offered
from tenants.settings.actions import HoursStand, start_hours
from tenants.settings.queries import first_practitioner, progress
from tests.cast import NOW, PASSWORD, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.hours.pages import said, send

pytestmark = only_sqlite
OFFICE = "/c/aspen/manage/"
START = f"{OFFICE}start/"


@pytest.fixture
def aspen(app: Flask) -> Clinic:
    """As `flask tenant create` leaves it: an owner, and nothing else."""
    with app.app_context():
        with tenant_scope(ensure_platform(now=NOW)):
            request = ClinicRequest("aspen", "Aspen House", "Europe/Dublin", "EUR", "IE", "en_IE")
            ref = create_clinic(request=request, now=NOW, on_created=on_clinic_created)
        with tenant_scope(ref):
            made = create_account(
                email="alma@aspen.example", password=PASSWORD, role="owner", name="Alma Byrne", now=NOW
            )
            return Clinic(ref, "/c/aspen", accounts={"alma": made.id})


@pytest.fixture
def alma(client: FlaskClient, aspen: Clinic) -> FlaskClient:
    log_in(client, aspen, "alma")
    return client


def press(client: FlaskClient, step: str, **typed: Any) -> Any:
    address = f"{START}{step}/"
    return send(client, address, client.get(address), **typed)


def test_four_answers_and_a_client_finds_times(alma: FlaskClient, aspen: Clinic, inside: Enter) -> None:
    assert alma.get(OFFICE).location.endswith("/manage/start/")
    first = said(alma.get(START))
    assert "Welcome, Aspen House" in first
    assert "0 of 4 are done" in first
    onward = press(alma, "brand", brand="#7d4a78", headline="Rest a while", place="Sligo", phone="071 914 1111")
    assert onward.location.endswith("/start/service/")
    onward = press(alma, "service", name="First visit", price="95")
    assert onward.location.endswith("/start/hours/")
    onward = press(alma, "hours", days=["tue", "thu"], start="10:00", end="16:00")
    assert onward.location.endswith("/start/payments/")
    assert press(alma, "payments", how="at_clinic").location.endswith("/start/")
    last = said(alma.get(START))
    assert "Your page is open" in last
    assert "4 of 4 are done" in last
    with inside(aspen):
        service = openings.find_service(slug="first-visit")
        today = NOW.astimezone(UTC).date()
        offer = openings.load(service, date_from=today, date_to=today + timedelta(days=7), now=NOW)
        starts = openings.list_starts(offer, date_from=today, date_to=today + timedelta(days=7), now=NOW)
        first_start = datetime.fromtimestamp(starts[0][0], UTC)
        assert (first_start.weekday(), first_start.hour) == (1, 10)
        assert (service.price.minor, service.people[0][1]) == (9500, "alma-byrne")
        assert practitioner_of(aspen.accounts["alma"]) is not None
        assert clinic_view().headline == "Rest a while"
    assert "Choose a time" in alma.get("/c/aspen/").text
    assert send(alma, f"{START}end/", alma.get(START)).location.endswith("/manage/")
    assert alma.get(OFFICE).status_code == 200


def test_each_step_can_wait_and_is_found_again(alma: FlaskClient, aspen: Clinic, inside: Enter) -> None:
    page = alma.get(f"{START}brand/")
    onward = send(alma, f"{START}skip/", page, step="brand")
    assert onward.location.endswith("/start/service/")
    press(alma, "service", name="First visit", price="")
    assert alma.get(OFFICE).location.endswith("/manage/start/"), "what was begun is gone on with"
    again = said(alma.get(START))
    assert "1 of 4 are done" in again
    assert "Left for later" in again
    assert "Go on: When you work" in again
    assert "as soon as there is a session and somebody has hours" in again
    send(alma, f"{START}end/", alma.get(START))
    assert alma.get(OFFICE).status_code == 200
    assert press(alma, "hours").status_code == 303
    with inside(aspen):
        found = progress()
        assert found.bookable
        assert (found.state("brand"), found.next) == ("skipped", "payments")
        assert offered()[0].payment == "free"


@pytest.mark.parametrize(
    "step, case",
    [
        ("brand", ({"brand": "teal"}, "Enter a colour as #")),
        ("brand", ({"phone": "1", "email": "alma"}, "Enter an email address")),
        ("service", ({"name": ""}, "Give the service a name")),
        ("service", ({"name": "Talk", "duration_min": "an hour"}, "Enter a whole number")),
        ("service", ({"name": "Talk", "price": "much"}, "Enter an amount like 95.00")),
        ("service", ({"name": "Talk", "price": "1.001"}, "Write it out: 1.00 · 1001.00")),
        ("service", ({"name": "Talk", "person": ""}, "Enter a name")),
        ("hours", ({}, "Hours are somebody’s")),
        ("hours", ({"days": []}, "Add a session first: hours are somebody’s")),
        ("payments", ({"how": "online"}, "Online payment needs an account at Stripe first")),
        ("payments", ({"how": "barter"}, "Choose from the list")),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_made(
    alma: FlaskClient, aspen: Clinic, inside: Enter, step: str, case: tuple[dict[str, Any], str]
) -> None:
    typed, sentence = case
    answer = press(alma, step, **typed)
    assert answer.status_code == 422
    assert sentence in said(answer)
    with inside(aspen):
        assert not progress().has
        assert not progress().said


def test_hours_the_wrong_way_round_are_told_by_their_day(alma: FlaskClient) -> None:
    press(alma, "service", name="First visit", price="95")
    wrong = press(alma, "hours", start="17:00", end="05:30", days=["mon"])
    assert wrong.status_code == 422
    assert "Monday" in said(wrong)
    none = press(alma, "hours", days=[])
    assert "Choose at least one day, or leave this for later" in said(none)


def test_online_payment_once_the_account_is_there(app: Flask, alma: FlaskClient, aspen: Clinic, inside: Enter) -> None:
    press(alma, "service", name="First visit", price="95")
    with app.app_context(), tenant_scope(ensure_platform(now=NOW)):
        connect_stripe(tenant_id=aspen.ref.id, account="acct_aspen", now=NOW)
    assert press(alma, "payments", how="online").status_code == 303
    with inside(aspen):
        (service,) = offered()
        assert (service.payment, service.or_at_clinic, service.price_minor) == ("full", True, 9500)
        assert find_by_slug("aspen") is not None


def test_a_clinic_with_sessions_begins_at_its_office(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    assert client.get("/c/rowan/manage/").status_code == 200


def test_hours_that_stand_are_not_taken_by_the_set_up(alma: FlaskClient, aspen: Clinic, inside: Enter) -> None:
    press(alma, "service", name="First visit", price="95")
    page = alma.get(f"{START}hours/")
    assert send(alma, f"{START}hours/", page, days=["tue"]).status_code == 303
    back, again = alma.get(f"{START}hours/"), send(alma, f"{START}hours/", page, days=["mon"])
    assert (back.status_code, again.status_code) == (200, 409)
    for answer in (back, again):
        assert "They are changed on the page of the hours." in said(answer)
        assert f'<a class="btn" href="{OFFICE}hours/"' in answer.text
    with inside(aspen):
        who = first_practitioner()
        assert who is not None
        with pytest.raises(HoursStand):
            start_hours(week={"mon": [("09:00", "10:00")]}, now=NOW)
        assert [row[0] for row in week_values(who)] == [1]
