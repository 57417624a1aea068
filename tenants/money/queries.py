"""What the money pages show, read in a fixed number of queries however many payments there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, func, select

from saas.db import db
from saas.money import Money
from saas.tenancy import current_tenant
from tenants.bookings.models import Booking
from tenants.clients.models import Client
from tenants.payments.models import Dispute, LedgerEntry, Payment, PaymentAttempt, Refund
from tenants.payments.queries import is_open
from tenants.practitioners.models import Practitioner
from tenants.services.models import Service


@dataclass(frozen=True)
class Story:
    """All there is to know of one booking's money. Rows are the tables' own, oldest first."""

    booking: Booking
    payment: Payment
    client: str
    service: str
    practitioner: str
    attempts: list[PaymentAttempt]
    refunds: list[Refund]
    disputes: list[Dispute]
    entries: list[LedgerEntry]

    def money(self, minor: int) -> Money:
        """An amount of this payment."""
        return Money(minor, self.payment.currency)

    @property
    def owed(self) -> Money:
        """Plus: the client owes. Minus: the clinic does."""
        return self.money(self.payment.owed_minor)

    @property
    def coming(self) -> Money:
        """Refunds on their way."""
        return self.money(sum(one.amount_minor for one in self.refunds if one.state == "asked"))

    @property
    def refundable(self) -> Money:
        """What of the card payment can still go back."""
        paid = self.payment
        gone = paid.refunded_minor + paid.held_minor + paid.lost_minor + self.coming.minor
        return self.money(max(0, paid.paid_minor - gone))


def story_of(booking_id: UUID) -> Story | None:
    """The money of one booking; None when nothing was ever owed for it, or there is no such booking."""
    wanted = (
        select(Booking, Payment, Client.name, Service.name, Practitioner.name)
        .join(Payment, Payment.booking_id == Booking.id)
        .outerjoin(Client, Client.id == Booking.client_id)
        .join(Service, Service.id == Booking.service_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .where(Booking.id == booking_id)
        .execution_options(populate_existing=True)
    )
    found = db.session.execute(wanted).one_or_none()
    if found is None:
        return None
    booking, payment, client, service, practitioner = found
    mine: Any = {model: model.payment_id == payment.id for model in (PaymentAttempt, Refund, Dispute)}
    return Story(
        booking, payment, client or "", service, practitioner,
        attempts=_rows(PaymentAttempt, mine[PaymentAttempt]),
        refunds=_rows(Refund, mine[Refund]),
        disputes=_rows(Dispute, mine[Dispute]),
        entries=_rows(LedgerEntry, LedgerEntry.booking_id == booking_id),
    )  # fmt: skip


def _rows(model: Any, where: Any) -> list[Any]:
    wanted = select(model).where(where).order_by(model.id).execution_options(populate_existing=True)
    return list(db.session.execute(wanted).scalars())


@dataclass(frozen=True)
class Debtor:
    """A client with open sums: how much in all, for how many sessions, the oldest of them and its booking."""

    client_id: UUID
    name: str
    amount: Money
    sessions: int
    oldest: datetime
    booking_id: UUID


@dataclass(frozen=True)
class Debts:
    """A page of clients who owe something for sessions that have been, oldest first; and what all of them owe."""

    people: list[Debtor]
    more: bool
    total: Money
    count: int


def debts(*, now: datetime, page: int, size: int = 25) -> Debts:
    """Who owes what, in two queries."""
    # Read by the index of what is owed, not by all that has been: so the time is asked inside the sums and not beside
    # them, and the client is grouped by a value that no index has.
    whose = func.coalesce(Booking.client_id, Booking.client_id)
    been = case((Booking.starts_at <= now, 1), else_=0)
    owed = func.sum(Payment.owed_minor * been)
    open_ = (
        select(
            whose.label("client_id"),
            owed.label("owed"),
            func.sum(been).label("sessions"),
            func.min(Booking.starts_at).label("oldest"),
        )
        .join(Payment, Payment.booking_id == Booking.id)
        .where(is_open(), Payment.owed_minor > 0, whose.is_not(None))
        .group_by(whose)
        .having(owed > 0)
        .subquery()
    )
    everything = db.session.execute(select(func.count(), func.coalesce(func.sum(open_.c.owed), 0)).select_from(open_))
    count, total = everything.one()
    first_booking = (
        select(Booking.id)
        .join(Payment, Payment.booking_id == Booking.id)
        .where(Booking.client_id == open_.c.client_id, Booking.starts_at == open_.c.oldest, Payment.owed_minor > 0)
        .limit(1)
        .correlate(open_)
        .scalar_subquery()
    )
    wanted = (
        select(open_, Client.name, first_booking)
        .join(Client, Client.id == open_.c.client_id)
        .order_by(open_.c.oldest, open_.c.client_id)
        .limit(size + 1)
        .offset(page * size)
    )
    currency = current_tenant().currency
    rows = db.session.execute(wanted).all()
    people = [
        Debtor(client_id, name, Money(int(owed), currency), sessions, oldest, booking_id)
        for client_id, owed, sessions, oldest, name, booking_id in rows[:size]
    ]
    return Debts(people, len(rows) > size, Money(int(total), currency), count)


@dataclass(frozen=True)
class GiveBack:
    """A booking for which the clinic holds money that is the client's, and nothing is on its way yet."""

    booking_id: UUID
    name: str
    amount: Money
    starts_at: datetime


def to_give_back(*, limit: int = 50) -> list[GiveBack]:
    """What the clinic owes its clients, oldest session first: mostly money taken at the desk for what was cancelled."""
    coming = (
        select(func.coalesce(func.sum(Refund.amount_minor), 0))
        .where(Refund.payment_id == Payment.id, Refund.state == "asked")
        .correlate(Payment)
        .scalar_subquery()
    )
    wanted = (
        select(Booking.id, Client.name, Payment.owed_minor + coming, Booking.starts_at)
        .join(Payment, Payment.booking_id == Booking.id)
        .join(Client, Client.id == Booking.client_id)
        .where(is_open(), Payment.owed_minor < 0, Payment.owed_minor + coming < 0)
        .order_by(Booking.starts_at, Booking.id)
        .limit(limit)
    )
    currency = current_tenant().currency
    return [
        GiveBack(booking_id, name, Money(-int(minor), currency), starts_at)
        for booking_id, name, minor, starts_at in db.session.execute(wanted)
    ]


@dataclass(frozen=True)
class DisputeLine:
    """A dispute with the booking it concerns."""

    dispute: Dispute
    booking_id: UUID
    name: str
    amount: Money


def disputes(*, page: int, size: int = 25) -> tuple[list[DisputeLine], bool]:
    """Disputes, newest first, and whether there are older ones."""
    wanted = (
        select(Dispute, Booking.id, Client.name, Payment.currency)
        .join(Payment, Payment.id == Dispute.payment_id)
        .join(Booking, Booking.id == Payment.booking_id)
        .outerjoin(Client, Client.id == Booking.client_id)
        .order_by(Dispute.opened_at.desc(), Dispute.id.desc())
        .limit(size + 1)
        .offset(page * size)
    )
    rows = db.session.execute(wanted).all()
    found = [
        DisputeLine(dispute, booking_id, name or "", Money(dispute.amount_minor, currency))
        for dispute, booking_id, name, currency in rows[:size]
    ]
    return found, len(rows) > size
