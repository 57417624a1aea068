"""Links for people without a password: derived, never stored.

The token is made from the tenant's link key, what the link is for, the row and its generation (RFC 2104 HMAC, cut to
132 bits); the row keeps its SHA-256 for look-up. Raise `generation` and every copy of the old link is dead.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from saas.config import settings
from saas.crypto import derived_key
from saas.db import line
from saas.tenancy import TenantDomain, TenantRef, current_tenant

TOKEN_LENGTH = 22


@dataclass(frozen=True)
class Link:
    """A token and the hash under which its row is found."""

    token: str
    hash: str


def link_for(purpose: str, row_id: UUID, generation: int = 0) -> Link:
    """The entered tenant's link for this row: the same each time it is asked for."""
    tenant_id = current_tenant().id
    said = f"{purpose}|{row_id.hex}|{generation}".encode()
    digest = hmac.new(derived_key("link", tenant_id), said, hashlib.sha256).digest()
    token = base64.urlsafe_b64encode(digest).decode()[:TOKEN_LENGTH]
    return Link(token, hash_of(token))


def hash_of(token: str) -> str:
    """What a row stores of its token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=1)
def _own_host() -> Any:
    domain = TenantDomain.__table__.c
    mine = (domain.tenant_id == bindparam("mine", type_=Uuid()), domain.verified_at.is_not(None))
    return select(domain.host).where(*mine).order_by(domain.verified_at, domain.host)


def home_of(tenant: TenantRef) -> str:
    """The clinic's configured address, without a trailing slash: its own proven domain, else `slug.base-domain`, else
    the path under the platform. Never taken from a request."""
    config = settings()
    scheme, _, rest = config.base_url.rstrip("/").partition("://")
    if tenant.is_platform:
        return f"{scheme}://{rest}"
    host = line().execute(_own_host(), {"mine": tenant.id}).scalar()
    if host:
        return f"https://{host}"
    if config.base_domain:
        return f"{scheme}://{tenant.slug}.{config.base_domain}"
    return f"{scheme}://{rest}/c/{tenant.slug}"


def absolute(path: str) -> str:
    """`path` (beginning with a slash) under the entered tenant's configured address."""
    return home_of(current_tenant()) + path
