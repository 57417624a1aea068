"""What settings ask before they show or change anything: what is booked ahead, what ended lately, what a new clinic has
already."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select

from saas.db import db
from saas.links import hash_of
from saas.money import Money
from saas.tenancy import Tenant, current_tenant
from saas.words import _
from tenants.availability.models import WeeklyHours
from tenants.bookings.ics import CalendarEvent, uid_for
from tenants.bookings.models import Booking, BookingChange
from tenants.bookings.rules import LIVE, STANDING, PolicyTerms
from tenants.clients.models import Client
from tenants.clinic.models import Clinic
from tenants.clinic.rules import SET_UP_STEPS
from tenants.payments.models import LedgerEntry, Payment
from tenants.practitioners.models import Practitioner
from tenants.practitioners.queries import NoSuchPractitioner, people_in_order
from tenants.services.models import Service
from tenants.settings.rules import LOOK_BACK, Ended, short_name

MOST_PLAYED = 2000
"""How many endings a replay looks at, the newest first; a page that had more says so."""


@dataclass(frozen=True)
class Booked:
    """What stands in the way of another clock or another currency."""

    ahead: int
    any_money: bool
    priced: int


def booked(*, now: datetime) -> Booked:
    """Bookings ahead, whether any booking or money names the currency, and how many services have a price."""
    ahead = select(func.count()).select_from(Booking).where(Booking.status.in_(LIVE), Booking.starts_at >= now)
    priced = select(func.count()).select_from(Service).where(Service.price_minor > 0)
    money = or_(exists(select(Booking.id)), exists(select(LedgerEntry.id)))
    return Booked(
        ahead=int(db.session.execute(ahead).scalar_one()),
        any_money=bool(db.session.execute(select(Clinic.id).where(money)).first()),
        priced=int(db.session.execute(priced).scalar_one()),
    )


def tenant_row() -> Tenant:
    """The clinic's own line on the platform, as it is now: the request knows it as it was when it began."""
    mine = select(Tenant).where(Tenant.id == current_tenant().id).execution_options(populate_existing=True)
    return db.session.execute(mine).scalar_one()


@dataclass(frozen=True)
class Ending:
    """An ending as the page names it."""

    ended: Ended
    client: str


def endings(*, now: datetime) -> list[Ending]:
    """Whoever cancelled, or asked the desk to, or did not come, in the last 90 days, with money paid by card; newest
    first, at most `MOST_PLAYED`. What the clinic cancelled itself costs nobody anything under any policy."""
    asked = and_(
        BookingChange.booking_id == Booking.id,
        BookingChange.kind == "cancel",
        BookingChange.state == "done",
        BookingChange.reason == "client",
    )
    by_client = and_(Booking.status == "cancelled", or_(Booking.ended_by == "client", BookingChange.reason == "client"))
    found = (
        select(
            Booking.id, Booking.status, Booking.starts_at, Booking.ended_at, BookingChange.made_at, Booking.policy,
            Booking.price_minor, Booking.currency, Payment.paid_minor, Payment.held_minor, Payment.lost_minor,
            Client.name,
        )
        .join(Payment, Payment.booking_id == Booking.id)
        .join(Client, Client.id == Booking.client_id)
        .outerjoin(BookingChange, asked)
        .where(Booking.starts_at >= now - LOOK_BACK, Booking.starts_at < now)
        .where(or_(Booking.status == "no_show", by_client), Payment.paid_minor > 0)
        .order_by(Booking.starts_at.desc(), Booking.id)
        .limit(MOST_PLAYED)
    )  # fmt: skip
    return [Ending(_ended(row), row.name) for row in db.session.execute(found)]


def _ended(row: Any) -> Ended:
    how: Literal["cancelled", "no_show"] = "no_show" if row.status == "no_show" else "cancelled"
    return Ended(
        id=row.id,
        how=how,
        starts_at=row.starts_at,
        ended_at=row.made_at or row.ended_at or row.starts_at,
        price=Money(row.price_minor, row.currency),
        paid=Money(row.paid_minor - row.held_minor - row.lost_minor, row.currency),
        terms=PolicyTerms.from_snapshot(row.policy),
    )


FEED = "feed"
"""What the link of a calendar is made for (`saas/links.py`)."""
FEEDS = ("off", "busy", "names")
_FEED_PAST, _FEED_AHEAD, _FEED_MOST = timedelta(days=30), timedelta(days=400), 5000


