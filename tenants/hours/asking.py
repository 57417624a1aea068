"""Why is this time not offered? The very engine that refuses it is asked, person by person and room by room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from tenants.availability import slots
from tenants.bookings import openings
from tenants.bookings.openings import Offer, Person
from tenants.hours.reasons import Before
from tenants.hours.rules import wall_instants
from tenants.practitioners.models import Practitioner
from tenants.practitioners.queries import rooms
from tenants.services.queries import service_by_id

_A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class RoomTaken:
    """A room, and what stands in the way there."""

    name: str
    reasons: tuple[slots.Reason, ...]


@dataclass(frozen=True)
class Answer:
    """Whether somebody offers a session at an instant, else why not: what the engine is not asked about (`before`), its
    own reasons, and the rooms that are taken. `at` is None where the clock skips that minute."""

    practitioner: str
    at: datetime | None
    offered: bool
    before: tuple[Before, ...] = ()
    reasons: tuple[slots.Reason, ...] = ()
    rooms: tuple[RoomTaken, ...] = ()


@dataclass(frozen=True)
class Question:
    """A session, a date and a minute of it on the clinic's clock."""

    service_id: UUID
    day: date
    minute: int


def answers(question: Question, people: Sequence[Practitioner], *, zone: str, now: datetime) -> list[Answer]:
    """An answer for each of these people, and for each time the clock shows that minute. `NoSuchService`."""
    service = service_by_id(question.service_id)
    instants = wall_instants(zone, question.day, question.minute)
    if not instants:
        return [Answer(person.name, None, offered=False, before=("skipped",)) for person in people]
    found = openings.find_service(service_id=service.id, retired_too=True)
    loaded = openings.load(found, date_from=question.day, date_to=question.day + _A_DAY, now=now)
    return [
        _answer(loaded, person, at, _known_before(loaded, person, at, now, on=service.active), now)
        for person in people
        for at in instants
    ]


def _known_before(loaded: Offer, person: Practitioner, at: datetime, now: datetime, *, on: bool) -> list[Before]:
    checks: tuple[tuple[Before, bool], ...] = (
        ("paused", not loaded.service.accepting),
        ("not_offered", not on),
        ("retired", not person.active),
        ("not_with", person.active and person.id not in {one[0] for one in loaded.service.people}),
        ("passed", at < now),
    )
    return [code for code, holds in checks if holds]


def _answer(loaded: Offer, who: Practitioner, at: datetime, known: list[Before], now: datetime) -> Answer:
    person = next((each for each in loaded.people if each.id == who.id), None)
    if person is None:
        return Answer(who.name, at, offered=False, before=tuple(known))
    reasons = tuple(_explained(loaded, person, None, at, now))
    taken: list[RoomTaken] = []
    if loaded.service.needs_room and not reasons:
        taken = _rooms_taken(loaded, person, at, now)
        if not loaded.rooms:
            known.append("no_room")
        elif len(taken) == len(loaded.rooms):
            known.append("rooms_taken")
        else:
            taken = []
    return Answer(
        who.name, at, offered=not known and not reasons, before=tuple(known), reasons=reasons, rooms=tuple(taken)
    )


def _rooms_taken(loaded: Offer, person: Person, at: datetime, now: datetime) -> list[RoomTaken]:
    names = {room.id: room.name for room in rooms()}
    asked = [(names.get(room, ""), _explained(loaded, person, room, at, now)) for room in loaded.rooms]
    return [RoomTaken(name, tuple(reasons)) for name, reasons in asked if reasons]


def _explained(loaded: Offer, person: Person, room: UUID | None, at: datetime, now: datetime) -> list[slots.Reason]:
    return slots.explain(
        at=at,
        service=loaded.service.engine,
        rules=loaded.service.rules,
        schedule=person.schedule,
        blocks=person.blocks,
        busy=(*person.busy, *loaded.room_busy.get(room, ())) if room else person.busy,
        now=now,
    )
