"""What pages and bookings ask of the services."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

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


def service_by_id(service_id: UUID) -> Service:
    """The service, retired or not, or `NoSuchService`."""
    row = db.session.execute(select(Service).where(Service.id == service_id)).scalar_one_or_none()
    if row is None:
        raise NoSuchService
    return row
