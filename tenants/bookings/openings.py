"""What can be booked: reads hours, absences and live bookings in a fixed number of queries and asks the slot engine.

Holding and moving ask the same function for the very start they want. Selects name columns, not entities: a month of
bookings costs a third that way. Each statement names its tenant itself (`tenant_checked`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, String, cast, literal, null, or_, select, true, union_all
from sqlalchemy.sql.elements import ColumnElement

from saas.db import Utc, db
from saas.errors import NotFound
from saas.money import Money
from saas.tenancy import current_tenant
from tenants.availability import slots
from tenants.availability.models import HoursBreak, HoursOverride, TimeOff, WeeklyHours
from tenants.bookings.models import Booking
from tenants.bookings.rules import LIVE
from tenants.clinic.models import Clinic
from tenants.practitioners.models import Practitioner, PractitionerService, Room
from tenants.services.models import Service

_CHECKED = {"tenant_checked": True}
_A_DAY = timedelta(days=1)
_REACH = timedelta(days=2)
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
    """A service's columns that the engine and the pages need."""

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

    def starts(self, person: Person, *, date_from: date, date_to: date, now: datetime, tz: str | None = None) -> list[int]:
        """Epoch seconds at which `person` (and, where one is needed, a room) is free."""
        if not self.service.accepting:
            return []
        if not self.service.needs_room:
            return self._ask(person, person.busy, date_from, date_to, now, tz)
        return slots.union(
            self._ask(person, person.busy + self.room_busy.get(room, ()), date_from, date_to, now, tz)
            for room in self.rooms
        )

    def free_rooms(self, person: Person, at: datetime, *, now: datetime) -> list[UUID | None]:
        """The rooms that are free for this very start, in the clinic's order; `[None]` when none is needed."""
        day = at.astimezone(ZoneInfo(self.zone)).date()
        epoch = at.timestamp()
        rooms: Sequence[UUID | None] = self.rooms if self.service.needs_room else [None]
        return [
            room
            for room in rooms
            if self.service.accepting
            and epoch
            in self._ask(
                person, person.busy + (self.room_busy.get(room, ()) if room else ()), day, day + _A_DAY, now, None
            )
        ]

    def _ask(
        self, person: Person, busy: tuple[slots.Busy, ...], date_from: date, date_to: date, now: datetime, tz: str | None
    ) -> list[int]:
        return slots.open_epochs(
            service=self.service.engine,
            rules=self.service.rules,
            schedule=person.schedule,
            blocks=person.blocks,
            busy=busy,
            date_from=date_from,
            date_to=date_to,
            now=now,
            query_tz=tz,
        )


def _rows(statement: Select[Any] | Any) -> Sequence[Any]:
    return db.session.execute(statement, execution_options=_CHECKED).all()


def find_service(
    *, slug: str | None = None, service_id: UUID | None = None, retired_too: bool = False
) -> ServiceOffer:
    """The active service with the clinic's booking rules, in one query; `NoSuchService` otherwise. A booking that moves may
    be of a service that is offered no more (`retired_too`)."""
    which = Service.slug == slug if slug is not None else Service.id == service_id
    mine = current_tenant().id
    columns = Service.__table__.c
    clinic = Clinic.__table__.c
    active = true() if retired_too else columns.active.is_(True)
    found = _rows(
        select(columns, clinic.min_notice_min, clinic.horizon_days, clinic.accepting)
        .join(Clinic, clinic.tenant_id == columns.tenant_id)
        .where(columns.tenant_id == mine, active, which)
    )
    if not found:
        raise NoSuchService
    row = found[0]
    engine = slots.Service(row.duration_min, row.step_min, row.buffer_before_min, row.buffer_after_min)
    rules = slots.Rules(row.min_notice_min, row.horizon_days)
    price = Money(row.price_minor, current_tenant().currency)
    return ServiceOffer(
        row.id, row.slug, row.name, row.text, price, row.payment, engine, row.needs_room, rules, row.accepting
    )


def people_for(service_id: UUID) -> list[tuple[UUID, str, str]]:
    """(id, slug, name) of the active practitioners who offer the service, in the clinic's order."""
    mine = current_tenant().id
    rows = _rows(
        select(Practitioner.id, Practitioner.slug, Practitioner.name)
        .join(PractitionerService, PractitionerService.practitioner_id == Practitioner.id)
        .where(
            Practitioner.tenant_id == mine,
            PractitionerService.tenant_id == mine,
            PractitionerService.service_id == service_id,
            Practitioner.active.is_(True),
        )
        .order_by(Practitioner.position, Practitioner.slug)
    )
    return [(row.id, row.slug, row.name) for row in rows]


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
    """All that decides about starts of `service` on the local dates `[date_from, date_to)`, whatever the zone they are in.

    `practitioner`: an id or a slug, None for anyone. `except_booking` stands in nobody's way (it is the one that moves);
    with `for_client`, the client's own bookings do.
    """
    people = [p for p in people_for(service.id) if practitioner is None or practitioner in (p[0], p[1])]
    if not people:
        raise NoSuchService
    zone = current_tenant().zone
    lo = datetime(date_from.year, date_from.month, date_from.day, tzinfo=UTC) - _REACH
    hi = datetime(date_to.year, date_to.month, date_to.day, tzinfo=UTC) + _REACH
    ids = [p[0] for p in people]
    hours = _hours(ids, lo, hi)
    rooms: tuple[UUID, ...] = ()
    if service.needs_room:
        mine = current_tenant().id
        ordered = select(Room.id).where(Room.tenant_id == mine, Room.active.is_(True)).order_by(Room.position, Room.slug)
        rooms = tuple(row.id for row in _rows(ordered))
    busy, room_busy, own = _busy(ids, rooms, lo, hi, now, except_booking, for_client)
    return Offer(
        service,
        zone,
        tuple(
            Person(
                id, slug, name, _schedule(zone, hours.weekly[id], hours.days[id], hours.breaks[id]),
                hours.off[id] + hours.off[None] + own, busy.get(id, ()),
            )
            for id, slug, name in people
        ),
        rooms,
        room_busy,
    )  # fmt: skip


