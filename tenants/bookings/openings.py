"""What can be booked: reads hours, absences and live bookings in a fixed number of queries and asks the slot engine.

Holding and moving ask the same function for the very start they want. The calendars are read in `calendars.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from heapq import nsmallest
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, and_, bindparam, select, true

from saas.errors import NotFound
from saas.money import Money
from saas.prepared import Prepared
from saas.tenancy import current_tenant
from tenants.availability import slots
from tenants.bookings.calendars import Hours, Span, Taken, read_hours, read_taken, rows, schedule_of
from tenants.bookings.models import Booking
from tenants.clinic.models import Clinic
from tenants.practitioners.models import Practitioner, PractitionerService, Room
from tenants.services.models import Service

_A_DAY = timedelta(days=1)
_REACH = timedelta(days=2)
_NEAR, _WIDE = timedelta(days=3), timedelta(days=45)
_FAR_DAYS = 3650
MAX_DAYS = 92


class NoSuchService(NotFound):
    """The clinic offers no such service, or not with this practitioner."""

    code = "no-such-service"


@dataclass(frozen=True)
class Opening:
    """A start that can be booked, with whom. UTC."""

    starts_at: datetime
    ends_at: datetime
    practitioner_id: UUID
    practitioner_slug: str
    practitioner_name: str


@dataclass(frozen=True)
class ServiceOffer:
    """A service's columns that the engine and the pages need. `people`: (id, slug, name) of the active practitioners
    who offer it, in the clinic's order."""

    id: UUID
    slug: str
    name: str
    text: str
    price: Money
    payment: str
    engine: slots.Service
    needs_room: bool
    rules: slots.Rules
    accepting: bool
    deposit_minor: int | None
    deposit_percent: int | None
    people: tuple[tuple[UUID, str, str], ...]


@dataclass(frozen=True)
class Person:
    """Somebody who offers the service, with all that stands in the way of a start."""

    id: UUID
    slug: str
    name: str
    schedule: slots.Schedule
    blocks: tuple[slots.Block, ...]
    busy: tuple[slots.Busy, ...]


@dataclass(frozen=True)
class Offer:
    """Everything the engine needs to say what can be booked between two dates."""

    service: ServiceOffer
    zone: str
    people: tuple[Person, ...]
    rooms: tuple[UUID, ...]
    room_busy: dict[UUID, tuple[slots.Busy, ...]]

    def starts(
        self, person: Person, *, date_from: date, date_to: date, now: datetime, tz: str | None = None
    ) -> list[int]:
        """Epoch seconds at which `person` (and, where one is needed, a room) is free."""
        if not self.service.accepting:
            return []
        dates = (date_from, date_to)
        if not self.service.needs_room:
            return self._ask(person, None, dates=dates, now=now, tz=tz)
        return slots.union(self._ask(person, room, dates=dates, now=now, tz=tz) for room in self.rooms)

    def free_rooms(self, person: Person, at: datetime, *, now: datetime) -> list[UUID | None]:
        """The rooms that are free for this very start, in the clinic's order; `[None]` when none is needed."""
        if not self.service.accepting:
            return []
        day = at.astimezone(ZoneInfo(self.zone)).date()
        dates = (day, day + _A_DAY)
        epoch = at.timestamp()
        rooms: Sequence[UUID | None] = self.rooms if self.service.needs_room else [None]
        return [room for room in rooms if epoch in self._ask(person, room, dates=dates, now=now, tz=None)]

    def _ask(
        self, person: Person, room: UUID | None, *, dates: tuple[date, date], now: datetime, tz: str | None
    ) -> list[int]:
        return slots.open_epochs(
            service=self.service.engine,
            rules=self.service.rules,
            schedule=person.schedule,
            blocks=person.blocks,
            busy=person.busy + self.room_busy.get(room, ()) if room else person.busy,
            date_from=dates[0],
            date_to=dates[1],
            now=now,
            query_tz=tz,
        )


_SERVICE_COLUMNS = (
    "id", "slug", "name", "text", "price_minor", "payment", "needs_room",
    "duration_min", "step_min", "buffer_before_min", "buffer_after_min", "deposit_minor", "deposit_percent",
)  # fmt: skip


