"""The chain's own table."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned


class AuditLink(TenantOwned, Base):
    """The place of one row of the audit in its tenant's chain. `at`: until when all rows were chained with this one.
    Append-only, like the rows.

    `audit_id` has no foreign key: a link whose row has gone is how its going is seen. `hash` is keyed (by the secret
    that is not in the database): whoever may write the tables cannot make a chain anew.
    """

    __tablename__ = "audit_link"

    seq: Mapped[int] = mapped_column(BigInteger)
    audit_id: Mapped[UUID]
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """No number and no row twice: of two workers at once, one is refused."""
        return UniqueConstraint("tenant_id", "seq"), UniqueConstraint("tenant_id", "audit_id")
