"""The client table."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned, tenant_fk


class Client(TenantOwned, Base):
    """A person who books. E-mail and phone are found by their keyed hash (`email_hash`, `phone_hash`), never by value.

    `reach` is how they allow us to write: e-mail, text message, or by telephone only (then nothing is sent).
    """

    __tablename__ = "client"

    name: Mapped[str] = mapped_column(String(200))
    known_as: Mapped[str] = mapped_column(String(80), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    email_hash: Mapped[str | None] = mapped_column(String(64))
    phone: Mapped[str] = mapped_column(String(40), default="")
    phone_hash: Mapped[str | None] = mapped_column(String(64))
    reach: Mapped[str] = mapped_column(String(5), default="email")
    locale: Mapped[str] = mapped_column(String(16), default="")
    zone: Mapped[str] = mapped_column(String(64), default="")
    merged_into_id: Mapped[UUID | None]
    created_at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Found by e-mail, by phone, or by name."""
        return (
            Index("ix_client_email", "tenant_id", "email_hash"),
            Index("ix_client_phone", "tenant_id", "phone_hash"),
            Index("ix_client_name", "tenant_id", "name"),
            CheckConstraint("reach IN ('email','text','phone')", name="reach"),
            tenant_fk("client", "merged_into_id"),
        )
