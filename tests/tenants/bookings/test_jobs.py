from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from flask import Flask
from sqlalchemy import select

from saas.db import action, db
from saas.jobs import drain
from saas.sealing import erased_subjects, has_key
from tenants.bookings import jobs
from tenants.bookings.actions import confirm
from tenants.bookings.checkout import settle_attempt, start_payment
from tenants.bookings.checkout_effects import HANDLERS
from tenants.bookings.models import Booking
from tests.cast import Clinic
from tests.till import attempts, book, held, open_till

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
MONTH = timedelta(days=30)
MINUTE = timedelta(minutes=1)


def left() -> set[UUID]:
    db.session.rollback()
    return set(db.session.execute(select(Booking.id)).scalars())


def test_times_that_were_looked_at_and_left_are_forgotten_after_a_month(
    app: Flask, at_rowan: Clinic, now: datetime
) -> None:
    nobodys = held(at_rowan, now=now)
    somebodys = book(at_rowan, now=now, hour=12)
    kept = book(at_rowan, now=now, hour=14, service="desk")
    confirm(booking_id=kept, how="at_clinic", now=now)
    drain(app, HANDLERS, now + timedelta(hours=1))
    jobs.purge(now=now + MONTH)
    assert left() == {nobodys, somebodys, kept}
    jobs.purge(now=now + MONTH + timedelta(hours=1))
    assert left() == {somebodys, kept}
    jobs.purge(now=now + 9 * MONTH)
    assert left() == {somebodys, kept}


def test_a_hold_that_nobody_ended_goes_too(at_rowan: Clinic, now: datetime) -> None:
    held(at_rowan, now=now)
    jobs.purge(now=now + MONTH + timedelta(hours=1))
    assert left() == set()


def test_the_key_of_what_was_typed_goes_with_a_hold_that_never_had_a_client(at_rowan: Clinic, now: datetime) -> None:
    nobodys, somebodys = held(at_rowan, now=now), book(at_rowan, now=now, hour=12)
    _type_into(nobodys)
    assert has_key(subject=nobodys)
    jobs.purge(now=now + MONTH + timedelta(hours=1))
    assert left() == {somebodys}
    assert erased_subjects() == [nobodys]


@action
def _type_into(booking_id: UUID) -> None:
    db.session.get_one(Booking, booking_id).note = "A slow start"


def test_purging_works_in_short_steps_until_nothing_is_left(at_rowan: Clinic, now: datetime) -> None:
    for hour in (9, 11, 13, 15):
        held(at_rowan, now=now, hour=hour, day=2)
    later = now + timedelta(hours=1)
    assert jobs.purge_holds(before=later, limit=3) == 3
    assert jobs.purge_holds(before=later, limit=3) == 1
    assert left() == set()


def test_of_an_old_attempt_only_the_request_goes(app: Flask, at_rowan: Clinic, now: datetime, tmp_path: Path) -> None:
    booking_id = book(at_rowan, now=now, day=42)
    with open_till(app, tmp_path, now=now) as till:
        till.press(start_payment(booking_id=booking_id, now=now))
        (attempt,) = attempts(booking_id)
        assert attempt.address_sealed is not None
        jobs.purge(now=now + MONTH + MINUTE)
        assert attempts(booking_id)[0].request != {}, "an open attempt is still being paid"
        settle_attempt(attempt_id=attempt.id, now=now)
        jobs.purge(now=now + MONTH - MINUTE)
        assert attempts(booking_id)[0].request != {}
        jobs.purge(now=now + MONTH + MINUTE)
    (attempt,) = attempts(booking_id)
    assert (attempt.request, attempt.address_sealed) == ({}, None)
    assert (attempt.state, attempt.amount_minor) == ("paid", 8000)
    assert attempt.session_id
    assert jobs.purge_requests(before=now + MINUTE) == 0


def test_each_clinic_is_purged_for_itself(
    app: Flask, rowan: Clinic, thornfield: Clinic, inside: Inside, now: datetime
) -> None:
    with inside(rowan):
        held(rowan, now=now)
    with inside(thornfield):
        assert left() == set()
        jobs.purge(now=now + 2 * MONTH)
    with inside(rowan):
        assert len(left()) == 1
    with app.app_context():
        drain(app, HANDLERS, now + 2 * MONTH, timetable=jobs.TIMETABLE)
    with inside(rowan):
        assert left() == set()
