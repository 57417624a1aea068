"""What is still owed for a booking that stands: a link by mail, its page, Stripe, and the books after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.audit import Audit
from saas.db import db
from saas.jobs import drain
from saas.mail import outgoing
from tenants.bookings import effects
from tenants.bookings.actions import confirm
from tenants.bookings.checkout import pay_rest, settle_attempt, start_payment
from tenants.bookings.checkout_steps import NothingToPay
from tenants.bookings.moves import cancel
from tenants.bookings.rest import NoMailToThem, ask_to_pay
from tenants.bookings.rules import Details
from tenants.payments.desk import take_at_clinic
from tenants.payments.queries import find_payment, money_of
from tests.browser import Browser
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.hours.pages import said, send
from tests.till import CLEO, Till, attempts, balance, book, client_of, ledger_of, open_till, outbox_rows, run_due

LINK = re.compile(r"http://localhost(/c/rowan/b/[\w-]+/rest)")


@pytest.fixture
def till(app: Flask, tmp_path: Path, now: datetime) -> Iterator[Till]:
    with open_till(app, tmp_path, now=now) as made:
        yield made


def standing(clinic: Clinic, *, now: datetime, details: Details = CLEO) -> UUID:
    booking = book(clinic, now=now, service="desk", details=details)
    confirm(booking_id=booking, how="at_clinic", now=now)
    db.session.rollback()
    return booking


def pay(till: Till, booking: UUID, *, now: datetime) -> None:
    """Press Pay, pay at Stripe, and let its news arrive."""
    seen = money_of(booking).attempts
    db.session.rollback()
    assert till.press(pay_rest(booking_id=booking, seen=seen, now=now)) == 303
    settle_attempt(attempt_id=attempts(booking)[-1].id, now=now)


def test_what_is_owed_is_paid_and_given_back_when_cancelled(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = standing(at_rowan, now=now)
    url = pay_rest(booking_id=booking, now=now)
    # The worker looks while somebody types a card number: their page stays.
    run_due(("payment.reconcile",), now=till.at(now + timedelta(minutes=6)))
    assert pay_rest(booking_id=booking, now=now) == url
    assert till.press(url) == 303
    for event in till.events():
        till.deliver(event, now=now)
    money = money_of(booking)
    assert (money.by_card.minor, money.owed.minor) == (6000, 0)
    assert pay_rest(booking_id=booking, now=now).startswith("http://localhost/c/rowan/b/")
    cancel(booking_id=booking, who="client", click="1", now=now)
    run_due(("refund.send",), now=now)
    assert [one["amount"] for one in till.refunds()] == [6000]
    assert balance(ledger_of(booking)) == 0


def test_a_deposit_and_the_rest_go_back_to_the_payments_they_came_from(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    booking = book(at_rowan, now=now, service="deposit")
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    pay(till, booking, now=now)
    assert money_of(booking).owed.minor == 0
    for _twice in range(2):
        cancel(booking_id=booking, who="client", click="1", now=now)
    run_due(("refund.send",), now=now)
    assert sorted(one["amount"] for one in till.refunds()) == [2700, 6300]
    payment = find_payment(booking)
    assert payment is not None
    assert (payment.paid_minor, payment.refunded_minor) == (9000, 9000)
    assert balance(ledger_of(booking)) == 0


def test_what_was_paid_at_the_desk_meanwhile_comes_back(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = standing(at_rowan, now=now)
    url = pay_rest(booking_id=booking, now=now)
    owed = money_of(booking).owed
    take_at_clinic(booking_id=booking, client_id=client_of(booking), amount=owed, method="cash", click="c", now=now)
    assert till.press(url) == 303
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    run_due(("refund.send",), now=now)
    assert [one["amount"] for one in till.refunds()] == [6000]
    assert balance(ledger_of(booking)) == 0


def test_a_link_goes_once_a_press_to_who_may_be_written_to(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = standing(at_rowan, now=now)
    for click in ("a", "a", "b"):
        ask_to_pay(booking_id=booking, click=click, now=now)
    assert len(outbox_rows(("booking.pay_link",))) == 2
    by_phone = Details("Dora Lane", "dora@example.com", "+441132000001", reach="phone")
    quiet = standing(at_rowan, now=now + timedelta(days=1), details=by_phone)
    with pytest.raises(NoMailToThem):
        ask_to_pay(booking_id=quiet, click="c", now=now)
    unpaid = book(at_rowan, now=now, hour=15)
    with pytest.raises(NothingToPay):
        ask_to_pay(booking_id=unpaid, click="d", now=now)


@only_sqlite
def test_from_the_desk_by_mail_to_stripe(
    till: Till, client: FlaskClient, browser: Browser, rowan: Clinic, inside: Enter
) -> None:
    now, app = NOW, client.application
    with inside(rowan):
        booking = standing(rowan, now=now)
    app.extensions.pop("longtide_outgoing", None)
    log_in(client, rowan, "alma")
    page = f"/c/rowan/manage/money/desk/link/?id={booking}"
    shown = client.get(page)
    assert "Amount £60 Goes to cleo@example.com" in said(shown)
    for _twice in range(2):
        assert send(client, page, shown).status_code == 303
    drain(app, {"booking.pay_link": effects.pay_link}, now)
    with inside(rowan):
        assert db.session.query(Audit).filter_by(deed="booking.pay_link").count() == 1
        (mail,) = outgoing()
    assert mail.subject == "To pay: Tuesday 24 March, 10:00"
    assert "£60 is still to be paid" in mail.text
    assert "Desk session" not in mail.text
    found = LINK.search(mail.text)
    assert found
    address = found[1]
    answer = browser.get(address)
    assert answer.h1 == "Pay for your booking"
    till.break_down(status_500=99)
    assert "Nothing was charged" in answer.press("Pay £60 by card").text
    till.mend()
    with inside(rowan):
        take_at_clinic(
            booking_id=booking, client_id=client_of(booking), amount=money_of(booking).owed, method="cash", click="c",
            now=now,
        )  # fmt: skip
    assert browser.get(address).h1 == "Your booking"
    assert "Nothing is owed" in said(client.get(page))
    assert send(client, page, shown).status_code == 303, "the same press: nothing new"
