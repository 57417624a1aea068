"""What Stripe tells us: verified, given to the clinic that owns the event's account, and done in the same transaction
that remembers the event.

Stamping an event as seen before its work is committed lost paid bookings in a kill test: the event's row
and all that follows from it are committed together, or not at all, and then Stripe sends it again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from flask import Blueprint, Flask, current_app, request
from sqlalchemy import ForeignKey, Index, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.exceptions import RequestEntityTooLarge

from saas.db import Base, action, db, flush_or, journey
from saas.errors import Conflict, NotFound
from saas.jobs import Job
from saas.stripe_gateway import gateway
from saas.stripe_values import GatewayError, InvalidSignature, Unreadable
from saas.stripe_values import InboundEvent as StripeEvent
from saas.tenancy import current_or_none, find_by_account, find_platform, tenant_scope
from saas.web import guard, page_now
from saas.words import _

Handler = Callable[..., str | None]
"""`handler(event, *, now)`, run inside the event's transaction and clinic; its answer is noted (at most 20 letters)."""

MAX_BODY = 256 * 1024
KEEP = timedelta(days=30)
_EXTENSION = "longtide.webhooks"
_log = structlog.get_logger(__name__)


class InboundEvent(Base):
    """An event we took, by Stripe's id: a second delivery of it changes nothing. Platform table: no content.

    `handled`: done, ignored (no work for this type), unknown-account, or what the handler said.
    """

    __tablename__ = "inbound_event"
    __table_args__ = (Index("ix_inbound_event_received", "received_at"),)

    id: Mapped[str] = mapped_column(String(120), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    account: Mapped[str | None] = mapped_column(String(64))
    tenant_id: Mapped[UUID | None] = mapped_column(ForeignKey("tenant.id"))
    handled: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime]


class Repeated(Conflict):
    """The event was taken before."""

    code = "repeated-event"


def receive(payload: bytes, signature: str, *, now: datetime, handlers: Mapping[str, Handler]) -> str:
    """Take one delivery; answers what was noted ("repeated" for a second copy).

    Raises `InvalidSignature` for what Stripe did not sign for us, `Unreadable` for what is no event of its own shape.
    Whatever a handler raises leaves nothing behind, not
    even the event's row: Stripe shall send it again.
    """
    event = gateway().read_event(payload=payload, signature=signature)
    tenant = find_by_account(event.account) if event.account else find_platform()
    with tenant_scope(tenant):
        try:
            return _take(event, None if tenant is None else handlers.get(event.type), now=now)
        except Repeated:
            return "repeated"


@action
def _take(event: StripeEvent, handler: Handler | None, *, now: datetime) -> str:
    tenant = current_or_none()
    row = InboundEvent(
        id=event.id[:120],
        type=event.type[:80],
        account=event.account,
        tenant_id=tenant.id if tenant else None,
        handled="unknown-account" if tenant is None else "ignored",
        received_at=now,
    )
    db.session.add(row)
    # Of two copies at once, the second waits here until the first has committed, and is then refused.
    flush_or({"inbound_event": Repeated})
    if handler is not None:
        row.handled = (handler(event, now=now) or "done")[:20]
    return row.handled


class NoSuchEvent(NotFound):
    """No event with this id was taken."""

    code = "no-such-event"


class CannotAsk(Conflict):
    """Stripe did not give the event."""

    code = "event-not-given"


@dataclass(frozen=True)
class Taken:
    """What is asked for of the events. `older_than`: the time of the last one of the page before."""

    handled: str = ""
    type: str = ""
    older_than: datetime | None = None


def events(wanted: Taken, *, limit: int) -> list[InboundEvent]:
    """The events that were taken, newest first."""
    found = select(InboundEvent)
    if wanted.handled:
        found = found.where(InboundEvent.handled == wanted.handled)
    if wanted.type:
        found = found.where(InboundEvent.type == wanted.type)
    if wanted.older_than is not None:
        found = found.where(InboundEvent.received_at < wanted.older_than)
    newest = found.order_by(InboundEvent.received_at.desc(), InboundEvent.id.desc()).limit(limit)
    return list(db.session.execute(newest).scalars())


def event_kinds() -> tuple[list[str], list[str]]:
    """The notes and the types that there are, for a choice."""
    notes, types = select(InboundEvent.handled).distinct(), select(InboundEvent.type).distinct()
    return sorted(db.session.execute(notes).scalars()), sorted(db.session.execute(types).scalars())


@journey
def handle_again(event_id: str, *, now: datetime) -> str:
    """Ask Stripe for an event once more and do its work again; answers what was noted. Handlers look at how things
    stand, so a second time changes nothing that was right. `NoSuchEvent`, `CannotAsk`."""
    row = db.session.execute(select(InboundEvent).where(InboundEvent.id == event_id)).scalar_one_or_none()
    if row is None:
        raise NoSuchEvent
    account = row.account
    db.session.rollback()
    try:
        event = gateway().retrieve_event(account=account, event_id=event_id)
    except (GatewayError, Unreadable):
        raise CannotAsk(_("Stripe does not give this event now. It keeps events for 30 days.")) from None
    tenant = find_by_account(account) if account else find_platform()
    handlers: Mapping[str, Handler] = current_app.extensions[_EXTENSION]
    with tenant_scope(tenant):
        return _once_more(event, None if tenant is None else handlers.get(event.type), now=now)


@action
def _once_more(event: StripeEvent, handler: Handler | None, *, now: datetime) -> str:
    tenant = current_or_none()
    row = db.session.get_one(InboundEvent, event.id, with_for_update=True)
    row.tenant_id = tenant.id if tenant else None
    row.handled = "unknown-account" if tenant is None else "ignored"
    if handler is not None:
        row.handled = (handler(event, now=now) or "done")[:20]
    return row.handled


def init_webhooks(app: Flask, handlers: Mapping[str, Handler]) -> None:
    """Open `/webhooks/stripe` on the platform's hosts, with the clinics' handlers by event type."""
    app.extensions[_EXTENSION] = dict(handlers)
    blueprint = Blueprint("webhooks", __name__)
    blueprint.add_url_rule("/webhooks/stripe", "stripe", _stripe, methods=["POST"])
    app.register_blueprint(guard(blueprint, "platform"))


def _stripe() -> tuple[str, int]:
    """No form token and no origin here: the signature is the proof of who speaks."""
    request.max_content_length = MAX_BODY
    handlers: Mapping[str, Handler] = current_app.extensions[_EXTENSION]
    try:
        payload = request.get_data(cache=False)
        note = receive(payload, request.headers.get("Stripe-Signature", ""), now=page_now(), handlers=handlers)
    except (InvalidSignature, Unreadable, RequestEntityTooLarge):
        raise
    except Exception as error:  # noqa: BLE001 - whatever it was, Stripe must send it again and must not read why
        _log.error("webhook.failed", error=type(error).__name__)
        return "", 503
    return note, 200


@action
def purge(*, now: datetime) -> int:
    """Forget events of a month ago (Stripe repeats one for three days at most). Returns how many."""
    gone: Any = db.session.execute(delete(InboundEvent).where(InboundEvent.received_at < now - KEEP))
    return int(gone.rowcount)


TIMETABLE = (Job("purge-events", purge, after=timedelta(hours=3, minutes=15)),)
