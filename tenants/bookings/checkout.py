"""The journeys around paying: each calls Stripe between two transactions and holds none meanwhile.

Whatever is lost on the way (an answer, a webhook, a process), the attempt was written before the call, and Stripe is
asked again under the same key until it has said how the attempt ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from saas.db import db, journey
from saas.errors import DomainError
from saas.formats import full_date
from saas.languages import for_client
from saas.mail import written_for
from saas.stripe_gateway import gateway
from saas.stripe_values import (
    CheckoutSession,
    GatewayError,
    GatewayRefused,
    GatewayReplayed500,
    GatewayUnavailable,
)
from saas.tenancy import current_tenant
from saas.words import _
from tenants.bookings.actions import confirm
from tenants.bookings.checkout_steps import (
    Call,
    CardUnavailable,
    Outcome,
    apply_session,
    call_of,
    close_unmade,
    is_rest,
    note_made,
    open_attempt_of,
    plan_payment,
    release_given_up,
    release_if_over,
)
from tenants.bookings.models import Booking
from tenants.bookings.places import NoSuchBooking
from tenants.bookings.rest import plan_rest
from tenants.bookings.rules import STANDING
from tenants.clinic.queries import envelope
from tenants.payments import rules
from tenants.payments.attempts import claim_ask
from tenants.payments.models import Payment, PaymentAttempt
from tenants.payments.queries import attempts_of, find_payment

Returned = Literal["booked", "pending", "unpaid", "expired", "lost", "cancelled"]

# An old attempt to make again, to end, and a new one that may need a second key: more would be going in circles.
_STEPS = 5


class PaymentsDown(DomainError):
    """Stripe does not answer. Nothing is lost: the time is held, and pressing again is safe."""

    status = 503
    code = "payments-down"


@journey
def start_payment(*, booking_id: UUID, now: datetime, seen: int | None = None) -> str:
    """Where a press of Pay leads: Stripe's page for this booking, or the booking page when it stands already.

    `seen`: how many attempts the page with the button knew of (`BookingMoney.attempts`): a double click leads to one
    and the same session, coming back by "cancel" and pressing again to a new one, after the old has ended. Without it
    an open session is used again. Raises what `plan_payment` raises, and `PaymentsDown`.
    """
    name = _product_name(booking_id)
    return _walk(lambda: plan_payment(booking_id=booking_id, name=name, seen=seen, now=now), now=now)


@journey
def pay_rest(*, booking_id: UUID, now: datetime, seen: int | None = None) -> str:
    """The same for what is still owed for a booking that stands. Raises what `plan_rest` raises, and `PaymentsDown`."""
    name = _product_name(booking_id)
    return _walk(lambda: plan_rest(booking_id=booking_id, name=name, seen=seen, now=now), now=now)


def _walk(plan: Callable[[], str | Call], *, now: datetime) -> str:
    for _step in range(_STEPS):
        step = plan()
        if isinstance(step, str):
            return step
        try:
            url = _advance(step, now=now)
        except GatewayRefused:
            raise (CardUnavailable if step.fresh else PaymentsDown) from None
        except GatewayError:
            raise PaymentsDown from None
        if url is not None:
            return url
    raise PaymentsDown


def _advance(call: Call, *, now: datetime) -> str | None:
    """One call to Stripe: the address to go to, or None when there is a next step to plan."""
    if call.session_id is not None:
        _learn(call, now=now, end=True)
        return None
    session = _make(call, now=now, tries=2)
    if session is None or not call.fresh:
        # A session that was made earlier is told as it was then: the next plan looks at how long it has to live.
        return None
    return session.url


def _make(call: Call, *, now: datetime, tries: int = 1) -> CheckoutSession | None:
    """The attempt's session, made or found again under its key; None when there is none and never will be.

    The second try, with the same key and request, is for a lost answer.
    """
    try:
        session = _create(call, tries)
    except GatewayReplayed500:
        close_unmade(attempt_id=call.attempt_id, now=now)
        return None
    except GatewayRefused as refusal:
        # That it is too late for the stored `expires_at` proves that no earlier call arrived: the key would have
        # answered. Any other refusal proves so only when there was no earlier call.
        if call.fresh or refusal.param == "expires_at":
            close_unmade(attempt_id=call.attempt_id, now=now)
        if refusal.param == "expires_at":
            return None
        raise
    if not note_made(attempt_id=call.attempt_id, session=session):
        # Closed while Stripe was at work: nobody may pay a session that nobody knows of.
        gateway().expire_checkout(account=call.account, session_id=session.id)
        return None
    return session


def _create(call: Call, tries: int) -> CheckoutSession:
    while True:
        try:
            return gateway().create_checkout(account=call.account, params=call.request, idempotency_key=call.key)
        except GatewayUnavailable:
            tries -= 1
            if not tries:
                raise


def _learn(call: Call, *, now: datetime, end: bool) -> Outcome:
    """Ask Stripe how the session stands (`end`: and end it, unless it is over), and do what that means."""
    session_id = call.session_id or ""
    ask = gateway().expire_checkout if end else gateway().retrieve_checkout
    session = ask(account=call.account, session_id=session_id)
    return apply_session(attempt_id=call.attempt_id, session=session, account=call.account, now=now)


@journey
def settle_attempt(*, attempt_id: UUID, now: datetime, end: bool = False) -> Outcome | None:
    """Ask Stripe how an attempt stands and do what that means; `end` (or a booking that waits for it no more) ends its
    session first. None: there is nothing left to ask. Raises `GatewayError` when Stripe gives no answer.

    An attempt whose session we never heard of is asked for again under its key: after a kill between Stripe's answer
    and the stored id, that finds the session.
    """
    call, waited_for = _call_for(attempt_id)
    if call is None:
        return None
    if call.session_id is None:
        session = _make(call, now=now)
        if session is None:
            return None
        call = replace(call, session_id=session.id)
    return _learn(call, now=now, end=end or not waited_for)


def _call_for(attempt_id: UUID) -> tuple[Call | None, bool]:
    attempt = db.session.get(PaymentAttempt, attempt_id)
    if attempt is None or (attempt.state == "paid" and attempt.charge) or attempt.state in ("expired", "failed"):
        return None, False
    booking_id = db.session.get_one(Payment, attempt.payment_id).booking_id
    booking = db.session.get_one(Booking, booking_id)
    waited_for = booking.status in STANDING if is_rest(attempt) else booking.status == "held"
    return call_of(booking_id, attempt), waited_for or attempt.state == "paid"


@journey
def returned(*, booking_id: UUID, now: datetime) -> Returned:
    """How a payment stands, for the page that Stripe sends people back to: it may have Stripe asked, once a booking in
    `ASK_PAUSE`, and then does what the webhook would do. It never trusts that somebody came back."""
    # Looked at first: a page that has nothing to ask takes no write lock.
    attempt_id = claim_ask(booking_id=booking_id, now=now) if _open_attempt_id(booking_id) else None
    if attempt_id is not None:
        try:
            settle_attempt(attempt_id=attempt_id, now=now)
        except GatewayError:
            return _state_of(booking_id)
    return _state_of(booking_id)


def _state_of(booking_id: UUID) -> Returned:
    booking = _booking(booking_id)
    if booking.status in STANDING:
        return "booked"
    if booking.status == "cancelled":
        return "cancelled"
    payment = find_payment(booking_id)
    attempts = attempts_of(payment.id, fresh=True) if payment is not None else []
    if booking.status == "held":
        return "pending" if attempts and attempts[-1].state == "open" else "unpaid"
    if payment is not None and payment.paid_minor > 0:
        return "lost"
    return "expired"


@journey
def stop_paying(*, booking_id: UUID, now: datetime) -> None:
    """End the open session of a booking, so that it can be paid at the clinic, moved or given up. Paid meanwhile: it is
    booked. Raises `PaymentsDown` when Stripe gives no answer; then nothing has changed."""
    attempt_id = _open_attempt_id(booking_id)
    if attempt_id is None:
        return
    try:
        settle_attempt(attempt_id=attempt_id, now=now, end=True)
    except GatewayError:
        raise PaymentsDown from None


@journey
def pay_at_clinic(*, booking_id: UUID, now: datetime) -> None:
    """Book now and pay at the clinic, where the service allows it; an open session ends first. Raises `PaymentsDown`
    and what `confirm` raises."""
    stop_paying(booking_id=booking_id, now=now)
    confirm(booking_id=booking_id, how="at_clinic", now=now)


@journey
def give_up(*, booking_id: UUID, now: datetime) -> bool:
    """Let the time go: the session ends at Stripe first. False when it had been paid: then it is booked.

    Raises `PaymentsDown`; then the place stays until the session's own end, and the worker frees it.
    """
    stop_paying(booking_id=booking_id, now=now)
    return release_given_up(booking_id=booking_id, now=now)


@journey
def end_hold(*, booking_id: UUID, now: datetime) -> datetime | None:
    """At a hold's end: its session ends at Stripe first, and the place is free only when Stripe says so, or when the
    session's own time is over. Paid: it is booked. Answers when to ask again, if Stripe was silent too early."""
    booking = _booking(booking_id)
    if booking.status == "held" and booking.hold_expires_at is not None and booking.hold_expires_at > now:
        return None  # extended: the later end has an effect of its own
    attempt_id = _open_attempt_id(booking_id)
    if attempt_id is not None:
        expires_at = db.session.get_one(PaymentAttempt, attempt_id).expires_at
        try:
            settle_attempt(attempt_id=attempt_id, now=now, end=True)
        except GatewayError:
            if not rules.session_over(expires_at=expires_at, now=now):
                return expires_at + rules.CLOCKS_DIFFER
    release_if_over(booking_id=booking_id, now=now)
    return None


def _product_name(booking_id: UUID) -> str:
    """What Stripe and the receipt show: where and when, never what for."""
    booking = _booking(booking_id)
    locale = for_client(booking.locale)
    day = full_date(booking.starts_at.astimezone(ZoneInfo(booking.zone)), locale)
    with written_for(locale):
        return _("Session at %(clinic)s, %(date)s", clinic=envelope().sender_name or current_tenant().name, date=day)


def _booking(booking_id: UUID) -> Booking:
    booking = db.session.get(Booking, booking_id, populate_existing=True)
    if booking is None:
        raise NoSuchBooking
    return booking


def _open_attempt_id(booking_id: UUID) -> UUID | None:
    payment = find_payment(booking_id)
    attempt = open_attempt_of(payment) if payment is not None else None
    return attempt.id if attempt is not None else None
