"""The final step of what staff changed: an effect, due when it can no longer be taken back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from saas.audit import SYSTEM, Actor, acting_as
from saas.db import db
from saas.jobs import Handler
from saas.outbox import Effect, Later
from tenants.bookings.changes import settle_change
from tenants.bookings.models import BookingChange


def change_due(effect: Effect, *, now: datetime) -> None:
    change = db.session.get(BookingChange, UUID(str(effect.payload["change_id"])))
    if change is None:
        return
    if now < change.until:  # this machine's clock is behind the one that wrote it
        raise Later(change.until)
    who = Actor("staff", change.account_id) if change.account_id else SYSTEM
    change_id = change.id
    with acting_as(who):
        settle_change(change_id=change_id, now=now)


HANDLERS: dict[str, Handler] = {"booking.change_due": change_due}