@lru_cache(maxsize=4)
def _service_statement(by: str, retired_too: bool) -> Prepared:  # noqa: FBT001 - a cache's key
    service, clinic = Service.__table__.c, Clinic.__table__.c
    person, pair = Practitioner.__table__, PractitionerService.__table__
    active = true() if retired_too else service.active.is_(True)
    mine = bindparam("mine", type_=Uuid())
    offers = pair.join(person, and_(pair.c.practitioner_id == person.c.id, person.c.tenant_id == mine, person.c.active))
    columns = (service[name] for name in _SERVICE_COLUMNS)
    return Prepared(
        select(
            *columns,
            clinic.min_notice_min,
            clinic.horizon_days,
            clinic.accepting,
            person.c.id,
            person.c.slug,
            person.c.name,
        )
        .select_from(
            Service.__table__.join(Clinic.__table__, clinic.tenant_id == service.tenant_id).outerjoin(
                offers, and_(pair.c.service_id == service.id, pair.c.tenant_id == mine)
            )
        )
        .where(service.tenant_id == mine, clinic.tenant_id == mine, active)
        .where(service[by] == bindparam("value", type_=service[by].type))
        .order_by(person.c.position, person.c.slug)
    )


def find_service(*, slug: str | None = None, service_id: UUID | None = None, retired_too: bool = False) -> ServiceOffer:
    """The active service with the clinic's booking rules and who offers it, in one query; `NoSuchService` otherwise.

    A booking that moves may be of a service that is offered no more (`retired_too`)."""
    by, value = ("slug", slug) if slug is not None else ("id", service_id)
    found = rows(_service_statement(by, retired_too), {"mine": current_tenant().id, "value": value})
    if not found:
        raise NoSuchService
    key, named, name, text, price, payment, needs_room, *rest = found[0]
    length, step, before, after, deposit, percent, notice, horizon, accepting, *_ = rest
    return ServiceOffer(
        key, named, name, text, Money(price, current_tenant().currency), payment,
        slots.Service(length, step, before, after), needs_room, slots.Rules(notice, horizon), accepting,
        deposit, percent, tuple(row[-3:] for row in found if row[-3] is not None),
    )  # fmt: skip


@lru_cache(maxsize=1)
def _rooms_statement() -> Prepared:
    room = Room.__table__.c
    active = (room.tenant_id == bindparam("mine", type_=Uuid()), room.active.is_(True))
    return Prepared(select(room.id).where(*active).order_by(room.position, room.slug))


def rooms_for(service: ServiceOffer) -> tuple[UUID, ...]:
    """The rooms in which it can be given, in the clinic's order; none where it needs none."""
    if not service.needs_room:
        return ()
    return tuple(room_id for (room_id,) in rows(_rooms_statement(), {"mine": current_tenant().id}))


def load(
    service: ServiceOffer,
    *,
    date_from: date,
    date_to: date,
    now: datetime,
    practitioner: UUID | str | None = None,
    except_booking: UUID | None = None,
    for_client: UUID | None = None,
) -> Offer:
    """All that decides about starts of `service` on the local dates `[date_from, date_to)`, whatever their zone is.

    `practitioner`: an id or a slug, None for anyone. A slug that nobody has raises `NoSuchService`; somebody who offers
    it no more (a booking's own practitioner) has no openings. `except_booking` stands in nobody's way (it is the one
    that moves); with `for_client`, the client's own bookings do.
    """
    people = [p for p in service.people if practitioner is None or practitioner in (p[0], p[1])]
    if not people and isinstance(practitioner, str):
        raise NoSuchService
    zone = current_tenant().zone
    lo = datetime(date_from.year, date_from.month, date_from.day, tzinfo=UTC) - _REACH
    hi = datetime(date_to.year, date_to.month, date_to.day, tzinfo=UTC) + _REACH
    ids = [p[0] for p in people]
    hours = read_hours(ids, lo, hi)
    free = rooms_for(service)
    taken = read_taken(Span(tuple(ids), free, lo, hi, now, except_booking, for_client))
    return Offer(
        service,
        zone,
        tuple(_person(who, zone, hours, taken) for who in people),
        free,
        taken.rooms,
    )


