"""The operator's console: every deed by its page, with its row in the audit, and no word about anybody's clients."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas import outbox
from saas.accounts.actions import create_account
from saas.accounts.models import Account
from saas.audit import Audit
from saas.db import action, db
from saas.fleet.queries import clinic_by_slug
from saas.jobs import beat
from saas.outbox import Outbox
from saas.tenancy import TenantRef, find_by_host, find_by_slug, find_platform, tenant_scope
from saas.webhooks import InboundEvent
from tenants.bookings.checkout import start_payment
from tests.cast import NOW, PASSWORD, Clinic
from tests.crowds import crowd
from tests.saas.accounts.pages import Enter, token_of
from tests.tenants.bookings.scenes import TUESDAY_TEN, held, only_sqlite
from tests.tenants.bookings.test_query_counts import asked
from tests.till import attempts, book, open_till, status_of
from tests.walls.belongings import furnish

PAGES = ("clinics/", "clinics/new/", "jobs/", "notices/", "audit/")
MADE = {
    "name": "Reed House", "slug": "reed-house", "zone": "Europe/Lisbon", "currency": "EUR", "country": "PT",
    "locale": "pt_PT", "owner_name": "Rui", "email": "rui@reed.example",
}  # fmt: skip


class Console:
    """Odo at work."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        page = client.get("/login")
        client.post(
            "/login", data={"csrf_token": token_of(page), "email": "odo@longtide.example", "password": PASSWORD}
        )
        self.token = token_of(client.get("/operator/"))

    def get(self, path: str, **query: Any) -> TestResponse:
        return self.client.get(f"/operator/{path}", query_string=query or None)

    def post(self, path: str, **form: Any) -> TestResponse:
        return self.client.post(f"/operator/{path}", data={"csrf_token": self.token, **form})


@pytest.fixture
def odo(app: Flask, client: FlaskClient, rowan: Clinic) -> Console:
    with app.app_context(), tenant_scope(find_platform()):
        create_account(email="odo@longtide.example", name="Odo", role="operator", password=PASSWORD, now=NOW)
    assert rowan.ref.slug == "rowan"
    return Console(client)


def deeds(app: Flask) -> list[str]:
    with app.app_context(), tenant_scope(find_platform()):
        return list(db.session.execute(select(Audit.deed).order_by(Audit.id)).scalars())


def test_a_clinic_is_made_with_its_owner_found_changed_paused_and_closed(odo: Console, app: Flask) -> None:
    refused = odo.post("clinics/new/", **{**MADE, "slug": "www", "country": "QQ", "email": "no"})
    assert refused.status_code == 422
    assert 'value="Reed House"' in refused.text
    assert find_nobody(app, "reed-house")
    made = odo.post("clinics/new/", **MADE)
    assert made.status_code == 303, made.text
    where = made.location.partition("/operator/")[2]
    page = odo.get(where).text
    assert "Rui, rui@reed.example (invited)" in page
    assert "a mail is on its way" in page
    key = re.search(r"id=([0-9a-f-]{36})", where)[1]  # type: ignore[index]
    with app.app_context():
        ref = find_by_slug("reed-house")
        with tenant_scope(ref):
            owner = db.session.execute(select(Account)).scalar_one()
            assert (owner.role, owner.password) == ("owner", None)
    found = odo.get("clinics/", search="REED").text
    assert ("Reed House" in found, "Rowan" in found) == (True, False)
    assert "1 clinic" in found

    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]  # type: ignore[index]
    change = {"id": key, "name": "Reed", "zone": "Europe/Madrid", "country": "es", "fee_percent": "3", "seen": seen}
    assert odo.post("clinics/clinic/", **{**change, "fee_percent": "40"}).status_code == 422
    assert odo.post("clinics/clinic/", **change).status_code == 303
    stale = odo.post("clinics/clinic/", **{**change, "name": "Read"})
    assert stale.status_code == 409
    assert "Now it is: Reed, Europe/Madrid, ES, 3 per cent." in stale.text
    assert 'value="Read"' in stale.text
    with app.app_context():
        changed = clinic_by_slug("reed-house")
        assert (changed.name, changed.zone, changed.country, changed.fee_percent) == ("Reed", "Europe/Madrid", "ES", 3)

    assert odo.post("clinics/ask/suspend/", id=key, reason="").status_code == 422
    assert odo.post("clinics/ask/suspend/", id=key, reason="unpaid since May").status_code == 303
    assert "unpaid since May" in odo.get("clinics/clinic/", id=key).text
    assert "unpaid since May" not in odo.client.get("/c/reed-house/").text
    assert odo.post("clinics/ask/resume/", id=key).status_code == 303
    assert odo.post("clinics/ask/resume/", id=key).status_code == 409
    assert "Close this clinic?" in odo.get("clinics/ask/close/", id=key).text
    assert odo.post("clinics/ask/close/", id=key).status_code == 303
    assert odo.client.get("/c/reed-house/").status_code == 410
    done = deeds(app)
    for deed in ("created", "edited", "suspended", "resumed", "closed"):
        assert f"clinic.{deed}" in done
    assert "Suspended a clinic" in odo.get("audit/").text


