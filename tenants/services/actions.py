"""Keeping the list of what is offered. Bookings carry snapshots, so a change here never changes what was promised."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

from saas import audit
from saas.db import action, db, flush_or
from saas.errors import Conflict
from saas.tenancy import current_tenant
from saas.words import _
from tenants.services.models import Service
from tenants.services.queries import in_order, service_by_id
from tenants.services.rules import ServiceRequest, clean_service, moved


class SlugTaken(Conflict):
    """Another service of this clinic has this address."""

    code = "service-slug-taken"

    def __init__(self) -> None:
        sentence = _("Another service already has this address")
        super().__init__(sentence, fields={"slug": sentence})


@action
def save_service(*, service_id: UUID | None, request: ServiceRequest, now: datetime) -> Service:
    """Keep a service, a new one when there is no id. `Invalid` collects what is wrong; `SlugTaken` for the address."""
    cleaned = clean_service(request, currency=current_tenant().currency)
    if service_id is None:
        row = Service()
        db.session.add(row)
    else:
        row = service_by_id(service_id)
    for name, value in asdict(cleaned).items():
        setattr(row, name, value)
    flush_or({"service_tenant_id_slug": SlugTaken, "service.tenant_id, service.slug": SlugTaken})
    audit.record("service.saved", target="service", target_id=row.id, now=now)
    return row


@action
def retire_service(*, service_id: UUID, now: datetime) -> None:
    """Offer it no more. What was booked stays booked."""
    row = service_by_id(service_id)
    row.active = False
    audit.record("service.retired", target="service", target_id=row.id, now=now)


@action
def revive_service(*, service_id: UUID, now: datetime) -> None:
    """Offer it again."""
    row = service_by_id(service_id)
    row.active = True
    audit.record("service.revived", target="service", target_id=row.id, now=now)


@action
def move_service(*, service_id: UUID, step: int, now: datetime) -> None:
    """Show it so many places later in the list (negative: earlier)."""
    service_by_id(service_id)
    rows = {row.id: row for row in db.session.execute(in_order().with_for_update()).scalars()}
    for place, key in enumerate(moved(list(rows), service_id, step)):
        rows[key].position = place
    audit.record("service.moved", target="service", target_id=service_id, now=now)
