"""What is forgotten by itself, a clinic at a time: times looked at and left, and the wording of old card tries.

Promises and money stay: a hold that anybody came to pay for is kept, and of an attempt only the request goes, in which
the client's address stands; its amount, state and Stripe's ids remain.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import String, cast, delete, exists, or_, select, update

from saas.db import action, db
from saas.jobs import Job
from saas.sealing import destroy_keys
from tenants.bookings.models import Booking
from tenants.bookings.rules import UNBOOKED
from tenants.payments.models import Payment, PaymentAttempt

KEEP = timedelta(days=30)
BATCH = 500
_QUIETLY = {"synchronize_session": False}


def purge_holds(*, before: datetime, limit: int = BATCH) -> int:
    """Delete up to `limit` holds that ended before this instant and never had a client, and the keys of what somebody
    typed there. Returns how many."""
    gone = _delete_holds(before=before, limit=limit)
    destroy_keys(booking_id for booking_id, typed in gone if typed)
    return len(gone)


@action
def _delete_holds(*, before: datetime, limit: int) -> list[tuple[UUID, bool]]:
    wanted = (
        select(Booking.id, or_(Booking.typed_sealed.is_not(None), Booking.note_sealed.is_not(None)))
        .where(
            Booking.client_id.is_(None),
            Booking.status.in_((*UNBOOKED, "cancelled")),
            Booking.created_at < before,
            or_(Booking.hold_expires_at.is_(None), Booking.hold_expires_at < before),
            ~exists(select(Payment.id).where(Payment.booking_id == Booking.id)),
        )
        .order_by(Booking.id)
        .limit(limit)
    )
    gone = [(row[0], bool(row[1])) for row in db.session.execute(wanted)]
    if gone:
        ids = [booking_id for booking_id, _typed in gone]
        db.session.execute(delete(Booking).where(Booking.id.in_(ids)), execution_options=_QUIETLY)
    return gone


@action
def purge_requests(*, before: datetime, limit: int = BATCH) -> int:
    """Empty the stored request of up to `limit` attempts that ended and began before this instant. Returns how many."""
    wanted = (
        select(PaymentAttempt.id)
        .where(
            PaymentAttempt.state != "open",
            PaymentAttempt.created_at < before,
            cast(PaymentAttempt.request, String) != "{}",
        )
        .order_by(PaymentAttempt.id)
        .limit(limit)
    )
    ids = list(db.session.execute(wanted).scalars())
    if ids:
        emptied = update(PaymentAttempt).where(PaymentAttempt.id.in_(ids)).values(request={}, address_sealed=None)
        db.session.execute(emptied, execution_options=_QUIETLY)
    return len(ids)


def purge(*, now: datetime) -> None:
    """Run both in the entered clinic until nothing old is left; each transaction is short."""
    for task in (purge_holds, purge_requests):
        while task(before=now - KEEP) == BATCH:
            pass


TIMETABLE = (Job("purge-bookings", purge, after=timedelta(hours=3, minutes=30), each_clinic=True),)