@pytest.mark.parametrize(
    "wrong, field",
    [({"owner_name": " \u200b"}, "owner_name"), ({"owner_name": "Rui" * 50}, "owner_name"), ({"email": " "}, "email")],
)
def test_a_clinic_is_not_made_without_somebody_who_owns_it(
    odo: Console, app: Flask, wrong: dict[str, str], field: str
) -> None:
    refused = odo.post("clinics/new/", **{**MADE, **wrong})
    assert refused.status_code == 422
    assert f'href="#{field}"' in refused.text
    assert 'value="Reed House"' in refused.text
    assert find_nobody(app, "reed-house")
    assert odo.post("clinics/new/", **MADE).status_code == 303, "a second try"


@only_sqlite
def test_the_list_costs_one_statement_more_for_each_clinic(odo: Console, app: Flask) -> None:
    def made(*numbers: int) -> None:
        for number in numbers:
            odo.post("clinics/new/", **{**MADE, "slug": f"reed-{number}"})

    made(1)
    one = asked(app, odo.client, "/operator/clinics/")
    made(2, 3, 4)
    assert asked(app, odo.client, "/operator/clinics/") - one == 3


@only_sqlite
def test_an_owner_and_a_month_are_on_the_list_and_all_bookings_on_the_clinics_page(
    odo: Console, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        crowd(rowan, bookings=24 * 40, clients=5)
    listed = odo.get("clinics/").text
    assert "Alma" in listed
    assert f"</span>{30 * 24}</td>" in listed
    assert f"<dd>{24 * 40}</dd>" in odo.get("clinics/clinic/", id=rowan.ref.id).text


def find_nobody(app: Flask, slug: str) -> bool:
    with app.app_context():
        return find_by_slug(slug) is None


def test_the_time_zone_stays_once_something_is_booked(odo: Console, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        held(rowan, "desk", TUESDAY_TEN)  # somebody is typing their name
    change = {"id": rowan.ref.id, "name": "Rowan", "country": "GB", "fee_percent": "1", "zone": "Europe/Paris"}
    refused = odo.post("clinics/clinic/", **change, seen="")
    assert refused.status_code == 409  # made from another page
    page = odo.get("clinics/clinic/", id=rowan.ref.id).text
    seen = re.search(r'name="seen" value="([^"]+)"', page)[1]  # type: ignore[index]
    refused = odo.post("clinics/clinic/", **change, seen=seen)
    assert refused.status_code == 422
    assert "its time zone stays" in refused.text


def test_where_a_clinic_is_paid_and_its_own_domain(odo: Console, app: Flask, rowan: Clinic) -> None:
    key, host = rowan.ref.id, "book.rowan.example"
    assert odo.post("clinics/stripe/", id=key, account="rowan").status_code == 422
    assert odo.post("clinics/stripe/", id=key, account="acct_rowan1234").status_code == 303
    assert odo.post("clinics/domain/", id=key, host="localhost").status_code in (409, 422)
    assert odo.post("clinics/domain/", id=key, host=host.upper()).status_code == 303
    assert odo.post("clinics/domain/", id=key, host=host).status_code == 409
    with app.app_context():
        assert clinic_by_slug("rowan").stripe_account_id == "acct_rowan1234"
        assert find_by_host(host) is None
    assert "Does this domain point here?" in odo.get("clinics/domain/prove/", id=key, host=host).text
    assert odo.post("clinics/domain/prove/", id=key, host=host).status_code == 303
    with app.app_context():
        assert find_by_host(host) is not None
    assert odo.post("clinics/domain/remove/", id=key, host=host).status_code == 303
    assert odo.post("clinics/domain/remove/", id=key, host=host).status_code == 404
    assert set(deeds(app)) >= {f"clinic.{deed}" for deed in ("stripe_connected", "domain_added", "domain_proven")}
    assert "clinic.domain_removed" in deeds(app)


@action
def _give_up(clinic: Clinic, kind: str, count: int) -> None:
    for number in range(count):
        row = Outbox(
            tenant_id=clinic.ref.id, kind=kind, payload={"booking_id": f"b-{number}"}, run_at=NOW, attempts=12,
            dead_at=NOW, last_error="SMTPServerDisconnected",
        )  # fmt: skip
        db.session.add(row)


def test_jobs_that_were_given_up_are_tried_again_one_by_one_or_by_kind(odo: Console, app: Flask, rowan: Clinic) -> None:
    with app.app_context():
        _give_up(rowan, "booking.confirmed", 3)
        _give_up(rowan, "refund.send", 1)
    page = odo.get("jobs/").text
    assert page.count("SMTPServerDisconnected") == 4
    assert "booking_id: b-1" in page
    only = odo.get("jobs/", kind="refund.send").text
    assert only.count("SMTPServerDisconnected") == 1
    one = re.search(r'name="id" value="([0-9a-f-]{36})"', only)[1]  # type: ignore[index]
    assert odo.post("jobs/retry/", id=one).status_code == 303
    assert odo.post("jobs/retry/", id="x").status_code == 404
    odo.post("jobs/retry-kind/", kind="booking.confirmed")
    assert "3 jobs are tried again." in odo.get("jobs/").text
    with app.app_context():
        assert outbox.dead_kinds() == {}
    assert set(deeds(app)) >= {"job.revived", "jobs.revived"}


def test_a_worker_that_is_late_is_said_in_red(odo: Console, app: Flask) -> None:
    assert "None was ever seen here" in odo.get("jobs/").text
    with app.app_context():
        beat("worker", now=NOW)
    assert "A worker is running" in odo.get("jobs/").text
    with time_machine.travel(NOW + timedelta(minutes=3), tick=False):
        late = odo.get("jobs/").text
    assert 'class="errsum"' in late
    assert "It was last seen on March 23, 2026" in late


@only_sqlite
def test_a_notice_that_came_to_nothing_is_handled_again(
    odo: Console, app: Flask, rowan: Clinic, inside: Enter, tmp_path: Path
) -> None:
    """And the clinic's own share of card payments, set here, is what Stripe is asked to keep for us."""
    fee = {"id": rowan.ref.id, "name": "Rowan", "zone": rowan.ref.zone, "country": "GB", "fee_percent": "5"}
    assert odo.post("clinics/clinic/", **fee).status_code == 303
    paid_here = replace(rowan, ref=_now(app))
    with open_till(app, tmp_path, now=NOW) as till:
        with inside(paid_here):
            booking = book(rowan, now=NOW)
            till.press(start_payment(booking_id=booking, now=NOW))
            assert [one.fee_minor * 20 for one in attempts(booking)] == [one.amount_minor for one in attempts(booking)]
        (told,) = [one for one in till.events() if one["type"] == "checkout.session.completed"]
        with app.app_context():
            _took(told)
        page = odo.get("notices/", handled="unknown-account").text
        assert told["id"] in page
        assert odo.post("notices/again/", id="evt_none").status_code == 404
        assert odo.post("notices/again/", id=told["id"]).status_code == 303
        assert "Handled again: confirmed" in odo.get("notices/").text
    with inside(rowan):
        assert status_of(booking) == "confirmed"
    assert "event.handled_again" in deeds(app)


def _now(app: Flask) -> TenantRef:
    with app.app_context():
        return clinic_by_slug("rowan")


@action
def _took(told: dict[str, Any]) -> None:
    """As it is kept when the account was nobody's yet."""
    row = InboundEvent(
        id=told["id"], type=told["type"], account=told["account"], tenant_id=None, handled="unknown-account",
        received_at=NOW,
    )  # fmt: skip
    db.session.add(row)


def test_no_page_tells_of_anybodys_clients(odo: Console, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        words = furnish(rowan, person="ben", owner="alma").words
    paths = [*PAGES, "", f"clinics/clinic/?id={rowan.ref.id}", f"clinics/ask/close/?id={rowan.ref.id}"]
    said = "".join(odo.get(path).text for path in paths)
    assert "Rowan" in said
    # Whoever works there is no client, yet only owners are named.
    assert [word for word in words if word in said] == []
    assert "Fern" not in said


def test_a_clinic_that_is_none_is_not_found(odo: Console, app: Flask) -> None:
    with app.app_context():
        platform = find_platform()
        assert platform is not None
    for key in ("", "x", "00000000-0000-7000-8000-000000000000", platform.id):
        assert odo.get("clinics/clinic/", id=key).status_code == 404
    assert odo.get("clinics/", page=10**9, status="x", search="%_'").status_code == 200
