"""Tries to pay by card: written before Stripe is called, closed by what Stripe says. Each is a step inside a
transaction; what a paid attempt means for the place is the bookings' business."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db, new_id
from saas.errors import Conflict
from saas.money import Money
from saas.outbox import emit
from saas.stripe_values import CheckoutSession
from tenants.payments import rules
from tenants.payments.ledger import post
from tenants.payments.models import Payment, PaymentAttempt
from tenants.payments.queries import NoSuchPayment, attempts_of


class TooManyTries(Conflict):
    """The booking has seen as many attempts to pay as one booking may."""

    code = "too-many-tries"


def next_attempt_id() -> UUID:
    """The id of an attempt to come: its request names it, so it is known before the row is."""
    return new_id()


def open_attempt(
    *,
    payment: Payment,
    attempt_id: UUID,
    account: str,
    request: Mapping[str, Any],
    address_sealed: bytes | None,
    amount: Money,
    fee: Money,
    expires_at: datetime,
    now: datetime,
) -> PaymentAttempt:
    """Inside an action that holds the payment's lock, and with no attempt open: the row with the request (the
    client's address apart, sealed), and when the worker asks Stripe by itself. Raises `TooManyTries`."""
    number = len(attempts_of(payment.id, fresh=True)) + 1
    if number > rules.MAX_ATTEMPTS:
        raise TooManyTries
    attempt = PaymentAttempt(
        id=attempt_id,
        payment_id=payment.id,
        number=number,
        key=f"attempt-{attempt_id}",
        stripe_account_id=account,
        request=dict(request),
        address_sealed=address_sealed,
        amount_minor=amount.minor,
        fee_minor=fee.minor,
        state="open",
        expires_at=expires_at,
        created_at=now,
    )
    db.session.add(attempt)
    db.session.flush()
    for step, after in enumerate(rules.RECONCILE_AFTER):
        emit("payment.reconcile", run_at=now + after, dedupe=f"reconcile:{attempt_id}:{step}", attempt_id=attempt_id)
    return attempt


def lock_attempt(attempt_id: UUID) -> PaymentAttempt:
    """Inside an action: the attempt, fresh and locked; `NoSuchPayment` when this clinic has none of that id."""
    wanted = select(PaymentAttempt).where(PaymentAttempt.id == attempt_id).with_for_update()
    found = db.session.execute(wanted.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NoSuchPayment
    return found


def note_session(attempt: PaymentAttempt, session: CheckoutSession) -> None:
    """Inside an action: keep what is new to us in Stripe's answer; what we know already stays."""
    attempt.session_id = attempt.session_id or session.id
    attempt.session_url = attempt.session_url or session.url
    if attempt.session_id != session.id:
        return
    attempt.payment_intent = attempt.payment_intent or session.payment_intent
    attempt.charge = attempt.charge or session.charge
    attempt.card_brand = attempt.card_brand or (session.card_brand or "")[:20] or None
    attempt.card_last4 = attempt.card_last4 or (session.card_last4 or "")[:4] or None
    attempt.receipt_url = attempt.receipt_url or session.receipt_url


def record_paid(
    *, attempt: PaymentAttempt, payment: Payment, client_id: UUID | None, session: CheckoutSession, now: datetime
) -> None:
    """Inside an action that holds both locks: the money is there. Once an attempt."""
    # The session that was paid is the one that counts: after a replayed 500 we may know of none, or of another.
    attempt.session_id = session.id
    note_session(attempt, session)
    attempt.state = "paid"
    attempt.paid_at = now
    payment.paid_minor += attempt.amount_minor
    where = {"booking_id": payment.booking_id, "client_id": client_id, "now": now}
    post(rules.paid_by_card(attempt.id, Money(attempt.amount_minor, payment.currency)), **where)  # type: ignore[arg-type]
    post(rules.fee_taken(attempt.id, Money(attempt.fee_minor, payment.currency)), **where)  # type: ignore[arg-type]
    audit.record(
        "payment.paid",
        target="booking",
        target_id=payment.booking_id,
        now=now,
        attempt=attempt.number,
        amount=attempt.amount_minor,
    )


@action
def claim_ask(*, booking_id: UUID, now: datetime) -> UUID | None:
    """The attempt to ask Stripe about for the return page, or None: there is none, it is settled, or somebody has asked
    within `ASK_PAUSE`."""
    payment = db.session.execute(
        select(Payment).where(Payment.booking_id == booking_id).with_for_update()
    ).scalar_one_or_none()
    attempts = attempts_of(payment.id, fresh=True) if payment is not None else []
    if not attempts or attempts[-1].state != "open":
        return None
    if any(one.asked_at is not None and now - one.asked_at < rules.ASK_PAUSE for one in attempts):
        return None
    attempts[-1].asked_at = now
    return attempts[-1].id
