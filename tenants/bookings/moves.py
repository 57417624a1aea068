"""What happens to a booking afterwards: move, cancel, arrive, complete, no-show."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db, flush_or
from saas.outbox import Outbox, emit
from saas.tenancy import current_tenant
from tenants.bookings import openings
from tenants.bookings.models import Booking
from tenants.bookings.pending import refuse_while_cancelling, supersede
from tenants.bookings.places import (
    OVERLAPS,
    SlotTaken,
    close_lapsed,
    follow,
    keep_until,
    lock_booking,
    lock_places,
    put_at,
    remind,
)
from tenants.bookings.rules import (
    CHANGE_GRACE,
    HOLD,
    NotNow,
    PolicyTerms,
    Verb,
    client_may_cancel,
    client_may_move,
    require,
    sayable,
)
from tenants.intake.actions import session_gone
from tenants.intake.reviewing import arrive_early
from tenants.payments.actions import settle_cancelled, settle_no_show
from tenants.services.models import Service

Who = Literal["client", "staff"]


@action
def reschedule(
    *, booking_id: UUID, starts_at: datetime, practitioner_id: UUID | None, who: Who, now: datetime
) -> Booking:
    """Move to another start, with the same practitioner when `practitioner_id` is None. Price, payment and policy stay;
    nothing is charged. A hold moves too and begins its time anew.

    Raises `SlotTaken` (nothing changed) when the start is not offered, `NotNow` when this booking cannot move any more.
    """
    booking = lock_booking(booking_id)
    require("move", booking.status)
    if who == "client" and not client_may_move(status=booking.status, starts_at=booking.starts_at, now=now):
        raise NotNow
    if booking.paying:
        raise NotNow
    if booking.status == "confirmed" and _is_there_already(booking, starts_at, practitioner_id):
        return booking
    practitioner = practitioner_id or booking.practitioner_id
    lock_places(sorted({practitioner, booking.practitioner_id}))
    told = supersede(booking)
    service = openings.find_service(service_id=booking.service_id, retired_too=True)
    offer = openings.offer_at(
        service, starts_at, now=now, practitioner=practitioner, except_booking=booking.id, for_client=booking.client_id
    )
    rooms = offer.free_rooms(offer.people[0], starts_at, now=now) if offer.people else []
    if not rooms:
        raise SlotTaken
    _put(booking, practitioner=practitioner, room=rooms[0], starts_at=starts_at, told=told, who=who, now=now)
    audit.record("booking.moved", target="booking", target_id=booking.id, now=now, by=who, sequence=booking.sequence)
    return booking


def _is_there_already(booking: Booking, starts_at: datetime, practitioner_id: UUID | None) -> bool:
    return booking.starts_at == starts_at and practitioner_id in (None, booking.practitioner_id)


def _put(
    booking: Booking,
    *,
    practitioner: UUID,
    room: UUID | None,
    starts_at: datetime,
    told: datetime | None,
    who: Who,
    now: datetime,
) -> None:
    terms = PolicyTerms.from_snapshot(booking.policy)
    confirmed = booking.status == "confirmed"
    was = told or last_told(booking) if confirmed else booking.starts_at
    if confirmed:
        booking.policy = terms.after_move(starts_at=booking.starts_at, now=now).snapshot()
    with db.session.no_autoflush:
        row = db.session.get_one(Service, booking.service_id)
    put_at(booking, service=row, practitioner_id=practitioner, room_id=room, starts_at=starts_at)
    close_lapsed(booking, now=now)
    if confirmed:
        booking.sequence += 1
        tell_change(booking, was=was, at=now + CHANGE_GRACE, by=who)
        remind(booking, now=now)
        follow(booking, now=now)
    else:
        booking.status = "held"
        booking.ended_at = booking.ended_by = None
        keep_until(booking, now + HOLD)
    flush_or(OVERLAPS)


def last_told(booking: Booking) -> datetime:
    """The start that the client heard of last: of two moves within the grace only the second is told."""
    untold = select(Outbox.payload).where(
        Outbox.tenant_id == current_tenant().id,
        Outbox.dedupe_key == _change_key(booking),
        Outbox.done_at.is_(None),
    )
    payload = db.session.execute(untold).scalar_one_or_none() or {}
    return datetime.fromtimestamp(payload["was"], UTC) if "was" in payload else booking.starts_at


def _change_key(booking: Booking) -> str:
    return f"changed:{booking.id}:{booking.sequence}"


def tell_change(booking: Booking, *, was: datetime, at: datetime, by: Who) -> None:
    """Inside an action: the client and the clinic's people hear of the new time at this instant; `was`: the old one."""
    number = booking.sequence
    emit(
        "booking.changed", run_at=at, dedupe=_change_key(booking),
        booking_id=booking.id, sequence=number, was=int(was.timestamp()), by=by,
    )  # fmt: skip
    emit(
        "booking.notice", run_at=at, dedupe=f"notice-changed:{booking.id}:{number}",
        booking_id=booking.id, what="changed", sequence=number,
    )  # fmt: skip


