"""The service table."""

from __future__ import annotations

from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.money import Money
from saas.tenancy import TenantOwned, current_tenant


class Service(TenantOwned, Base):
    """Something a client can book. Lengths, steps and buffers in minutes, amounts in minor units of the clinic's money.

    `payment`: free, at_clinic, deposit (`deposit_minor`, or `deposit_percent` of the price) or full. With
    `or_at_clinic` a client may choose to pay at the clinic instead.
    """

    __tablename__ = "service"

    slug: Mapped[str] = mapped_column(String(63))
    name: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(String(1000), default="")
    duration_min: Mapped[int]
    step_min: Mapped[int] = mapped_column(default=30)
    buffer_before_min: Mapped[int] = mapped_column(default=0)
    buffer_after_min: Mapped[int] = mapped_column(default=0)
    price_minor: Mapped[int] = mapped_column(default=0)
    payment: Mapped[str] = mapped_column(String(10), default="full")
    deposit_minor: Mapped[int | None]
    deposit_percent: Mapped[int | None]
    or_at_clinic: Mapped[bool] = mapped_column(default=False)
    needs_room: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)
    active: Mapped[bool] = mapped_column(default=True)

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Slugs are the clinic's own; a session with its buffers fits in a day (the bound of the overlap triggers)."""
        return (
            UniqueConstraint("tenant_id", "slug"),
            Index("ix_service_page", "tenant_id", "active", "position"),
            CheckConstraint("payment IN ('free','at_clinic','deposit','full')", name="payment"),
            CheckConstraint("duration_min > 0 AND step_min > 0", name="lengths"),
            CheckConstraint("buffer_before_min >= 0 AND buffer_after_min >= 0", name="buffers"),
            CheckConstraint("duration_min + buffer_before_min + buffer_after_min <= 1440", name="a_day"),
            CheckConstraint("price_minor >= 0", name="price"),
        )

    @property
    def price(self) -> Money:
        """The full price."""
        return Money(self.price_minor, current_tenant().currency)
