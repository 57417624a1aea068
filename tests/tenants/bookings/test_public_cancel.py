"""Cancelling: what is said before the click is what happens; and what moving does to what was paid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saas.db import action, db
from saas.money import Money
from tenants.bookings import moves
from tenants.bookings.checkout import start_payment
from tenants.bookings.models import Booking
from tenants.bookings.public_after import what_comes_back
from tenants.bookings.rules import Details
from tenants.clinic import actions as clinic_actions
from tenants.clinic.rules import PolicyRequest
from tenants.payments.queries import money_of
from tenants.services.models import Service
from tests.browser import Browser
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import (
    HOUR,
    TUESDAY_TEN,
    at,
    booked,
    fresh,
    link,
    move,
    only_sqlite,
)
from tests.till import Till, book, open_till, run_due

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
pytestmark = only_sqlite
SILENT = Details(name="Sol Reed", email="sol@example.com", phone="+441132000009", reach="phone")
A_WEEK_ON = datetime(2026, 3, 31, 10, tzinfo=UTC)


@pytest.fixture
def till(app: Flask, tmp_path: Path) -> Iterator[Till]:
    with open_till(app, tmp_path, now=NOW) as made:
        yield made


def paid(till: Till, clinic: Clinic, service: str = "full", *, day: int = 1, now: datetime = NOW) -> Booking:
    """A booking paid by card: tomorrow at ten unless `day` says otherwise."""
    found = book(clinic, now=now, service=service, day=day)
    till.press(start_payment(booking_id=found, now=now))
    for event in till.events():
        till.deliver(event, now=now)
    assert fresh(found).status == "confirmed"
    return fresh(found)


def test_price_paid_and_promised_stay_when_moved_and_changed(
    till: Till, browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    with inside(rowan):
        booking = paid(till, rowan, day=8)
        clinic_actions.save_policy(
            policy=PolicyRequest(free_hours=300, late_fee_percent=100, no_show_percent=100), now=NOW
        )
        raise_price()
        address = link(rowan, booking)
    move(browser.get(address), "2026-04-01", "2026-04-01T09:00Z").press("Move my booking")
    page = browser.get(address)
    assert "Paid £80" in page.text
    assert "free of charge until Tuesday 31 March, 10:00." in page.text
    assert "Comes back to you £80" in page.follow("cancel").text


@action
def raise_price() -> None:
    db.session.query(Service).filter_by(slug="full").one().price_minor = 99_00


def test_a_late_move_buys_no_free_time(till: Till, browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        address = link(rowan, paid(till, rowan))
    with at(TUESDAY_TEN - 2 * HOUR):
        move(browser.get(address), "2026-04-01", "2026-04-01T09:00Z").press("Move my booking")
        page = browser.get(f"{address}/cancel")
        assert "Comes back to you £40" in page.text
        assert "The clinic keeps £40" in page.text


def test_moving_says_what_cancelling_will_cost_then(
    till: Till, browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    with inside(rowan):
        page = browser.get(link(rowan, paid(till, rowan, day=8)))
    far = move(page, "2026-04-01", "2026-04-01T09:00Z")
    assert "You can cancel the new time free of charge until Tuesday 31 March, 10:00." in far.text
    near = move(page, "2026-03-23", "2026-03-23T15:00Z")
    assert "The new time can’t be cancelled free of charge any more: the clinic would keep £40." in near.text
    moved = near.press("Move my booking")
    assert "Comes back to you £40" in moved.follow("cancel").text


def test_cancelling_says_what_comes_back_before_the_click(
    till: Till, browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    with inside(rowan):
        booking = paid(till, rowan, day=8)
        address = link(rowan, booking)
    page = browser.get(address).follow("cancel")
    assert page.h1 == "Cancel this booking?"
    assert "Comes back to you £80" in page.text
    assert page.follow("Keep my booking").h1 == "Your booking"
    done = page.press("Cancel and send £80 back")
    assert done.h1 == "This booking is cancelled"
    assert "£80 is on its way back." in done.text
    assert "On its way back to your card £80" in done.text
    assert page.press("Cancel and send £80 back").h1 == "This booking is cancelled"
    with inside(rowan):
        run_due(("refund.send",), now=NOW)
        assert [refund["amount"] for refund in till.refunds()] == [8000]
    assert "£80 has been sent back to your card." in browser.get(address).text


def test_a_sum_that_has_changed_is_said_again_first(
    till: Till, browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    with inside(rowan):
        booking = paid(till, rowan)
        address = link(rowan, booking)
    page = browser.get(f"{address}/cancel")
    assert "Comes back to you £80" in page.text
    with at(TUESDAY_TEN - 3 * HOUR):
        told = page.press("Cancel and send £80 back")
        assert told.status == 409
        assert "The amount that comes back has changed." in told.text
        assert "Comes back to you £40 The clinic keeps £40" in told.text
        with inside(rowan):
            assert fresh(booking.id).status == "confirmed"
        done = told.press("Cancel and send £40 back")
        assert "£40 is on its way back." in done.text


def test_who_cancels_an_unpaid_booking_reads_no_sums(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        address = link(rowan, booked(rowan))
    with at(TUESDAY_TEN - HOUR):
        page = browser.get(f"{address}/cancel")
        assert "Comes back" not in page.text
        done = page.press("Cancel my booking")
    assert "There’s nothing more you need to do." in done.text


@dataclass(frozen=True)
class Ending:
    """A policy, a price and its way of being paid, and how many minutes before the start somebody cancels."""

    free_hours: int
    late: int
    before: int
    service: str
    price: int


ENDINGS = st.builds(
    Ending, free_hours=st.integers(0, 100), late=st.integers(0, 100), before=st.integers(1, 60 * 24 * 9),
    service=st.sampled_from(["full", "deposit", "desk"]), price=st.integers(100, 20_000),
)  # fmt: skip


@given(ending=ENDINGS)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_said_before_the_click_is_what_is_sent(till: Till, at_rowan: Clinic, ending: Ending) -> None:
    """Whatever the policy, the moment and the way of paying: the page's sum is the refund's sum, to the penny."""
    clinic_actions.save_policy(
        policy=PolicyRequest(free_hours=ending.free_hours, late_fee_percent=ending.late, no_show_percent=100), now=NOW
    )
    set_price(ending.service, ending.price)
    desk = ending.service == "desk"
    booking = booked(at_rowan, at=A_WEEK_ON) if desk else paid(till, at_rowan, ending.service, day=8)
    now = max(NOW, booking.starts_at - timedelta(minutes=ending.before))
    refund, kept = what_comes_back(booking, money_of(booking.id), now=now)
    paid_before = money_of(booking.id).paid
    moves.cancel(booking_id=booking.id, who="client", click=f"cancel:{booking.id}", now=now)
    money = money_of(booking.id)
    assert money.refunded + money.coming_back == refund
    assert money.kept == kept
    assert refund + kept == paid_before
    assert not money.owed


@action
def set_price(slug: str, price: int) -> None:
    db.session.query(Service).filter_by(slug=slug).one().price_minor = price


def test_a_clinic_that_cancels_keeps_nothing(till: Till, browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = paid(till, rowan)
        moves.cancel(booking_id=booking.id, who="staff", click="staff", now=TUESDAY_TEN - HOUR)
        money = money_of(booking.id)
        assert (money.coming_back, money.kept) == (Money(8000, "GBP"), Money(0, "GBP"))
        address = link(rowan, booking)
    assert "£80 is on its way back." in browser.get(address).text
