"""A week's life in Rowan's calendar."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from tenants.availability.actions import add_time_off
from tenants.bookings.rules import Details
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import HOUR, TUESDAY_TEN, booked, held

NAMES = ("Tom Daly", "Hana Vrba", "Niamh Ford", "Priya Shah", "Eoin Moss", "Sam Wells", "Maya Lind", "Lena Bauer")
WEEK = "/c/rowan/manage/week"


def client_named(name: str) -> Details:
    return Details(name=name, email=f"{name.partition(' ')[0].lower()}@example.com", phone="+441132000009")


def fill_week(clinic: Clinic) -> dict[str, UUID]:
    """Inside Rowan: eight sessions of Ben's this week, one of Iris's, a hold, and private time on Friday."""
    made: dict[str, UUID] = {}
    places = [(0, 5), (0, 7), (1, 0), (1, 4), (2, 1), (3, 0), (3, 4), (4, 1)]
    for name, (day, hour) in zip(NAMES, places, strict=True):
        at = NOW + timedelta(days=day, hours=hour)
        made[name] = booked(clinic, "desk", at, who=client_named(name)).id
    made["iris"] = booked(clinic, "desk", TUESDAY_TEN, who=client_named("Orla Card"), person="iris").id
    made["hold"] = held(clinic, "full", TUESDAY_TEN + 6 * HOUR).id
    begins = datetime(2026, 3, 27, 12, 0, tzinfo=NOW.tzinfo)
    made["away"] = add_time_off(
        practitioner_id=clinic.practitioners["ben"], starts_at=begins, ends_at=begins + HOUR, now=NOW
    )
    return made
