"""What staff do to a booking that stands: move and cancel, with three minutes to take it back.

A move happens at once, and its old place stays kept; a cancel waits, and the booking stands meanwhile. Mails and
refunds come with the final step, an effect of the outbox that is due when the three minutes are over. Taking back and
the final step lock the booking and look at the same row, so exactly one of them happens
(docs/decisions/0015-staff-changes-wait-three-minutes.md).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from saas import audit
from saas.db import action, db, flush_or, new_id
from saas.errors import NotFound
from saas.outbox import emit
from saas.stale import unchanged
from tenants.bookings.calendars import Span, read_taken
from tenants.bookings.desk import Asked, TimeRefused, free_at, offer_for, why_not
from tenants.bookings.models import Booking, BookingChange
from tenants.bookings.moves import cancel, last_told, late_fee, tell_change
from tenants.bookings.pending import (
    close,
    keep_place,
    open_change,
    place_of,
    refuse_while_cancelling,
    supersede,
)
from tenants.bookings.places import (
    OVERLAPS,
    SlotTaken,
    close_lapsed,
    follow,
    lock_booking,
    lock_places,
    put_at,
    remind,
)
from tenants.bookings.rules import CHANGE_GRACE, UNDO, CancelReason, NotNow, Place, PolicyTerms, require
from tenants.practitioners.models import Room
from tenants.services.models import Service


class NoSuchChange(NotFound):
    """Nothing that could be taken back answers to this id."""

    code = "no-such-change"


class JustMoved(NotNow):
    """It was moved a moment ago, and the client has not heard of that: the move is undone first, or told."""

    code = "just-moved"


class TooLate(NotNow):
    """The three minutes are over, or the booking has gone another way: it stays as it is."""

    code = "too-late"


def marked(booking: Booking) -> tuple[object, ...]:
    """The values of a booking that a page of the desk stands on (`saas.stale.mark_of`)."""
    return (
        booking.id, booking.status, booking.sequence, booking.starts_at.isoformat(), booking.practitioner_id,
        booking.client_id,
    )  # fmt: skip


@action
def move_by_staff(
    *, booking_id: UUID, starts_at: datetime, practitioner_id: UUID | None, seen: str | None, now: datetime
) -> UUID | None:
    """Move to any free minute of the hours, with the same practitioner when none is named; the id of the change, by
    which it can be taken back for `UNDO`, or None when the booking is there already.

    Raises `ChangedMeanwhile`, `NotNow` for a booking that is no longer ahead, `TimeRefused` with every reason.
    """
    booking = lock_booking(booking_id)
    unchanged(seen, *marked(booking))
    require("move", booking.status)
    if booking.status != "confirmed":
        raise NotNow
    refuse_while_cancelling(booking.id)
    practitioner = practitioner_id or booking.practitioner_id
    if (booking.starts_at, booking.practitioner_id) == (starts_at, practitioner):
        return None
    lock_places(sorted({practitioner, booking.practitioner_id}))
    # Before the engine is asked: the place an earlier move keeps is this booking's own.
    told = supersede(booking) or last_told(booking)
    asked = Asked(booking.service_id, practitioner, starts_at, booking.client_id, moving=booking.id)
    free = free_at(offer_for(asked, now=now), starts_at, now=now)
    if not free:
        raise TimeRefused(why_not(asked, now=now))
    rooms = free[0][1]
    change = _change(booking, "move", told=told, now=now)
    old = place_of(booking)
    terms = PolicyTerms.from_snapshot(booking.policy)
    booking.policy = terms.after_move(starts_at=booking.starts_at, now=now).snapshot()
    with db.session.no_autoflush:
        service = db.session.get_one(Service, booking.service_id)
    room = booking.room_id if booking.room_id in rooms else rooms[0]
    put_at(booking, service=service, practitioner_id=practitioner, room_id=room, starts_at=starts_at)
    close_lapsed(booking, now=now)
    booking.sequence += 1
    flush_or(OVERLAPS)
    change.sequence = booking.sequence
    keep_place(change, old=old, booking=booking)
    db.session.add(change)
    flush_or(OVERLAPS)
    remind(booking, now=now)
    follow(booking, now=now)
    emit("booking.change_due", run_at=change.until, change_id=change.id)
    audit.record(
        "booking.moved", target="booking", target_id=booking.id, now=now, by="staff", sequence=booking.sequence
    )
    return change.id


@action
def cancel_by_staff(*, booking_id: UUID, reason: CancelReason, keep_fee: bool, seen: str | None, now: datetime) -> UUID:
    """Cancel when the three minutes are over; until then the booking stands and this can be taken back by the id that
    is answered. `keep_fee`: keep what the policy says that a client loses who cancels now; else everything goes back.

    Twice is once. Raises `ChangedMeanwhile`, `JustMoved`, and `NotNow` for a booking that cannot be cancelled any more.
    """
    booking = lock_booking(booking_id)
    known = open_change(booking.id)
    if known is not None and known.kind == "cancel":
        return known.id
    if known is not None:
        raise JustMoved
    unchanged(seen, *marked(booking))
    require("cancel", booking.status)
    if booking.status != "confirmed":
        raise NotNow
    change = _change(booking, "cancel", told=last_told(booking), now=now)
    change.reason = reason
    change.fee_percent = late_fee(booking, now=now) if keep_fee else 0
    change.sequence = booking.sequence
    db.session.add(change)
    db.session.flush()
    emit("booking.change_due", run_at=change.until, change_id=change.id)
    audit.record("booking.cancel_asked", target="booking", target_id=booking.id, now=now, reason=reason)
    return change.id


def _change(booking: Booking, kind: str, *, told: datetime, now: datetime) -> BookingChange:
    return BookingChange(
        id=new_id(), booking_id=booking.id, kind=kind, state="open", reason="", fee_percent=0,
        account_id=audit.current_actor().account_id, made_at=now, until=now + UNDO, told_at=told,
        from_practitioner_id=booking.practitioner_id, from_room_id=booking.room_id, from_starts_at=booking.starts_at,
        from_ends_at=booking.ends_at, from_busy_from=booking.busy_from, from_busy_to=booking.busy_to,
        from_policy=dict(booking.policy),
    )  # fmt: skip


def _lock_change(change_id: UUID) -> tuple[BookingChange, Booking]:
    """The change and its booking, both as they are behind the booking's lock."""
    found = select(BookingChange).where(BookingChange.id == change_id)
    seen = db.session.execute(found).scalar_one_or_none()
    if seen is None:
        raise NoSuchChange
    booking = lock_booking(seen.booking_id)
    return db.session.execute(found.execution_options(populate_existing=True)).scalar_one(), booking


