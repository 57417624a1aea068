"""What the pages about the offer ask: who offers what, and what is booked ahead."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import func, select

from saas.db import db
from saas.stale import mark_of
from tenants.bookings.models import Booking
from tenants.bookings.rules import LIVE
from tenants.practitioners.models import Practitioner, Room
from tenants.practitioners.queries import offering, people_in_order, rooms_in_order, services_of
from tenants.services.models import Service
from tenants.services.queries import in_order

_SERVICE = (
    "name", "slug", "text", "duration_min", "step_min", "buffer_before_min", "buffer_after_min", "price_minor",
    "payment", "deposit_minor", "deposit_percent", "or_at_clinic", "needs_room",
)  # fmt: skip
_PERSON = ("name", "first_name", "slug", "text", "email", "mental_health_licence")
_ROOM = ("name", "slug")
What = Literal["service", "practitioner", "room"]


def booked_ahead(what: What, key: UUID, *, now: datetime) -> int:
    """How many bookings and holds begin after `now` with this service, practitioner or room."""
    column = {"service": Booking.service_id, "practitioner": Booking.practitioner_id, "room": Booking.room_id}[what]
    found = select(func.count()).select_from(Booking)
    wanted = found.where(column == key, Booking.starts_at > now, Booking.status.in_(LIVE))
    return db.session.execute(wanted).scalar_one()


def service_mark(row: Service) -> str:
    """The mark of what the page of a service edits."""
    return mark_of(*service_values(row))


def service_values(row: Service) -> list[Any]:
    """What that mark is made of."""
    return [*_values(row, _SERVICE), sorted(offering(row.id))]


def practitioner_mark(row: Practitioner) -> str:
    """The mark of what the page of a practitioner edits."""
    return mark_of(*practitioner_values(row))


def practitioner_values(row: Practitioner) -> list[Any]:
    """What that mark is made of."""
    return [*_values(row, _PERSON), sorted(services_of(row.id))]


def room_mark(row: Room) -> str:
    """The mark of what the page of a room edits."""
    return mark_of(*room_values(row))


def room_values(row: Room) -> list[Any]:
    """What that mark is made of."""
    return _values(row, _ROOM)


def _values(row: object, names: tuple[str, ...]) -> list[Any]:
    return [getattr(row, name) for name in names]


def everybody() -> list[Practitioner]:
    """All practitioners, those who give sessions now first."""
    return list(db.session.execute(people_in_order()).scalars())


def all_rooms() -> list[Room]:
    """All rooms, those in use first."""
    return list(db.session.execute(rooms_in_order()).scalars())


def all_services() -> list[Service]:
    """All services, those on offer first."""
    return list(db.session.execute(in_order()).scalars())
