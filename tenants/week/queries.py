"""What stands in a calendar, in a fixed number of queries: whose calendars somebody may see, and what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, exists, func, or_, select

from saas.contact import BadEmail, BadPhone, normal_email, normal_phone
from saas.db import db
from saas.tenancy import current_tenant
from tenants.availability import slots
from tenants.availability.intervals import merge, subtract
from tenants.availability.models import TimeOff
from tenants.availability.walltime import to_datetime
from tenants.bookings.calendars import read_hours, schedule_of
from tenants.bookings.changes import NoSuchChange
from tenants.bookings.models import Booking, BookingChange
from tenants.bookings.places import NoSuchBooking
from tenants.bookings.rules import PROMISED, SESSIONS
from tenants.clients.models import Client
from tenants.clients.queries import email_hash, phone_hash
from tenants.clients.rules import name_key
from tenants.practitioners.models import Practitioner, PractitionerService, Room
from tenants.practitioners.queries import NoSuchPractitioner
from tenants.services.models import Service

_A_DAY = timedelta(days=1)
_SHOWN = ("held", *SESSIONS)
MOST_FOUND = 8
_AWAY = (TimeOff.id, TimeOff.practitioner_id, TimeOff.starts_at, TimeOff.ends_at, TimeOff.label)


@dataclass(frozen=True)
class Calendar:
    """One practitioner's calendar that the reader may see."""

    id: UUID
    slug: str
    name: str
    active: bool
    account_id: UUID | None


@dataclass(frozen=True)
class Entry:
    """A booking or a hold in the calendar."""

    id: UUID
    practitioner_id: UUID
    status: str
    source: str
    starts_at: datetime
    ends_at: datetime
    client_name: str
    service: str
    room: str
    until: datetime | None
    sequence: int
    client_id: UUID | None


@dataclass(frozen=True)
class Away:
    """Time off, of one practitioner or (None) of the whole clinic."""

    id: UUID
    practitioner_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    label: str


@dataclass(frozen=True)
class Pending:
    """What staff changed and may still take back."""

    id: UUID
    booking_id: UUID
    kind: str
    until: datetime
    practitioner_id: UUID
    starts_at: datetime
    from_starts_at: datetime
    client_name: str


@dataclass(frozen=True)
class Held:
    """All that a calendar shows between two instants. `hours`: open time by practitioner, half open, UTC."""

    entries: tuple[Entry, ...]
    away: tuple[Away, ...]
    hours: dict[UUID, tuple[tuple[datetime, datetime], ...]]
    pending: tuple[Pending, ...]


def calendars(*, role: str, account_id: UUID, now: datetime) -> list[Calendar]:
    """Whose calendars this account may see, in the clinic's order: a practitioner's own, everybody's for the rest.
    Whoever has stopped stays as long as somebody is booked with them."""
    still = exists().where(
        Booking.tenant_id == Practitioner.tenant_id, Booking.practitioner_id == Practitioner.id,
        Booking.busy_from > now - _A_DAY, Booking.status.in_(PROMISED),
    )  # fmt: skip
    found = select(
        Practitioner.id, Practitioner.slug, Practitioner.name, Practitioner.active, Practitioner.account_id
    ).where(or_(Practitioner.active.is_(True), still))
    if role == "practitioner":
        found = found.where(Practitioner.account_id == account_id)
    ordered = found.order_by(Practitioner.active.desc(), Practitioner.position, Practitioner.name)
    return [Calendar(*row) for row in db.session.execute(ordered)]


def read_calendar(people: Sequence[UUID], lo: datetime, hi: datetime, *, now: datetime) -> Held:
    """What is in these practitioners' calendars in `[lo, hi)`. Holds that have lapsed are in nobody's."""
    return Held(_entries(people, lo, hi, now), _away(people, lo, hi), _hours(people, lo, hi), pending(people, now=now))


