"""Taking, keeping and freeing a place: the steps that actions of this room are made of. Each runs inside an action."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, bindparam, insert, or_, select, update
from sqlalchemy.orm.util import identity_key

from saas import audit
from saas.db import Utc, db, flush_or, line, locks_rows, refusing
from saas.errors import Conflict, DomainError, NotFound
from saas.links import absolute, hash_of, link_for
from saas.outbox import Due, emit, emit_all
from saas.prepared import PreparedInsert
from saas.tenancy import current_tenant
from tenants.availability import slots
from tenants.bookings import openings
from tenants.bookings.models import Booking
from tenants.bookings.rules import HOLD, lapsed, require
from tenants.clients.models import Client
from tenants.clinic.notices import REMINDER, remind_at
from tenants.clinic.queries import notices
from tenants.intake.actions import Session, request_intake, session_moved
from tenants.payments.actions import Owed, charge, charge_first
from tenants.practitioners.models import Practitioner, Room
from tenants.services.models import Service

LINK = "booking"
"""What a booking page's link is for."""


def page_at(booking_id: UUID, generation: int) -> str:
    """The booking page's address, for places outside a request: mails, Stripe, the API's answers."""
    return absolute(f"/b/{link_for(LINK, booking_id, generation).token}")


class SlotTaken(Conflict):
    """The time is not, or no longer, offered. Pages show near times beside it, the API puts them into `extra`."""

    code = "slot-taken"
    extra: dict[str, Any]

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.extra = {}


class NoSuchBooking(NotFound):
    """No booking answers to this link or id."""

    code = "no-such-booking"


OVERLAPS: dict[str, Callable[[], DomainError]] = {
    "booking_practitioner_overlap": SlotTaken,
    "booking_room_overlap": SlotTaken,
    "booking_client_overlap": SlotTaken,
}


class KeyRace(Conflict):
    """Another request with the same idempotency key was written first."""


REFUSALS: dict[str, Callable[[], DomainError]] = {**OVERLAPS, "idempotency_key": KeyRace}
"""What the database may say of a row that is new."""


def lock_places(practitioners: Sequence[UUID], *, rooms: bool = True) -> None:
    """Lock these practitioners' rows, then (`rooms`) every room's, each in order of id: whoever wants any of them waits
    here and not in the exclusion constraint, where a race of 32 stalls for half a minute (measured). SQLite has one
    writer anyway."""
    if not locks_rows():
        return
    for model, where in ((Practitioner, Practitioner.id.in_(practitioners)), (Room, Room.active.is_(True))):
        if model is Practitioner or rooms:
            locked = select(model.id).where(where).order_by(model.id).with_for_update(key_share=True)
            db.session.execute(locked).all()


def lock_client(client_id: UUID) -> UUID:
    """Lock the client's row: of two bookings for one person at one time, the second waits and then sees the first.

    Returns whom to book for: the survivor, when the clinic's people merged this client while we waited.
    """
    while locks_rows():
        wanted = select(Client.merged_into_id).where(Client.id == client_id).with_for_update(key_share=True)
        survivor = db.session.execute(wanted).scalar()
        if survivor is None:
            break
        client_id = survivor
    return client_id


def put_at(
    booking: Booking,
    *,
    service: Service | slots.Service,
    practitioner_id: UUID,
    room_id: UUID | None,
    starts_at: datetime,
) -> None:
    """Write time, place and person into the row: UTC, buffers, and the wall time that is promised."""
    zone = current_tenant().zone
    booking.practitioner_id = practitioner_id
    booking.room_id = room_id
    booking.starts_at = starts_at
    booking.ends_at = starts_at + timedelta(minutes=service.duration_min)
    booking.busy_from = starts_at - timedelta(minutes=service.buffer_before_min)
    booking.busy_to = booking.ends_at + timedelta(minutes=service.buffer_after_min)
    booking.zone = zone
    booking.wall_start = starts_at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def close_lapsed(booking: Booking, *, now: datetime) -> None:
    """Expire holds whose time is over where `booking` wants to be: the database counts them, people do not."""
    wants = {"room_id": booking.room_id, "client_id": booking.client_id}
    given = tuple(name for name, value in wants.items() if value is not None)
    asked = {f"the_{name}": wants[name] for name in given} | {
        "mine": current_tenant().id, "the_practitioner_id": booking.practitioner_id, "own": booking.id,
        "lo": booking.busy_from, "hi": booking.busy_to, "now": now,
    }  # fmt: skip
    # On the connection, so that nothing is flushed first: the row about to move must not meet the hold that is over.
    for (gone,) in line().execute(_expire_lapsed(given), asked).all():
        known = db.session.identity_map.get(identity_key(Booking, gone))
        if known is not None:
            db.session.expire(known)


