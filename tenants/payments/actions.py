"""What a booking owes, what ends that, and asking for money back. Each joins the action of its booking."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select

from saas import audit
from saas.db import action, db, line
from saas.errors import Conflict, Invalid
from saas.money import Money
from saas.outbox import emit
from saas.prepared import PreparedInsert
from saas.tenancy import current_tenant
from tenants.payments import rules
from tenants.payments.ledger import post, post_first
from tenants.payments.models import Payment, PaymentAttempt, Refund
from tenants.payments.queries import (
    NoSuchPayment,
    attempts_of,
    has_payment,
    lock_payment,
    pending_refunds,
    refunds_of_attempt,
    waived_of,
)


class RefundTooLarge(Invalid):
    """More was asked back than was paid by card and has not gone back yet."""

    code = "refund-too-large"


class BadAmount(Invalid):
    """An amount of money must be more than nothing, in the payment's currency."""

    code = "bad-amount"


class PressUsed(Conflict):
    """The press of a button has no name, or its name (`click`) is that of another deed."""

    code = "press-used"


@dataclass(frozen=True)
class Owed:
    """What this room needs to know of a booking. `online` of the `price` is due when booking."""

    booking_id: UUID
    client_id: UUID | None
    mode: str
    price: Money
    online: Money


@action
def ensure_payment(*, owed: Owed, now: datetime) -> Payment:
    """The booking's payment, locked; made when there is none, brought up to date while nothing has been paid."""
    if has_payment(owed.booking_id):
        payment = lock_payment(owed.booking_id)
    else:
        payment = Payment(booking_id=owed.booking_id, paid_minor=0, refunded_minor=0, created_at=now)
        db.session.add(payment)
    if not payment.paid_minor:
        payment.mode = owed.mode
        payment.price_minor = owed.price.minor
        payment.online_minor = owed.online.minor
        payment.currency = owed.price.currency
    db.session.flush()
    return payment


@action
def charge(*, owed: Owed, now: datetime) -> None:
    """The booking stands: from now on the client owes its price. Once a booking, however often it is asked."""
    ensure_payment(owed=owed, now=now)
    post(rules.charged(owed.booking_id, owed.price), booking_id=owed.booking_id, client_id=owed.client_id, now=now)


def charge_first(*, owed: Owed, now: datetime) -> None:
    """Inside the action that has just written the booking: the same, without asking what nobody can have written."""
    row = {
        "tenant_id": current_tenant().id, "booking_id": owed.booking_id, "mode": owed.mode,
        "price_minor": owed.price.minor, "online_minor": owed.online.minor, "currency": owed.price.currency,
        "paid_minor": 0, "refunded_minor": 0, "created_at": now,
    }  # fmt: skip
    _NEW_PAYMENT.write(line(), [row])
    charged = rules.charged(owed.booking_id, owed.price)
    post_first(charged, booking_id=owed.booking_id, client_id=owed.client_id, now=now)


_NEW_PAYMENT = PreparedInsert(insert(Payment))


@action
def settle_cancelled(
    *, booking_id: UUID, client_id: UUID | None, fee_percent: int, click: str, now: datetime
) -> rules.Settlement | None:
    """The booking is cancelled: its price is owed no more, `fee_percent` of it is kept of what was paid, the rest goes
    back. Answers how the money was divided; None when nothing was ever owed. Twice changes nothing."""
    return _settle(booking_id, client_id, fee_percent, click, now)


@action
def settle_no_show(
    *, booking_id: UUID, client_id: UUID | None, fee_percent: int, click: str, now: datetime
) -> rules.Settlement | None:
    """Nobody came: as `settle_cancelled`, with the policy's share for that."""
    return _settle(booking_id, client_id, fee_percent, click, now)


