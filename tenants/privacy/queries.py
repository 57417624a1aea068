"""Records whose period is over: listed for the owner, erased by nobody but them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import exists, func, select

from saas.db import db
from saas.sealing import erased_subjects
from saas.tenancy import current_tenant
from tenants.bookings.models import Booking
from tenants.clients.models import Client
from tenants.intake.models import Intake
from tenants.intake.queries import answers_of, last_submitted
from tenants.privacy.rules import Period, kept_until, seen_before

_BORN = "b.dob"
PAGE = 50


@dataclass(frozen=True)
class Due:
    """A record whose period is over for an adult. `last`: the day of the last session, or of the record."""

    client_id: UUID
    name: str
    last: date
    held: bool


def due(period: Period, *, now: datetime) -> tuple[list[Due], bool]:
    """The oldest such records, and whether there are more. One query; erased ones and merged ones are left out."""
    zone = ZoneInfo(current_tenant().zone)
    before = datetime.combine(seen_before(period, now.astimezone(zone).date()), time(), zone)
    last = func.coalesce(
        select(func.max(Booking.ends_at))
        .where(Booking.tenant_id == Client.tenant_id, Booking.client_id == Client.id)
        .scalar_subquery(),
        Client.created_at,
    )
    later = exists().where(
        Booking.tenant_id == Client.tenant_id, Booking.client_id == Client.id, Booking.starts_at >= before
    )
    sent = exists().where(
        Intake.tenant_id == Client.tenant_id, Intake.client_id == Client.id, Intake.requested_at >= before
    )
    found = (
        select(Client.id, Client.name, Client.held_at, last.label("last"))
        .where(
            Client.merged_into_id.is_(None),
            Client.created_at < before,
            Client.id.not_in(erased_subjects()),
            ~later,
            ~sent,
        )
        .order_by(Client.created_at, Client.id)
        .limit(PAGE + 1)
    )
    rows = db.session.execute(found).all()
    lines = [Due(row.id, row.name, row.last.astimezone(zone).date(), row.held_at is not None) for row in rows]
    return lines[:PAGE], len(lines) > PAGE


def kept_for(ids: list[UUID], period: Period) -> date:
    """The first day on which the record of one client may go, by the birthday they gave with their answers. Unseals:
    the caller notes the look."""
    zone = ZoneInfo(current_tenant().zone)
    ended = select(func.max(Booking.ends_at)).where(Booking.client_id.in_(ids))
    made = select(func.min(Client.created_at)).where(Client.id.in_(ids))
    at: datetime = db.session.execute(ended).scalar() or db.session.execute(made).scalar_one()
    return kept_until(period, last=at.astimezone(zone).date(), born=_born(ids))


def _born(ids: list[UUID]) -> date | None:
    for id in ids:
        sent = last_submitted(id)
        answer = answers_of(sent).get(_BORN) if sent else None
        if answer is not None and isinstance(answer.value, str) and len(answer.value) == len("2000-01-01"):
            return date.fromisoformat(answer.value)
    return None
