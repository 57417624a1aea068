"""The booking table. What keeps two bookings apart is written by hand in the first migration (exclusion constraints on
PostgreSQL, triggers on SQLite): this file only says what a row is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, DateTime, Index, LargeBinary, String, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column, validates
from sqlalchemy.sql.elements import ColumnElement

from saas.db import Base
from saas.money import Money
from saas.sealed import SealedText, SealedTexts
from saas.sealing import adopt_keys
from saas.tenancy import TenantOwned, tenant_fk


class Booking(TenantOwned, Base):
    """A hold or a booking. `busy_from`/`busy_to` include the buffers; `wall_start` is the local time that was promised.

    `policy` is the snapshot {version, free_hours, late_fee_percent, no_show_percent}. `typed` and `note`, sealed, are
    what the client typed. Amounts in minor units; `online_minor` is what is due when booking. While
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
    typed_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    typed = SealedTexts("client_id", "id")
    note_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    note = SealedText("client_id", "id")
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

    @validates("client_id")
    def _keep_readable(self, _field: str, client_id: UUID | None) -> UUID | None:
        """What was typed goes along with whom the booking belongs to: it is sealed under their key."""
        if client_id is None or client_id == self.client_id or not (self.typed_sealed or self.note_sealed):
            return client_id
        if self.client_id is None:
            adopt_keys(subject=client_id, of=self.id)
        else:
            table, typed, note = self.__tablename__, self.typed, self.note
            self.typed_sealed = Booking.typed.seal(table, self.id, client_id, typed)
            self.note_sealed = Booking.note.seal(table, self.id, client_id, note)
        return client_id

    @property
    def price(self) -> Money:
        """The whole price, as it was when the time was chosen."""
        return Money(self.price_minor, self.currency)

    @property
    def online(self) -> Money:
        """What is due when booking."""
        return Money(self.online_minor, self.currency)


class BookingChange(TenantOwned, Base):
    """A move or a cancel by staff that can still be taken back, and later what became of it.

    `state`: open, then done (told, or carried out), undone, or void (the booking went another way meanwhile). While a
    cancel is open the booking stands; a move has moved it already, and rows of their own keep its old place, `from_…`.
    `sequence` is the booking's own as this change left it; `told_at` the start that the client knows of.
    """

    __tablename__ = "booking_change"

    booking_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(6))
    state: Mapped[str] = mapped_column(String(6))
    reason: Mapped[str] = mapped_column(String(20), default="")
    fee_percent: Mapped[int] = mapped_column(default=0)
    sequence: Mapped[int]
    account_id: Mapped[UUID | None]
    made_at: Mapped[datetime]
    until: Mapped[datetime]
    told_at: Mapped[datetime]
    from_practitioner_id: Mapped[UUID]
    from_room_id: Mapped[UUID | None]
    from_starts_at: Mapped[datetime]
    from_ends_at: Mapped[datetime]
    from_busy_from: Mapped[datetime]
    from_busy_to: Mapped[datetime]
    from_policy: Mapped[dict[str, Any]] = mapped_column(JSON)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Found by what is open, and by booking; at most one is open for a booking."""
        open_only: ColumnElement[Any] = literal_column("state = 'open'")
        return (
            Index("ix_booking_change_state", "tenant_id", "state", "until"),
            Index("ix_booking_change_booking", "tenant_id", "booking_id", "state"),
            Index(
                "uq_booking_change_open", "tenant_id", "booking_id", unique=True,
                postgresql_where=open_only, sqlite_where=open_only,
            ),
            CheckConstraint("kind IN ('move','cancel')", name="kind"),
            CheckConstraint("state IN ('open','done','undone','void')", name="state"),
            tenant_fk("booking", "booking_id"),
            tenant_fk("account", "account_id"),
            tenant_fk("practitioner", "from_practitioner_id"),
            tenant_fk("room", "from_room_id"),
        )  # fmt: skip
