"""What pages and bookings ask about people who give sessions, and rooms."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

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


def room_by_id(room_id: UUID, *, lock: bool = False) -> Room:
    """The room, active or not, or `NoSuchRoom`. `lock` holds the row, read anew, until the action ends."""
    found = select(Room).where(Room.id == room_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = db.session.execute(found).scalar_one_or_none()
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


def people_in_order() -> Select[Practitioner]:
    """Everybody, those who give sessions now first, in the clinic's order."""
    return select(Practitioner).order_by(
        Practitioner.active.desc(), Practitioner.position, Practitioner.name, Practitioner.id
    )


def rooms_in_order() -> Select[Room]:
    """Every room, those in use first, in the clinic's order."""
    return select(Room).order_by(Room.active.desc(), Room.position, Room.name, Room.id)


def offering(service_id: UUID) -> set[UUID]:
    """The ids of the practitioners who offer this service, those who give no sessions now included."""
    found = select(PractitionerService.practitioner_id).where(PractitionerService.service_id == service_id)
    return set(db.session.execute(found).scalars())


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


def practitioner_names() -> list[tuple[UUID, str, UUID | None]]:
    """Id, name and account of everybody who gives sessions or once did, in the clinic's order."""
    found = select(Practitioner.id, Practitioner.name, Practitioner.account_id)
    rows = db.session.execute(found.order_by(Practitioner.active.desc(), Practitioner.position, Practitioner.name))
    return [(row.id, row.name, row.account_id) for row in rows]
