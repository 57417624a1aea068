"""Payments in every state, for the money pages: made through the actions and the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tenants.bookings.actions import confirm
from tenants.bookings.checkout import settle_attempt, start_payment
from tenants.bookings.rules import Details
from tenants.payments.actions import ask_refund
from tenants.payments.desk import take_at_clinic
from tests.cast import Clinic
from tests.tenants.payments.test_disputes import TELL, dispute, gbp, told
from tests.till import Till, attempts, book, client_of, run_due


@dataclass(frozen=True)
class Books:
    """Bookings by what happened to their money."""

    paid: UUID
    refunded: UUID
    disputed: UUID
    desk: UUID
    owing: UUID


def _person(name: str) -> Details:
    return Details(name=name, email=f"{name.partition(' ')[0].lower()}@example.com")


def by_card(till: Till, clinic: Clinic, name: str, *, now: datetime, hour: int) -> UUID:
    booking = book(clinic, now=now, hour=hour, details=_person(name))
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    return booking


def at_desk(clinic: Clinic, name: str, *, now: datetime, hour: int, day: int = 1) -> UUID:
    booking = book(clinic, now=now, service="desk", hour=hour, day=day, details=_person(name))
    confirm(booking_id=booking, how="at_clinic", now=now)
    return booking


def furnish(till: Till, clinic: Clinic, *, now: datetime) -> Books:
    """Five clients on the next day."""
    books = Books(
        paid=by_card(till, clinic, "Paula Paid", now=now, hour=9),
        refunded=by_card(till, clinic, "Rona Refund", now=now, hour=11),
        disputed=by_card(till, clinic, "Dov Dispute", now=now, hour=13),
        desk=at_desk(clinic, "Dina Desk", now=now, hour=15),
        owing=at_desk(clinic, "Owen Owing", now=now, hour=16),
    )
    ask_refund(booking_id=books.refunded, amount=gbp(8000), reason="mistake", click="r", now=now)
    run_due(TELL, now=now)
    dispute(till, books.disputed, "needs_response")
    told(till, now=now)
    take_at_clinic(
        booking_id=books.desk, client_id=client_of(books.desk), amount=gbp(6000), method="cash", click="d",
        now=now + timedelta(minutes=1),
    )  # fmt: skip
    return books
