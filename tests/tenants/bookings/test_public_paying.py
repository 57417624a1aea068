"""Paying on the way to a booking: to Stripe and back, twice, late, too late, and not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from saas.db import action, db
from tenants.bookings.models import Booking
from tenants.services.models import Service
from tests.browser import Browser
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import DORA, booked, check, held, later, one
from tests.till import Till, attempts, open_till, run_due

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]


@pytest.fixture
def till(app: Flask, tmp_path: Path) -> Iterator[Till]:
    with open_till(app, tmp_path, now=NOW) as made:
        yield made


def test_paying_leads_to_stripe_and_back(till: Till, browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = check(browser, rowan, "full")
    away = page.press("Pay £80 securely", terms="1")
    assert away.url.startswith(till.address)
    back = page.path.replace("/pay", "/return")
    waiting = browser.get(back)
    assert waiting.h1 == "Just confirming your payment"
    assert 'data-state="pending"' in waiting.html
    assert "the confirmation goes to cleo@example.com either way" in waiting.text
    assert waiting.links()["Check again now"]
    till.press(away.url)
    with later(seconds=11):
        paid = waiting.follow("Check again now")
        assert paid.h1 == "You’re booked, Cleo"
        assert "£80 with Visa ending 4242" in paid.text
        for stale in ("/details", "/pay", "/change"):
            assert browser.get(back.replace("/return", stale)).status == 200
        pressed = page.press("Pay £80 securely", terms="1")
        assert pressed.h1 == "Your booking"
    with inside(rowan):
        assert len(attempts(one(rowan).id)) == 1


def test_a_double_press_of_pay_is_one_session_and_coming_back_a_new_one(
    till: Till, browser: Browser, rowan: Clinic
) -> None:
    page = check(browser, rowan, "full")
    first, second = page.press("Pay £80", terms="1"), page.press("Pay £80", terms="1")
    assert first.url == second.url
    again = browser.get(page.path)
    assert again.h1 == "Check before you pay"
    third = again.press("Pay £80", terms="1")
    assert third.url != first.url
    assert {s["status"] for s in till.sessions()} == {"open", "expired"}


def test_when_payment_does_not_answer_the_time_is_kept(till: Till, browser: Browser, rowan: Clinic) -> None:
    page = check(browser, rowan, "full")
    till.break_down(path="/v1/checkout", lost_answers=9)
    down = page.press("Pay £80", terms="1")
    assert down.status == 503
    assert "Payment isn’t answering. Your time is held until 09:35. You can try again in a moment." in down.text
    assert down.press("Give up this time").status == 503
    till.mend()
    assert down.press("Pay £80", terms="1").url.startswith(till.address)
    assert len([s for s in till.sessions() if s["status"] == "open"]) == 1


def test_a_clinic_without_cards_offers_what_it_can(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        allow_at_clinic()
    page = check(browser, rowan, "full")
    done = page.press("Pay at the clinic instead", terms="1")
    assert done.h1 == "You’re booked, Cleo"
    assert "To pay at the clinic £80" in done.text


def test_pay_at_the_clinic_after_coming_back_ends_the_session(
    till: Till, browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    with inside(rowan):
        allow_at_clinic()
    page = check(browser, rowan, "full")
    page.press("Pay £80", terms="1")
    done = browser.get(page.path).press("Pay at the clinic instead", terms="1")
    assert done.h1 == "You’re booked, Cleo"
    assert {s["status"] for s in till.sessions()} == {"expired"}


@action
def allow_at_clinic() -> None:
    db.session.query(Service).filter_by(slug="full").one().or_at_clinic = True


def test_giving_up_frees_the_time(till: Till, browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = check(browser, rowan, "full")
    page.press("Pay £80", terms="1")
    gone = browser.get(page.path).press("Give up this time")
    assert gone.h1 == "You’ve given this time up"
    assert "Nothing was charged." in gone.text
    assert {s["status"] for s in till.sessions()} == {"expired"}
    assert page.press("Give up this time").h1 == "You’ve given this time up"
    assert gone.follow("See all times").h1 == "When would suit you?"
    with inside(rowan):
        booked(rowan, who=DORA)


def test_giving_up_what_was_paid_in_another_tab_is_a_booking(till: Till, browser: Browser, rowan: Clinic) -> None:
    page = check(browser, rowan, "full")
    away = page.press("Pay £80", terms="1")
    stale = browser.get(page.path)
    till.press(away.url)
    assert stale.press("Give up this time").h1 == "You’re booked, Cleo"


def test_an_expired_session_offers_the_same_time_and_near_ones(
    till: Till, browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    page = check(browser, rowan, "full")
    page.press("Pay £80", terms="1")
    late = NOW + timedelta(minutes=40)
    till.at(late)
    with later(minutes=40):
        with inside(rowan):
            run_due(("hold.end", "payment.reconcile"), now=late)
        back = browser.get(page.path.replace("/pay", "/return"))
        assert back.h1 == "This time is no longer held"
        assert len(back.starts()) == 3
        again = back.follow("Try this time again")
        assert again.h1 == "Check before you pay"
        moved = back.choose(back.starts()[0])
        assert moved.h1 == "Check before you pay"
        assert "Cleo Marsh" in moved.text


def test_money_too_late_for_the_time_goes_back(till: Till, browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = check(browser, rowan, "full")
    away = page.press("Pay £80", terms="1")
    till.press(away.url)
    with inside(rowan):
        lose(rowan)
    with later(minutes=1):
        with inside(rowan):
            for event in till.events():
                till.deliver(event, now=NOW + timedelta(minutes=1))
        back = browser.get(page.path.replace("/pay", "/return"))
        assert back.h1 == "Your money is on its way back"
        assert "We’ve sent £80 back to your card." in back.text
        own = browser.get(page.path.removesuffix("/pay"))
        assert own.h1 == "This time is no longer held"
        assert "Nothing was charged" not in own.text
        assert "£80 is on its way back" in own.text
        assert len(back.starts()) == 3
        assert back.choose(back.starts()[0]).path.endswith("/details")


@action
def lose(clinic: Clinic) -> None:
    """The hold ended without Stripe's knowledge, and Dora came: what clocks that differ can do."""
    booking = db.session.query(Booking).one()
    booking.status, booking.paying = "expired", False
    db.session.flush()
    other = held(clinic, "desk")
    other.hold_expires_at = NOW + timedelta(hours=2)