@lru_cache(maxsize=4)
def _expire_lapsed(given: tuple[str, ...]) -> Any:
    columns = Booking.__table__.c
    wants = [columns[name] == bindparam(f"the_{name}", type_=Uuid()) for name in ("practitioner_id", *given)]
    lo, hi, now = (bindparam(name, type_=Utc()) for name in ("lo", "hi", "now"))
    return (
        update(Booking)
        .where(
            columns.tenant_id == bindparam("mine", type_=Uuid()),
            or_(*wants),
            columns.id != bindparam("own", type_=Uuid()),
            columns.status == "held",
            columns.paying.is_(False),
            columns.hold_expires_at <= now,
            columns.busy_from < hi,
            columns.busy_to > lo,
        )
        .values(status="expired", ended_at=now, ended_by="system")
        .returning(columns.id)
    )


def lock_booking(booking_id: UUID) -> Booking:
    """The row, fresh and locked until the action ends; `NoSuchBooking` when there is none."""
    wanted = select(Booking).where(Booking.id == booking_id).with_for_update().execution_options(populate_existing=True)
    found = db.session.execute(wanted).scalar_one_or_none()
    if found is None:
        raise NoSuchBooking
    return found


def find_by_token(token: str) -> Booking:
    """The booking behind a link; `NoSuchBooking` for anything else."""
    found = db.session.execute(select(Booking).where(Booking.link_hash == hash_of(token))).scalar_one_or_none()
    if found is None:
        raise NoSuchBooking
    return found


def keep_until(booking: Booking, until: datetime) -> None:
    """Hold the place until then; the worker looks again at that moment."""
    booking.hold_expires_at = until
    emit("hold.end", run_at=until, booking_id=booking.id)


def is_over(booking: Booking, now: datetime) -> bool:
    """Whether this hold's time is over, closed already or not."""
    return booking.status == "expired" or lapsed(
        status=booking.status, hold_expires_at=booking.hold_expires_at, paying=booking.paying, now=now
    )


def retake(booking: Booking, *, now: datetime) -> bool:
    """Inside an action: an expired or lapsed hold takes its place again, if every rule still offers it (the notice time
    is forgiven: it was kept when the time was chosen). Returns False, and changes nothing, when it does not."""
    require("retake", booking.status)
    lock_places([booking.practitioner_id])
    chosen_at = min(now, booking.created_at)
    with db.session.no_autoflush:
        service = openings.find_service(service_id=booking.service_id, retired_too=True)
        offer = openings.offer_at(
            service, booking.starts_at, now=now, practitioner=booking.practitioner_id,
            except_booking=booking.id, for_client=booking.client_id,
        )  # fmt: skip
    there = offer.people and booking.starts_at > now
    rooms = offer.free_rooms(offer.people[0], booking.starts_at, now=chosen_at) if there else []
    if not rooms:
        return False
    booking.room_id = booking.room_id if booking.room_id in rooms else rooms[0]
    close_lapsed(booking, now=now)
    booking.status = "held"
    booking.ended_at = booking.ended_by = None
    keep_until(booking, now + HOLD)
    flush_or(OVERLAPS)
    audit.record("booking.retaken", target="booking", target_id=booking.id, now=now)
    return True


def extend_for_payment(booking: Booking, *, until: datetime, now: datetime) -> None:
    """Inside an action: keep the time while the client is at Stripe. From here on only Stripe's word ends the hold."""
    require("confirm", booking.status)
    booking.paying = True
    keep_until(booking, max(until, booking.hold_expires_at or now))