def _settle(
    booking_id: UUID, client_id: UUID | None, percent: int, click: str, now: datetime
) -> rules.Settlement | None:
    try:
        payment = lock_payment(booking_id)
    except NoSuchPayment:
        return None
    price = Money(payment.price_minor, payment.currency)
    divided = rules.settlement(price=price, paid=left_of(payment), percent=percent)
    # What was waived, or came back and lowered the price, is owed no more already.
    if not post(
        rules.uncharged(booking_id, price - waived_of(booking_id)), booking_id=booking_id, client_id=client_id, now=now
    ):
        return divided
    post(rules.fee_kept(booking_id, divided.kept), booking_id=booking_id, client_id=client_id, now=now)
    if divided.refund:
        ask_refund(booking_id=booking_id, amount=divided.refund, reason="cancelled", click=click, now=now)
    return divided


def left_of(payment: Payment) -> Money:
    """Card money of this payment that neither went back, nor was asked back, nor lies with a bank in a dispute."""
    asked = sum(refund.amount_minor for refund in pending_refunds(payment.id))
    gone = payment.refunded_minor + payment.held_minor + payment.lost_minor
    left = Money(payment.paid_minor - gone - asked, payment.currency)
    return left if left.minor > 0 else Money.zero(payment.currency)


@action
def ask_refund(*, booking_id: UUID, amount: Money, reason: str, click: str, now: datetime) -> Refund:
    """Send `amount` back to the card that paid; the worker calls Stripe. One `click` is one refund (a part for each
    card payment where no single one was so large), however often it is sent; with anything else it is `PressUsed`.

    `reason`: cancelled, staff, lost (paid too late), duplicate, goodwill, mistake (`rules.GIVEN_UP` says which of them
    lower what is owed). Raises `RefundTooLarge` above what was paid less what
    went, or was asked, back; `BadAmount`; `NoSuchPayment`.
    """
    payment = lock_payment(booking_id)
    if not click:
        raise PressUsed
    paid = [one for one in reversed(attempts_of(payment.id)) if one.state == "paid"]
    clicks = [click[:80], *(f"{click[:76]}#{number}" for number in range(2, len(paid) + 1))]
    made = select(Refund).where(Refund.click.in_(clicks)).order_by(Refund.created_at, Refund.id)
    before = list(db.session.execute(made).scalars())
    if before:
        total = Money(sum(one.amount_minor for one in before), payment.currency)
        if {(one.payment_id, one.reason) for one in before} != {(payment.id, reason)} or total != amount:
            raise PressUsed
        return before[0]
    if amount.minor <= 0 or amount.currency != payment.currency:
        raise BadAmount
    if left_of(payment) < amount:
        raise RefundTooLarge
    parts = rules.spread(amount, [_left_of(one, payment.currency) for one in paid])
    if parts is None:
        raise RefundTooLarge
    refunds = [
        refund_attempt(attempt=paid[place], payment=payment, amount=part, reason=reason, click=named, now=now)
        for (place, part), named in zip(parts, clicks, strict=False)
    ]
    return refunds[0]


def _left_of(attempt: PaymentAttempt, currency: str) -> Money:
    back = sum(refund.amount_minor for refund in refunds_of_attempt(attempt.id))
    return Money(attempt.amount_minor - back, currency)


def refund_attempt(
    *, attempt: PaymentAttempt, payment: Payment, amount: Money, reason: str, click: str, now: datetime
) -> Refund:
    """Inside an action that holds the payment's lock: the refund's row, its share of our fee, and its effect."""
    before = refunds_of_attempt(attempt.id)
    fee = rules.fee_back(
        fee=Money(attempt.fee_minor, payment.currency),
        paid=Money(attempt.amount_minor, payment.currency),
        refunded=Money(sum(refund.amount_minor for refund in before), payment.currency),
        refund=amount,
        returned=Money(sum(refund.fee_minor for refund in before), payment.currency),
    )
    refund = Refund(
        payment_id=payment.id,
        attempt_id=attempt.id,
        amount_minor=amount.minor,
        fee_minor=fee.minor,
        reason=reason,
        click=click[:80],
        state="asked",
        renewals=0,
        created_at=now,
    )
    db.session.add(refund)
    db.session.flush()
    emit("refund.send", run_at=now, dedupe=f"refund:{refund.id}", refund_id=refund.id)
    audit.record(
        "refund.asked", target="booking", target_id=payment.booking_id, now=now, amount=amount.minor, reason=reason
    )
    return refund
