"""What may happen to a booking, and when. Pure: states, the clocks of a hold, the cancellation window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from saas.errors import Conflict, Invalid
from saas.text import Cleaner
from tenants.clients.rules import Person, clean_person

Status = Literal["held", "confirmed", "arrived", "completed", "no_show", "cancelled", "expired"]
Verb = Literal["confirm", "expire", "retake", "move", "cancel", "arrive", "complete", "no_show"]

_NOTE_LENGTH = 2000

# The states by what they mean. Whoever asks about several takes one of these: a new state is then put where it belongs
# here, into the column's CHECK (models and a migration), and into `words.py`.
UNBOOKED: tuple[Status, ...] = ("held", "expired")
"""Nobody has booked yet: a hold, or one that lapsed."""
PROMISED: tuple[Status, ...] = ("confirmed", "arrived")
"""Booked, and not over yet."""
LIVE: tuple[Status, ...] = ("held", *PROMISED)
"""What occupies practitioner, room and client."""
STANDING: tuple[Status, ...] = (*PROMISED, "completed")
"""Booked, and neither cancelled nor missed: what is paid for it is earned."""
SESSIONS: tuple[Status, ...] = (*STANDING, "no_show")
"""The sessions of a day, whatever became of them."""

HOLD = timedelta(minutes=15)
"""How long a chosen time is kept; extendable, because a form must not hurry anybody (WCAG 2.2.1)."""
MAX_EXTENSIONS = 10
CHANGE_GRACE = timedelta(minutes=3)
"""Changes are told after this pause, so that two in a row make one mail."""
UNDO = timedelta(minutes=3)
"""How long staff can take a move or a cancel back: mails and refunds wait for it, and the place stays kept."""

CancelReason = Literal["client", "clinic", "mistake", "other"]
CANCEL_REASONS: tuple[CancelReason, ...] = ("client", "clinic", "mistake", "other")
"""Why staff cancelled: the client asked for it, the clinic cannot, it should never have been booked, anything else."""

_MAY: dict[Verb, frozenset[Status]] = {
    "confirm": frozenset({"held"}),
    "expire": frozenset({"held"}),
    "retake": frozenset(UNBOOKED),
    "move": frozenset({*UNBOOKED, "confirmed"}),
    "cancel": frozenset({"held", "confirmed"}),
    "arrive": frozenset({"confirmed"}),
    "complete": frozenset(PROMISED),
    "no_show": frozenset({"confirmed"}),
}


class NotNow(Conflict):
    """The booking's state does not allow this any more; the page shows what it is instead."""

    code = "not-now"


def may(verb: Verb, status: str) -> bool:
    """Whether a booking in `status` can go through `verb`."""
    return status in _MAY[verb]


def require(verb: Verb, status: str) -> None:
    """Raise `NotNow` unless the booking can go through `verb`."""
    if not may(verb, status):
        raise NotNow


SAID: Mapping[str, Verb] = {"arrive": "arrive", "complete": "complete", "no_show": "no_show"}
"""What staff can say of a session, by the word that a form sends."""


def sayable(status: str, *, starts_at: datetime, zone: str, now: datetime) -> tuple[Verb, ...]:
    """What staff may say of a session at this moment: that its client is here, from the session's own day on (in
    `zone`); that it took place, or that nobody came, once it has begun."""
    here = ZoneInfo(zone)
    if now.astimezone(here).date() < starts_at.astimezone(here).date():
        return ()
    fitting: tuple[Verb, ...] = ("arrive", "complete", "no_show") if now >= starts_at else ("arrive",)
    return tuple(verb for verb in fitting if may(verb, status))


def lapsed(*, status: str, hold_expires_at: datetime | None, paying: bool, now: datetime) -> bool:
    """Whether a hold's time is over and nobody may still be paying for it: then it stands in nobody's way."""
    return status == "held" and not paying and hold_expires_at is not None and hold_expires_at <= now


