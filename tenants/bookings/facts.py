"""What the operator's console may know of a clinic: counts, and no word about anybody."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import func, select

from saas.db import db
from tenants.bookings.models import Booking


def facts() -> Mapping[str, int]:
    """`bookings`: how many the entered clinic has had (times that were only held are none)."""
    firm = select(func.count()).select_from(Booking).where(Booking.status.not_in(("held", "expired")))
    return {"bookings": db.session.execute(firm).scalar_one()}