def _entries(people: Sequence[UUID], lo: datetime, hi: datetime, now: datetime) -> tuple[Entry, ...]:
    found = (
        select(
            Booking.id, Booking.practitioner_id, Booking.status, Booking.source, Booking.starts_at, Booking.ends_at,
            func.coalesce(Client.name, "").label("client_name"), Service.name.label("service"),
            func.coalesce(Room.name, "").label("room"), Booking.hold_expires_at.label("until"), Booking.sequence,
            Booking.client_id,
        )
        .join(Service, and_(Service.tenant_id == Booking.tenant_id, Service.id == Booking.service_id))
        .outerjoin(Client, and_(Client.tenant_id == Booking.tenant_id, Client.id == Booking.client_id))
        .outerjoin(Room, and_(Room.tenant_id == Booking.tenant_id, Room.id == Booking.room_id))
        .where(
            Booking.practitioner_id.in_(people), Booking.status.in_(_SHOWN),
            # No session with its buffers is longer than a day: without a lower bound the whole past would be read.
            Booking.busy_from > lo - _A_DAY, Booking.busy_from < hi, Booking.ends_at > lo,
            or_(Booking.status != "held", Booking.paying.is_(True), Booking.hold_expires_at > now),
        )
        .order_by(Booking.starts_at, Booking.id)
    )  # fmt: skip
    return tuple(Entry(**row._asdict()) for row in db.session.execute(found))


def _away(people: Sequence[UUID], lo: datetime, hi: datetime) -> tuple[Away, ...]:
    found = select(*_AWAY).where(
        TimeOff.ends_at > lo, TimeOff.starts_at < hi,
        or_(TimeOff.practitioner_id.is_(None), TimeOff.practitioner_id.in_(people)),
    )  # fmt: skip
    return tuple(Away(*row) for row in db.session.execute(found.order_by(TimeOff.starts_at, TimeOff.id)))


def _hours(people: Sequence[UUID], lo: datetime, hi: datetime) -> dict[UUID, tuple[tuple[datetime, datetime], ...]]:
    zone = current_tenant().zone
    rows = read_hours(people, lo, hi)
    first, last = lo.astimezone(ZoneInfo(zone)).toordinal() - 1, hi.astimezone(ZoneInfo(zone)).toordinal() + 1
    found = {}
    for who in people:
        schedule: slots.Schedule = schedule_of(zone, rows.weekly[who], rows.days[who], rows.breaks[who])
        spans = subtract(merge(schedule.windows(first, last)), merge(schedule.pauses(first, last)))
        cut = ((max(lo, to_datetime(a)), min(hi, to_datetime(b))) for a, b in spans)
        found[who] = tuple((a, b) for a, b in cut if a < b)
    return found


def pending(people: Sequence[UUID], *, now: datetime) -> tuple[Pending, ...]:
    """What can still be taken back in these calendars, the newest first."""
    found = (
        _changes(people)
        .add_columns(BookingChange.from_starts_at, func.coalesce(Client.name, "").label("client_name"))
        .outerjoin(Client, and_(Client.tenant_id == Booking.tenant_id, Client.id == Booking.client_id))
        .where(BookingChange.state == "open", BookingChange.until > now)
        .order_by(BookingChange.made_at.desc(), BookingChange.id)
    )
    return tuple(Pending(*row) for row in db.session.execute(found))


def change_in(people: Sequence[UUID], change_id: UUID | None) -> tuple[UUID, datetime, UUID]:
    """The change by its id, the start of its booking and with whom that is now, when `pending` would show it in these
    calendars, whatever became of it; `NoSuchChange` for any other."""
    row = db.session.execute(_changes(people).where(BookingChange.id == change_id)).one_or_none() if change_id else None
    if row is None:
        raise NoSuchChange
    return row.id, row.starts_at, row.practitioner_id


def _changes(people: Sequence[UUID]) -> Select[UUID, UUID, str, datetime, UUID, datetime]:
    """The changes of bookings that are, or were, in one of these calendars: whoever sees one may take it back."""
    return (
        select(
            BookingChange.id, BookingChange.booking_id, BookingChange.kind, BookingChange.until,
            Booking.practitioner_id, Booking.starts_at,
        )
        .join(Booking, and_(Booking.tenant_id == BookingChange.tenant_id, Booking.id == BookingChange.booking_id))
        .where(or_(Booking.practitioner_id.in_(people), BookingChange.from_practitioner_id.in_(people)))
    )  # fmt: skip


