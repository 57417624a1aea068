"""What banks and people at Stripe itself do to the money: told once or ten times, in any order, it ends the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import stripe
from flask import Flask
from sqlalchemy import select

from saas.db import db
from saas.money import Money
from saas.sandbox.stripe import disputes
from tenants.bookings.checkout import settle_attempt, start_payment
from tenants.payments.actions import RefundTooLarge, ask_refund
from tenants.payments.models import Dispute, Payment, Refund
from tenants.payments.queries import balance_of_booking, day_totals, money_of
from tests.cast import Clinic
from tests.till import Till, attempts, balance, book, ledger_of, open_till, outbox_rows, run_due

TELL = ("refund.send", "refund.look")


@pytest.fixture
def till(app: Flask, tmp_path: Path, now: datetime) -> Iterator[Till]:
    with open_till(app, tmp_path, now=now) as made:
        yield made


def gbp(minor: int) -> Money:
    return Money(minor, "GBP")


def paid(till: Till, clinic: Clinic, *, now: datetime, hour: int = 10) -> UUID:
    booking = book(clinic, now=now, hour=hour)
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    return booking


def dispute(till: Till, booking: UUID, status: str, **more: Any) -> None:
    intent = attempts(booking)[0].payment_intent
    disputes.tell(till.sandbox.world, {"payment_intent": intent, "status": status, **more})


def told(till: Till, *, now: datetime, order: random.Random | None = None, copies: int = 1) -> list[str]:
    """Deliver all that Stripe has to tell, in this order; answers what was noted."""
    events = till.events() * copies
    if order is not None:
        order.shuffle(events)
    return [till.deliver(event, now=now) for event in events if event["id"] not in till.taken]


def payment_of(booking: UUID) -> Payment:
    wanted = select(Payment).where(Payment.booking_id == booking).execution_options(populate_existing=True)
    return db.session.execute(wanted).scalar_one()


def refunds_of(booking: UUID) -> list[tuple[str, str, int]]:
    rows = db.session.execute(select(Refund).where(Refund.payment_id == payment_of(booking).id)).scalars()
    return [(row.reason, row.state, row.amount_minor) for row in rows]


def at_stripe(till: Till, booking: UUID, amount: int) -> stripe.Refund:
    """As somebody at Stripe's own dashboard does it: nothing of ours is on it."""
    client = stripe.StripeClient("sk_test_tests", base_addresses={"api": till.address}, max_network_retries=0)
    wanted: Any = {"payment_intent": attempts(booking)[0].payment_intent, "amount": amount}
    return client.v1.refunds.create(wanted, {"stripe_account": "acct_rowan"})


@pytest.mark.parametrize("ends", [["won"], ["lost"], ["under_review", "lost"], ["prevented"], []], ids=str)
def test_a_dispute_holds_the_money_until_it_is_decided(
    till: Till, at_rowan: Clinic, now: datetime, ends: list[str]
) -> None:
    booking = paid(till, at_rowan, now=now)
    dispute(till, booking, "needs_response")
    for step, status in enumerate(ends):
        till.at(now + timedelta(seconds=step + 1))
        dispute(till, booking, status)
    told(till, now=now, order=random.Random(len(str(ends))), copies=2)
    last = ends[-1] if ends else "needs_response"
    sums, payment = ledger_of(booking), payment_of(booking)
    back = last in ("won", "prevented")
    assert balance(sums, "disputed") == (8000 if last == "needs_response" else 0)
    assert balance(sums, "card") == 8000 - 80 - (0 if back else 8000)
    assert (payment.held_minor, payment.lost_minor) == (
        8000 if last == "needs_response" else 0,
        8000 if last == "lost" else 0,
    )
    assert payment.owed_minor == (8000 if last == "lost" else 0)
    assert money_of(booking).refundable == gbp(8000 if back else 0)
    row = db.session.execute(select(Dispute).execution_options(populate_existing=True)).scalar_one()
    assert (row.status, row.reason, row.closed_at is not None) == (last, "fraudulent", bool(ends))
    notices = [row.payload["what"] for row in outbox_rows(("booking.notice",))]
    assert notices.count("disputed") == 1
    if not back:
        with pytest.raises(RefundTooLarge):
            ask_refund(booking_id=booking, amount=gbp(1), reason="goodwill", click="x", now=now)