@dataclass(frozen=True)
class PolicyTerms:
    """The cancellation policy as it was promised. Hours before the start; per cents of the price.

    `late_since`: set when a booking was moved after its free time had passed: that promise does not start anew.
    """

    version: int
    free_hours: int
    late_fee_percent: int
    no_show_percent: int
    late_since: datetime | None = None

    @classmethod
    def from_snapshot(cls, snapshot: Mapping[str, Any]) -> PolicyTerms:
        """Read what `snapshot` wrote."""
        since = snapshot.get("late_since")
        return cls(
            version=int(snapshot["version"]),
            free_hours=int(snapshot["free_hours"]),
            late_fee_percent=int(snapshot["late_fee_percent"]),
            no_show_percent=int(snapshot["no_show_percent"]),
            late_since=datetime.fromisoformat(since) if since else None,
        )

    def snapshot(self) -> dict[str, Any]:
        """The terms as a booking keeps them."""
        kept: dict[str, Any] = {
            "version": self.version,
            "free_hours": self.free_hours,
            "late_fee_percent": self.late_fee_percent,
            "no_show_percent": self.no_show_percent,
        }
        if self.late_since is not None:
            kept["late_since"] = self.late_since.isoformat()
        return kept

    def free_until(self, starts_at: datetime) -> datetime:
        """Until this instant (exclusive) cancelling costs nothing."""
        own = starts_at - timedelta(hours=self.free_hours)
        return own if self.late_since is None else min(own, self.late_since)

    def is_free(self, *, starts_at: datetime, now: datetime) -> bool:
        """Whether cancelling now costs nothing."""
        return now < self.free_until(starts_at)

    def after_move(self, *, starts_at: datetime, now: datetime) -> PolicyTerms:
        """The terms after moving away from `starts_at`: a late move keeps the moment from which a fee was due."""
        return (
            self if self.is_free(starts_at=starts_at, now=now) else replace(self, late_since=self.free_until(starts_at))
        )


def client_may_move(*, status: str, starts_at: datetime, now: datetime) -> bool:
    """Clients move their booking until it starts; a hold whenever they like."""
    return may("move", status) and (status != "confirmed" or now < starts_at)


def client_may_cancel(*, status: str, starts_at: datetime, now: datetime) -> bool:
    """Clients cancel their booking until it starts."""
    return may("cancel", status) and (status == "held" or now < starts_at)


@dataclass(frozen=True)
class Place:
    """Whom and what a booking occupies from one instant to another, buffers included."""

    practitioner: UUID
    room: UUID | None
    start: datetime
    end: datetime


def pieces_to_keep(old: Place, new: Place) -> list[Place]:
    """What of the `old` place must be held so that a booking that has moved to `new` can come back, in order of time.

    No piece stands in the way of `new`, or of another piece. Where both overlap in time and only the room is another,
    the old room cannot be held beside the practitioner, who is in the new one: whoever comes back takes any free room.
    """
    middle = (max(old.start, new.start), min(old.end, new.end))
    if middle[0] >= middle[1]:
        return [old]
    pieces = [replace(old, end=middle[0]), replace(old, start=middle[1])]
    if old.practitioner != new.practitioner:
        room = old.room if old.room != new.room else None
        pieces.insert(1, replace(old, room=room, start=middle[0], end=middle[1]))
    return [piece for piece in pieces if piece.start < piece.end]


@dataclass(frozen=True)
class Details:
    """What a client tells us of themselves. `reach`: email, text or phone (by telephone only)."""

    name: str
    email: str
    phone: str = ""
    known_as: str = ""
    reach: str = "email"
    note: str = ""

    @property
    def person(self) -> Person:
        """Who that is."""
        return Person(self.name, self.known_as, self.email, self.phone, self.reach)


def clean_details(details: Details, *, country: str) -> Details:
    """The details as kept; `Invalid` with a sentence for every field that needs another look."""
    cleaner = Cleaner()
    note = cleaner.block("note", details.note, _NOTE_LENGTH)
    try:
        person = clean_person(details.person, country=country)
    except Invalid as error:
        cleaner.fields = {**error.fields, **cleaner.fields}
    cleaner.check()
    return Details(person.name, person.email, person.phone, person.known_as, person.reach, note)
