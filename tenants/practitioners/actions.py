"""Keeping who gives sessions, in which rooms, and who offers what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select

from saas import audit
from saas.db import action, db, flush_or
from saas.errors import Conflict
from saas.words import _
from tenants.practitioners.models import Practitioner, PractitionerService, Room
from tenants.practitioners.queries import (
    NoSuchPractitioner,
    offering,
    people_in_order,
    practitioner_by_id,
    room_by_id,
    rooms_in_order,
    services_of,
)
from tenants.practitioners.rules import PractitionerRequest, RoomRequest, clean_practitioner, clean_room
from tenants.services.models import Service
from tenants.services.queries import NoSuchService, service_by_id
from tenants.services.rules import moved


class SlugTaken(Conflict):
    """Another practitioner or room of this clinic has this address."""

    code = "slug-taken"

    def __init__(self) -> None:
        sentence = _("This address is already taken")
        super().__init__(sentence, fields={"slug": sentence})


@action
def save_practitioner(*, practitioner_id: UUID | None, request: PractitionerRequest, now: datetime) -> Practitioner:
    """Keep a practitioner, a new one when there is no id. `Invalid` collects what is wrong."""
    cleaned = clean_practitioner(request)
    if practitioner_id is None:
        row = Practitioner()
        db.session.add(row)
    else:
        row = practitioner_by_id(practitioner_id)
    for name, value in asdict(cleaned).items():
        setattr(row, name, value)
    flush_or({"practitioner_tenant_id_slug": SlugTaken, "practitioner.slug": SlugTaken})
    audit.record("practitioner.saved", target="practitioner", target_id=row.id, now=now)
    return row


@action
def retire_practitioner(*, practitioner_id: UUID, now: datetime) -> None:
    """Offer no more sessions with them. What was booked stays booked."""
    row = practitioner_by_id(practitioner_id, lock=True)
    row.active = False
    audit.record("practitioner.retired", target="practitioner", target_id=row.id, now=now)


@action
def revive_practitioner(*, practitioner_id: UUID, now: datetime) -> None:
    """Offer sessions with them again."""
    row = practitioner_by_id(practitioner_id, lock=True)
    row.active = True
    audit.record("practitioner.revived", target="practitioner", target_id=row.id, now=now)


@action
def move_practitioner(*, practitioner_id: UUID, step: int, now: datetime) -> None:
    """Name them so many places later (negative: earlier)."""
    practitioner_by_id(practitioner_id)
    rows = {row.id: row for row in db.session.execute(people_in_order().with_for_update(key_share=True)).scalars()}
    for place, key in enumerate(moved(list(rows), practitioner_id, step)):
        rows[key].position = place
    audit.record("practitioner.moved", target="practitioner", target_id=practitioner_id, now=now)


@action
def set_services(*, practitioner_id: UUID, service_ids: Iterable[UUID], now: datetime) -> None:
    """Let this practitioner offer exactly these services. `NoSuchService` for an id that is not this clinic's."""
    row = practitioner_by_id(practitioner_id, lock=True)
    wanted = set(service_ids)
    known = set(db.session.execute(select(Service.id).where(Service.id.in_(wanted))).scalars())
    if known != wanted:
        raise NoSuchService
    had = services_of(row.id)
    gone = delete(PractitionerService).where(
        PractitionerService.practitioner_id == row.id, PractitionerService.service_id.in_(had - wanted)
    )
    if had - wanted:
        db.session.execute(gone)
    db.session.add_all(PractitionerService(practitioner_id=row.id, service_id=one) for one in sorted(wanted - had))
    audit.record("practitioner.services", target="practitioner", target_id=row.id, now=now, count=len(wanted))


@action
def set_practitioners(*, service_id: UUID, practitioner_ids: Iterable[UUID], now: datetime) -> None:
    """Let exactly these people offer a service. `NoSuchPractitioner` for an id that is not this clinic's."""
    service_by_id(service_id, lock=True)
    wanted = set(practitioner_ids)
    known = set(db.session.execute(select(Practitioner.id).where(Practitioner.id.in_(wanted))).scalars())
    if known != wanted:
        raise NoSuchPractitioner
    had = offering(service_id)
    pairs = PractitionerService.service_id == service_id, PractitionerService.practitioner_id.in_(had - wanted)
    if had - wanted:
        db.session.execute(delete(PractitionerService).where(*pairs))
    db.session.add_all(PractitionerService(practitioner_id=one, service_id=service_id) for one in sorted(wanted - had))
    audit.record("service.practitioners", target="service", target_id=service_id, now=now, count=len(wanted))


@action
def save_room(*, room_id: UUID | None, request: RoomRequest, now: datetime) -> Room:
    """Keep a room, a new one when there is no id. `Invalid` collects what is wrong."""
    cleaned = clean_room(request)
    if room_id is None:
        row = Room()
        db.session.add(row)
    else:
        row = room_by_id(room_id)
    for name, value in asdict(cleaned).items():
        setattr(row, name, value)
    flush_or({"room_tenant_id_slug": SlugTaken, "room.slug": SlugTaken})
    audit.record("room.saved", target="room", target_id=row.id, now=now)
    return row


@action
def retire_room(*, room_id: UUID, now: datetime) -> None:
    """Use it for no new booking."""
    row = room_by_id(room_id)
    row.active = False
    audit.record("room.retired", target="room", target_id=row.id, now=now)


@action
def revive_room(*, room_id: UUID, now: datetime) -> None:
    """Use it again."""
    row = room_by_id(room_id)
    row.active = True
    audit.record("room.revived", target="room", target_id=row.id, now=now)


@action
def move_room(*, room_id: UUID, step: int, now: datetime) -> None:
    """Fill it so many places later (negative: earlier): the first room that is free is taken."""
    room_by_id(room_id)
    rows = {row.id: row for row in db.session.execute(rooms_in_order().with_for_update(key_share=True)).scalars()}
    for place, key in enumerate(moved(list(rows), room_id, step)):
        rows[key].position = place
    audit.record("room.moved", target="room", target_id=room_id, now=now)