@action
def cancel(*, booking_id: UUID, who: Who, click: str, now: datetime, fee_percent: int = 0) -> Booking:
    """Cancel a confirmed booking; what the policy gives back is asked for in the same transaction.

    Twice changes nothing. `click` names the press of the button: one press, one refund. `fee_percent`: what staff keep
    of the price; a client's own comes from the policy. A hold is given up through `checkout.give_up`.
    """
    booking = lock_booking(booking_id)
    if booking.status == "cancelled":
        return booking
    require("cancel", booking.status)
    if booking.status == "held":
        raise NotNow
    if who == "client" and not client_may_cancel(status=booking.status, starts_at=booking.starts_at, now=now):
        raise NotNow
    supersede(booking)
    booking.status = "cancelled"
    booking.ended_at = now
    booking.ended_by = who
    booking.sequence += 1
    if who == "client":
        fee_percent = late_fee(booking, now=now)
    settle_cancelled(booking_id=booking.id, client_id=booking.client_id, fee_percent=fee_percent, click=click, now=now)
    session_gone(booking_id=booking.id, now=now)
    emit("booking.cancelled", run_at=now, dedupe=f"cancelled:{booking.id}", booking_id=booking.id)
    emit("booking.notice", run_at=now, dedupe=f"notice-cancelled:{booking.id}", booking_id=booking.id, what="cancelled")
    audit.record("booking.cancelled", target="booking", target_id=booking.id, now=now, by=who, fee_percent=fee_percent)
    return booking


def late_fee(booking: Booking, *, now: datetime) -> int:
    """The per cent of the price that the policy keeps when a client cancels now."""
    terms = PolicyTerms.from_snapshot(booking.policy)
    return 0 if terms.is_free(starts_at=booking.starts_at, now=now) else terms.late_fee_percent


@action
def arrive(*, booking_id: UUID, now: datetime, reason: str = "") -> Booking:
    """The client is here. `NotNow` before the day of the session; `ReviewOpen` when nobody has reviewed their intake
    and no `reason` to go on without is given."""
    was = lock_booking(booking_id).status
    booking = _turn(booking_id, "arrive", "arrived", now)
    if was != "arrived":
        arrive_early(booking_id=booking_id, reason=reason, now=now)
    return booking


def turn(verb: Verb, *, booking_id: UUID, now: datetime, reason: str = "") -> Booking:
    """Arrive, complete or no_show, as one of the buttons says; `reason` is for an arrival. `NotNow` for other verbs."""
    if verb == "arrive":
        return arrive(booking_id=booking_id, now=now, reason=reason)
    if verb == "complete":
        return complete(booking_id=booking_id, now=now)
    if verb == "no_show":
        return no_show(booking_id=booking_id, now=now)
    raise NotNow


@action
def complete(*, booking_id: UUID, now: datetime) -> Booking:
    """The session took place. `NotNow` before its start."""
    return _turn(booking_id, "complete", "completed", now)


@action
def no_show(*, booking_id: UUID, now: datetime) -> Booking:
    """Nobody came, and the start has passed: the deposit or the policy's share is kept, the rest goes back. Twice
    changes nothing."""
    booking = lock_booking(booking_id)
    if booking.status == "no_show":
        return booking
    _check_turn(booking, "no_show", now)
    terms = PolicyTerms.from_snapshot(booking.policy)
    settle_no_show(
        booking_id=booking.id, client_id=booking.client_id, fee_percent=terms.no_show_percent,
        click=f"no-show:{booking.id}", now=now,
    )  # fmt: skip
    return _turn(booking_id, "no_show", "no_show", now)


def _turn(booking_id: UUID, verb: Literal["arrive", "complete", "no_show"], status: str, now: datetime) -> Booking:
    booking = lock_booking(booking_id)
    if booking.status == status:
        return booking
    _check_turn(booking, verb, now)
    booking.status = status
    booking.ended_at = None if status == "arrived" else now
    booking.ended_by = None if status == "arrived" else audit.current_actor().kind
    audit.record(f"booking.{status}", target="booking", target_id=booking.id, now=now)
    return booking


def _check_turn(booking: Booking, verb: Literal["arrive", "complete", "no_show"], now: datetime) -> None:
    require(verb, booking.status)
    refuse_while_cancelling(booking.id)
    if verb not in sayable(booking.status, starts_at=booking.starts_at, zone=booking.zone, now=now):
        raise NotNow
