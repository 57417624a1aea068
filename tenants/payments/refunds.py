"""What becomes of a refund once Stripe has answered, and refunds that somebody made at Stripe itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db
from saas.money import Money
from saas.outbox import emit
from saas.stripe_values import RefundResult
from tenants.payments import rules
from tenants.payments.ledger import is_written, post
from tenants.payments.models import LedgerEntry, Payment, PaymentAttempt, Refund
from tenants.payments.queries import balance_of_booking

QUIET = ("lost",)
"""Refunds that another mail has told of already."""
DID_NOT_GO = ("failed", "canceled")
"""Stripe's states of a refund that gives nothing back."""


@dataclass(frozen=True)
class RefundOrder:
    """A refund to be sent: everything Stripe is told."""

    refund_id: UUID
    account: str
    payment_intent: str
    amount: int
    with_fee: bool
    key: str


def order_of(refund_id: UUID) -> RefundOrder | None:
    """What to send for this refund; None when it is settled, or not this clinic's."""
    wanted = select(Refund, PaymentAttempt).join(PaymentAttempt, PaymentAttempt.id == Refund.attempt_id)
    found = db.session.execute(wanted.where(Refund.id == refund_id, Refund.state == "asked")).one_or_none()
    if found is None:
        return None
    refund, attempt = found
    return RefundOrder(
        refund_id=refund.id,
        account=attempt.stripe_account_id,
        payment_intent=attempt.payment_intent or "",
        amount=refund.amount_minor,
        with_fee=attempt.fee_minor > 0,
        key=f"refund-{refund.id}" + (f"-{refund.renewals}" if refund.renewals else ""),
    )


def is_ours(refund_id: UUID) -> bool:
    """Whether this clinic has such a refund."""
    return db.session.execute(select(Refund.id).where(Refund.id == refund_id)).first() is not None


def _lock(refund_id: UUID) -> tuple[Refund, Payment]:
    of_refund = select(Payment).join(Refund, Refund.payment_id == Payment.id).where(Refund.id == refund_id)
    fresh = {"populate_existing": True}
    payment = db.session.execute(of_refund.with_for_update(of=Payment).execution_options(**fresh)).scalar_one()
    refund = db.session.execute(select(Refund).where(Refund.id == refund_id).execution_options(**fresh)).scalar_one()
    return refund, payment


def _client_of(attempt_id: UUID) -> UUID | None:
    paid = select(LedgerEntry.client_id).where(LedgerEntry.reference == f"card-{attempt_id}").limit(1)
    return db.session.execute(paid).scalar_one_or_none()


@action
def refund_done(*, refund_id: UUID, stripe_id: str, now: datetime) -> None:
    """Stripe has sent the money back: books and ledger say so, and the client is told. Twice changes nothing."""
    refund, payment = _lock(refund_id)
    if refund.state != "asked":
        return
    refund.state = "done"
    refund.stripe_refund_id = stripe_id[:120]
    refund.done_at = now
    payment.refunded_minor += refund.amount_minor
    client = _client_of(refund.attempt_id)
    amount = Money(refund.amount_minor, payment.currency)
    fee = Money(refund.fee_minor, payment.currency)
    post(rules.refunded(refund.id, amount), booking_id=payment.booking_id, client_id=client, now=now)
    post(rules.fee_returned(refund.id, fee), booking_id=payment.booking_id, client_id=client, now=now)
    owed = balance_of_booking(payment.booking_id)
    less = rules.lowered(reason=refund.reason, refund=amount, owed=owed)
    refund.forgiven_minor = less.minor
    post(rules.forgiven(refund.id, less), booking_id=payment.booking_id, client_id=client, now=now)
    if refund.reason not in QUIET:
        emit(
            "booking.refunded",
            run_at=now,
            dedupe=f"refunded:{refund.id}",
            booking_id=payment.booking_id,
            refund_id=refund.id,
        )
    audit.record("refund.done", target="booking", target_id=payment.booking_id, now=now, amount=refund.amount_minor)


