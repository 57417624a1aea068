"""Clients, notes about them, and files of clients on their way in."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, LargeBinary, String, UniqueConstraint, false, literal_column
from sqlalchemy.orm import Mapped, deferred, mapped_column, validates

from saas.db import Base
from saas.sealed import SealedFile, SealedText
from saas.tenancy import TenantOwned, tenant_fk
from tenants.clients.rules import name_key


class Client(TenantOwned, Base):
    """A person who books. E-mail and phone are sealed, and found by their keyed hash (`email_hash`, `phone_hash`).

    `reach` is how they allow us to write: e-mail, text message, or by telephone only (then nothing is sent). When
    somebody else may read or hear it, `discreet_name` is the name to use; `no_calls` means that nobody rings.
    `name_key` is the name as lists search and sort it, kept in step with `name`; `known_key` is the same of what they
    go by. Whoever was merged stays as a row that leads to the survivor (`merged_into_id`, never a chain), so that an
    old address still finds them. Since `held_at` nobody may erase them: a claim or an authority asks for the record.
    """

    __tablename__ = "client"

    name: Mapped[str] = mapped_column(String(200))
    known_as: Mapped[str] = mapped_column(String(80), default="")
    email_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    email = SealedText("id")
    email_hash: Mapped[str | None] = mapped_column(String(64))
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    phone = SealedText("id")
    phone_hash: Mapped[str | None] = mapped_column(String(64))
    reach: Mapped[str] = mapped_column(String(5), default="email")
    locale: Mapped[str] = mapped_column(String(16), default="")
    zone: Mapped[str] = mapped_column(String(64), default="")
    discreet_name: Mapped[str] = mapped_column(String(80), default="", server_default=literal_column("''"))
    no_calls: Mapped[bool] = mapped_column(default=False, server_default=false())
    name_key: Mapped[str] = mapped_column(String(200), default="", server_default=literal_column("''"))
    known_key: Mapped[str] = mapped_column(String(200), default="", server_default=literal_column("''"))
    merged_into_id: Mapped[UUID | None]
    held_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    @validates("name", "known_as")
    def _keep_key(self, field: str, name: str) -> str:
        setattr(self, {"name": "name_key", "known_as": "known_key"}[field], name_key(name))
        return name

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Found by e-mail, by phone, or by name; listed by name or by when they came."""
        return (
            Index("ix_client_email", "tenant_id", "email_hash"),
            Index("ix_client_phone", "tenant_id", "phone_hash"),
            Index("ix_client_name", "tenant_id", "name"),
            Index("ix_client_name_key", "tenant_id", "name_key"),
            Index("ix_client_created", "tenant_id", "created_at"),
            Index("ix_client_merged", "tenant_id", "merged_into_id"),
            CheckConstraint("reach IN ('email','text','phone')", name="reach"),
            tenant_fk("client", "merged_into_id"),
        )


class ClientApart(TenantOwned, Base):
    """Two clients who look alike and are two people: somebody of the clinic said so. `one_id` is the smaller id."""

    __tablename__ = "client_apart"

    one_id: Mapped[UUID]
    other_id: Mapped[UUID]
    said_at: Mapped[datetime]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Each pair once."""
        return (
            UniqueConstraint("tenant_id", "one_id", "other_id"),
            CheckConstraint("one_id <> other_id", name="two"),
            tenant_fk("client", "one_id"),
            tenant_fk("client", "other_id"),
        )


class ClientNote(TenantOwned, Base):
    """What somebody of the clinic wrote down about a client. A `clinical` one is for those who give sessions."""

    __tablename__ = "client_note"

    client_id: Mapped[UUID]
    account_id: Mapped[UUID]
    at: Mapped[datetime]
    text_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    text = SealedText("client_id")
    clinical: Mapped[bool]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Read by client, in order."""
        return (
            Index("ix_client_note_client", "tenant_id", "client_id", "at"),
            tenant_fk("client", "client_id"),
            tenant_fk("account", "account_id"),
        )


class ClientImport(TenantOwned, Base):
    """A file of clients that was checked and waits for somebody to say yes. `content` is gone once it is `done_at`, and
    a day after it came in any case, and so is its key; `hash` is the SHA-256 of the bytes that were checked."""

    __tablename__ = "client_import"

    account_id: Mapped[UUID | None]
    hash: Mapped[str] = mapped_column(String(64))
    content_sealed: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))
    content = SealedFile("id")
    skip_known: Mapped[bool]
    made: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    done_at: Mapped[datetime | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Cleared away by age."""
        return Index("ix_client_import_created", "tenant_id", "created_at"), tenant_fk("account", "account_id")
