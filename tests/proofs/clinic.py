"""The clinic of the proofs, its times, and what must never be found in its books."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import aliased

from saas.db import db
from tenants.bookings.models import Booking
from tenants.bookings.rules import LIVE
from tenants.services.rules import ServiceRequest
from tests.cast import Clinic
from tests.factories import make_clinic

ZONE = "Europe/London"
SERVICES = (
    ServiceRequest(name="Race", slug="race", duration_min=60, step_min=15, price_minor=6000, payment="at_clinic"),
    ServiceRequest(
        name="Room", slug="room", duration_min=60, step_min=15, price_minor=6000, payment="at_clinic", needs_room=True
    ),
    ServiceRequest(name="Short", slug="short", duration_min=20, step_min=20, price_minor=4000, payment="full"),
)


def proving_clinic(now: datetime, *, people: tuple[str, ...] = ("ben", "iris")) -> Clinic:
    """Rowan Clinic with services made for racing: an hour that may begin every quarter, and one that needs the room."""
    return make_clinic("rowan", now=now, people=people, services=SERVICES, zone=ZONE)


def working_days(now: datetime) -> Iterator[datetime]:
    """Midnights (local) of the clinic's open days from tomorrow on, as far ahead as it takes bookings."""
    zone = ZoneInfo(ZONE)
    today = now.astimezone(zone).date()
    for ahead in range(1, 59):
        day = today + timedelta(days=ahead)
        if day.weekday() < 5:
            yield datetime.combine(day, time(0), zone)


def blocks(now: datetime) -> Iterator[list[datetime]]:
    """For each round four starts, a quarter apart: any two sessions of an hour among them overlap."""
    for day in working_days(now):
        for hour in (9, 11, 13, 15):
            yield [day.replace(hour=hour, minute=minute).astimezone(UTC) for minute in (0, 15, 30, 45)]


def overlaps() -> int:
    """Pairs of live bookings of the entered clinic that want the same person, room or client at the same time."""
    one, other = aliased(Booking), aliased(Booking)
    same_place = or_(one.practitioner_id == other.practitioner_id, one.room_id == other.room_id)
    wanted = (
        select(func.count())
        .select_from(one)
        .join(
            other,
            and_(
                one.id < other.id,
                or_(
                    and_(same_place, one.busy_from < other.busy_to, other.busy_from < one.busy_to),
                    and_(
                        one.client_id == other.client_id, one.starts_at < other.ends_at, other.starts_at < one.ends_at
                    ),
                ),
            ),
        )
        .where(one.status.in_(LIVE), other.status.in_(LIVE))
    )
    return db.session.execute(wanted).scalar_one()


def live_between(starts: list[datetime], *, practitioner: object = None) -> list[Booking]:
    """The live bookings that begin at any of these instants."""
    wanted = select(Booking).where(Booking.starts_at.in_(starts), Booking.status.in_(LIVE))
    if practitioner is not None:
        wanted = wanted.where(Booking.practitioner_id == practitioner)
    return list(db.session.execute(wanted).scalars())