@action
def refund_failed(*, refund_id: UUID, code: str, now: datetime) -> None:
    """The money does not go back this way (`code`: Stripe's word): it can be asked for again, and the clinic is told.

    A refund that was done and bounces at the bank later goes back into the books.
    """
    refund, payment = _lock(refund_id)
    if refund.state == "failed":
        return
    if refund.state == "done":
        _take_back(refund, payment, now=now)
    refund.state = "failed"
    emit(
        "booking.notice",
        run_at=now,
        dedupe=f"notice-refund:{refund.id}",
        booking_id=payment.booking_id,
        what="refund-failed",
    )
    audit.record("refund.failed", target="booking", target_id=payment.booking_id, now=now, code=code[:60])


def _take_back(refund: Refund, payment: Payment, *, now: datetime) -> None:
    payment.refunded_minor -= refund.amount_minor
    where: dict[str, Any] = {
        "booking_id": payment.booking_id, "client_id": _client_of(refund.attempt_id), "now": now
    }  # fmt: skip
    post(rules.refund_bounced(refund.id, Money(refund.amount_minor, payment.currency)), **where)
    # Once the booking has ended its price is gone, and stays gone.
    if not is_written(f"uncharge-{payment.booking_id}"):
        post(rules.unforgiven(refund.id, Money(refund.forgiven_minor, payment.currency)), **where)


@action
def refund_outside(*, attempt_id: UUID, told: RefundResult, now: datetime) -> str | None:
    """A refund that somebody made at Stripe itself becomes one of ours, once; one that bounced goes back.

    Answers None, or why nothing was done: early (the payment itself is not known yet), mismatch (more than was paid).
    """
    attempt = db.session.get_one(PaymentAttempt, attempt_id, populate_existing=True)
    fresh = select(Payment).where(Payment.id == attempt.payment_id).with_for_update()
    payment = db.session.execute(fresh.execution_options(populate_existing=True)).scalar_one()
    known = db.session.execute(select(Refund).where(Refund.stripe_refund_id == told.id)).scalars().first()
    failed = told.status in DID_NOT_GO
    if known is not None:
        if failed:
            refund_failed(refund_id=known.id, code=told.status, now=now)
        return None
    if failed:
        return None
    if attempt.state != "paid":
        return "early"
    if told.currency != payment.currency or told.amount > payment.paid_minor - payment.refunded_minor:
        audit.record("refund.mismatch", target="booking", target_id=payment.booking_id, now=now, amount=told.amount)
        return "mismatch"
    refund = Refund(
        payment_id=payment.id,
        attempt_id=attempt.id,
        amount_minor=told.amount,
        fee_minor=0,
        reason="outside",
        click=f"stripe:{told.id}"[:80],
        state="asked",
        renewals=0,
        created_at=now,
    )
    db.session.add(refund)
    db.session.flush()
    refund_done(refund_id=refund.id, stripe_id=told.id, now=now)
    return None


@action
def look_again(*, attempt_id: UUID, event: str, now: datetime) -> None:
    """Have the worker ask Stripe for all refunds of a payment; `event` is the news that makes it ask, once each."""
    emit("refund.look", run_at=now, dedupe=f"refund-look:{event}"[:120], attempt_id=attempt_id)


def paid_with(attempt_id: UUID) -> tuple[str, str | None, str]:
    """(account, payment intent, state) of an attempt of this clinic."""
    attempt = db.session.get_one(PaymentAttempt, attempt_id, populate_existing=True)
    return attempt.stripe_account_id, attempt.payment_intent, attempt.state


@action
def renew_key(*, refund_id: UUID, key: str) -> None:
    """Stripe answers `key` with its first 500 for ever, and has no such refund: the next try gets a key of its own."""
    refund, _ = _lock(refund_id)
    order = order_of(refund_id)
    if order is not None and order.key == key:
        refund.renewals += 1
