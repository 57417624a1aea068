"""Sending money back, and what Stripe tells about refunds and disputes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from saas import audit
from saas.jobs import Handler
from saas.outbox import Effect, Later
from saas.stripe_gateway import gateway
from saas.stripe_values import GatewayRefused, GatewayReplayed500, GatewayUnavailable, InboundEvent, RefundResult
from saas.webhooks import Handler as WebhookHandler
from tenants.payments.queries import attempt_of_intent, booking_of_attempt
from tenants.payments.refunds import RefundOrder, is_ours, order_of, refund_done, refund_failed, renew_key

AGAIN = timedelta(seconds=30)
_DID_NOT_GO = ("failed", "canceled")


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
    if result.status in _DID_NOT_GO:
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
    """`refund.failed`: a refund that Stripe had accepted did not arrive."""
    try:
        refund_id = UUID(str((event.object.get("metadata") or {}).get("refund")))
    except ValueError:
        return "foreign"
    if not is_ours(refund_id):
        return "foreign"
    refund_failed(refund_id=refund_id, code="bounced", now=now)
    return None


def dispute_told(event: InboundEvent, *, now: datetime) -> str | None:
    """`charge.dispute.*`: the client's bank asks for the money. Noted; the answer is given at Stripe."""
    intent = event.object.get("payment_intent")
    attempt = attempt_of_intent(intent) if isinstance(intent, str) else None
    booking_id = booking_of_attempt(attempt.id) if attempt is not None else None
    if booking_id is None:
        return "foreign"
    audit.record(
        "payment.disputed",
        target="booking",
        target_id=booking_id,
        now=now,
        status=str(event.object.get("status"))[:40],
        amount=int(event.object.get("amount") or 0),
    )
    return None


HANDLERS: Mapping[str, Handler] = {"refund.send": send_refund}
WEBHOOKS: Mapping[str, WebhookHandler] = {
    "refund.failed": refund_told,
    "charge.dispute.created": dispute_told,
    "charge.dispute.updated": dispute_told,
    "charge.dispute.closed": dispute_told,
}
