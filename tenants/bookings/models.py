"""The booking table. What keeps two bookings apart is written by hand in the first migration (exclusion constraints on
PostgreSQL, triggers on SQLite): this file only says what a row is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, DateTime, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.money import Money
from saas.tenancy import TenantOwned, tenant_fk


class Booking(TenantOwned, Base):
    """A hold or a booking. `busy_from`/`busy_to` include the buffers; `wall_start` is the local time that was promised.

    `policy` is the snapshot {version, free_hours, late_fee_percent, no_show_percent}. `typed` keeps what the client
    typed where it differs from what we knew. Amounts in minor units; `online_minor` is what is due when booking. While
    `paying`, a session may be open at Stripe: such a hold does not lapse by the clock, only when Stripe says that the
    session is over.
    """

    __tablename__ = "booking"

    service_id: Mapped[UUID]
    practitioner_id: Mapped[UUID]
    room_id: Mapped[UUID | None]
    client_id: Mapped[UUID | None]
    status: Mapped[str] = mapped_column(String(10))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    busy_from: Mapped[datetime]
    busy_to: Mapped[datetime]
    wall_start: Mapped[datetime] = mapped_column(DateTime(timezone=False))
    zone: Mapped[str] = mapped_column(String(64))
    client_zone: Mapped[str] = mapped_column(String(64), default="")
    hold_expires_at: Mapped[datetime | None]
    extensions: Mapped[int] = mapped_column(default=0)
    paying: Mapped[bool] = mapped_column(default=False)
    price_minor: Mapped[int]
    online_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    payment_mode: Mapped[str] = mapped_column(String(10))
    policy: Mapped[dict[str, Any]] = mapped_column(JSON)
    policy_accepted_at: Mapped[datetime | None]
    typed: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    note: Mapped[str] = mapped_column(String(2000), default="")
    source: Mapped[str] = mapped_column(String(10))
    sequence: Mapped[int] = mapped_column(default=0)
    link_hash: Mapped[str] = mapped_column(String(64))
    link_generation: Mapped[int] = mapped_column(default=0)
    idempotency_key: Mapped[str | None] = mapped_column(String(120))
    request_hash: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16), default="")
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(10))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Found by link, by key, by practitioner or room and time, by client, by day."""
        return (
            UniqueConstraint("tenant_id", "link_hash"),
            UniqueConstraint("tenant_id", "idempotency_key"),
            Index("ix_booking_practitioner_busy", "tenant_id", "practitioner_id", "busy_from"),
            Index("ix_booking_room_busy", "tenant_id", "room_id", "busy_from"),
            Index("ix_booking_client", "tenant_id", "client_id", "starts_at"),
            Index("ix_booking_starts", "tenant_id", "starts_at"),
            CheckConstraint(
                "status IN ('held','confirmed','arrived','completed','no_show','cancelled','expired')", name="status"
            ),
            CheckConstraint("client_id IS NOT NULL OR status IN ('held','expired','cancelled')", name="client"),
            CheckConstraint("busy_from <= starts_at AND starts_at < ends_at AND ends_at <= busy_to", name="order"),
            tenant_fk("service", "service_id"),
            tenant_fk("practitioner", "practitioner_id"),
            tenant_fk("room", "room_id"),
            tenant_fk("client", "client_id"),
        )

    @property
    def price(self) -> Money:
        """The whole price, as it was when the time was chosen."""
        return Money(self.price_minor, self.currency)

    @property
    def online(self) -> Money:
        """What is due when booking."""
        return Money(self.online_minor, self.currency)