def feed_of(row: Practitioner) -> str:
    """How this practitioner's bookings are read by a calendar: off, busy, names."""
    return "off" if row.feed_hash is None else "names" if row.feed_names else "busy"


def with_calendars() -> list[Practitioner]:
    """Whoever gives sessions now, and whoever else has a link that can be taken back, in the clinic's order."""
    found = people_in_order().where(or_(Practitioner.active.is_(True), Practitioner.feed_hash.is_not(None)))
    return list(db.session.execute(found).scalars())


def practitioner_behind(token: str) -> Practitioner:
    """Whose calendar is read by this link; `NoSuchPractitioner` for anything else, and while they give no sessions."""
    found = select(Practitioner).where(Practitioner.feed_hash == hash_of(token), Practitioner.active.is_(True))
    row: Practitioner | None = db.session.execute(found).scalar_one_or_none()
    if row is None:
        raise NoSuchPractitioner
    return row


def feed_entries(row: Practitioner, *, now: datetime) -> list[CalendarEvent]:
    """Their bookings from a month ago to a year and more ahead, by time, in one query. What was cancelled is not among
    them: a calendar that reads the whole takes it out."""
    found = (
        select(
            Booking.id, Booking.sequence, Booking.starts_at, Booking.ends_at, Booking.created_at, Booking.confirmed_at,
            Client.name, Client.discreet_name,
        )
        .join(Client, Client.id == Booking.client_id)
        .where(Booking.practitioner_id == row.id, Booking.status.in_(STANDING))
        .where(Booking.busy_from >= now - _FEED_PAST, Booking.busy_from < now + _FEED_AHEAD)
        .order_by(Booking.busy_from, Booking.id)
        .limit(_FEED_MOST)
    )  # fmt: skip
    booked_words = _("Booked")
    return [
        CalendarEvent(
            uid=uid_for(one.id),
            sequence=one.sequence,
            stamp=one.confirmed_at or one.created_at,
            starts_at=one.starts_at,
            ends_at=one.ends_at,
            zone="UTC",
            summary=short_name(one.discreet_name or one.name) if row.feed_names else booked_words,
        )
        for one in db.session.execute(found)
    ]


@dataclass(frozen=True)
class Progress:
    """How far a new clinic has come. `has`: what is there, whoever made it; `said`: what was decided on the way
    (step: done or skipped)."""

    has: frozenset[str]
    said: dict[str, str]
    ended: bool

    def state(self, step: str) -> Literal["done", "skipped", "open"]:
        """Where a step stands."""
        if self.said.get(step) == "done" or (step in self.has and step != "payments"):
            return "done"
        return "skipped" if self.said.get(step) == "skipped" else "open"

    @property
    def next(self) -> str | None:
        """The first step that is neither done nor left out."""
        return next((step for step in SET_UP_STEPS if self.state(step) == "open"), None)

    @property
    def bookable(self) -> bool:
        """Whether clients find something to book: a session that somebody offers, and hours."""
        return {"service", "hours"} <= self.has


def progress() -> Progress:
    """The entered clinic's, in one query."""
    found = select(
        Clinic.set_up,
        Clinic.set_up_at,
        Clinic.headline,
        exists(select(Service.id).where(Service.active.is_(True))),
        exists(select(WeeklyHours.id)),
    )
    row = db.session.execute(found).one_or_none()
    if row is None:
        return Progress(frozenset(), {}, ended=False)
    said, ended_at, headline, service, hours = row
    has = {name for name, there in (("brand", headline), ("service", service), ("hours", hours)) if there}
    return Progress(frozenset(has), dict(said or {}), ended=ended_at is not None)


def is_new() -> bool:
    """Whether the way in is still to be shown first: it was begun and not ended, or there is nothing to book yet. A
    clinic that was furnished otherwise never sees it."""
    found = progress()
    return not found.ended and (bool(found.said) or "service" not in found.has)


def hours_stand() -> bool:
    """Whether whoever was there first has weekly hours already."""
    who = first_practitioner()
    mine = select(WeeklyHours.id).where(WeeklyHours.practitioner_id == who)
    return who is not None and db.session.execute(mine.limit(1)).first() is not None


def first_practitioner() -> UUID | None:
    """Who was there first, for the hours of a clinic of one."""
    found = select(Practitioner.id).where(Practitioner.active.is_(True))
    return db.session.execute(found.order_by(Practitioner.position, Practitioner.id).limit(1)).scalar()