def list_openings(offer: Offer, *, date_from: date, date_to: date, now: datetime, tz: str | None = None) -> list[Opening]:
    """Every opening on the local dates `[date_from, date_to)` of `tz` (the clinic's zone when None), by time, then in the
    clinic's order of practitioners."""
    length = timedelta(minutes=offer.service.engine.duration_min)
    found = []
    for order, person in enumerate(offer.people):
        for epoch in offer.starts(person, date_from=date_from, date_to=date_to, now=now, tz=tz):
            found.append((epoch, order, person))
    found.sort(key=lambda item: item[:2])
    return [
        Opening(start := datetime.fromtimestamp(epoch, UTC), start + length, person.id, person.slug, person.name)
        for epoch, _, person in found
    ]


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
    service: ServiceOffer, at: datetime, *, now: datetime, practitioner: UUID | str | None = None, limit: int = 3
) -> list[Opening]:
    """The openings closest to `at`, in order of time; looks a week around it, then as far as bookings go. Never `at`
    itself: somebody was just refused it, and why is nobody else's business."""
    day = at.astimezone(ZoneInfo(current_tenant().zone)).date()
    for reach in (7, 45):
        first = max(day - timedelta(days=reach), now.date() - _A_DAY)
        last = day + timedelta(days=reach)
        if last <= first:
            continue
        offer = load(service, date_from=first, date_to=last, now=now, practitioner=practitioner)
        found: dict[datetime, Opening] = {}
        for opening in list_openings(offer, date_from=first, date_to=last, now=now):
            if opening.starts_at != at:
                found.setdefault(opening.starts_at, opening)
        if len(found) >= limit or reach == 45:
            near = sorted(found.values(), key=lambda o: abs(o.starts_at - at))[:limit]
            return sorted(near, key=lambda o: o.starts_at)
    return []


@dataclass(frozen=True)
class _Hours:
    weekly: defaultdict[UUID | None, tuple[tuple[int, str, str, date, date | None], ...]]
    days: defaultdict[UUID | None, tuple[tuple[date, str | None, str | None], ...]]
    breaks: defaultdict[UUID | None, tuple[tuple[int | None, date | None, str, str], ...]]
    off: defaultdict[UUID | None, tuple[slots.Block, ...]]


def _hours(ids: Sequence[UUID], lo: datetime, hi: datetime) -> _Hours:
    """Weekly hours, overrides, breaks and time off of these practitioners, in one round trip."""
    mine = current_tenant().id
    first, last = lo.date() - _A_DAY, hi.date() + _A_DAY
    no_text, no_day, no_time, no_int = cast(null(), String(5)), null(), null(), null()
    weekly = select(
        literal("weekly").label("kind"), WeeklyHours.practitioner_id, WeeklyHours.weekday, WeeklyHours.start,
        WeeklyHours.end, WeeklyHours.valid_from.label("day"), WeeklyHours.valid_to.label("until"),
        cast(no_time, Utc()).label("lo"), cast(no_time, Utc()).label("hi"),
    ).where(
        WeeklyHours.tenant_id == mine, WeeklyHours.practitioner_id.in_(ids), WeeklyHours.valid_from <= last,
        or_(WeeklyHours.valid_to.is_(None), WeeklyHours.valid_to > first),
    )  # fmt: skip
    days = select(
        literal("day"), HoursOverride.practitioner_id, cast(no_int, WeeklyHours.weekday.type), HoursOverride.start,
        HoursOverride.end, HoursOverride.day, cast(no_day, HoursOverride.day.type), cast(no_time, Utc()),
        cast(no_time, Utc()),
    ).where(
        HoursOverride.tenant_id == mine, HoursOverride.practitioner_id.in_(ids), HoursOverride.day.between(first, last)
    )  # fmt: skip
    breaks = select(
        literal("break"), HoursBreak.practitioner_id, HoursBreak.weekday, HoursBreak.start, HoursBreak.end,
        HoursBreak.day, cast(no_day, HoursOverride.day.type), cast(no_time, Utc()), cast(no_time, Utc()),
    ).where(HoursBreak.tenant_id == mine, HoursBreak.practitioner_id.in_(ids))  # fmt: skip
    off = select(
        literal("off"), TimeOff.practitioner_id, cast(no_int, WeeklyHours.weekday.type), no_text, no_text,
        cast(no_day, HoursOverride.day.type), cast(no_day, HoursOverride.day.type), TimeOff.starts_at, TimeOff.ends_at,
    ).where(
        TimeOff.tenant_id == mine, TimeOff.ends_at > lo, TimeOff.starts_at < hi,
        or_(TimeOff.practitioner_id.is_(None), TimeOff.practitioner_id.in_(ids)),
    )  # fmt: skip
    found = _Hours(*(defaultdict(tuple) for _ in range(4)))
    for row in sorted(_rows(union_all(weekly, days, breaks, off)), key=str):
        kind, who = row[0], row[1]
        if kind == "weekly":
            found.weekly[who] += ((row[2], row[3], row[4], row[5], row[6]),)
        elif kind == "day":
            found.days[who] += ((row[5], row[3], row[4]),)
        elif kind == "break":
            found.breaks[who] += ((row[2], row[5], row[3], row[4]),)
        else:
            found.off[who] += (slots.Block(row[7], row[8]),)
    return found


