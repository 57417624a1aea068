"""What the day's page shows, in a fixed number of queries however much comes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from saas.audit import Audit
from saas.db import db
from saas.money import Money
from saas.tenancy import current_tenant
from tenants.bookings.models import Booking, BookingChange
from tenants.bookings.pending import KEPT
from tenants.bookings.places import NoSuchBooking
from tenants.bookings.rules import SESSIONS, STANDING
from tenants.clients.models import Client
from tenants.clients.queries import typed_apart
from tenants.intake.models import Intake, IntakeAlert
from tenants.intake.reviewing import Standing, standing_of
from tenants.payments.models import Payment
from tenants.practitioners.models import Practitioner, Room
from tenants.services.models import Service
from tenants.today.rules import NEWS_DEEDS, Facts, Told, news

MOST_NEWS = 20
_MOST_DEEDS = 300
Whose = Collection[UUID] | None


@dataclass(frozen=True)
class Visit:
    """A session of the day, or a time that is held. `owed`: what the client still has to pay at the clinic."""

    id: UUID
    status: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    held_until: datetime | None
    client_id: UUID | None
    client: str
    known_as: str
    service: str
    practitioner: str
    room: str
    owed: Money
    intake_id: UUID | None
    facts: Facts


@dataclass(frozen=True)
class News:
    """What has become of a booking. `kind`: new, moved or cancelled."""

    kind: str
    at: datetime
    booking_id: UUID
    starts_at: datetime
    client: str
    service: str
    practitioner: str


def whose(*, role: str, account_id: UUID) -> Whose:
    """The practitioners whose day this account may see: a practitioner's own; None means everybody's."""
    if role != "practitioner":
        return None
    return set(db.session.execute(select(Practitioner.id).where(Practitioner.account_id == account_id)).scalars())


def _of(people: Whose) -> list[ColumnElement[bool]]:
    return [] if people is None else [Booking.practitioner_id.in_(people)]


def visits_between(people: Whose, lo: datetime, hi: datetime, *, now: datetime) -> list[Visit]:
    """Who comes in `[lo, hi)`, and which times are held then, in order."""
    before = aliased(Booking)
    been = exists().where(
        before.tenant_id == Booking.tenant_id, before.client_id == Booking.client_id,
        before.starts_at < Booking.starts_at, before.status.in_(STANDING),
    )  # fmt: skip
    found = (
        select(
            Booking, Client, Service.name, Practitioner.name, Room.name, Payment.owed_minor, BookingChange.kind,
            been.label("been"),
        )
        .join(Service, and_(Service.tenant_id == Booking.tenant_id, Service.id == Booking.service_id))
        .join(Practitioner, and_(Practitioner.tenant_id == Booking.tenant_id,
                                 Practitioner.id == Booking.practitioner_id))
        .outerjoin(Client, and_(Client.tenant_id == Booking.tenant_id, Client.id == Booking.client_id))
        .outerjoin(Room, and_(Room.tenant_id == Booking.tenant_id, Room.id == Booking.room_id))
        .outerjoin(Payment, and_(Payment.tenant_id == Booking.tenant_id, Payment.booking_id == Booking.id))
        .outerjoin(BookingChange, and_(
            BookingChange.tenant_id == Booking.tenant_id, BookingChange.booking_id == Booking.id,
            BookingChange.state == "open",
        ))
        .where(
            Booking.starts_at >= lo, Booking.starts_at < hi, Booking.source != KEPT,
            Booking.status.in_((*SESSIONS, "held")),
            or_(Booking.status != "held", Booking.paying.is_(True), Booking.hold_expires_at > now),
            *_of(people),
        )
        .order_by(Booking.starts_at, Booking.id)
        .execution_options(populate_existing=True)
    )  # fmt: skip
    rows = db.session.execute(found).all()
    standing = standing_of([row[0].id for row in rows])
    return [_visit(row, standing.get(row[0].id)) for row in rows]


def _visit(row: Any, standing: Standing | None) -> Visit:
    booking, client, service, practitioner, room, owed, change, been = row
    waiting = booking.status == "held"
    facts = Facts(
        status=booking.status, ends_at=booking.ends_at, owed=0 if waiting else max(0, owed or 0),
        first=client is not None and not waiting and not been,
        differs=client is not None and not waiting and bool(typed_apart(booking.typed, client)),
        cancelling=change == "cancel",
        intake=standing.state if standing else "",
        speak=standing is not None and standing.speak,
    )  # fmt: skip
    return Visit(
        id=booking.id, status=booking.status, starts_at=booking.starts_at, ends_at=booking.ends_at, zone=booking.zone,
        held_until=booking.hold_expires_at if waiting and not booking.paying else None, client_id=booking.client_id,
        client=client.name if client else "", known_as=client.known_as if client else "", service=service,
        practitioner=practitioner, room=room or "", owed=Money(facts.owed, current_tenant().currency),
        intake_id=standing.intake_id if standing else None, facts=facts,
    )  # fmt: skip


@dataclass(frozen=True)
class Alert:
    """An alert that nobody has answered, and whose intake it is about."""

    intake_id: UUID
    client: str
    raised_at: datetime


def open_alerts(people: Whose) -> list[Alert]:
    """What nobody has answered, the oldest first, one line an intake."""
    mine = [] if people is None else [Intake.practitioner_id.in_(people)]
    found = (
        select(Intake.id, Client.name, func.min(IntakeAlert.raised_at).label("since"))
        .select_from(IntakeAlert)
        .join(Intake, and_(Intake.tenant_id == IntakeAlert.tenant_id, Intake.id == IntakeAlert.intake_id))
        .join(Client, and_(Client.tenant_id == Intake.tenant_id, Client.id == Intake.client_id))
        .where(IntakeAlert.kind == "answer", IntakeAlert.acknowledged_at.is_(None), *mine)
        .group_by(Intake.id, Client.name)
        .order_by("since", Intake.id)
    )
    return [Alert(*row) for row in db.session.execute(found)]


def next_start(people: Whose, after: datetime) -> datetime | None:
    """When the first session from `after` on begins."""
    found = select(func.min(Booking.starts_at)).where(
        Booking.starts_at >= after, Booking.status == "confirmed", *_of(people)
    )
    return db.session.execute(found).scalar_one()


def has_sessions(people: Whose) -> bool:
    """Whether anybody has ever been booked."""
    found = select(Booking.id).where(Booking.status.in_((*SESSIONS, "cancelled")), *_of(people)).limit(1)
    return db.session.execute(found).first() is not None


def news_since(people: Whose, since: datetime) -> tuple[list[News], bool]:
    """What has become of bookings since then, the newest first; and whether there was more."""
    about: Any = and_(Booking.tenant_id == Audit.tenant_id, Booking.id == Audit.target_id)
    deeds = (
        select(Booking.id, Audit.deed, Audit.at, Audit.facts, Booking.status)
        .select_from(Audit)
        .join(Booking, about)
        .where(Audit.deed.in_(NEWS_DEEDS), Audit.at >= since, *_of(people))
        .order_by(Audit.at.desc(), Audit.id.desc())
        .limit(_MOST_DEEDS)
    )
    told = news(Told(*row) for row in db.session.execute(deeds))
    shown = told[:MOST_NEWS]
    lines = (
        select(Booking.id, Booking.starts_at, Client.name, Service.name, Practitioner.name)
        .join(Service, and_(Service.tenant_id == Booking.tenant_id, Service.id == Booking.service_id))
        .join(Practitioner, and_(Practitioner.tenant_id == Booking.tenant_id,
                                 Practitioner.id == Booking.practitioner_id))
        .outerjoin(Client, and_(Client.tenant_id == Booking.tenant_id, Client.id == Booking.client_id))
        .where(Booking.id.in_([booking_id for _, booking_id, _ in shown]))
    )  # fmt: skip
    rows = {row[0]: row for row in db.session.execute(lines)}
    found = []
    for kind, booking_id, at in shown:
        _id, starts_at, client, service, practitioner = rows[booking_id]
        found.append(News(kind, at, booking_id, starts_at, client or "", service, practitioner))
    return found, len(told) > MOST_NEWS


def session_of(people: Whose, booking_id: UUID | None) -> tuple[UUID, datetime]:
    """The id and start of a session that may be turned here; `NoSuchBooking` for any other."""
    found = select(Booking.id, Booking.starts_at).where(
        Booking.id == booking_id, Booking.source != KEPT, Booking.client_id.is_not(None), *_of(people)
    )
    row = db.session.execute(found).one_or_none() if booking_id else None
    if row is None:
        raise NoSuchBooking
    return row[0], row[1]
