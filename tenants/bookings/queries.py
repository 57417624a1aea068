"""What belongs to a booking, read for its pages."""

from __future__ import annotations

from uuid import UUID

from saas.db import db
from tenants.bookings.models import Booking
from tenants.clients.models import Client
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
