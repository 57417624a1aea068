"""A booking that staff make for a client: somebody who rings, or stands at the desk. Nothing is paid online."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db, new_id
from saas.links import link_for
from saas.tenancy import current_tenant
from tenants.bookings import openings
from tenants.bookings.actions import newest_policy
from tenants.bookings.desk import Asked, TimeRefused, free_at, offer_for, why_not
from tenants.bookings.models import Booking
from tenants.bookings.places import LINK, close_lapsed, lock_client, lock_places, mark_confirmed, put_at
from tenants.bookings.rules import Details
from tenants.clients.actions import find_or_make
from tenants.clients.queries import client_by_id


@dataclass(frozen=True)
class DeskWish:
    """What is wanted and for whom: somebody we know (`client_id`), or the `details` of anybody.

    `asked.client_id` is not needed. `click` names the form that was sent: one form, one booking.
    """

    asked: Asked
    client_id: UUID | None
    details: Details | None
    note: str
    click: str


@action
def book_at_desk(*, wish: DeskWish, now: datetime) -> UUID:
    """The confirmed booking's id: free where the service is free, else paid at the clinic; mails go as the client may
    be reached. The same `click` answers the same booking.

    Raises `TimeRefused` with every reason, `NoSuchService`, `NoSuchClient`, `Invalid` for details that need another
    look.
    """
    known = _made_by(wish.click)
    if known is not None:
        return known
    people = openings.find_service(service_id=wish.asked.service_id).people
    wanted = [one[0] for one in people if wish.asked.practitioner_id in (None, one[0])]
    lock_places(sorted(wanted))
    known = _made_by(wish.click)  # whoever waited here may have waited for the same form, sent twice
    if known is not None:
        return known
    client_id = lock_client(_client(wish, now))
    asked = replace(wish.asked, client_id=client_id)
    offer = offer_for(asked, now=now)
    free = free_at(offer, asked.starts_at, now=now)
    if not free:
        raise TimeRefused(why_not(asked, now=now))
    person, rooms = free[0]
    booking = _row(wish, offer.service, client_id, now)
    put_at(
        booking, service=offer.service.engine, practitioner_id=person.id, room_id=rooms[0], starts_at=asked.starts_at
    )
    close_lapsed(booking, now=now)
    db.session.add(booking)
    audit.record("booking.held", target="booking", target_id=booking.id, now=now, source="staff")
    mark_confirmed(booking, now=now)
    return booking.id


def _made_by(click: str) -> UUID | None:
    return db.session.execute(select(Booking.id).where(Booking.idempotency_key == _key(click))).scalar_one_or_none()


def _key(click: str) -> str:
    return f"desk:{click}"[:120]


def _client(wish: DeskWish, now: datetime) -> UUID:
    if wish.client_id is not None or wish.details is None:
        return client_by_id(wish.client_id or UUID(int=0)).id
    typed = wish.details
    client, _differs = find_or_make(
        name=typed.name, email=typed.email, phone=typed.phone, known_as=typed.known_as, reach=typed.reach, now=now
    )
    return client.id


def _row(wish: DeskWish, service: openings.ServiceOffer, client_id: UUID, now: datetime) -> Booking:
    booking_id = new_id()
    typed = asdict(wish.details) if wish.details is not None and wish.client_id is None else {}
    typed.pop("note", None)
    return Booking(
        id=booking_id, service_id=service.id, client_id=client_id, status="held", price_minor=service.price.minor,
        online_minor=0, currency=current_tenant().currency, payment_mode="at_clinic" if service.price else "free",
        policy=newest_policy().snapshot(), typed=typed, note=wish.note, paying=False, extensions=0, sequence=0,
        link_generation=0, link_hash=link_for(LINK, booking_id).hash, client_zone="", locale="", source="staff",
        idempotency_key=_key(wish.click), created_at=now,
    )  # fmt: skip
