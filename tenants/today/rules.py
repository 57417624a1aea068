"""What a day's page says of each session, and which of the deeds since yesterday are news. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from tenants.bookings.rules import PROMISED

_NEAR = timedelta(days=3660)
NEWS_DEEDS = ("booking.confirmed", "booking.moved", "booking.change_undone", "booking.cancelled")


def day_asked(text: str, today: date) -> date:
    """The day an address names; today for anything else, and for days that nobody plans for."""
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        return today
    return day if abs(day - today) <= _NEAR else today


@dataclass(frozen=True)
class Facts:
    """What is known of a session that may make something due. `intake`: missing, open, done; "" without one. `speak`:
    somebody must speak with the client first."""

    status: str
    ends_at: datetime
    owed: int
    first: bool
    differs: bool
    cancelling: bool
    intake: str = ""
    speak: bool = False


def due(facts: Facts, now: datetime) -> tuple[str, ...]:
    """What is due for a session, the most pressing first: cancelling, open (it is over and nobody said how it went),
    speak, review and unanswered (of its intake), differs (what was typed is not what we know), owed, first. Another
    reason is one more line here and its words."""
    found = {
        "cancelling": facts.cancelling,
        "open": facts.ends_at <= now and facts.status in PROMISED and not facts.cancelling,
        "speak": facts.speak and facts.status == "confirmed",
        "review": facts.intake == "open",
        "unanswered": facts.intake == "missing" and facts.status == "confirmed",
        "differs": facts.differs,
        "owed": facts.owed > 0,
        "first": facts.first,
    }
    return tuple(name for name, holds in found.items() if holds)


@dataclass(frozen=True)
class Told:
    """One line of the audit about a booking, which has `status` now."""

    booking_id: UUID
    deed: str
    at: datetime
    facts: Mapping[str, Any]
    status: str


def news(lines: Iterable[Told]) -> list[tuple[str, UUID, datetime]]:
    """What has become of each booking that the audit tells of: cancelled, new or moved, and when; newest first.

    A move that was taken back is no news, and who booked and cancelled since has cancelled.
    """
    by_booking: dict[UUID, list[Told]] = {}
    for line in sorted(lines, key=lambda one: one.at):
        by_booking.setdefault(line.booking_id, []).append(line)
    found = [(kind, key, at) for key, told in by_booking.items() for kind, at in _one(told)]
    return sorted(found, key=lambda one: one[2], reverse=True)


def _one(told: Sequence[Told]) -> list[tuple[str, datetime]]:
    last = {line.deed: line.at for line in told}
    if told[-1].status == "cancelled":
        return [("cancelled", last["booking.cancelled"])] if "booking.cancelled" in last else []
    if "booking.confirmed" in last:
        return [("new", last["booking.confirmed"])]
    undone = sum(line.deed == "booking.change_undone" and line.facts.get("kind") == "move" for line in told)
    moves = sum(line.deed == "booking.moved" for line in told)
    return [("moved", last["booking.moved"])] if moves > undone else []