def _person(who: tuple[UUID, str, str], zone: str, hours: Hours, taken: Taken) -> Person:
    key, slug, name = who
    return Person(
        key,
        slug,
        name,
        schedule_of(zone, hours.weekly[key], hours.days[key], hours.breaks[key]),
        hours.off[key] + hours.off[None] + taken.own,
        taken.people.get(key, ()),
    )


def list_openings(
    offer: Offer, *, date_from: date, date_to: date, now: datetime, tz: str | None = None
) -> list[Opening]:
    """Every opening on the local dates `[date_from, date_to)` of `tz` (the clinic's zone when None), by time, then in
    the clinic's order of practitioners."""
    return [
        opening(offer, epoch, person)
        for epoch, person in list_starts(offer, date_from=date_from, date_to=date_to, now=now, tz=tz)
    ]


def opening(offer: Offer, epoch: int, person: Person) -> Opening:
    """A start (epoch seconds) as its own value."""
    start = datetime.fromtimestamp(epoch, UTC)
    end = start + timedelta(minutes=offer.service.engine.duration_min)
    return Opening(start, end, person.id, person.slug, person.name)


def list_starts(
    offer: Offer, *, date_from: date, date_to: date, now: datetime, tz: str | None = None
) -> list[tuple[int, Person]]:
    """The same as epoch seconds with the person: for those who write many."""
    if len(offer.people) == 1:
        (only,) = offer.people
        return [(epoch, only) for epoch in offer.starts(only, date_from=date_from, date_to=date_to, now=now, tz=tz)]
    found = [
        (epoch, order)
        for order, person in enumerate(offer.people)
        for epoch in offer.starts(person, date_from=date_from, date_to=date_to, now=now, tz=tz)
    ]
    found.sort()
    return [(epoch, offer.people[order]) for epoch, order in found]


def offer_at(
    service: ServiceOffer,
    at: datetime,
    *,
    now: datetime,
    practitioner: UUID | str | None = None,
    except_booking: UUID | None = None,
    for_client: UUID | None = None,
) -> Offer:
    """What decides about one start."""
    day = at.astimezone(UTC).date()
    return load(
        service,
        date_from=day,
        date_to=day + _A_DAY,
        now=now,
        practitioner=practitioner,
        except_booking=except_booking,
        for_client=for_client,
    )


def nearest(
    service: ServiceOffer,
    at: datetime,
    *,
    now: datetime,
    practitioner: UUID | str | None = None,
    but: Booking | None = None,
    limit: int = 3,
) -> list[Opening]:
    """The openings closest to `at`, in order of time. Never `at` itself: somebody was just refused it, and why is
    nobody else's business.

    Looks at the days around it, and where they hold too few, six weeks each way; a time that is past or too far ahead
    for booking counts as the nearest day that is not. `but`: the booking that looks for another time.
    """
    wanted, zone = int(at.timestamp()), ZoneInfo(current_tenant().zone)
    today = now.astimezone(zone).date()
    horizon = service.rules.horizon_days
    end = today + timedelta(days=_FAR_DAYS if horizon is None else min(horizon, _FAR_DAYS))
    day = min(max(at.astimezone(zone).date(), today), end)
    found: dict[int, Person] = {}
    for reach in (_NEAR, _WIDE):
        first, last = max(day - reach, today), min(day + reach, end) + _A_DAY
        offer = load(
            service, date_from=first, date_to=last, now=now, practitioner=practitioner,
            except_booking=but.id if but else None, for_client=but.client_id if but else None,
        )  # fmt: skip
        for epoch, person in list_starts(offer, date_from=first, date_to=last, now=now):
            if epoch != wanted:
                found.setdefault(epoch, person)
        if len(found) >= limit:
            break
    close = nsmallest(limit, found, key=lambda epoch: abs(epoch - wanted))
    return [opening(offer, epoch, found[epoch]) for epoch in sorted(close)]