def booking_in(people: Sequence[UUID], booking_id: UUID | None) -> Booking:
    """The booking, when it is in one of these calendars; `NoSuchBooking` for any other."""
    found = select(Booking).where(Booking.id == booking_id, Booking.practitioner_id.in_(people))
    row = db.session.execute(found).scalar_one_or_none() if booking_id else None
    if row is None:
        raise NoSuchBooking
    return row


def time_off_in(people: Sequence[UUID], time_off_id: UUID | None) -> Away:
    """The time off, when it is one of these practitioners' own; `NoSuchPractitioner` for any other."""
    found = select(*_AWAY)
    wanted = found.where(TimeOff.id == time_off_id, TimeOff.practitioner_id.in_(people))
    row = db.session.execute(wanted).one_or_none() if time_off_id else None
    if row is None:
        raise NoSuchPractitioner
    return Away(*row)


def booked_meanwhile(practitioner_id: UUID, lo: datetime, hi: datetime) -> int:
    """How many sessions stand between two instants."""
    return sum(entry.status in PROMISED for entry in _entries([practitioner_id], lo, hi, hi))


def services_offered(people: Sequence[UUID]) -> list[tuple[UUID, str]]:
    """The active services that any of these practitioners offers, in the clinic's order."""
    offered = select(PractitionerService.service_id).where(PractitionerService.practitioner_id.in_(people))
    found = select(Service.id, Service.name).where(Service.active.is_(True), Service.id.in_(offered))
    return [(row.id, row.name) for row in db.session.execute(found.order_by(Service.position, Service.name))]


@dataclass(frozen=True)
class Known:
    """A client who was looked for."""

    id: UUID
    name: str
    known_as: str
    phone: str


def find_clients(text: str, *, seen_by: Sequence[UUID] | None) -> list[Known]:
    """Who this may be: a whole e-mail address or telephone number by equality, else every word in the name.
    `seen_by`: only clients who have been booked with one of these practitioners."""
    found = select(Client).where(Client.merged_into_id.is_(None))
    for condition in _named(text.strip()):
        found = found.where(condition)
    if seen_by is not None:
        own = exists().where(
            Booking.tenant_id == Client.tenant_id, Booking.client_id == Client.id, Booking.practitioner_id.in_(seen_by)
        )
        found = found.where(own)
    ordered = found.order_by(Client.name, Client.id).limit(MOST_FOUND)
    return [Known(row.id, row.name, row.known_as, row.phone) for row in db.session.execute(ordered).scalars()]


def has_been_with(client_id: UUID, people: Sequence[UUID]) -> bool:
    """Whether this client has ever been booked with one of these practitioners."""
    found = select(Booking.id).where(Booking.client_id == client_id, Booking.practitioner_id.in_(people)).limit(1)
    return db.session.execute(found).first() is not None


def _named(text: str) -> list[Any]:
    if "@" in text:
        try:
            return [Client.email_hash == email_hash(normal_email(text))]
        except BadEmail:
            return [Client.id.is_(None)]
    if any(sign.isdigit() for sign in text):
        try:
            return [Client.phone_hash == phone_hash(normal_phone(text, current_tenant().country))]
        except BadPhone:
            return [Client.id.is_(None)]
    return [_word(word) for word in text.split()] or [Client.id.is_(None)]


def _word(word: str) -> Any:
    key = name_key(word)
    if not key:
        return Client.id.is_(None)
    escaped = [part.replace("\\", "\\\\").replace("%", r"\%").replace("_", r"\_") for part in (key, word)]
    named = Client.name_key.like(f"%{escaped[0]}%", escape="\\")
    return or_(named, Client.known_as.ilike(f"%{escaped[1]}%", escape="\\"))
