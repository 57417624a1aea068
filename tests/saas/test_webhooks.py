"""Stripe's events at our door: signed or refused, taken once, together with their work."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from stripe import WebhookSignature

from saas import webhooks
from saas.clock import now as real_now
from saas.db import db
from saas.stripe_values import InboundEvent as StripeEvent
from saas.tenancy import current_tenant
from saas.webhooks import InboundEvent
from tenants.bookings.checkout import start_payment
from tests.cast import Clinic
from tests.till import ACCOUNT, CONNECT, Till, attempts, book, open_till, status_of

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
URL = "/webhooks/stripe"


@pytest.fixture
def till(app: Flask, tmp_path: Path, now: datetime) -> Iterator[Till]:
    with open_till(app, tmp_path, now=now) as made:
        yield made


@pytest.fixture
def door(app: Flask) -> FlaskClient:
    """The platform's own host, on the real clock: signatures have an age."""
    return app.test_client()


def event(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "id": "evt_1",
        "object": "event",
        "type": "checkout.session.completed",
        "account": "acct_rowan",
        "created": 1,
        "data": {"object": {"id": "cs_1", "object": "checkout.session", "metadata": {}}},
    }
    made.update(changes)
    return {name: value for name, value in made.items() if value is not None}


def signed(told: dict[str, Any], *, secret: str = CONNECT, age: int = 0) -> tuple[bytes, str]:
    payload = json.dumps(told)
    stamp = int(real_now().timestamp()) - age
    return payload.encode(), WebhookSignature.generate_signature_header(payload, secret, stamp)


def post(door: FlaskClient, told: dict[str, Any], url: str = URL, **how: Any) -> Any:
    payload, signature = signed(told, **how)
    return door.post(url, data=payload, headers={"Stripe-Signature": signature})


