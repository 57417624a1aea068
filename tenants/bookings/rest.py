"""What is still owed for a booking that stands, by card: staff send a link, its page leads to Stripe."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db
from saas.errors import Conflict
from saas.money import Money
from saas.outbox import Outbox, emit
from saas.tenancy import current_tenant
from tenants.bookings.checkout_steps import (
    Call,
    CardUnavailable,
    CardWay,
    NothingToPay,
    call_of,
    open_attempt_of,
    write_attempt,
)
from tenants.bookings.letters import mail_address
from tenants.bookings.models import Booking
from tenants.bookings.places import lock_booking, page_at
from tenants.bookings.rules import STANDING
from tenants.clients.models import Client
from tenants.payments import rules
from tenants.payments.queries import NoSuchPayment, balance_of_booking, lock_payment

PAY_LINK = "booking.pay_link"
"""The effect that mails the link."""


class NoMailToThem(Conflict):
    """The client has no address, or asked not to be written to."""

    code = "no-mail-to-them"


def owed_by_card(booking: Booking) -> Money:
    """What a client can still pay by card for this booking: nothing unless it stands."""
    owed = balance_of_booking(booking.id)
    return owed if booking.status in STANDING and owed.minor > 0 else Money.zero(booking.currency)


@action
def ask_to_pay(*, booking_id: UUID, click: str, now: datetime) -> None:
    """Have a link to pay what is owed mailed to the client, once per `click`. Raises `NothingToPay`, `CardUnavailable`
    while the clinic takes no cards, `NoMailToThem`."""
    booking = lock_booking(booking_id)
    key = f"pay-link:{booking.id}:{click}"[:120]
    asked = select(Outbox.id).where(Outbox.tenant_id == current_tenant().id, Outbox.dedupe_key == key)
    if db.session.execute(asked).first() is not None:
        return
    owed = owed_by_card(booking)
    if not owed:
        raise NothingToPay
    if current_tenant().stripe_account_id is None:
        raise CardUnavailable
    if not mail_address(booking, db.session.get(Client, booking.client_id)):
        raise NoMailToThem
    emit(PAY_LINK, run_at=now, dedupe=key, booking_id=booking.id)
    audit.record(PAY_LINK, target="booking", target_id=booking.id, now=now, amount=owed.minor)


@action
def plan_rest(*, booking_id: UUID, name: str, seen: int | None, now: datetime) -> str | Call:
    """What a press of Pay does next, as `plan_payment`: the booking page when nothing is owed (any more), an open
    session's address, or a call to make. Raises `CardUnavailable`, `TooManyTries`."""
    booking = lock_booking(booking_id)
    owed = owed_by_card(booking)
    try:
        payment = lock_payment(booking.id) if owed else None
    except NoSuchPayment:
        payment = None
    if payment is None:
        return page_at(booking.id, booking.link_generation)
    account = current_tenant().stripe_account_id
    if account is None:
        raise CardUnavailable
    open_ = open_attempt_of(payment)
    if open_ is None:
        attempt = write_attempt(booking, payment, owed, CardWay(account, name, "rest"), now=now)
        return call_of(booking.id, attempt, fresh=True)
    same = open_.amount_minor == owed.minor
    if (
        same
        and open_.session_url
        and rules.reusable(number=open_.number, seen=seen, expires_at=open_.expires_at, now=now)
    ):
        return open_.session_url
    return call_of(booking.id, open_)
