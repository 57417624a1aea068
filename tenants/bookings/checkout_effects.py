"""What crosses the wall around paying: hold ends, looks at Stripe later, and Stripe's own news of a session."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from saas.jobs import Handler
from saas.outbox import Effect, Later
from saas.stripe_values import GatewayUnavailable, InboundEvent, attempt_named, session_of
from saas.webhooks import Handler as WebhookHandler
from tenants.bookings.checkout import end_hold, settle_attempt
from tenants.bookings.checkout_steps import apply_session
from tenants.payments.queries import booking_of_attempt

AGAIN = timedelta(minutes=1)


def hold_ended(effect: Effect, *, now: datetime) -> None:
    """`hold.end`: frees the place, once nobody can pay for it any more."""
    again = end_hold(booking_id=UUID(str(effect.payload["booking_id"])), now=now)
    if again is not None:
        raise Later(again)


def reconcile(effect: Effect, *, now: datetime) -> None:
    """`payment.reconcile`: asks Stripe how an attempt ended, for the case that no webhook told us. Silent Stripe is no
    failure of ours, the question stays until there is an answer; a refusal (an account that is closed) is one, and ends
    where the operator sees it."""
    try:
        settle_attempt(attempt_id=UUID(str(effect.payload["attempt_id"])), now=now)
    except GatewayUnavailable:
        raise Later(now + AGAIN) from None


def session_told(event: InboundEvent, *, now: datetime) -> str | None:
    """`checkout.session.*`: the attempt is found by our own id in the metadata, never by the session's, which we may
    not have heard of yet. What is not ours has no effect."""
    attempt_id = event.read(attempt_named)
    if attempt_id is None or booking_of_attempt(attempt_id) is None:
        return "foreign"
    session = event.read(session_of)
    return apply_session(attempt_id=attempt_id, session=session, account=event.account or "", now=now)


HANDLERS: Mapping[str, Handler] = {"hold.end": hold_ended, "payment.reconcile": reconcile}
WEBHOOKS: Mapping[str, WebhookHandler] = {
    "checkout.session.completed": session_told,
    "checkout.session.async_payment_succeeded": session_told,
    "checkout.session.expired": session_told,
}
