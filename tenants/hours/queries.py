"""What the hours pages read: the openings a change would give and take, the bookings it would leave outside, and why a
time is not offered. The engine answers; a fixed number of queries for each session on offer."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from saas.db import db
from saas.tenancy import current_tenant
from tenants.availability import slots
from tenants.bookings import openings
from tenants.bookings.calendars import read_hours, schedule_of
from tenants.bookings.models import Booking
from tenants.bookings.rules import PROMISED
from tenants.clients.models import Client
from tenants.hours.rules import Blocks, Change, still_fit
from tenants.practitioners.logins import practitioner_of
from tenants.practitioners.models import Practitioner
from tenants.practitioners.queries import practitioners, services_of
from tenants.services.models import Service
from tenants.services.queries import offered

_A_DAY = timedelta(days=1)
_REACH = timedelta(days=2)
_FAR_DAYS = 365


@dataclass(frozen=True)
class Ahead:
    """A booking that is still to come, with whom and for whom. `starts` and `ends` on its own clock."""

    id: UUID
    practitioner_id: UUID
    practitioner: str
    client: str
    service: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Preview:
    """What a change would do: openings less and more, and the bookings that fit now and would not fit then."""

    removed: int
    added: int
    unfit: tuple[Ahead, ...]

    @property
    def harmless(self) -> bool:
        """Whether nobody loses anything by it."""
        return not self.removed and not self.unfit


def people_for(account_id: UUID, role: str) -> list[Practitioner]:
    """Whose hours somebody may see and change: a practitioner's own, everybody's for the others."""
    everybody = practitioners()
    if role != "practitioner":
        return everybody
    mine = practitioner_of(account_id)
    return [person for person in everybody if person.id == mine]


def sessions_of(practitioner_id: UUID) -> list[Service]:
    """The sessions on offer with this practitioner, in the clinic's order."""
    mine = services_of(practitioner_id)
    return [service for service in offered() if service.id in mine]


def schedule_around(practitioner_id: UUID, day: date) -> slots.Schedule:
    """The hours of one person around a date."""
    return _calendars([practitioner_id], _midday(day), _midday(day))[practitioner_id][0]


def bookings_ahead(people: Collection[UUID], *, now: datetime) -> list[Ahead]:
    """Every firm booking that begins after `now` with these practitioners, by time; one query."""
    columns = (
        Booking.id, Booking.practitioner_id, Practitioner.name, Client.name, Service.name,
        Booking.starts_at, Booking.ends_at, Booking.zone,
    )  # fmt: skip
    found = (
        select(*columns)
        .join(Service, Service.id == Booking.service_id)
        .join(Practitioner, Practitioner.id == Booking.practitioner_id)
        .outerjoin(Client, Client.id == Booking.client_id)
        # Its pause before it is at most a day: the bound on `busy_from` lets the index leave out all that has been.
        .where(Booking.practitioner_id.in_(people), Booking.busy_from > now - _A_DAY, Booking.starts_at > now)
        .where(Booking.status.in_(PROMISED))
        .order_by(Booking.starts_at, Booking.id)
    )
    return [
        Ahead(key, who, name, client or "", service, _local(start, zone), _local(end, zone))
        for key, who, name, client, service, start, end, zone in db.session.execute(found).all()
    ]


def outside(people: Collection[UUID], *, now: datetime) -> list[Ahead]:
    """The bookings ahead that lie outside the hours as they are: promises that stay until somebody moves them."""
    return _unfit(bookings_ahead(people, now=now), None)


def preview(people: Collection[UUID], change: Change, *, now: datetime) -> Preview:
    """What `change`, done to the hours of these people, would give and take within the time that can be booked."""
    before, after = _openings(people, change, now=now)
    ahead = bookings_ahead(people, now=now)
    already = {booking.id for booking in _unfit(ahead, None)}
    lost = [booking for booking in _unfit(ahead, change) if booking.id not in already]
    return Preview(len(before - after), len(after - before), tuple(lost))


def _openings(people: Collection[UUID], change: Change, *, now: datetime) -> tuple[set[Start], set[Start]]:
    before: set[Start] = set()
    after: set[Start] = set()
    today = _local(now, current_tenant().zone).date()
    for service in offered():
        offer = openings.find_service(service_id=service.id)
        days = today, today + timedelta(days=(offer.rules.horizon_days or _FAR_DAYS) + 1)
        loaded = openings.load(offer, date_from=days[0], date_to=days[1], now=now)
        for person in loaded.people:
            if person.id not in people:
                continue
            schedule, blocks = change(person.schedule, person.blocks)
            changed = replace(person, schedule=schedule, blocks=blocks)
            for each, found in ((person, before), (changed, after)):
                starts = loaded.starts(each, date_from=days[0], date_to=days[1], now=now)
                found.update((person.id, start) for start in starts)
    return before, after


Start = tuple[UUID, int]


def _unfit(ahead: Sequence[Ahead], change: Change | None) -> list[Ahead]:
    if not ahead:
        return []
    people = sorted({booking.practitioner_id for booking in ahead})
    known = _calendars(people, ahead[0].starts, max(booking.ends for booking in ahead))
    fits: dict[UUID, bool] = {}
    for who in people:
        schedule, blocks = known[who] if change is None else change(*known[who])
        mine = [booking for booking in ahead if booking.practitioner_id == who]
        answers = still_fit(schedule, blocks, [(booking.starts, booking.ends) for booking in mine])
        fits.update((booking.id, fit) for booking, fit in zip(mine, answers, strict=True))
    return [booking for booking in ahead if not fits[booking.id]]


def _calendars(people: Sequence[UUID], first: datetime, last: datetime) -> dict[UUID, tuple[slots.Schedule, Blocks]]:
    hours = read_hours(people, first - _REACH, last + _REACH)
    zone = current_tenant().zone
    return {
        who: (
            schedule_of(zone, hours.weekly[who], hours.days[who], hours.breaks[who]),
            hours.off[who] + hours.off[None],
        )
        for who in people
    }


def _midday(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo(current_tenant().zone))


def _local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))
