"""Reads of the fleet: for the commands and the operator. Platform tables only."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

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


def domains_of(tenant_id: UUID) -> list[TenantDomain]:
    """The clinic's own host names, proven or not."""
    found = select(TenantDomain).where(TenantDomain.tenant_id == tenant_id).order_by(TenantDomain.host)
    return list(db.session.execute(found).scalars())
