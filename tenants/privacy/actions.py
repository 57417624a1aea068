"""An end to what the clinic knows of a client: who they were, what they said, and every key that opens it."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from uuid import UUID

from sqlalchemy import delete, select, update

from saas import audit
from saas.db import action, db
from saas.errors import Conflict, Invalid
from saas.links import link_for
from saas.outbox import emit
from saas.sealing import erased_subjects
from saas.words import _
from tenants.bookings.models import Booking
from tenants.bookings.places import LINK as BOOKING_LINK
from tenants.bookings.rules import LIVE
from tenants.clients.actions import erase_client_fields
from tenants.clients.models import Client
from tenants.clients.queries import client_by_id
from tenants.intake.models import Intake, IntakeAlert, IntakeAnswer, IntakeFile, IntakeFlags, IntakeReview, TouchMap
from tenants.intake.queries import LINK as INTAKE_LINK
from tenants.privacy.queries import HELD, Due, Hold, due, hold_of, is_erased, records_of
from tenants.privacy.rules import WHYS, Period

KEYS_DUE = "privacy.keys_due"
_TOGETHER = 1000
BASES = ("asked", "period", "mistake")
"""Why a client is erased: they asked, the record's period is over, or it was never to be kept."""


class NameDiffers(Invalid):
    """What was typed is not the client's name."""

    code = "name-differs"


class SessionsToCome(Conflict):
    """Bookings still stand: they are cancelled first, so that money and mails go their usual way."""

    code = "sessions-to-come"

    def __init__(self) -> None:
        super().__init__(_("This client still has a session to come. Cancel it first, then erase"))


class Held(Conflict):
    """Somebody said that this record is needed: `hold` tells who, since when, and what for."""

    code = "record-held"

    def __init__(self, hold: Hold) -> None:
        super().__init__(_("This record is on hold, so it stays. Below is who asked for it, why, and what you can do"))
        self.hold = hold


@action
def hold(*, client_id: UUID, why: str, now: datetime) -> None:
    """From now on nobody may erase this client. `why`: one of `WHYS`, else `Invalid`. Twice is once."""
    if why not in WHYS:
        raise Invalid(fields={"why": _("Choose why")})
    client = client_by_id(client_id)
    if hold_of(records_of(client.id)) is None:
        client.held_at = now
        audit.record(HELD, target="client", target_id=client.id, now=now, why=why)


@action
def end_hold(*, client_id: UUID, now: datetime) -> None:
    """They may be erased again, and so may whoever was merged into them. Twice is once."""
    held = select(Client).where(Client.id.in_(records_of(client_by_id(client_id).id)), Client.held_at.is_not(None))
    for client in db.session.execute(held).scalars():
        client.held_at = None
        audit.record("client.released", target="client", target_id=client.id, now=now)


@action
def erase_client(*, client_id: UUID, typed: str, basis: str, now: datetime) -> None:
    """Erase a client: their record, notes, answers and what was found in them, and all links to their pages.

    Bookings and money stay without the person, receipts of consent without their details. The keys are destroyed by an
    effect once this is committed: then no backup tells anything either. `typed` must be the name as it stands
    (`NameDiffers`); `Held`, `SessionsToCome`, `NoSuchClient`.
    """
    client = client_by_id(client_id)
    if basis not in BASES:
        raise Invalid(fields={"basis": _("Choose why")})
    if " ".join(typed.split()) != " ".join(client.name.split()):
        raise NameDiffers(fields={"typed": _("This is not the name as it stands above")})
    records = records_of(client.id)
    if (kept := hold_of(records)) is not None:
        raise Held(kept)
    if coming(records, now=now):
        raise SessionsToCome
    _hold_intakes(records)
    ids = erase_client_fields(client_id=client.id, now=now)
    _forget_intakes(ids, now=now)
    _end_links(ids)
    audit.record("client.erased_for", target="client", target_id=client.id, now=now, basis=basis)
    emit(KEYS_DUE, run_at=now, dedupe=f"{KEYS_DUE}:{client.id}", client_id=client.id)


@action
def erase_again(*, now: datetime) -> int:
    """After older data was brought back: erase once more whoever was erased since. Returns how many."""
    gone = iter(erased_subjects())
    found: list[UUID] = []
    while some := list(islice(gone, _TOGETHER)):
        mine = select(Client.id).where(Client.id.in_(some), Client.merged_into_id.is_(None), ~is_erased())
        found += db.session.execute(mine).scalars()
    for client_id in found:
        _hold_intakes(records_of(client_id))
        ids = erase_client_fields(client_id=client_id, now=now)
        _forget_intakes(ids, now=now)
        _end_links(ids)
    return len(found)


@action
def look_through_due(period: Period, *, page: int, now: datetime) -> tuple[list[Due], bool]:
    """`due`, and that the acting person has looked: for a child's record also that their birthday was read for it."""
    lines, more = due(period, page=page, now=now)
    audit.note_read("records_due", target_id=None, now=now)
    for one in lines:
        if one.child:
            audit.note_read("client", target_id=one.client_id, now=now, sections=("b",))
    return lines, more


def coming(ids: list[UUID], *, now: datetime) -> int:
    """How many sessions of theirs are still to come."""
    found = select(Booking.id).where(Booking.client_id.in_(ids), Booking.status.in_(LIVE), Booking.ends_at > now)
    return len(db.session.execute(found).all())


def _hold_intakes(ids: list[UUID]) -> None:
    """Whoever is saving an answer now is waited for, and what they saved goes too; who saves later finds it closed.
    Before the clients, as a save takes them: else the two might wait for each other."""
    db.session.execute(select(Intake.id).where(Intake.client_id.in_(ids)).order_by(Intake.id).with_for_update())


def _forget_intakes(ids: list[UUID], *, now: datetime) -> None:
    theirs = select(Intake.id).where(Intake.client_id.in_(ids)).scalar_subquery()
    alerts = update(IntakeAlert).where(IntakeAlert.intake_id.in_(theirs))
    db.session.execute(alerts.values(sealed=None, due_at=None))
    # Nobody is left to speak with: nobody is told any more.
    db.session.execute(alerts.where(IntakeAlert.acknowledged_at.is_(None)).values(acknowledged_at=now))
    for model in (IntakeAnswer, IntakeFile, IntakeFlags, IntakeReview):
        db.session.execute(delete(model).where(model.intake_id.in_(theirs)))
    db.session.execute(delete(TouchMap).where(TouchMap.client_id.in_(ids)))


def _end_links(ids: list[UUID]) -> None:
    for booking in db.session.execute(select(Booking).where(Booking.client_id.in_(ids))).scalars():
        booking.link_generation += 1
        booking.link_hash = link_for(BOOKING_LINK, booking.id, booking.link_generation).hash
    for intake in db.session.execute(select(Intake).where(Intake.client_id.in_(ids))).scalars():
        intake.link_generation += 1
        intake.link_hash = link_for(INTAKE_LINK, intake.id, intake.link_generation).hash
        intake.status, intake.attention, intake.review_due = "closed", False, False