def stored(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {row.id: row.handled for row in db.session.execute(select(InboundEvent)).scalars()}


def test_a_paid_session_arrives_through_the_door(
    *, till: Till, app: Flask, rowan: Clinic, inside: Inside, door: FlaskClient, now: datetime
) -> None:
    with inside(rowan):
        booking = book(rowan, now=now)
        till.press(start_payment(booking_id=booking, now=now))
        (told,) = [one for one in till.events() if one["type"] == "checkout.session.completed"]
    assert post(door, told).status_code == 200
    assert post(door, told).get_data(as_text=True) == "repeated"
    with inside(rowan):
        assert status_of(booking) == "confirmed"
        assert [one.state for one in attempts(booking)] == ["paid"]
    assert stored(app) == {told["id"]: "confirmed"}


@pytest.mark.parametrize(
    "told, how",
    [
        (event(), {"secret": "whsec_wrong"}),
        (event(), {"secret": ACCOUNT}),
        (event(account=None), {"secret": CONNECT}),
        (event(), {"age": 301}),
    ],
    ids=["wrong secret", "the platform's secret", "Connect's secret for no account", "too old"],
)
def test_forged_and_old_events_are_refused(
    *, till: Till, app: Flask, rowan: Clinic, door: FlaskClient, told: dict[str, Any], how: dict[str, Any]
) -> None:
    assert post(door, told, **how).status_code == 400
    assert stored(app) == {}


def test_what_is_not_signed_or_not_whole_is_refused(till: Till, app: Flask, rowan: Clinic, door: FlaskClient) -> None:
    payload, signature = signed(event())
    assert door.post(URL, data=payload).status_code == 400
    assert door.post(URL, data=payload + b" ", headers={"Stripe-Signature": signature}).status_code == 400
    assert door.post(URL, data=b"\xff\x00", headers={"Stripe-Signature": "t=1,v1=\u00e9"}).status_code == 400
    heavy = io.BytesIO(b"x" * (256 * 1024 + 1))
    assert door.post(URL, input_stream=heavy, content_length=256 * 1024 + 1).status_code == 413
    assert heavy.read() == b""  # what is left unread would be taken for the connection's next request
    assert stored(app) == {}


def test_the_door_is_for_posting_and_on_the_platforms_hosts_only(
    till: Till, app: Flask, rowan: Clinic, door: FlaskClient
) -> None:
    assert door.get(URL).status_code == 405
    assert post(door, event(), url="/c/rowan/webhooks/stripe").status_code == 404
    assert stored(app) == {}


def test_what_is_not_for_us_is_stored_without_effect(till: Till, app: Flask, rowan: Clinic, door: FlaskClient) -> None:
    odd = {"id": "cs_2", "metadata": {"payment_attempt": "not an id"}}
    for told in (
        event(id="evt_type", type="customer.created"),
        event(id="evt_account", account="acct_nobody"),
        event(id="evt_attempt"),
        event(id="evt_odd", data={"object": odd}),
    ):
        assert post(door, told).status_code == 200
    assert post(door, event(id="evt_own", account=None, type="payout.paid"), secret=ACCOUNT).status_code == 200
    assert stored(app) == {
        "evt_type": "ignored",
        "evt_account": "unknown-account",
        "evt_attempt": "foreign",
        "evt_odd": "foreign",
        "evt_own": "ignored",
    }


def test_an_attempt_named_by_the_clinic_next_door_is_left_alone(
    *, till: Till, app: Flask, rowan: Clinic, thornfield: Clinic, inside: Inside, door: FlaskClient, now: datetime
) -> None:
    with inside(rowan):
        booking = book(rowan, now=now)
        till.press(start_payment(booking_id=booking, now=now))
        (told,) = [one for one in till.events() if one["type"] == "checkout.session.completed"]
    assert post(door, {**told, "id": "evt_theirs", "account": "acct_thornfield"}).status_code == 200
    assert stored(app) == {"evt_theirs": "foreign"}
    with inside(rowan):
        assert status_of(booking) == "held"


def test_work_that_fails_leaves_nothing_and_is_asked_for_again(
    app: Flask, rowan: Clinic, door: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [True, False]

    def handler(told: StripeEvent, *, now: datetime) -> str | None:
        db.session.add(InboundEvent(id="half", type="x", handled="done", received_at=now))
        db.session.flush()
        if failing.pop(0):
            raise LookupError(told.id)
        return None

    monkeypatch.setitem(app.extensions["longtide.webhooks"], "x", handler)
    assert post(door, event(type="x")).status_code == 503
    assert stored(app) == {}
    assert post(door, event(type="x")).status_code == 200
    assert stored(app) == {"evt_1": "done", "half": "done"}


NOT_OURS_TO_READ: dict[str, dict[str, Any]] = {
    "id": {"id": 5},
    "id with NUL": {"id": "evt_\x00"},
    "half a letter": {"type": "\ud800"},
    "account": {"account": ["acct_rowan"]},
    "created": {"created": 10**30},
    "no object": {"data": {}},
    "object": {"data": {"object": "text"}},
    "metadata": {"data": {"object": {"metadata": ["payment_attempt"]}}},
    "charge": {"type": "charge.refunded", "data": {"object": {"metadata": "text"}}},
    "refund": {"type": "refund.created", "data": {"object": {"id": "re_1", "amount": "5", "currency": "eur"}}},
    "dispute": {"type": "charge.dispute.created", "data": {"object": {"id": "dp_1", "status": "lost"}}},
}


def test_what_is_signed_but_no_event_is_refused(till: Till, app: Flask, rowan: Clinic, door: FlaskClient) -> None:
    answers = {name: post(door, event(**changes)).status_code for name, changes in NOT_OURS_TO_READ.items()}
    assert answers == dict.fromkeys(NOT_OURS_TO_READ, 400)
    deep = b"[" * 100_000
    stamp = int(real_now().timestamp())
    header = WebhookSignature.generate_signature_header(deep.decode(), CONNECT, stamp)
    assert door.post(URL, data=deep, headers={"Stripe-Signature": header}).status_code == 400
    assert stored(app) == {}


def test_the_work_runs_in_the_clinic_of_the_events_account(
    till: Till, app: Flask, rowan: Clinic, thornfield: Clinic, now: datetime
) -> None:
    seen: list[tuple[str, str]] = []

    def handler(told: StripeEvent, *, now: datetime) -> str | None:
        seen.append((told.id, current_tenant().slug))
        return None

    with app.app_context():
        for number, account in enumerate(("acct_thornfield", "acct_rowan")):
            payload, signature = signed(event(id=f"evt_{number}", type="x", account=account))
            assert webhooks.receive(payload, signature, now=now, handlers={"x": handler}) == "done"
    assert seen == [("evt_0", "thornfield"), ("evt_1", "rowan")]


def test_copies_at_the_same_moment_do_the_work_once(till: Till, app: Flask, rowan: Clinic, now: datetime) -> None:
    ran: list[str] = []
    answers: list[str] = []
    start = threading.Barrier(6)
    payload, signature = signed(event(type="x"))

    def handler(told: StripeEvent, *, now: datetime) -> str | None:
        ran.append(told.id)
        return None

    def deliver() -> None:
        with app.app_context():
            start.wait()
            answers.append(webhooks.receive(payload, signature, now=now, handlers={"x": handler}))

    threads = [threading.Thread(target=deliver) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ran == ["evt_1"]
    assert sorted(answers) == ["done"] + ["repeated"] * 5


def test_old_events_are_forgotten(till: Till, app: Flask, rowan: Clinic, door: FlaskClient) -> None:
    post(door, event(type="x"))
    with app.app_context():
        assert webhooks.purge(now=real_now() + timedelta(days=29)) == 0
        assert webhooks.purge(now=real_now() + timedelta(days=31)) == 1
    assert stored(app) == {}
