"""Hours as the owner writes them: wall-clock texts ("09:00") on the clinic's clock; time off in UTC."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, literal_column
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base
from saas.tenancy import TenantOwned, tenant_fk


class WeeklyHours(TenantOwned, Base):
    """One window of one weekday (0 = Monday), valid on dates `[valid_from, valid_to)`; old rows stay as history."""

    __tablename__ = "weekly_hours"

    practitioner_id: Mapped[UUID]
    weekday: Mapped[int]
    start: Mapped[str] = mapped_column(String(5))
    end: Mapped[str] = mapped_column(String(5))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Read per practitioner."""
        return (
            Index("ix_weekly_hours_practitioner", "tenant_id", "practitioner_id", "valid_from"),
            CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
            tenant_fk("practitioner", "practitioner_id"),
        )


class HoursOverride(TenantOwned, Base):
    """One window that replaces a date's weekly hours; a row without times closes the day."""

    __tablename__ = "hours_override"

    practitioner_id: Mapped[UUID]
    day: Mapped[date]
    start: Mapped[str | None] = mapped_column(String(5))
    end: Mapped[str | None] = mapped_column(String(5))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Read per practitioner and date."""
        return (
            Index("ix_hours_override_day", "tenant_id", "practitioner_id", "day"),
            tenant_fk("practitioner", "practitioner_id"),
        )


class HoursBreak(TenantOwned, Base):
    """A break on a weekday, or on one date. Overrides do not remove it."""

    __tablename__ = "hours_break"

    practitioner_id: Mapped[UUID]
    weekday: Mapped[int | None]
    day: Mapped[date | None]
    start: Mapped[str] = mapped_column(String(5))
    end: Mapped[str] = mapped_column(String(5))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Read per practitioner; either a weekday or a date."""
        return (
            Index("ix_hours_break_practitioner", "tenant_id", "practitioner_id"),
            CheckConstraint("(weekday IS NULL) <> (day IS NULL)", name="one_of"),
            tenant_fk("practitioner", "practitioner_id"),
        )


class TimeOff(TenantOwned, Base):
    """An absence, in UTC; without a practitioner the whole clinic is away. `label`: what for, which
    only the owner and whoever's time it is may read."""

    __tablename__ = "time_off"

    practitioner_id: Mapped[UUID | None]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    created_at: Mapped[datetime]
    label: Mapped[str] = mapped_column(String(60), default="", server_default=literal_column("''"))

    @classmethod
    def own_table_args(cls) -> tuple[Any, ...]:
        """Read by when it ends."""
        return (
            Index("ix_time_off_ends", "tenant_id", "ends_at"),
            CheckConstraint("starts_at < ends_at", name="order"),
            tenant_fk("practitioner", "practitioner_id"),
        )
