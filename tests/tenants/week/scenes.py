"""A week's life in Rowan's calendar."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html import unescape
from uuid import UUID

from sqlalchemy import select
from werkzeug.test import TestResponse

from saas.db import db
from tenants.availability.actions import add_time_off
from tenants.bookings.models import BookingChange
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


def fresh_changes() -> list[UUID]:
    """What staff changed, oldest first."""
    return list(db.session.execute(select(BookingChange.id).order_by(BookingChange.made_at)).scalars())


def fields(page: TestResponse) -> dict[str, str]:
    """The hidden fields of the page's own form, as a browser sends them."""
    form = page.text[page.text.index('class="form"') :]
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")]))


def said(answer: TestResponse) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text)))