def test_an_inquiry_holds_nothing_until_it_becomes_a_dispute(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = paid(till, at_rowan, now=now)
    dispute(till, booking, "warning_needs_response", amount=3000)
    told(till, now=now)
    assert balance(ledger_of(booking), "disputed") == 0
    till.at(now + timedelta(days=1))
    dispute(till, booking, "needs_response")
    told(till, now=now)
    assert balance(ledger_of(booking), "disputed") == 3000
    assert money_of(booking).refundable == gbp(5000)


def test_what_is_not_ours_changes_nothing(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = paid(till, at_rowan, now=now)
    dispute(till, booking, "needs_response")
    at_stripe_events = [event for event in till.events() if event["type"] == "charge.dispute.created"]
    other = at_stripe_events[0]
    other["data"]["object"]["payment_intent"] = "pi_of_somebody"
    assert till.deliver(other, now=now) == "foreign"
    strange = {**other, "id": "evt_2", "data": {"object": {**other["data"]["object"]}}}
    strange["data"]["object"] |= {"payment_intent": attempts(booking)[0].payment_intent, "currency": "usd"}
    assert till.deliver(strange, now=now) == "mismatch"
    assert balance(ledger_of(booking), "disputed") == 0


@pytest.mark.parametrize("seed", range(2))
def test_a_refund_made_at_stripe_is_known_here_once(till: Till, at_rowan: Clinic, now: datetime, seed: int) -> None:
    booking = paid(till, at_rowan, now=now)
    at_stripe(till, booking, 3000)
    told(till, now=now, order=random.Random(seed), copies=2)
    run_due(TELL, now=now)
    assert refunds_of(booking) == [("outside", "done", 3000)]
    assert (money_of(booking).refunded, money_of(booking).refundable) == (gbp(3000), gbp(5000))
    assert payment_of(booking).owed_minor == 0
    assert day_totals(since=now, until=now + timedelta(days=1)).waived == gbp(3000)
    # The fee stayed where it was, and comes back whole with the rest.
    ask_refund(booking_id=booking, amount=gbp(5000), reason="mistake", click="rest", now=now)
    run_due(TELL, now=now)
    told(till, now=now)
    run_due(TELL, now=now)
    assert balance(ledger_of(booking), "platform") == 0
    assert [fee["amount_refunded"] for fee in till.fees()] == [80]
    assert [one[1:] for one in refunds_of(booking)] == [("done", 3000), ("done", 5000)]


def test_lost_news_of_a_refund_are_asked_for(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = paid(till, at_rowan, now=now)
    at_stripe(till, booking, 1000)
    (event,) = [event for event in till.events() if event["type"] == "charge.refunded"]
    assert till.deliver(event, now=now) == "done"
    till.break_down(path="/v1/refunds", status_500=1)
    assert run_due(TELL, now=now) == []
    assert run_due(TELL, now=till.at(now + timedelta(seconds=31))) == ["refund.look"]
    assert refunds_of(booking) == [("outside", "done", 1000)]


def test_a_refund_told_before_its_payment_waits_for_it(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now))
    (charge,) = till.charges()
    client = stripe.StripeClient("sk_test_tests", base_addresses={"api": till.address}, max_network_retries=0)
    client.v1.refunds.create({"charge": charge["id"], "amount": 500}, {"stripe_account": "acct_rowan"})
    early = [event for event in till.events() if event["type"].startswith(("refund", "charge"))]
    assert [till.deliver(event, now=now) for event in early] == ["foreign", "done"]
    assert run_due(TELL, now=now) == []
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    assert run_due(TELL, now=till.at(now + timedelta(minutes=5))) == ["refund.look"]
    assert refunds_of(booking) == [("outside", "done", 500)]


def test_a_refund_for_goodwill_lowers_the_price_and_one_paid_otherwise_does_not(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    kind, other = paid(till, at_rowan, now=now), paid(till, at_rowan, now=now, hour=13)
    for booking, reason in ((kind, "goodwill"), (other, "otherwise")):
        ask_refund(booking_id=booking, amount=gbp(2000), reason=reason, click=reason, now=now)
    run_due(TELL, now=now)
    assert (balance_of_booking(kind), balance_of_booking(other)) == (gbp(0), gbp(2000))
    assert (payment_of(kind).owed_minor, payment_of(other).owed_minor) == (0, 2000)
