"""People who give sessions, the services each offers, and rooms."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned, tenant_fk


class Practitioner(TenantOwned, Base):
    """Somebody who gives sessions. `email` gets the notices; `account_id` is set when they can log in.

    `mental_health_licence`: they may work with mental health beyond bodywork; flag rules about scope ask.
    `feed_hash`: of the link under which their bookings are read by a calendar (None: nowhere), of this
    `feed_generation`; with `feed_names` by name, else only as busy.
    """

    __tablename__ = "practitioner"

    slug: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(120))
    first_name: Mapped[str] = mapped_column(String(60), default="")
    text: Mapped[str] = mapped_column(String(1000), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    account_id: Mapped[UUID | None]
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)
    mental_health_licence: Mapped[bool] = mapped_column(default=False, server_default=false())
    feed_hash: Mapped[str | None] = mapped_column(String(64))
    feed_generation: Mapped[int] = mapped_column(default=0, server_default="0")
    feed_names: Mapped[bool] = mapped_column(default=False, server_default=false())

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Slugs are the clinic's own."""
        return (
            UniqueConstraint("tenant_id", "slug"),
            Index("uq_practitioner_feed", "tenant_id", "feed_hash", unique=True),
            Index("ix_practitioner_page", "tenant_id", "active", "position"),
            tenant_fk("account", "account_id"),
        )


class Room(TenantOwned, Base):
    """A room a session can be in. Any active room suits any service that needs one."""

    __tablename__ = "room"

    slug: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(120))
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Slugs are the clinic's own."""
        return (UniqueConstraint("tenant_id", "slug"),)


class PractitionerService(TenantOwned, Base):
    """A practitioner offers a service."""

    __tablename__ = "practitioner_service"

    practitioner_id: Mapped[UUID]
    service_id: Mapped[UUID]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Each pair once."""
        return (
            UniqueConstraint("tenant_id", "service_id", "practitioner_id"),
            tenant_fk("practitioner", "practitioner_id"),
            tenant_fk("service", "service_id"),
        )
