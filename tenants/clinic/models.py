"""The clinic's own page in tables: one profile row, versions of the cancellation policy, its words in mails."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, LargeBinary, String, Text, UniqueConstraint, literal_column
from sqlalchemy.orm import Mapped, deferred, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned


class Clinic(TenantOwned, Base):
    """Exactly one row per tenant: what clients read, how it looks, and the rules that hold for every booking.

    `promises` and `facts` are lists of {"title"|"label", "text"}. `min_notice_min` in minutes;
    `horizon_days` None = no end. `set_up`: what was decided at each step of the guided set-up (step: done or skipped),
    `set_up_at` when the owner ended it. `origins`: whose pages may frame the times and call the API from a browser, as
    browsers write an origin. From `remind_hours` on: `notices.py`; `remind_hours` None = no reminder.
    """

    __tablename__ = "clinic"

    headline: Mapped[str] = mapped_column(String(160), default="")
    lead: Mapped[str] = mapped_column(String(600), default="")
    person: Mapped[str] = mapped_column(String(120), default="")
    first_name: Mapped[str] = mapped_column(String(60), default="")
    place: Mapped[str] = mapped_column(String(80), default="")
    address: Mapped[str] = mapped_column(String(400), default="")
    map_url: Mapped[str] = mapped_column(String(500), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    promises: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    facts: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    brand: Mapped[str] = mapped_column(String(7), default="#2f6f6b")
    heading_style: Mapped[str] = mapped_column(String(5), default="serif")
    logo: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    logo_type: Mapped[str | None] = mapped_column(String(40))
    logo_hash: Mapped[str | None] = mapped_column(String(16))
    privacy_text: Mapped[str] = deferred(mapped_column(Text, default=""))
    imprint_text: Mapped[str] = deferred(mapped_column(Text, default=""))
    texts_updated_at: Mapped[datetime | None]
    min_notice_min: Mapped[int] = mapped_column(default=720)
    horizon_days: Mapped[int | None] = mapped_column(default=42)
    accepting: Mapped[bool] = mapped_column(default=True)
    set_up: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default=literal_column("'{}'"))
    set_up_at: Mapped[datetime | None]
    origins: Mapped[list[str]] = mapped_column(JSON, default=list, server_default=literal_column("'[]'"))
    remind_hours: Mapped[int | None] = mapped_column(default=24, server_default="24")
    remind_again_hours: Mapped[int | None]
    quiet_from: Mapped[str] = mapped_column(String(5), default="", server_default=literal_column("''"))
    quiet_to: Mapped[str] = mapped_column(String(5), default="", server_default=literal_column("''"))
    sender_name: Mapped[str] = mapped_column(String(60), default="", server_default=literal_column("''"))
    subject_words: Mapped[str] = mapped_column(String(40), default="", server_default=literal_column("''"))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """One profile a tenant."""
        return UniqueConstraint("tenant_id"), CheckConstraint("min_notice_min >= 0", name="notice")


class Policy(TenantOwned, Base):
    """A version of the cancellation policy; the newest holds for new bookings, each booking keeps a snapshot.

    Until `free_hours` before the start everything paid comes back; after it `late_fee_percent` of the price is kept,
    and `no_show_percent` when nobody comes.
    """

    __tablename__ = "policy"

    version: Mapped[int]
    free_hours: Mapped[int] = mapped_column(default=24)
    late_fee_percent: Mapped[int] = mapped_column(default=50)
    no_show_percent: Mapped[int] = mapped_column(default=100)
    terms: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Versions count up; percentages stay percentages."""
        return (
            UniqueConstraint("tenant_id", "version"),
            CheckConstraint("late_fee_percent BETWEEN 0 AND 100", name="late_fee"),
            CheckConstraint("no_show_percent BETWEEN 0 AND 100", name="no_show"),
            CheckConstraint("free_hours BETWEEN 0 AND 8760", name="free_hours"),
        )


class MailText(TenantOwned, Base):
    """The clinic's own paragraph in a mail of one kind."""

    __tablename__ = "mail_text"

    kind: Mapped[str] = mapped_column(String(40))
    text: Mapped[str] = mapped_column(String(2000), default="")

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """One text a kind."""
        return (UniqueConstraint("tenant_id", "kind"),)
