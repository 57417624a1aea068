"""The transactions around paying: before Stripe is called, and after it has answered. No network here; `checkout.py`
walks between them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from saas import audit
from saas.db import action, db
from saas.errors import Conflict, DomainError
from saas.languages import for_client
from saas.money import Money
from saas.outbox import emit
from saas.sealing import adopt_keys, seal_text, unseal_text
from saas.stripe_values import CheckoutSession, checkout_params
from saas.tenancy import current_tenant
from tenants.bookings.letters import mail_address
from tenants.bookings.models import Booking
from tenants.bookings.places import (
    SlotTaken,
    extend_for_payment,
    is_over,
    lock_booking,
    mark_confirmed,
    owed_by,
    page_at,
    release,
    retake,
)
from tenants.bookings.rules import STANDING, require
from tenants.clients.models import Client
from tenants.payments import rules
from tenants.payments.actions import ensure_payment, left_of, refund_attempt
from tenants.payments.attempts import lock_attempt, next_attempt_id, note_session, open_attempt, record_paid
from tenants.payments.models import Payment, PaymentAttempt
from tenants.payments.queries import NoSuchPayment, attempts_of, balance_of_booking, booking_of_attempt, lock_payment

Outcome = Literal["wait", "known", "closed", "confirmed", "recorded", "lost", "returned", "mismatch"]
_ADDRESS = "payment_attempt|address|{}"


class DetailsMissing(Conflict):
    """Nobody has said yet who comes."""

    code = "details-missing"


class NothingToPay(Conflict):
    """Nothing is due when booking."""

    code = "nothing-to-pay"


class CardUnavailable(Conflict):
    """The clinic cannot take cards at the moment."""

    code = "card-unavailable"


@dataclass(frozen=True)
class Call:
    """An attempt as Stripe is asked about it. `fresh`: written a moment ago by this very press."""

    attempt_id: UUID
    booking_id: UUID
    account: str
    key: str
    request: dict[str, Any]
    session_id: str | None
    expires_at: datetime
    fresh: bool = False


def call_of(booking_id: UUID, attempt: PaymentAttempt, *, fresh: bool = False) -> Call:
    """The attempt as a value that outlives the transaction."""
    request = dict(attempt.request)
    if attempt.address_sealed is not None and attempt.session_id is None:  # else nobody is going to make the call
        about = _ADDRESS.format(attempt.id)
        request["customer_email"] = unseal_text(subject=booking_id, about=about, sealed=attempt.address_sealed)
    return Call(
        attempt_id=attempt.id,
        booking_id=booking_id,
        account=attempt.stripe_account_id,
        key=attempt.key,
        request=request,
        session_id=attempt.session_id,
        expires_at=attempt.expires_at,
        fresh=fresh,
    )


@action
def plan_payment(*, booking_id: UUID, name: str, seen: int | None, now: datetime) -> str | Call:
    """What a press of Pay does next: an address to go to, or a call to make.

    A call with a session is to be ended first, one without is to be made (again). A new attempt is written whole, and
    the hold outlives its session. Raises `SlotTaken` when the hold lapsed and the place is gone, `TooManyTries`,
    `DetailsMissing`, `NothingToPay`, `CardUnavailable`, `NotNow`.
    """
    booking = lock_booking(booking_id)
    if booking.status in STANDING:
        return page_at(booking.id, booking.link_generation)
    require("retake", booking.status)
    if booking.client_id is None:
        raise DetailsMissing
    if not booking.online:
        raise NothingToPay
    account = current_tenant().stripe_account_id
    if account is None:
        raise CardUnavailable
    payment = ensure_payment(owed=owed_by(booking), now=now)
    open_ = open_attempt_of(payment)
    if open_ is not None:
        if open_.session_url and rules.reusable(number=open_.number, seen=seen, expires_at=open_.expires_at, now=now):
            return open_.session_url
        return call_of(booking.id, open_)
    if is_over(booking, now) and not _take_again(booking, now=now):
        raise SlotTaken
    attempt = write_attempt(booking, payment, booking.online, CardWay(account, name, "online"), now=now)
    extend_for_payment(booking, until=now + rules.PAY_HOLD, now=now)
    booking.policy_accepted_at = booking.policy_accepted_at or now
    return call_of(booking.id, attempt, fresh=True)


def open_attempt_of(payment: Payment) -> PaymentAttempt | None:
    """The attempt of which Stripe has not said how it ended, if there is one."""
    return next((one for one in attempts_of(payment.id, fresh=True) if one.state == "open"), None)


@dataclass(frozen=True)
class CardWay:
    """Where a card payment goes (`account`), what it is called there, and what it is for: what is due `online` when
    booking, or the `rest` of a booking that stands."""

    account: str
    name: str
    purpose: Literal["online", "rest"]

    @property
    def back(self) -> str:
        """The page of the booking that asks for it."""
        return "pay" if self.purpose == "online" else "rest"


def is_rest(attempt: PaymentAttempt) -> bool:
    """Whether this try is for the rest of a booking that stood already."""
    return bool(attempt.request.get("metadata", {}).get("purpose") == "rest")


def write_attempt(booking: Booking, payment: Payment, amount: Money, way: CardWay, *, now: datetime) -> PaymentAttempt:
    """Inside an action that holds both locks: a new try to pay `amount`, whole, before Stripe hears of it."""
    attempt_id = next_attempt_id()
    client = db.session.get_one(Client, booking.client_id)
    expires_at = now + rules.SESSION_LIFE
    fee = rules.platform_fee(amount, current_tenant().fee_percent)
    page = page_at(booking.id, booking.link_generation)
    request = checkout_params(
        amount=amount.minor,
        currency=booking.currency,
        name=way.name,
        success_url=f"{page}/return",
        cancel_url=f"{page}/{way.back}",
        expires_at=int(expires_at.timestamp()),
        application_fee=fee.minor,
        metadata={
            "payment_attempt": str(attempt_id),
            "booking": str(booking.id),
            "tenant": str(current_tenant().id),
            "purpose": way.purpose,
        },
        locale=rules.checkout_language(for_client(booking.locale) if booking.locale else ""),
    )
    return open_attempt(
        payment=payment,
        attempt_id=attempt_id,
        account=way.account,
        request=request,
        address_sealed=_seal_address(booking, attempt_id, mail_address(booking, client)),
        amount=amount,
        fee=fee,
        expires_at=expires_at,
        now=now,
    )


def _seal_address(booking: Booking, attempt_id: UUID, address: str) -> bytes | None:
    """Sealed for the booking, and so for its client, whoever the booking's details say that is by then. None for people
    who may not be written to: Stripe writes to the address it is given."""
    if not address or booking.client_id is None:
        return None
    sealed = seal_text(subject=booking.id, about=_ADDRESS.format(attempt_id), text=address)
    adopt_keys(subject=booking.client_id, of=booking.id)
    return sealed


def _take_again(booking: Booking, *, now: datetime) -> bool:
    """The place of a lapsed hold again, or False with nothing changed, whatever stands in the way by now."""
    try:
        # A savepoint: the overlap that only the database sees must not take the news of the money with it.
        with db.session.begin_nested():
            return retake(booking, now=now)
    except DomainError:
        return False


@action
def note_made(*, attempt_id: UUID, session: CheckoutSession) -> bool:
    """Keep the session that Stripe made for an attempt; False when the attempt was closed meanwhile unpaid."""
    attempt = lock_attempt(attempt_id)
    note_session(attempt, session)
    return attempt.state in ("open", "paid")


@action
def close_unmade(*, attempt_id: UUID, now: datetime) -> None:
    """Stripe refused the attempt, or answers it with nothing but its first 500: nobody ever saw its page."""
    booking_id = booking_of_attempt(attempt_id)
    if booking_id is None:
        raise NoSuchPayment
    booking = lock_booking(booking_id)
    attempt = lock_attempt(attempt_id)
    if attempt.state == "open" and attempt.session_id is None:
        attempt.state = "failed"
        booking.paying = False
        audit.record("payment.unmade", target="booking", target_id=booking_id, now=now, attempt=attempt.number)


@action
def apply_session(*, attempt_id: UUID, session: CheckoutSession, account: str, now: datetime) -> Outcome:
    """Do what Stripe's news about an attempt means: the one way in which a booking is confirmed by paying, for the
    webhook, the return page and the reconciling alike. The same news again changes nothing, in whatever order it comes.

    `account`: whose news it is. Amount, currency and account must be what was asked for; otherwise it is noted,
    somebody is told, and nothing is confirmed. Raises `NoSuchPayment` for an attempt that is not this clinic's.
    """
    booking_id = booking_of_attempt(attempt_id)
    if booking_id is None:
        raise NoSuchPayment
    booking = lock_booking(booking_id)
    payment = lock_payment(booking_id)
    attempt = lock_attempt(attempt_id)
    facts = rules.SessionFacts(
        status=session.status,
        payment_status=session.payment_status,
        amount=Money(session.amount, session.currency),
        account=account,
        asked_amount=Money(attempt.amount_minor, payment.currency),
        asked_account=attempt.stripe_account_id,
    )
    before = attempt.state != "paid" and _nobody_owes(payment, attempt)
    verdict = rules.settle(facts, attempt=attempt.state, booking=booking.status, paid_before=before)
    if verdict == "mismatch":
        return _mismatch(booking, attempt, session, now=now)
    if verdict in ("wait", "known", "close"):
        note_session(attempt, session)
        if verdict != "close":
            return "wait" if verdict == "wait" else "known"
        attempt.state = "expired"
        booking.paying = False
        return "closed"
    # First of all, because a savepoint that is rolled back takes the audit rows collected before it with it.
    gone = verdict == "retake" and not _take_again(booking, now=now)
    record_paid(attempt=attempt, payment=payment, client_id=booking.client_id, session=session, now=now)
    _end_others(payment, attempt, now=now)
    if verdict == "return":
        return _give_back(booking, payment, attempt, reason="duplicate" if before else "late", now=now)
    if gone:
        return _lost(booking, payment, attempt, now=now)
    if verdict == "record":
        return "recorded"
    mark_confirmed(booking, now=now)
    return "confirmed"


def _nobody_owes(payment: Payment, attempt: PaymentAttempt) -> bool:
    """Whether what this try pays was paid otherwise meanwhile: by another try, or at the desk."""
    if is_rest(attempt):
        return balance_of_booking(payment.booking_id) < Money(attempt.amount_minor, payment.currency)
    return bool(left_of(payment))


def _end_others(payment: Payment, paid: PaymentAttempt, *, now: datetime) -> None:
    for other in attempts_of(payment.id):
        if other.state == "open" and other.id != paid.id:
            emit("payment.reconcile", run_at=now, dedupe=f"reconcile:{other.id}:end", attempt_id=other.id)


def _mismatch(booking: Booking, attempt: PaymentAttempt, session: CheckoutSession, *, now: datetime) -> Outcome:
    if attempt.state == "open" and attempt.session_id == session.id:
        attempt.state = "failed"
        booking.paying = False
    emit(
        "booking.notice",
        run_at=now,
        dedupe=f"notice-mismatch:{attempt.id}",
        booking_id=booking.id,
        what="payment-mismatch",
    )
    audit.record("payment.mismatch", target="booking", target_id=booking.id, now=now, attempt=attempt.number)
    return "mismatch"


def _give_back(booking: Booking, payment: Payment, attempt: PaymentAttempt, *, reason: str, now: datetime) -> Outcome:
    amount = Money(attempt.amount_minor, payment.currency)
    refund_attempt(
        attempt=attempt, payment=payment, amount=amount, reason=reason, click=f"{reason}:{attempt.id}", now=now
    )
    audit.record("payment.returned", target="booking", target_id=booking.id, now=now, reason=reason)
    return "returned"


def _lost(booking: Booking, payment: Payment, attempt: PaymentAttempt, *, now: datetime) -> Outcome:
    _give_back(booking, payment, attempt, reason="lost", now=now)
    emit("booking.lost", run_at=now, dedupe=f"lost:{attempt.id}", booking_id=booking.id)
    emit("booking.notice", run_at=now, dedupe=f"notice-lost:{attempt.id}", booking_id=booking.id, what="lost")
    return "lost"


@action
def release_if_over(*, booking_id: UUID, now: datetime) -> bool:
    """Free the place of a hold whose time is over, once no session of it can be paid any more."""
    booking = lock_booking(booking_id)
    if booking.status != "held" or (booking.hold_expires_at is not None and booking.hold_expires_at > now):
        return False
    open_ = _open_of_booking(booking_id)
    if open_ is not None and not rules.session_over(expires_at=open_.expires_at, now=now):
        return False
    release(booking, now=now, why="hold-over")
    return True


@action
def release_given_up(*, booking_id: UUID, now: datetime) -> bool:
    """Free the place at the client's wish; False when it is booked, or a session may still be paid."""
    booking = lock_booking(booking_id)
    if booking.status == "held" and _open_of_booking(booking_id) is None:
        release(booking, now=now, why="given-up")
    return booking.status in ("expired", "cancelled")


def _open_of_booking(booking_id: UUID) -> PaymentAttempt | None:
    try:
        return open_attempt_of(lock_payment(booking_id))
    except NoSuchPayment:
        return None
