"""What pages and bookings ask about people who give sessions, and rooms."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from saas.db import db
from saas.errors import NotFound
from tenants.practitioners.models import Practitioner, PractitionerService, Room


class NoSuchPractitioner(NotFound):
    """Nobody here by that id or address."""

    code = "no-such-practitioner"


class NoSuchRoom(NotFound):
    """The clinic has no such room."""

    code = "no-such-room"


def practitioner_by_id(practitioner_id: UUID, *, lock: bool = False) -> Practitioner:
    """The practitioner, active or not, or `NoSuchPractitioner`.

    `lock` holds the row until the action ends: bookings and changes of hours for one person go one after another.
    """
    found = select(Practitioner).where(Practitioner.id == practitioner_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        raise NoSuchPractitioner
    return row


def room_by_id(room_id: UUID) -> Room:
    """The room, active or not, or `NoSuchRoom`."""
    row = db.session.execute(select(Room).where(Room.id == room_id)).scalar_one_or_none()
    if row is None:
        raise NoSuchRoom
    return row


def practitioners() -> list[Practitioner]:
    """Everybody who gives sessions now, in the clinic's order."""
    found = select(Practitioner).where(Practitioner.active.is_(True))
    return list(db.session.execute(found.order_by(Practitioner.position, Practitioner.name)).scalars())


def services_of(practitioner_id: UUID) -> set[UUID]:
    """The ids of the services this practitioner offers."""
    found = select(PractitionerService.service_id).where(PractitionerService.practitioner_id == practitioner_id)
    return set(db.session.execute(found).scalars())


def rooms() -> list[Room]:
    """The rooms in use, in the clinic's order."""
    found = select(Room).where(Room.active.is_(True)).order_by(Room.position, Room.name)
    return list(db.session.execute(found).scalars())


def offers_by_service() -> dict[UUID, list[str]]:
    """The slugs of the active practitioners by the service they offer, in the clinic's order; one query."""
    pairs = (
        select(PractitionerService.service_id, Practitioner.slug)
        .join(Practitioner, PractitionerService.practitioner_id == Practitioner.id)
        .where(Practitioner.active.is_(True))
        .order_by(Practitioner.position, Practitioner.slug)
    )
    found: dict[UUID, list[str]] = {}
    for service_id, slug in db.session.execute(pairs):
        found.setdefault(service_id, []).append(slug)
    return found
