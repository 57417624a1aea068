"""Reads of the fleet: for the commands and the operator. Platform tables only."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, or_, select

from saas.db import db
from saas.errors import NotFound
from saas.tenancy import Tenant, TenantDomain, TenantRef, ref_of


class NoSuchClinic(NotFound):
    """No clinic has this address or id."""

    code = "no-such-clinic"


def clinics() -> list[TenantRef]:
    """Every clinic, by slug."""
    found = select(Tenant).where(Tenant.kind == "clinic").order_by(Tenant.slug)
    return [ref_of(row) for row in db.session.execute(found).scalars()]


def clinic_by_slug(slug: str) -> TenantRef:
    """The clinic at this address, or `NoSuchClinic`."""
    found = select(Tenant).where(Tenant.slug == slug, Tenant.kind == "clinic")
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        raise NoSuchClinic
    return ref_of(row)


class NoSuchDomain(NotFound):
    """The clinic has no such host name."""

    code = "no-such-domain"


def clinic_by_id(tenant_id: UUID) -> Tenant:
    """The clinic's own row, or `NoSuchClinic`."""
    found = select(Tenant).where(Tenant.id == tenant_id, Tenant.kind == "clinic")
    row = db.session.execute(found).scalar_one_or_none()
    if row is None:
        raise NoSuchClinic
    return row


def find_clinics(*, search: str, status: str, skip: int, limit: int) -> tuple[int, list[Tenant]]:
    """How many clinics there are with `search` in their name or address and in this `status` (empty: any), and
    `limit` of them by name after the first `skip`."""
    meant = [Tenant.kind == "clinic"]
    if search:
        meant.append(or_(Tenant.name.icontains(search, autoescape=True), Tenant.slug.contains(search, autoescape=True)))
    if status:
        meant.append(Tenant.status == status)
    count = db.session.execute(select(func.count()).select_from(Tenant).where(*meant)).scalar_one()
    found = select(Tenant).where(*meant).order_by(func.lower(Tenant.name), Tenant.slug).offset(skip).limit(limit)
    return count, list(db.session.execute(found).scalars())


def slugs(tenant_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The addresses of these tenants."""
    found = select(Tenant.id, Tenant.slug).where(Tenant.id.in_(set(tenant_ids)))
    return dict(db.session.execute(found).all())


def domains_of(tenant_id: UUID) -> list[TenantDomain]:
    """The clinic's own host names, proven or not."""
    found = select(TenantDomain).where(TenantDomain.tenant_id == tenant_id).order_by(TenantDomain.host)
    return list(db.session.execute(found).scalars())