@action
def undo(*, change_id: UUID, now: datetime) -> UUID:
    """Take a move or a cancel back: the booking is where it was, and nobody hears of it. Answers the booking's id.

    Raises `TooLate` when the final step was first, `SlotTaken` when the client has another booking at the old time by
    now (or, in the last instant, somebody has taken it).
    """
    change, booking = _lock_change(change_id)
    if change.state == "undone":
        return booking.id
    standing = booking.status == "confirmed" and booking.sequence == change.sequence
    if change.state != "open" or not standing or now >= change.until:
        raise TooLate
    if change.kind == "move":
        _put_back(change, booking, now=now)
    close(change, "undone")
    audit.record("booking.change_undone", target="booking", target_id=booking.id, now=now, kind=change.kind)
    return booking.id


def _put_back(change: BookingChange, booking: Booking, *, now: datetime) -> None:
    lock_places(sorted({change.from_practitioner_id, booking.practitioner_id}))
    close(change, "undone")
    old = Place(change.from_practitioner_id, change.from_room_id, change.from_busy_from, change.from_busy_to)
    booking.practitioner_id, booking.room_id = old.practitioner, _room_again(old, booking, now)
    booking.starts_at, booking.ends_at = change.from_starts_at, change.from_ends_at
    booking.busy_from, booking.busy_to = old.start, old.end
    booking.wall_start = booking.starts_at.astimezone(ZoneInfo(booking.zone)).replace(tzinfo=None)
    booking.policy = dict(change.from_policy)
    booking.sequence += 1
    close_lapsed(booking, now=now)
    flush_or(OVERLAPS)
    remind(booking, now=now)
    follow(booking, now=now)
    if change.told_at != booking.starts_at:
        # The client's own move a moment before was not told yet, and that mail would now be out of date.
        tell_change(booking, was=change.told_at, at=now + CHANGE_GRACE, by="client")


def _room_again(old: Place, booking: Booking, now: datetime) -> UUID | None:
    """The room the booking had, or another that is free: see `rules.pieces_to_keep` for when it may be gone."""
    if old.room is None:
        return None
    rooms = tuple(db.session.execute(select(Room.id).where(Room.active.is_(True)).order_by(Room.position)).scalars())
    span = Span((), rooms, old.start, old.end, now, except_booking=booking.id)
    taken = read_taken(span).rooms
    free = [room for room in (old.room, *rooms) if room not in taken]
    if not free:
        raise SlotTaken
    return free[0]


@action
def settle_change(*, change_id: UUID, now: datetime) -> None:
    """The final step, when the three minutes are over: the client is told of the move, the cancel is carried out with
    its mails and refunds. A change that was taken back, or whose booking has gone another way, needs nothing."""
    change, booking = _lock_change(change_id)
    if change.state != "open":
        return
    if booking.sequence != change.sequence or (change.kind == "cancel" and booking.status != "confirmed"):
        close(change, "void")
        return
    close(change, "done")
    if change.kind == "cancel":
        cancel(booking_id=booking.id, who="staff", click=f"change:{change.id}", fee_percent=change.fee_percent, now=now)
    else:
        tell_change(booking, was=change.told_at, at=now, by="staff")
