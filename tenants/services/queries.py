"""What pages and bookings ask of the services."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import Select, select

from saas.db import db
from saas.errors import NotFound
from tenants.services.models import Service


class NoSuchService(NotFound):
    """The clinic does not offer this."""

    code = "no-such-service"


def offered() -> list[Service]:
    """The services clients can book, in the clinic's order."""
    found = select(Service).where(Service.active.is_(True)).order_by(Service.position, Service.name)
    return list(db.session.execute(found).scalars())


def service_by_id(service_id: UUID, *, lock: bool = False) -> Service:
    """The service, retired or not, or `NoSuchService`. `lock` holds the row, read anew, until the action ends."""
    found = select(Service).where(Service.id == service_id)
    if lock:
        found = found.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        raise NoSuchService
    return row


def in_order() -> Select[Service]:
    """All services, those on offer first, in the clinic's order."""
    return select(Service).order_by(Service.active.desc(), Service.position, Service.name, Service.id)


def every_service() -> list[Service]:
    """All services, those on offer first, in the clinic's order."""
    return list(db.session.execute(in_order()).scalars())
