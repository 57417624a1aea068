"""Short ways to a booking in a state, for tests of what comes after."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from sqlalchemy import select

from saas.db import db
from saas.links import link_for
from saas.outbox import Outbox
from tenants.bookings.actions import confirm, give_details, hold
from tenants.bookings.models import Booking
from tenants.bookings.places import LINK
from tenants.bookings.rules import Details
from tests.browser import Browser, Page
from tests.cast import NOW, Clinic

CLEO = Details(name="Cleo Marsh", email="cleo@example.com", phone="+441132000001")
DORA = Details(name="Dora Lind", email="dora@example.com")
TUESDAY_TEN = datetime(2026, 3, 24, 10, 0, tzinfo=NOW.tzinfo)
HOUR = timedelta(hours=1)


def held(
    clinic: Clinic,
    service: str = "desk",
    at: datetime = TUESDAY_TEN,
    *,
    person: str | None = "ben",
    now: datetime = NOW,
) -> Booking:
    """A hold for nobody yet."""
    return hold(
        service_id=clinic.services[service],
        practitioner_id=clinic.practitioners[person] if person else None,
        starts_at=at, source="web", client_zone="", locale="en_GB", now=now,
    )  # fmt: skip


def booked(
    clinic: Clinic, service: str = "desk", at: datetime = TUESDAY_TEN, *,
    who: Details = CLEO, person: str | None = "ben", now: datetime = NOW,
) -> Booking:  # fmt: skip
    """A booking that stands, paid at the clinic (or free)."""
    booking = held(clinic, service, at, person=person, now=now)
    give_details(booking_id=booking.id, details=who, now=now)
    return confirm(booking_id=booking.id, how="free" if service == "talk" else "at_clinic", now=now)


def fresh(booking_id: UUID) -> Booking:
    """The row as the database has it."""
    return db.session.get_one(Booking, booking_id, populate_existing=True)


def effects(kind: str) -> list[Outbox]:
    """The effects of one kind that were asked for, oldest first."""
    return list(db.session.execute(select(Outbox).where(Outbox.kind == kind).order_by(Outbox.run_at)).scalars())


def token_of(booking: Booking) -> str:
    """The end of the booking page's address."""
    return link_for(LINK, booking.id, booking.link_generation).token


def one(clinic: Clinic) -> Booking:
    """The only booking there is, as the database has it."""
    return db.session.execute(select(Booking).execution_options(populate_existing=True)).scalar_one()


TEN = "2026-03-24T10:00Z"
TYPED = {"name": "Cleo Marsh", "email": "cleo@example.com"}


def details(browser: Browser, clinic: Clinic, service: str = "desk", query: str = "&p=ben") -> Page:
    """The details page of Tuesday at ten, reached as a client reaches it."""
    return browser.get(f"{clinic.home}/book/{service}?d=2026-03-24{query}").choose(TEN)


def check(browser: Browser, clinic: Clinic, service: str = "desk", query: str = "&p=ben", **typed: str) -> Page:
    """The check page after it."""
    page = details(browser, clinic, service, query).press("Continue", **{**TYPED, **typed})
    assert page.h1.startswith("Check before you"), page.text
    return page


def later(**by: int) -> time_machine.travel:
    """`with later(minutes=16):` the clock stands that much after `NOW`."""
    return time_machine.travel(NOW + timedelta(**by), tick=False)


def at(moment: datetime) -> time_machine.travel:
    """`with at(moment):` the clock stands there."""
    return time_machine.travel(moment, tick=False)


def link(clinic: Clinic, booking: Booking) -> str:
    """The address of its booking page."""
    return f"{clinic.home}/b/{token_of(booking)}"


def move(page: Page, day: str, start: str) -> Page:
    """From the booking page to the question whether to move."""
    times = page.follow("Choose another time")
    return times.browser.get(f"{times.path}?d={day}").choose(start)


only_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For pages whose states the database cannot change: what it does with the rows is tested with the actions."""
