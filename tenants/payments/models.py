"""Money in tables, amounts in minor units. No row is ever deleted; the ledger only grows and sums to the balance."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Index, LargeBinary, String, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned, tenant_fk


class Payment(TenantOwned, Base):
    """What one booking owes. `price_minor` in all, of it `online_minor` at booking; the rest is paid at the clinic, or
    by card through a link that staff send.

    `paid_minor` and `refunded_minor` are money by card; `held_minor` of it lies with the client's bank in open
    disputes, and `lost_minor` went back to the client in lost ones. `owed_minor` (plus: the client owes, minus: the
    clinic) and `desk_minor` (money at the desk) are the ledger's sums: a trigger in the database keeps them, nothing
    writes them here.
    """

    __tablename__ = "payment"

    booking_id: Mapped[UUID]
    mode: Mapped[str] = mapped_column(String(10))
    price_minor: Mapped[int]
    online_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    paid_minor: Mapped[int] = mapped_column(default=0)
    refunded_minor: Mapped[int] = mapped_column(default=0)
    held_minor: Mapped[int] = mapped_column(default=0, server_default=literal_column("0"))
    lost_minor: Mapped[int] = mapped_column(default=0, server_default=literal_column("0"))
    owed_minor: Mapped[int] = mapped_column(default=0, server_default=literal_column("0"))
    desk_minor: Mapped[int] = mapped_column(default=0, server_default=literal_column("0"))
    created_at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """One payment a booking; never more back than was paid. What is owed is found without reading the rest."""
        return (
            UniqueConstraint("tenant_id", "booking_id"),
            Index(
                "ix_payment_owed",
                "tenant_id",
                "booking_id",
                postgresql_where=literal_column("owed_minor <> 0"),
                sqlite_where=literal_column("owed_minor <> 0"),
            ),
            CheckConstraint("price_minor >= 0 AND online_minor >= 0 AND online_minor <= price_minor", name="amounts"),
            CheckConstraint("refunded_minor >= 0 AND refunded_minor <= paid_minor", name="refunds"),
            tenant_fk("booking", "booking_id"),
        )


class PaymentAttempt(TenantOwned, Base):
    """One try to pay by card: the whole request, its key and the account it goes to, written before Stripe is called.

    Of the request the client's address is apart, and sealed by whoever opens the attempt (`checkout_steps.py`).

    `state`: open (Stripe has not said how it ended), paid, expired, failed (Stripe never made its page, or never showed
    it to anybody). `asked_at` is when the return page last had Stripe asked.
    """

    __tablename__ = "payment_attempt"

    payment_id: Mapped[UUID]
    number: Mapped[int]
    key: Mapped[str] = mapped_column(String(80))
    stripe_account_id: Mapped[str] = mapped_column(String(64))
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    address_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    amount_minor: Mapped[int]
    fee_minor: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(8), default="open")
    session_id: Mapped[str | None] = mapped_column(String(120))
    session_url: Mapped[str | None] = mapped_column(String(2000))
    expires_at: Mapped[datetime]
    payment_intent: Mapped[str | None] = mapped_column(String(120))
    charge: Mapped[str | None] = mapped_column(String(120))
    card_brand: Mapped[str | None] = mapped_column(String(20))
    card_last4: Mapped[str | None] = mapped_column(String(4))
    receipt_url: Mapped[str | None] = mapped_column(String(2000))
    asked_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Numbers count up within a payment; at most one is open."""
        return (
            UniqueConstraint("tenant_id", "payment_id", "number"),
            UniqueConstraint("tenant_id", "key"),
            Index("ix_payment_attempt_intent", "tenant_id", "payment_intent"),
            Index(
                "uq_payment_attempt_open",
                "tenant_id",
                "payment_id",
                unique=True,
                postgresql_where=literal_column("state = 'open'"),
                sqlite_where=literal_column("state = 'open'"),
            ),
            CheckConstraint("state IN ('open','paid','expired','failed')", name="state"),
            tenant_fk("payment", "payment_id"),
        )


class Refund(TenantOwned, Base):
    """Money on its way back. The row and its key are written first, Stripe is called by the worker.

    `state`: asked, done, failed. `click` makes one press one refund. `renewals` counts the keys that Stripe answered
    with nothing but its first 500. `forgiven_minor`: how much less the client owes because of it, once it is done.
    A refund that somebody made at Stripe itself has the reason `outside`.
    """

    __tablename__ = "refund"

    payment_id: Mapped[UUID]
    attempt_id: Mapped[UUID]
    amount_minor: Mapped[int]
    fee_minor: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str] = mapped_column(String(20))
    click: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(6), default="asked")
    renewals: Mapped[int] = mapped_column(default=0)
    forgiven_minor: Mapped[int] = mapped_column(default=0, server_default=literal_column("0"))
    stripe_refund_id: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Once per click."""
        return (
            UniqueConstraint("tenant_id", "click"),
            Index("ix_refund_payment", "tenant_id", "payment_id"),
            CheckConstraint("amount_minor > 0", name="amount"),
            CheckConstraint("state IN ('asked','done','failed')", name="state"),
            tenant_fk("payment", "payment_id"),
            tenant_fk("payment_attempt", "attempt_id"),
        )


class Dispute(TenantOwned, Base):
    """The client's bank asks for the money of one card payment back. It is answered at Stripe and only told here.

    `status` and `reason` are Stripe's words. `told_at` is the age of what we know: older news changes nothing.
    """

    __tablename__ = "dispute"

    payment_id: Mapped[UUID]
    attempt_id: Mapped[UUID]
    stripe_dispute_id: Mapped[str] = mapped_column(String(120))
    amount_minor: Mapped[int]
    reason: Mapped[str] = mapped_column(String(40))
    status: Mapped[str] = mapped_column(String(30))
    answer_by: Mapped[datetime | None]
    told_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Once each; listed by age, and with its payment."""
        return (
            UniqueConstraint("tenant_id", "stripe_dispute_id"),
            Index("ix_dispute_payment", "tenant_id", "payment_id"),
            Index("ix_dispute_opened", "tenant_id", "opened_at"),
            CheckConstraint("amount_minor > 0", name="amount"),
            tenant_fk("payment", "payment_id"),
            tenant_fk("payment_attempt", "attempt_id"),
        )


class LedgerEntry(TenantOwned, Base):
    """One side of one posting. The entries of a posting sum to zero in each currency; nothing is ever changed."""

    __tablename__ = "ledger_entry"

    posting_id: Mapped[UUID]
    kind: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    booking_id: Mapped[UUID]
    client_id: Mapped[UUID | None]
    at: Mapped[datetime]
    reference: Mapped[str] = mapped_column(String(80))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """A posting is written once (`reference`), and read by booking, client and day."""
        return (
            UniqueConstraint("tenant_id", "reference", "account"),
            Index("ix_ledger_entry_booking", "tenant_id", "booking_id"),
            Index("ix_ledger_entry_client", "tenant_id", "client_id"),
            Index("ix_ledger_entry_at", "tenant_id", "at"),
            tenant_fk("booking", "booking_id"),
            tenant_fk("client", "client_id"),
        )
