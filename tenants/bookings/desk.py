"""What staff may choose, and why a time cannot be: the same engine as the client's, with the rules that bind a desk.

Hours, breaks, time off, buffers, rooms and other bookings bind everybody. The notice, the horizon, the grid of starts
and a closed booking page are for clients: staff take any free minute of the hours, today's past ones included.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from saas.tenancy import current_tenant
from tenants.availability import slots
from tenants.availability.walltime import edge, to_datetime
from tenants.bookings import openings
from tenants.bookings.openings import Offer, Opening, Person, ServiceOffer
from tenants.bookings.places import SlotTaken

WhyCode: TypeAlias = slots.Code | Literal["past", "not_offered", "no_room", "client_busy", "taken"]
WHY_CODES: tuple[WhyCode, ...] = (
    "off_grid", "outside_hours", "on_break", "time_off", "booked", "buffer", "notice", "horizon",
    "past", "not_offered", "no_room", "client_busy", "taken",
)  # fmt: skip


@dataclass(frozen=True)
class Why:
    """One rule that refuses a time, and what stands in the way (half open, UTC, None where there is no edge)."""

    code: WhyCode
    start: datetime | None = None
    end: datetime | None = None


class TimeRefused(SlotTaken):
    """The time cannot be; `whys` has every rule that says so."""

    def __init__(self, whys: Sequence[Why]) -> None:
        super().__init__()
        self.whys = tuple(whys)


@dataclass(frozen=True)
class Asked:
    """One session somebody at the desk wants. `practitioner_id` None: whoever is free. `moving`: the booking that
    moves, which stands in nobody's way; `client_id`: whose other bookings do."""

    service_id: UUID
    practitioner_id: UUID | None
    starts_at: datetime
    client_id: UUID | None = None
    moving: UUID | None = None


def service_at_desk(service_id: UUID, *, any_minute: bool, retired_too: bool = False) -> ServiceOffer:
    """The service under the rules that bind staff; `any_minute`: every minute of the hours is a start."""
    found = openings.find_service(service_id=service_id, retired_too=retired_too)
    engine = replace(found.engine, step_min=1) if any_minute else found.engine
    return replace(found, engine=engine, rules=slots.Rules(), accepting=True)


def day_begins(now: datetime) -> datetime:
    """Midnight on the clinic's clock: from there on staff may write a session down."""
    zone = current_tenant().zone
    return to_datetime(edge(zone, now.astimezone(ZoneInfo(zone)).date().toordinal(), 0))


def openings_on(
    service_id: UUID, day: date, *, practitioners: Sequence[UUID], moving: UUID | None, now: datetime
) -> list[Opening]:
    """The starts of one local day, from now on, that these practitioners have free, by time. The place of `moving` is
    free, and offered again."""
    service = service_at_desk(service_id, any_minute=False, retired_too=moving is not None)
    service = replace(service, people=tuple(one for one in service.people if one[0] in practitioners))
    after = day + timedelta(days=1)
    offer = openings.load(service, date_from=day, date_to=after, now=now, except_booking=moving)
    return openings.list_openings(offer, date_from=day, date_to=after, now=now)


def offer_for(asked: Asked, *, now: datetime) -> Offer:
    """All that decides about this very start."""
    service = service_at_desk(asked.service_id, any_minute=True, retired_too=asked.moving is not None)
    return openings.offer_at(
        service, asked.starts_at, now=now, practitioner=asked.practitioner_id, except_booking=asked.moving,
        for_client=asked.client_id,
    )  # fmt: skip


def free_at(offer: Offer, at: datetime, *, now: datetime) -> list[tuple[Person, list[UUID | None]]]:
    """Who is free at this start, each with the rooms that are; the least booked that day first."""
    day = at.astimezone(ZoneInfo(offer.zone)).date()

    def load_of(person: Person) -> int:
        return sum(busy.start.astimezone(ZoneInfo(offer.zone)).date() == day for busy in person.busy)

    begins = day_begins(now)
    found = [(person, offer.free_rooms(person, at, now=begins)) for person in sorted(offer.people, key=load_of)]
    return [(person, rooms) for person, rooms in found if rooms]


def why_not(asked: Asked, *, now: datetime) -> list[Why]:
    """Every rule that refuses this time, in the order of `WHY_CODES`; never empty for a time that is refused."""
    offer = offer_for(replace(asked, client_id=None), now=now)
    if not offer.people:
        return [Why("not_offered")]
    if asked.starts_at < day_begins(now):
        return [Why("past")]
    # Of several who could, the one with the fewest rules in the way says most.
    found = min((_against(offer, person, asked.starts_at, now) for person in offer.people), key=len)
    if found:
        return found
    if not any(rooms for _person, rooms in free_at(offer, asked.starts_at, now=now)):
        return [Why("no_room")]
    return [Why("client_busy" if asked.client_id else "taken")]


def _against(offer: Offer, person: Person, at: datetime, now: datetime) -> list[Why]:
    reasons = slots.explain(
        at=at, service=offer.service.engine, rules=offer.service.rules, schedule=person.schedule,
        blocks=person.blocks, busy=person.busy, now=day_begins(now),
    )  # fmt: skip
    # Every minute of the hours is a start here: off the grid means outside them, which is said by its own rule.
    return [Why(one.code, one.start, one.end) for one in reasons if one.code != "off_grid"]


def local_start(day: date, minute: int) -> datetime:
    """The instant at which the clinic's clock shows that minute of the day (the end of the gap where it is skipped)."""
    return to_datetime(edge(current_tenant().zone, day.toordinal(), minute)).astimezone(UTC)
