"""Sessions: Flask's own signed cookie until somebody logs in, from then on a row here, a random key in the cookie."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base


class SessionRow(Base):
    """Somebody who is logged in. `key` is the keyed hash of what the cookie holds. Platform table: ids and states."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_account", "tenant_id", "account_id"),)

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"))
    account_id: Mapped[UUID | None]
    data: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
