"""Many who want one time: who comes late is told so without queueing at the database (docs/decisions/0009, 0017).

One read of the day, shared by the threads of a process that stand in one line (`saas/turns.py`), refuses whoever can be
refused already. It promises nothing: whoever is let through asks everything again behind the lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from uuid import UUID

from saas.db import db, in_action
from saas.tenancy import current_tenant
from saas.turns import Turns
from tenants.availability import slots
from tenants.bookings import openings
from tenants.bookings.calendars import Span, Taken, read_taken
from tenants.bookings.openings import ServiceOffer
from tenants.bookings.places import SlotTaken

R = TypeVar("R")

_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Sight:
    """Who might give a service on a day (and where), and what stood in their calendars when somebody looked."""

    service: ServiceOffer
    people: tuple[UUID, ...]
    rooms: tuple[UUID, ...]
    taken: Taken

    def is_gone(self, at: datetime) -> bool:
        """Whether everybody (or every room, where one is needed) had a booking in the way of a session at `at`. False
        promises nothing: the engine still has to be asked."""
        engine = self.service.engine
        lo = at - timedelta(minutes=engine.buffer_before_min)
        hi = at + timedelta(minutes=engine.duration_min + engine.buffer_after_min)

        def free(busy: Iterable[slots.Busy]) -> bool:
            return all(one.end <= lo or hi <= one.start for one in busy)

        if self.rooms and not any(free(self.taken.rooms.get(room, ())) for room in self.rooms):
            return True
        return not any(free(self.taken.people.get(person, ())) for person in self.people)


def look(service: ServiceOffer, practitioner_id: UUID | None, at: datetime, *, now: datetime) -> Sight:
    """What stands in the way on the day of `at` (UTC): one read, two where a room is needed."""
    people = tuple(person[0] for person in service.people if practitioner_id in (None, person[0]))
    rooms = openings.rooms_for(service)
    day = datetime(at.year, at.month, at.day, tzinfo=UTC)
    return Sight(service, people, rooms, read_taken(Span(people, rooms, day - _A_DAY, day + 2 * _A_DAY, now)))


_turns: Turns[Sight] = Turns()


def in_turn(
    service: ServiceOffer | UUID,
    practitioner_id: UUID | None,
    at: datetime,
    *,
    now: datetime,
    take: Callable[[Sight], R],
) -> R:
    """`take(sight)` for whoever can still have this time, one thread of the process after another; `SlotTaken` for
    whom a look says that it is gone. A service not yet read is given by its id."""
    at = at.astimezone(UTC)

    def see(newest: datetime) -> Sight:
        found = openings.find_service(service_id=service) if isinstance(service, UUID) else service
        return look(found, practitioner_id, at, now=newest)

    if in_action():
        return take(see(now))
    wanted = (current_tenant().id, service if isinstance(service, UUID) else service.id, practitioner_id, at.date())
    with _turns.turn(wanted, now=now, before_waiting=db.session.rollback) as turn:
        sight = turn.look(see)
        if sight.is_gone(at):
            raise SlotTaken
        turn.forget()
        return take(sight)
