"""What staff changed a moment ago and may still take back: found, closed, and the old place kept meanwhile.

Steps for the actions of `moves.py` and `changes.py`; each runs inside one, with the booking locked.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from saas.db import db, new_id
from saas.links import link_for
from tenants.bookings.models import Booking, BookingChange
from tenants.bookings.places import LINK
from tenants.bookings.rules import NotNow, Place, pieces_to_keep

KEPT = "kept"
"""The `source` of rows that are no promise to anybody: they hold a booking's old place until its move is final."""
_MOST_PIECES = 3


class BeingCancelled(NotNow):
    """Staff have cancelled it a moment ago: it is undone first, or it is over in a minute."""

    code = "being-cancelled"


def open_change(booking_id: UUID) -> BookingChange | None:
    """The change of this booking that can still be taken back, as the database has it."""
    found = select(BookingChange).where(BookingChange.booking_id == booking_id, BookingChange.state == "open")
    return db.session.execute(found.execution_options(populate_existing=True)).scalar_one_or_none()


def refuse_while_cancelling(booking_id: UUID) -> None:
    """Raise `BeingCancelled` while a cancel by staff waits for its three minutes."""
    change = open_change(booking_id)
    if change is not None and change.kind == "cancel":
        raise BeingCancelled


def supersede(booking: Booking) -> datetime | None:
    """Another change comes on top: what was open is void and its kept place free. Answers the start that the client
    knows of, where that is not the one the booking has."""
    change = open_change(booking.id)
    if change is None:
        return None
    close(change, "void")
    return change.told_at if change.kind == "move" else None


def close(change: BookingChange, state: str) -> None:
    """End the change, and let go of the place that was kept for it."""
    change.state = state
    for row in db.session.execute(select(Booking).where(Booking.idempotency_key.in_(kept_keys(change.id)))).scalars():
        db.session.delete(row)
    # At once: the rows that go must not meet the booking that comes back.
    db.session.flush()


def kept_keys(change_id: UUID) -> list[str]:
    """The keys of the rows that keep the old place of this change."""
    return [f"{KEPT}:{change_id}:{number}" for number in range(_MOST_PIECES)]


def keep_place(change: BookingChange, *, old: Place, booking: Booking) -> None:
    """Hold what of the `old` place can be held until the change is final. It frees itself then, worker or not."""
    for key, piece in zip(kept_keys(change.id), pieces_to_keep(old, place_of(booking)), strict=False):
        key_id, wall = new_id(), piece.start.astimezone(ZoneInfo(booking.zone)).replace(tzinfo=None)
        row = Booking(
            id=key_id, service_id=booking.service_id, practitioner_id=piece.practitioner, room_id=piece.room,
            status="held", starts_at=piece.start, ends_at=piece.end, busy_from=piece.start, busy_to=piece.end,
            wall_start=wall, zone=booking.zone, hold_expires_at=change.until, price_minor=0,
            online_minor=0, currency=booking.currency, payment_mode=booking.payment_mode, policy=booking.policy,
            typed={}, source=KEPT, link_hash=link_for(LINK, key_id).hash, idempotency_key=key,
            created_at=change.made_at,
        )  # fmt: skip
        db.session.add(row)


def place_of(booking: Booking) -> Place:
    """What the booking occupies now."""
    return Place(booking.practitioner_id, booking.room_id, booking.busy_from, booking.busy_to)
