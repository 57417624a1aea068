"""What belongs to a booking, read for its pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select

from saas.accounts.models import Account
from saas.db import db
from saas.money import Money
from tenants.bookings.models import Booking
from tenants.bookings.rules import UNBOOKED
from tenants.clients.models import Client
from tenants.clients.queries import matching
from tenants.payments.models import Payment
from tenants.practitioners.models import Practitioner
from tenants.services.models import Service


def fresh_booking(booking_id: UUID) -> Booking:
    """The row as it is now, whatever was read of it before."""
    return db.session.get_one(Booking, booking_id, populate_existing=True)


def service_of(booking: Booking) -> Service:
    """What was booked, offered still or not."""
    return db.session.get_one(Service, booking.service_id)


def practitioner_of(booking: Booking) -> Practitioner:
    """With whom."""
    return db.session.get_one(Practitioner, booking.practitioner_id)


def client_of(booking: Booking) -> Client | None:
    """Who comes; None for a hold that nobody has put a name to."""
    return db.session.get(Client, booking.client_id) if booking.client_id else None


Beside = tuple[Client | None, str, str, Money | None]
_BATCH = 500


def beside(bookings: Sequence[Booking]) -> dict[UUID, Beside]:
    """Booking → (client, what was booked, with whom, what is owed for it; None where nothing ever was): one query for
    every 500 of them, so that a list reads its page of bookings by an index and only then who they are."""
    found: dict[UUID, Beside] = {}
    wanted = (
        select(Booking.id, Booking.currency, Client, Service.name, Practitioner.name, Payment.owed_minor)
        .outerjoin(Client, Client.id == Booking.client_id)
        .outerjoin(Payment, Payment.booking_id == Booking.id)
        .join(Service, Service.id == Booking.service_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
    )
    for at in range(0, len(bookings), _BATCH):
        ids = [booking.id for booking in bookings[at : at + _BATCH]]
        rows: Any = db.session.execute(wanted.where(Booking.id.in_(ids)))
        for one, currency, client, service, person, owed in rows:
            found[one] = client, service, person, Money(owed, currency) if owed is not None else None
    return found


def of_clients_called(text: str) -> ColumnElement[bool]:
    """The bookings of the clients whom somebody who types `text` means (`clients.queries.matching`)."""
    return Booking.client_id.in_(select(Client.id).where(matching(text)))


def of_account(account_id: UUID) -> ColumnElement[bool]:
    """The bookings of the practitioner who logs in with this account."""
    return Booking.practitioner_id.in_(select(Practitioner.id).where(Practitioner.account_id == account_id))


def own_clients(account_id: UUID) -> Select[UUID | None]:
    """The clients of the practitioner who logs in with this account: whoever has, or had, a booking with them."""
    theirs = select(Booking.client_id).join(Practitioner, Practitioner.id == Booking.practitioner_id)
    return theirs.where(
        Practitioner.account_id == account_id,
        Booking.client_id.is_not(None),
        Booking.status.not_in(UNBOOKED),
    )


def is_own_client(client_id: UUID, *, account_id: UUID) -> bool:
    """Whether this client is one of that practitioner's."""
    return (
        db.session.execute(own_clients(account_id).where(Booking.client_id == client_id).limit(1)).first() is not None
    )


def with_debt(owed: str) -> ColumnElement[bool]:
    """Bookings for which something is to pay ("owed"), or for which all is paid ("paid")."""
    some = select(Payment.booking_id).where(Payment.owed_minor > 0)
    if owed == "owed":
        return Booking.id.in_(some)
    return Booking.id.in_(select(Payment.booking_id)) & Booking.id.not_in(some) & (Booking.status != "cancelled")


def account_names(account_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Account → name, of whoever did something."""
    wanted = select(Account.id, Account.name).where(Account.id.in_(account_ids))
    return {row[0]: row[1] for row in db.session.execute(wanted)} if account_ids else {}
