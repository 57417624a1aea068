"""The JSON API as a program uses it; `Api` holds each answer against the document."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from saas.db import action, db
from tenants.bookings.models import Booking
from tenants.clinic import actions as clinic_actions
from tenants.practitioners.models import Practitioner
from tenants.services.models import Service
from tests.cast import NOW, Clinic
from tests.tenants.api.contract import PROBLEM, Api
from tests.tenants.bookings.scenes import DORA, TUESDAY_TEN, booked, effects, held, one, only_sqlite, token_of
from tests.till import Till, open_till, run_due

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
CLEO = {"name": "Cleo Marsh", "email": "cleo@example.com"}


@pytest.fixture
def api(app: Flask, frozen: None, rowan: Clinic) -> Api:
    return Api(app.test_client(use_cookies=False), rowan.home)


@pytest.fixture
def till(app: Flask, tmp_path: Path) -> Iterator[Till]:
    with open_till(app, tmp_path, now=NOW) as made:
        yield made


def wish(service: str = "desk", at: str = "2026-03-24T10:00:00+00:00", **changes: Any) -> dict[str, Any]:
    return {
        "service": service, "practitioner": "ben", "starts_at": at, "client": CLEO, "accept_policy": True, **changes
    }  # fmt: skip


def token(answer: TestResponse) -> str:
    return str(answer.get_json()["manage_url"]).rpartition("/")[2]


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM)
    body: dict[str, Any] = answer.get_json()
    assert body["type"] == f"https://longtide.example/problems/{code}"
    assert body["status"] == status
    return body


@only_sqlite
def test_services(api: Api, rowan: Clinic) -> None:
    found = {row["slug"]: row for row in api.get("/services").get_json()["services"]}
    assert set(found) == set(rowan.services)
    assert found["full"] == {
        "id": str(rowan.services["full"]), "slug": "full", "name": "Full session", "duration_minutes": 60,
        "price": {"amount": 8000, "currency": "GBP"}, "payment": "full", "practitioners": ["ben", "iris"],
    }  # fmt: skip


@only_sqlite
def test_openings_in_the_asked_zone(api: Api) -> None:
    asked = {"service": "desk", "practitioner": "ben", "from": "2026-03-27", "to": "2026-03-31"}
    here = api.get("/openings", **asked).get_json()
    assert here["timezone"] == "Europe/London"
    assert here["openings"][0] == {
        "starts_at": "2026-03-27T09:00:00+00:00", "ends_at": "2026-03-27T10:00:00+00:00", "practitioner": "ben",
    }  # fmt: skip
    assert here["openings"][-1]["starts_at"] == "2026-03-30T16:00:00+01:00"
    there = api.get("/openings", **asked, tz="America/New_York").get_json()
    assert there["timezone"] == "America/New_York"
    assert there["openings"][-1]["starts_at"] == "2026-03-30T11:00:00-04:00"
    both = api.get("/openings", service="desk", **{"from": "2026-03-27", "to": "2026-03-28"}).get_json()["openings"]
    assert {opening["practitioner"] for opening in both} == {"ben", "iris"}
    assert both == sorted(both, key=lambda o: (o["starts_at"], o["practitioner"]))


@only_sqlite
@pytest.mark.parametrize(
    "changes, field",
    [
        ({"to": "2026-03-24"}, "to"), ({"to": "2026-06-25"}, "to"), ({"to": "2026-03-23"}, "to"),
        ({"to": "tomorrow"}, "to"), ({"tz": "Mars"}, "tz"), ({"tz": "../etc/passwd"}, "tz"),
        ({"tz": "localtime"}, "tz"),
        ({"from": "x"}, "from"), ({"service": ""}, "service"),
        ({"from": "0000-00-00"}, "from"), ({"service": "x" * 300}, "service"),
    ],
)  # fmt: skip
def test_openings_say_what_is_wrong_with_the_question(api: Api, changes: dict[str, str], field: str) -> None:
    asked = {"service": "desk", "from": "2026-03-24", "to": "2026-03-25", **changes}
    assert list(problem(api.get("/openings", **asked), 422, "invalid")["errors"]) == [field]


@only_sqlite
def test_92_days_are_enough_and_the_last_is_not_in_it(api: Api) -> None:
    whole = api.get("/openings", service="desk", **{"from": "2026-03-23", "to": "2026-06-23"})
    assert whole.status_code == 200
    assert whole.text == json.dumps(whole.get_json(), separators=(",", ":"))  # written by hand, and JSON all the same
    short = api.get("/openings", service="desk", **{"from": "2026-03-24", "to": "2026-03-25"}).get_json()["openings"]
    assert {opening["starts_at"][:10] for opening in short} == {"2026-03-24"}


@only_sqlite
def test_what_is_unknown_is_404(api: Api, rowan: Clinic, inside: Inside) -> None:
    day = {"from": "2026-03-24", "to": "2026-03-25"}
    problem(api.get("/openings", service="nothing", **day), 404, "no-such-service")
    problem(api.get("/openings", service="desk", practitioner="max", **day), 404, "no-such-service")
    problem(api.post("/bookings", wish("nothing")), 404, "no-such-service")
    problem(api.post("/bookings", wish(practitioner="max")), 404, "no-such-service")
    for link in ("x", "0" * 22, "é", "a" * 3000):
        problem(api.get(f"/bookings/{link}"), 404, "no-such-booking")
        problem(api.post(f"/bookings/{link}/cancel"), 404, "no-such-booking")
        problem(api.post(f"/bookings/{link}/reschedule", {"starts_at": "2026-03-25T10:00:00Z"}), 404, "no-such-booking")
    nowhere = api.client.get(f"{rowan.home}/api/v1/nothing")
    assert (nowhere.status_code, nowhere.mimetype) == (404, PROBLEM)
    wrong = api.client.get(f"{rowan.home}/api/v1/bookings")
    assert (wrong.status_code, wrong.mimetype) == (405, PROBLEM)
    assert set(wrong.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}


@only_sqlite
def test_a_service_nobody_offers_has_no_openings(api: Api, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        everybody_leaves()
    day = {"from": "2026-03-24", "to": "2026-03-25"}
    assert api.get("/openings", service="desk", **day).get_json()["openings"] == []
    assert problem(api.post("/bookings", wish(practitioner="any")), 409, "slot-taken")["nearest"] == []


@action
def everybody_leaves() -> None:
    for person in db.session.query(Practitioner):
        person.active = False


def test_a_booking_without_paying_is_made_at_once(api: Api, rowan: Clinic, inside: Inside) -> None:
    answer = api.post("/bookings", wish(), Idempotency_Key="one")
    assert answer.status_code == 201
    body = answer.get_json()
    promised = "id status starts_at ends_at hold_expires_at checkout_url manage_url"
    assert list(body) == promised.split()
    assert body["status"] == "confirmed"
    assert body["starts_at"] == "2026-03-24T10:00:00+00:00"
    assert (body["checkout_url"], body["hold_expires_at"]) == (None, None)
    assert body["manage_url"].startswith(f"http://localhost{rowan.home}/b/")
    assert answer.headers["Cache-Control"] == "no-store"
    whole = api.get(f"/bookings/{token(answer)}").get_json()
    assert (whole["service"], whole["practitioner"], whole["timezone"]) == ("desk", "ben", "Europe/London")
    assert (whole["price"], whole["paid"]["amount"]) == ({"amount": 6000, "currency": "GBP"}, 0)
    with inside(rowan):
        assert one(rowan).source == "api"
        assert len(effects("booking.confirmed")) == 1


@pytest.mark.parametrize("service", ["desk", "talk", "full"])
def test_the_same_key_is_the_same_booking(till: Till, api: Api, rowan: Clinic, inside: Inside, service: str) -> None:
    answers = [api.post("/bookings", wish(service), Idempotency_Key="k") for _ in range(4)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    other = api.post("/bookings", wish(service, client={**CLEO, "name": "Dora"}), Idempotency_Key="k")
    problem(other, 422, "idempotency-key-reused")
    with inside(rowan):
        assert db.session.query(Booking).count() == 1
        assert len(till.sessions()) == (1 if service == "full" else 0)


def test_the_same_key_twice_at_once_is_one_booking(app: Flask, api: Api, rowan: Clinic, inside: Inside) -> None:
    found: list[str] = []

    def book() -> None:
        client = app.test_client(use_cookies=False)
        answer = client.post(f"{rowan.home}/api/v1/bookings", json=wish(), headers={"Idempotency-Key": "twice"})
        found.append(f"{answer.status_code} {answer.get_json().get('id')}")

    threads = [threading.Thread(target=book) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 4
    assert len(set(found)) == 1, found
    assert found[0].startswith("201 ")
    with inside(rowan):
        assert db.session.query(Booking).count() == 1


def test_a_taken_time_is_answered_with_the_nearest(api: Api, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booked(rowan, who=DORA)
    body = problem(api.post("/bookings", wish(), Idempotency_Key="late"), 409, "slot-taken")
    starts = [opening["starts_at"][11:16] for opening in body["nearest"]]
    assert starts == ["09:00", "11:00", "11:30"]
    assert {opening["practitioner"] for opening in body["nearest"]} == {"ben"}
    anyone = api.post("/bookings", wish(practitioner="any"), Idempotency_Key="anyone")
    assert api.get(f"/bookings/{token(anyone)}").get_json()["practitioner"] == "iris"
    for at in ("2026-03-24T10:07:00Z", "2020-01-01T10:00:00Z", "2026-03-29T01:30:00Z", "8999-01-01T10:00:00Z"):
        problem(api.post("/bookings", wish(at=at)), 409, "slot-taken")


@only_sqlite
@pytest.mark.parametrize(
    "changes, fields",
    [
        ({"service": None}, ["service"]), ({"service": 7}, ["service"]), ({"service": ["desk"]}, ["service"]),
        ({"practitioner": {}}, ["practitioner"]), ({"starts_at": "2026-03-24T10:00:00"}, ["starts_at"]),
        ({"starts_at": None}, ["starts_at"]), ({"starts_at": 1774346400}, ["starts_at"]),
        ({"client": None}, ["client.name", "client.email"]), ({"client": "Cleo"}, ["client.name", "client.email"]),
        ({"client": {"name": "C", "email": "c"}}, ["client.email"]),
        ({"client": {**CLEO, "phone": "12"}}, ["client.phone"]), ({"client": {**CLEO, "phone": 12}}, ["client.phone"]),
        ({"client": {**CLEO, "name": "\x00"}}, ["client.name"]),
        ({"client": {**CLEO, "name": "x" * 10_000}}, ["client.name"]),
        ({"accept_policy": False}, ["accept_policy"]), ({"accept_policy": "true"}, ["accept_policy"]),
        ({"accept_policy": 1}, ["accept_policy"]), ({"service": "\ud800"}, ["service"]),
    ],
)  # fmt: skip
def test_every_wrong_field_is_named(api: Api, changes: dict[str, Any], fields: list[str]) -> None:
    body = problem(api.post("/bookings", wish(**changes)), 422, "invalid")
    assert sorted(body["errors"]) == sorted(fields)


@only_sqlite
@pytest.mark.parametrize("key", ["", " ", "x" * 101, "a\tb"])
def test_a_key_is_a_short_visible_text(api: Api, key: str) -> None:
    assert list(problem(api.post("/bookings", wish(), Idempotency_Key=key), 422, "invalid")["errors"]) == [
        "Idempotency-Key"
    ]


@only_sqlite
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff", b"[" * 5000, b'{"a": NaN}', b"7"])
def test_what_is_no_json_object_is_400(api: Api, rowan: Clinic, inside: Inside, body: bytes) -> None:
    with inside(rowan):
        made = booked(rowan)
        link = f"/bookings/{token_of(made)}/reschedule"
    for path in ("/bookings", link):
        answer = api.client.post(f"{rowan.home}/api/v1{path}", data=body, content_type="application/json")
        problem(answer, 400, "not-json")
    plain = api.client.post(f"{rowan.home}/api/v1/bookings", data="service=desk")
    problem(plain, 400, "not-json")
    assert api.client.post(f"{rowan.home}/api/v1/bookings", data=b"x" * 2_000_000).status_code in (400, 413)


@only_sqlite
def test_unknown_parameters_are_never_authority(api: Api, rowan: Clinic, inside: Inside) -> None:
    sent = {**wish("full"), "price": {"amount": 1}, "status": "confirmed", "tenant_id": "x", "source": "staff"}
    answer = api.client.post(f"{rowan.home}/api/v1/bookings?price=1&tenant_id=2", json=sent)
    assert answer.status_code in (201, 503)
    with inside(rowan):
        booking = db.session.query(Booking).one()
        assert (booking.price_minor, booking.status, booking.source) == (8000, "held", "api")


def test_paying_goes_on_where_it_stopped(till: Till, api: Api, rowan: Clinic, inside: Inside) -> None:
    till.break_down(path="/v1/checkout", lost_answers=9)
    problem(api.post("/bookings", wish("full"), Idempotency_Key="again"), 503, "payments-down")
    till.mend()
    made = api.post("/bookings", wish("full"), Idempotency_Key="again")
    body = made.get_json()
    assert body["status"] == "held"
    assert body["checkout_url"].startswith(till.address)
    assert datetime.fromisoformat(body["hold_expires_at"]) == NOW + timedelta(minutes=35)
    assert len([s for s in till.sessions() if s["status"] == "open"]) == 1
    till.press(body["checkout_url"])
    with inside(rowan):
        for event in till.events():
            till.deliver(event, now=NOW)
    after = api.post("/bookings", wish("full"), Idempotency_Key="again").get_json()
    assert (after["id"], after["status"], after["checkout_url"]) == (body["id"], "confirmed", None)
    assert api.get(f"/bookings/{token(made)}").get_json()["paid"] == {"amount": 8000, "currency": "GBP"}


@only_sqlite
def test_without_a_key_a_second_try_meets_the_first(api: Api) -> None:
    assert api.post("/bookings", wish()).status_code == 201
    problem(api.post("/bookings", wish()), 409, "slot-taken")


def test_cancel_in_each_state(till: Till, api: Api, rowan: Clinic, inside: Inside) -> None:
    paid = api.post("/bookings", wish("full", at="2026-04-01T10:00:00+01:00"))
    till.press(paid.get_json()["checkout_url"])
    with inside(rowan):
        for event in till.events():
            till.deliver(event, now=NOW)
    waiting = api.post("/bookings", wish("full", at="2026-04-02T10:00:00+01:00"))
    plain = api.post("/bookings", wish())
    for made, status in ((paid, "cancelled"), (waiting, "expired"), (plain, "cancelled")):
        for _ in range(2):
            assert api.post(f"/bookings/{token(made)}/cancel").get_json()["status"] == status
    with inside(rowan):
        run_due(("refund.send",), now=NOW)
    whole = api.get(f"/bookings/{token(paid)}").get_json()
    assert (whole["refunded"]["amount"], whole["may_cancel"], whole["may_reschedule"]) == (8000, False, False)
    assert [refund["amount"] for refund in till.refunds()] == [8000]
    begun = api.post("/bookings", wish(at="2026-03-24T12:00:00Z"))
    with time_machine.travel(TUESDAY_TEN + timedelta(hours=3), tick=False):
        problem(api.post(f"/bookings/{token(begun)}/cancel"), 409, "not-now")


def test_reschedule_in_each_state(till: Till, api: Api, rowan: Clinic, inside: Inside) -> None:
    paid = api.post("/bookings", wish("full", at="2026-04-01T10:00:00+01:00"))
    till.press(paid.get_json()["checkout_url"])
    with inside(rowan):
        for event in till.events():
            till.deliver(event, now=NOW)
    moved = api.post(f"/bookings/{token(paid)}/reschedule", {"starts_at": "2026-04-02T14:00:00+01:00"}).get_json()
    assert (moved["starts_at"], moved["sequence"]) == ("2026-04-02T14:00:00+01:00", 1)
    assert (moved["paid"]["amount"], moved["practitioner"]) == (8000, "ben")
    to_iris = {"starts_at": "2026-04-02T15:30:00+01:00", "practitioner": "iris"}
    assert api.post(f"/bookings/{token(paid)}/reschedule", to_iris).get_json()["practitioner"] == "iris"
    waiting = api.post("/bookings", wish("full", at="2026-04-03T10:00:00+01:00"))
    again = api.post(f"/bookings/{token(waiting)}/reschedule", {"starts_at": "2026-04-03T12:00:00+01:00"}).get_json()
    assert (again["status"], again["starts_at"]) == ("held", "2026-04-03T12:00:00+01:00")
    assert [s["status"] for s in till.sessions()].count("open") == 0
    taken = api.post(f"/bookings/{token(waiting)}/reschedule", {"starts_at": "2026-04-03T03:00:00Z"})
    assert problem(taken, 409, "slot-taken")["nearest"]
    problem(api.post(f"/bookings/{token(waiting)}/reschedule", {"starts_at": "soon"}), 422, "invalid")
    api.post(f"/bookings/{token(waiting)}/cancel")
    api.post(f"/bookings/{token(paid)}/cancel")
    gone = {"starts_at": "2026-04-06T10:00:00+01:00"}
    problem(api.post(f"/bookings/{token(paid)}/reschedule", gone), 409, "not-now")


@only_sqlite
def test_a_booking_of_who_left_answers_still(api: Api, rowan: Clinic, inside: Inside) -> None:
    made = api.post("/bookings", wish())
    with inside(rowan):
        leave("ben")
    assert api.get(f"/bookings/{token(made)}").get_json()["practitioner"] == "ben"
    to = {"starts_at": "2026-03-25T10:00:00Z"}
    assert problem(api.post(f"/bookings/{token(made)}/reschedule", to), 409, "slot-taken")["nearest"]
    named = api.post(f"/bookings/{token(made)}/reschedule", {**to, "practitioner": "iris"})
    assert named.get_json()["practitioner"] == "iris"


@action
def leave(person: str) -> None:
    db.session.query(Practitioner).filter_by(slug=person).one().active = False
    db.session.query(Service).filter_by(slug="desk").one().active = False


@only_sqlite
def test_a_link_works_at_its_own_clinic_only(app: Flask, api: Api, thornfield: Clinic) -> None:
    made = api.post("/bookings", wish())
    next_door = Api(app.test_client(), thornfield.home)
    problem(next_door.get(f"/bookings/{token(made)}"), 404, "no-such-booking")
    problem(next_door.post(f"/bookings/{token(made)}/cancel"), 404, "no-such-booking")


@only_sqlite
def test_many_requests_are_slowed_down(api: Api, rowan: Clinic) -> None:
    far = {"REMOTE_ADDR": "203.0.113.9"}
    path = f"{rowan.home}/api/v1/bookings"
    answers = [api.client.post(path, json={}, environ_base=far) for _ in range(121)]
    assert {answer.status_code for answer in answers[:120]} == {422}
    problem(answers[120], 429, "too-many-requests")
    assert int(answers[120].headers["Retry-After"]) > 0
    far = {"REMOTE_ADDR": "203.0.113.10"}
    reads = [api.client.get(f"{rowan.home}/api/v1/openapi.json", environ_base=far) for _ in range(601)]
    assert reads[599].status_code == 200
    problem(reads[600], 429, "too-many-requests")
    assert 0 < int(reads[600].headers["Retry-After"]) <= 60


@only_sqlite
def test_a_clinic_that_accepts_nothing_has_nothing_open(api: Api, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        waiting = held(rowan, person="iris")
        clinic_actions.save_booking_rules(min_notice_min=0, horizon_days=60, accepting=False, now=NOW)
        link = token_of(waiting)
    day = {"from": "2026-03-24", "to": "2026-03-25"}
    assert api.get("/openings", service="desk", **day).get_json()["openings"] == []
    problem(api.post("/bookings", wish()), 409, "slot-taken")
    assert api.get(f"/bookings/{link}").get_json()["status"] == "held"
