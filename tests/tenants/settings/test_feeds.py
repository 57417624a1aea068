"""A practitioner's bookings in their own calendar: behind a link, discreet, asked for cheaply, taken back at once."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from werkzeug.test import TestResponse

from tenants.bookings.changes import cancel_by_staff, settle_change
from tenants.practitioners.actions import retire_practitioner, revive_practitioner
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import DORA, TUESDAY_TEN, booked, held, later, only_sqlite
from tests.tenants.bookings.test_query_counts import counted
from tests.tenants.hours.pages import said, send

pytestmark = only_sqlite
HOME = "/c/rowan/manage/settings/calendar/"
BEN = f"{HOME}one/?who=ben"


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def link(client: FlaskClient) -> str:
    """The path of Ben's link as his page shows it; empty where there is none."""
    found = re.search(r'value="[^"]*(/c/rowan/feed/[\w-]{22}\.ics)"', client.get(BEN).text)
    return found[1] if found else ""


def choose(client: FlaskClient, how: str) -> TestResponse:
    return send(client, BEN, client.get(BEN), "save", how=how)


def entries(answer: TestResponse) -> list[tuple[str, object]]:
    assert answer.status_code == 200
    events: list[Any] = list(Calendar.from_ical(answer.data).walk("VEVENT"))
    return [(str(event["summary"]), event["dtstart"].dt) for event in events]


def test_a_calendar_reads_what_was_chosen_and_nothing_of_health(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        booked(rowan, "desk")
        booked(rowan, "desk", TUESDAY_TEN + timedelta(hours=2), who=DORA, person="iris")
        held(rowan, "desk", TUESDAY_TEN + timedelta(hours=4))
        gone = booked(rowan, "desk", TUESDAY_TEN + timedelta(days=1), who=DORA)
        change = cancel_by_staff(booking_id=gone.id, reason="other", keep_fee=False, seen=None, now=NOW)
        settle_change(change_id=change, now=NOW + timedelta(minutes=3))
    assert link(alma) == ""
    assert choose(alma, "busy").status_code == 303
    address = link(alma)
    answer = alma.get(address)
    assert entries(answer) == [("Booked", TUESDAY_TEN)]
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert choose(alma, "names").status_code == 303
    assert link(alma) == address, "other words are no other link"
    answer = alma.get(address)
    assert entries(answer) == [("Cleo M.", TUESDAY_TEN)]
    for word in ("Marsh", "cleo@", "Desk session", "Dora", "+44", "/b/", "description"):
        assert word.lower() not in answer.text.lower(), word


def test_who_has_it_already_is_told_so(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    choose(alma, "names")
    address = link(alma)
    tag = alma.get(address).headers["ETag"]
    with later(minutes=7):
        again = alma.get(address, headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    with inside(rowan):
        booked(rowan, "desk")
    assert alma.get(address, headers={"If-None-Match": tag}).status_code == 200


def test_a_link_is_taken_back_at_once(alma: FlaskClient, rowan: Clinic) -> None:
    assert alma.get(f"{HOME}renew/?who=ben").status_code == 404
    choose(alma, "busy")
    first = link(alma)
    renew = f"{HOME}renew/?who=ben"
    assert send(alma, renew, alma.get(renew)).status_code == 303
    second = link(alma)
    assert alma.get(first).status_code == 404
    assert alma.get(second).status_code == 200
    choose(alma, "off")
    assert alma.get(second).status_code == 404
    choose(alma, "busy")
    assert link(alma) not in ("", first, second)
    assert alma.get("/c/rowan/feed/" + "x" * 22 + ".ics").status_code == 404


def test_who_gives_no_sessions_is_read_by_nobody_and_the_link_can_be_taken_back(
    alma: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    choose(alma, "names")
    address = link(alma)
    with inside(rowan):
        retire_practitioner(practitioner_id=rowan.practitioners["ben"], now=NOW)
    assert alma.get(address).status_code == 404
    assert "Ben Ashby" in said(alma.get(HOME))
    assert choose(alma, "off").status_code == 303
    assert "Ben Ashby" not in said(alma.get(HOME))
    with inside(rowan):
        revive_practitioner(practitioner_id=rowan.practitioners["ben"], now=NOW)
    assert alma.get(address).status_code == 404


def test_what_cannot_be_is_refused_and_who_is_second_is_told(alma: FlaskClient) -> None:
    page = alma.get(BEN)
    refused = send(alma, BEN, page, "save", how="all")
    assert refused.status_code == 422
    assert said(refused).count("Choose from the list") == 2
    assert send(alma, BEN, page, "save", how="busy").status_code == 303
    second = send(alma, BEN, page, "save", how="names")
    assert second.status_code == 409
    assert "Only that you are booked" in said(second)
    assert alma.get(f"{HOME}one/?who=nobody").status_code == 404
    assert said(alma.get(HOME)).count("Not at all") == 1


def test_many_bookings_cost_as_many_queries_as_one(app: Flask, alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    choose(alma, "names")
    address = link(alma)
    costs = []
    for day, number in ((1, 1), (2, 4)):
        with inside(rowan):
            for hour in range(number):
                booked(rowan, "talk", TUESDAY_TEN + timedelta(days=day, hours=hour), who=DORA)
        with counted(app) as seen:
            assert len(entries(alma.get(address))) >= number
        costs.append(len(seen))
    assert costs[0] == costs[1]
