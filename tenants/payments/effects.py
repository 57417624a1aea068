"""Sending money back, and what Stripe tells about refunds and disputes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from saas.db import db
from saas.jobs import Handler
from saas.outbox import Effect, Later
from saas.stripe_gateway import gateway
from saas.stripe_values import (
    GatewayRefused,
    GatewayReplayed500,
    GatewayUnavailable,
    InboundEvent,
    RefundResult,
    attempt_named,
    dispute_of,
    refund_of,
)
from saas.webhooks import Handler as WebhookHandler
from tenants.payments.disputes import note_dispute
from tenants.payments.queries import attempt_of_intent, booking_of_attempt
from tenants.payments.refunds import (
    DID_NOT_GO,
    RefundOrder,
    is_ours,
    look_again,
    order_of,
    paid_with,
    refund_done,
    refund_failed,
    refund_outside,
    renew_key,
)

AGAIN = timedelta(seconds=30)
LATER = timedelta(minutes=5)


def send_refund(effect: Effect, *, now: datetime) -> None:
    """`refund.send`: asks Stripe under the refund's own key, until Stripe has said yes or no."""
    order = order_of(UUID(str(effect.payload["refund_id"])))
    if order is None:
        return
    try:
        try:
            result = _send(order)
        except GatewayReplayed500:
            # The first try may have done its work before it failed: look before asking under another key.
            found = _find(order)
            if found is None:
                renew_key(refund_id=order.refund_id, key=order.key)
                raise Later(now) from None
            result = found
        except GatewayRefused as refusal:
            # Also the answer when it was sent long ago and Stripe has forgotten the key.
            found = _find(order)
            if found is None:
                refund_failed(refund_id=order.refund_id, code=refusal.code, now=now)
                return
            result = found
    except GatewayUnavailable:
        raise Later(now + AGAIN) from None
    if result.status in DID_NOT_GO:
        refund_failed(refund_id=order.refund_id, code=result.status, now=now)
    else:
        refund_done(refund_id=order.refund_id, stripe_id=result.id, now=now)


def _send(order: RefundOrder) -> RefundResult:
    return gateway().refund(
        account=order.account,
        payment_intent=order.payment_intent,
        amount=order.amount,
        idempotency_key=order.key,
        refund_application_fee=order.with_fee,
        metadata={"refund": str(order.refund_id)},
    )


def _find(order: RefundOrder) -> RefundResult | None:
    sent = gateway().list_refunds(account=order.account, payment_intent=order.payment_intent)
    return next((one for one in sent if one.metadata.get("refund") == str(order.refund_id)), None)


def refund_told(event: InboundEvent, *, now: datetime) -> str | None:
    """`refund.*`: one of ours went, or bounced; or somebody made one at Stripe itself."""
    told = event.read(refund_of)
    refund_id = _ours(told)
    if refund_id is not None:
        _settle_own(refund_id, told, now=now)
        return None
    attempt = attempt_of_intent(told.payment_intent or "")
    if attempt is None or attempt.stripe_account_id != event.account:
        return "foreign"
    return refund_outside(attempt_id=attempt.id, told=told, now=now)


def _ours(told: RefundResult) -> UUID | None:
    try:
        refund_id = UUID(str(told.metadata.get("refund")))
    except ValueError:
        return None
    return refund_id if is_ours(refund_id) else None


def _settle_own(refund_id: UUID, told: RefundResult, *, now: datetime) -> None:
    if told.status in DID_NOT_GO:
        refund_failed(refund_id=refund_id, code="bounced", now=now)
    else:
        refund_done(refund_id=refund_id, stripe_id=told.id, now=now)


def charge_told(event: InboundEvent, *, now: datetime) -> str | None:
    """`charge.refunded`: money went back, but by which refunds it does not say. The worker asks, if nobody told us."""
    attempt_id = event.read(attempt_named)
    if attempt_id is None or booking_of_attempt(attempt_id) is None or paid_with(attempt_id)[0] != event.account:
        return "foreign"
    look_again(attempt_id=attempt_id, event=event.id, now=now)
    return None


def look(effect: Effect, *, now: datetime) -> None:
    """`refund.look`: every refund that Stripe has of a payment is known here afterwards."""
    attempt_id = UUID(str(effect.payload["attempt_id"]))
    account, intent, state = paid_with(attempt_id)
    if state == "open" or (state == "paid" and intent is None):
        raise Later(now + LATER)
    if state != "paid" or intent is None:
        return
    # Nothing of the database is held while Stripe answers.
    db.session.rollback()
    try:
        found = gateway().list_refunds(account=account, payment_intent=intent)
    except GatewayUnavailable:
        raise Later(now + AGAIN) from None
    for told in reversed(found):
        refund_id = _ours(told)
        if refund_id is not None:
            _settle_own(refund_id, told, now=now)
        else:
            refund_outside(attempt_id=attempt_id, told=told, now=now)


def dispute_told(event: InboundEvent, *, now: datetime) -> str | None:
    """`charge.dispute.*`: the client's bank asks for the money. It is answered at Stripe."""
    news = event.read(dispute_of)
    attempt = attempt_of_intent(news.payment_intent or "")
    if attempt is None or attempt.stripe_account_id != event.account:
        return "foreign"
    return note_dispute(attempt_id=attempt.id, news=news, told_at=datetime.fromtimestamp(event.created, UTC), now=now)


HANDLERS: Mapping[str, Handler] = {"refund.send": send_refund, "refund.look": look}
WEBHOOKS: Mapping[str, WebhookHandler] = {
    "refund.created": refund_told,
    "refund.updated": refund_told,
    "refund.failed": refund_told,
    "charge.refunded": charge_told,
    "charge.dispute.created": dispute_told,
    "charge.dispute.updated": dispute_told,
    "charge.dispute.closed": dispute_told,
}
