"""What the operator's console may know of a clinic: counts, and no word about anybody."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ScalarSelect, func, select

from tenants.bookings.models import Booking
from tenants.bookings.rules import UNBOOKED

_RECENT = timedelta(days=30)


def facts(*, now: datetime) -> Mapping[str, ScalarSelect[int]]:
    """Counts of the entered clinic, each to stand in one statement with others. `bookings`: all it has had (times that
    were only held are none); `recent`: those of them that began in the last 30 days; `taken`: all, and what is held."""
    firm = Booking.status.not_in(UNBOOKED)
    return {
        "bookings": _count(firm),
        "recent": _count(firm, Booking.starts_at >= now - _RECENT, Booking.starts_at < now),
        "taken": _count(Booking.status != "expired"),
    }


def _count(*meant: Any) -> ScalarSelect[int]:
    return select(func.count()).select_from(Booking).where(*meant).scalar_subquery()