@lru_cache(maxsize=2048)
def _schedule(
    zone: str,
    weekly: tuple[tuple[int, str, str, date, date | None], ...],
    days: tuple[tuple[date, str | None, str | None], ...],
    breaks: tuple[tuple[int | None, date | None, str, str], ...],
) -> slots.Schedule:
    """Rows to the engine's value. Remembered by the rows themselves, so changed hours are simply another key."""
    turns = sorted({row[3] for row in weekly} | {row[4] for row in weekly if row[4] is not None})
    eras = []
    for turn in turns:
        week: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for weekday, start, end, since, until in weekly:
            if since <= turn and (until is None or turn < until):
                week[slots.DAYS[weekday]].append((start, end))
        eras.append((turn, {day: sorted(windows) for day, windows in week.items()}))
    overrides: dict[date, list[tuple[str, str]]] = {}
    for day, start, end in days:
        windows = overrides.setdefault(day, [])
        if start is not None and end is not None:
            windows.append((start, end))
    pauses = [
        slots.Break(start, end, day=None if weekday is None else slots.DAYS[weekday], date=day)
        for weekday, day, start, end in breaks
    ]
    return slots.Schedule(zone, tuple(eras), overrides, pauses)


def _busy(
    ids: Sequence[UUID],
    rooms: Sequence[UUID],
    lo: datetime,
    hi: datetime,
    now: datetime,
    except_booking: UUID | None,
    for_client: UUID | None,
) -> tuple[dict[UUID, tuple[slots.Busy, ...]], dict[UUID, tuple[slots.Busy, ...]], tuple[slots.Block, ...]]:
    """Live bookings by practitioner and by room, and the client's own. btree bounds only (`&&` is not leakproof: under
    row-level security it cannot use an index). Holds that have lapsed stand in nobody's way."""
    mine = current_tenant().id
    columns = Booking.__table__.c
    who: list[ColumnElement[bool]] = [columns.practitioner_id.in_(ids)]
    if rooms:
        who.append(columns.room_id.in_(rooms))
    if for_client is not None:
        who.append(columns.client_id == for_client)
    statement = select(
        columns.practitioner_id, columns.room_id, columns.client_id, columns.busy_from, columns.busy_to,
        columns.starts_at, columns.ends_at,
    ).where(
        columns.tenant_id == mine,
        or_(*who),
        columns.busy_from < hi,
        columns.busy_from > lo - _A_DAY,
        columns.busy_to > lo,
        columns.status.in_(LIVE),
        or_(columns.status != "held", columns.paying.is_(True), columns.hold_expires_at > now),
    )  # fmt: skip
    if except_booking is not None:
        statement = statement.where(columns.id != except_booking)
    people: dict[UUID, list[slots.Busy]] = defaultdict(list)
    in_rooms: dict[UUID, list[slots.Busy]] = defaultdict(list)
    own: list[slots.Block] = []
    for row in _rows(statement):
        span = slots.Busy(row.busy_from, row.busy_to)
        people[row.practitioner_id].append(span)
        if row.room_id is not None:
            in_rooms[row.room_id].append(span)
        if for_client is not None and row.client_id == for_client:
            own.append(slots.Block(row.starts_at, row.ends_at))
    return _frozen(people), _frozen(in_rooms), tuple(own)


def _frozen(spans: dict[UUID, list[slots.Busy]]) -> dict[UUID, tuple[slots.Busy, ...]]:
    return {who: tuple(found) for who, found in spans.items()}


def first_per_day(openings: Iterable[Opening], zone: str, limit: int) -> list[Opening]:
    """The first opening of each of the next `limit` days that have one: what a person in pain wants to see."""
    seen: dict[date, Opening] = {}
    for opening in openings:
        seen.setdefault(opening.starts_at.astimezone(ZoneInfo(zone)).date(), opening)
        if len(seen) > limit:
            break
    return list(seen.values())[:limit]
