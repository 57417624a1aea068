"""Counting tries so that limits hold across processes without Redis: log-in, reset, booking.

A counter is a row per key and window; keys are keyed hashes, so that the table names nobody. A window ends by itself
and nothing is ever locked for longer than that.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from saas.db import Base


class RateCounter(Base):
    """How often `key` was counted in the window that began at `window_start`. Platform table: hashes and numbers."""

    __tablename__ = "rate_counter"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window_start: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    count: Mapped[int] = mapped_column(default=0)