def mark_confirmed(booking: Booking, *, now: datetime) -> None:
    """Inside an action: the hold becomes a booking and its price is owed; mails, reminder and audit row go with it."""
    _stand(booking, now=now)
    flush_or(REFUSALS)
    charge(owed=owed_by(booking), now=now)
    _tell_confirmed(booking, now=now)


def write_confirmed(booking: Booking, *, now: datetime) -> None:
    """Inside an action: the same for a row that is in no session yet, which is a third of the work: everything is
    written as values, once, and nothing is asked that cannot be there."""
    _stand(booking, now=now)
    values = {name: value for name, value in vars(booking).items() if not name.startswith("_")}
    with refusing(REFUSALS):
        _NEW_BOOKING.write(line(), [{**values, "tenant_id": current_tenant().id}])
    charge_first(owed=owed_by(booking), now=now)
    _tell_confirmed(booking, now=now)


_NEW_BOOKING = PreparedInsert(insert(Booking))


def _stand(booking: Booking, *, now: datetime) -> None:
    require("confirm", booking.status)
    booking.status = "confirmed"
    booking.confirmed_at = now
    booking.policy_accepted_at = booking.policy_accepted_at or now
    booking.hold_expires_at = None
    booking.paying = False


def _tell_confirmed(booking: Booking, *, now: datetime) -> None:
    ids = {"booking_id": booking.id}
    emit_all(
        [
            Due("booking.confirmed", now, f"confirmed:{booking.id}", ids),
            Due("booking.notice", now, f"notice-new:{booking.id}", {**ids, "what": "new"}),
            *_reminders(booking, now=now),
        ]
    )
    audit.record("booking.confirmed", target="booking", target_id=booking.id, now=now, mode=booking.payment_mode)
    if booking.client_id is not None:
        request_intake(session=_as_session(booking, booking.client_id), now=now)


def _as_session(booking: Booking, client_id: UUID) -> Session:
    return Session(
        booking_id=booking.id,
        client_id=client_id,
        practitioner_id=booking.practitioner_id,
        service_id=booking.service_id,
        starts_at=booking.starts_at,
        zone=booking.zone,
        locale=booking.locale,
        reach=booking.typed.get("reach") or "email",
    )


def follow(booking: Booking, *, now: datetime) -> None:
    """Inside an action: what was asked about this session goes with it to its present time and person."""
    session_moved(
        booking_id=booking.id, starts_at=booking.starts_at, zone=booking.zone,
        practitioner_id=booking.practitioner_id, now=now,
    )  # fmt: skip


def remind(booking: Booking, *, now: datetime) -> None:
    """Inside an action: ask for the reminders of the booking's present time."""
    emit_all(_reminders(booking, now=now))


def _reminders(booking: Booking, *, now: datetime) -> list[Due]:
    """Both, also where the clinic has but one or none: it may decide otherwise until the session, and what waits is
    looked at again then. `since`: a moment before it is not made up for."""
    settings, zone = notices(), current_tenant().zone
    due = []
    for which in (1, 2):
        at = remind_at(which, booking.starts_at, settings, zone)
        ids: dict[str, UUID | str | int] = {
            "booking_id": booking.id, "sequence": booking.sequence, "which": which, "since": int(now.timestamp())
        }  # fmt: skip
        look = at if at is not None and at > now else booking.starts_at
        due.append(Due(REMINDER, look, f"reminder-{which}:{booking.id}:{booking.sequence}", ids))
    return due


def release(booking: Booking, *, now: datetime, why: str) -> None:
    """Inside an action: end a hold and free its place. The caller knows that no session can still be paid."""
    require("expire", booking.status)
    booking.status = "expired"
    booking.paying = False
    booking.ended_at = now
    booking.ended_by = audit.current_actor().kind
    audit.record("booking.released", target="booking", target_id=booking.id, now=now, why=why)


def owed_by(booking: Booking) -> Owed:
    """What the payments room needs to know of a booking."""
    return Owed(booking.id, booking.client_id, booking.payment_mode, booking.price, booking.online)
