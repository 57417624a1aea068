"""From a chosen time to a booking: details, more time, check, pay, give up, and the page after paying."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest

from saas.db import action, db
from tenants.clinic import actions as clinic_actions
from tenants.clinic.rules import PolicyRequest
from tenants.practitioners.models import Practitioner
from tenants.services.models import Service
from tests.browser import Browser
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import (
    DORA,
    TEN,
    TYPED,
    booked,
    check,
    details,
    effects,
    fresh,
    held,
    later,
    one,
    only_sqlite,
    token_of,
)
from tests.till import run_due

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
pytestmark = only_sqlite


def take(clinic: Clinic, *, now: datetime = NOW) -> None:
    """Dora takes the hour while nobody looks."""
    booked(clinic, who=DORA, now=now)


def test_details_say_until_when_the_time_is_kept(browser: Browser, rowan: Clinic) -> None:
    page = details(browser, rowan)
    assert page.title == "Your details, step 2 of 3, Rowan"
    assert "Tuesday 24 March, 10:00 is yours until 09:15." in page.text
    assert "Desk session 60 minutes with Ben Ashby" in page.text
    assert "£60 Free to change or cancel until Mon 23 Mar, 10:00" in page.text
    assert page.response.headers["Cache-Control"] == "no-store"
    assert page.response.headers["Referrer-Policy"] == "no-referrer"


def test_errors_stand_beside_their_fields_and_nothing_typed_is_lost(browser: Browser, rowan: Clinic) -> None:
    typed = {"name": "", "known_as": "C <b>", "email": "cleo", "phone": "+44", "note": "One\nstep, =1+1\n"}
    page = details(browser, rowan).press("Continue", **typed)
    assert page.status == 422
    assert page.title.startswith("Error: Your details")
    assert "A few answers need another look" in page.text
    assert "Enter your name" in page.text
    assert "Enter an email address like name@example.com" in page.text
    assert {name: page.values()[name].replace("\r", "") for name in typed} == typed
    assert 'aria-invalid="true"' in page.html
    assert page.press("Continue", **TYPED, phone="", note="").h1 == "Check before you book"


@pytest.mark.parametrize(
    "hostile", ["x" * 10_000, "\x00", "=cmd|' /C calc'!A0", "<script>x</script>", "a\r\nBcc: b", "\u202e"]
)
@pytest.mark.parametrize("field", ["name", "known_as", "email", "phone", "note"])
def test_odd_texts_are_refused_or_kept_as_text(browser: Browser, rowan: Clinic, field: str, hostile: str) -> None:
    page = details(browser, rowan).press("Continue", **{**TYPED, field: hostile})
    assert page.status in (200, 422)
    assert "<script>x" not in page.html
    if page.status == 200:
        assert page.h1 == "Check before you book"


def test_more_time_keeps_what_was_typed(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = details(browser, rowan).press("Hold it for 15 more minutes", name="Cleo", note="A slow start", email="cle")
    assert page.status == 200
    assert "is yours until 09:30" in page.text
    assert (page.values()["name"], page.values()["email"], page.values()["note"]) == ("Cleo", "cle", "A slow start")
    assert "another look" not in page.text
    page = page.press("Hold it for 15 more minutes", **TYPED)
    assert "is yours until 09:45" in page.text
    assert page.values()["email"] == "cleo@example.com"
    with inside(rowan):
        assert one(rowan).extensions == 2


def test_more_time_ends_after_ten_times_without_a_word_of_hurry(browser: Browser, rowan: Clinic) -> None:
    page = details(browser, rowan)
    for _ in range(10):
        page = page.press("Hold it for 15 more minutes")
    assert "is yours until 11:45" in page.text
    assert "Hold it for 15 more minutes" not in page.buttons()
    assert "There’s no rush." in page.text
    again = browser.post(page.path.replace("/details", "/extend"), {"form_token": page.values()["form_token"]})
    assert "is yours until 11:45" in again.text


def test_a_lapsed_hold_is_taken_again_without_a_word(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = details(browser, rowan)
    with later(minutes=16):
        with inside(rowan):
            run_due(("hold.end",), now=NOW + timedelta(minutes=16))
            assert one(rowan).status == "expired"
        shown = browser.get(page.path)
        assert "Tuesday 24 March, 10:00 was held for you until 09:15." in shown.text
        assert "if it is still free, it’s yours" in shown.text
        checked = page.press("Continue", **TYPED)
        assert checked.status == 200
        assert "Your time is held until 09:31." in checked.text


def test_gone_meanwhile_keeps_all_answers_and_moves_this_very_hold(
    browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    page = details(browser, rowan)
    with later(minutes=16):
        with inside(rowan):
            take(rowan, now=NOW + timedelta(minutes=16))
        lost = page.press("Continue", **TYPED, known_as="Cle", note="Slow")
        assert lost.status == 409
        assert lost.h1 == "Tuesday 24 March, 10:00 isn’t free any more"
        assert "Your details are saved. These are close:" in lost.text
        near = lost.starts()[:3]
        assert len(near) == 3
        assert TEN not in near
        checked = lost.choose(near[0])
        assert checked.h1 == "Check before you book"
        assert checked.path == page.path.replace("/details", "/pay")
        assert "Cleo Marsh" in checked.text
        back = checked.follow("Change name")
        assert (back.values()["known_as"], back.values()["note"]) == ("Cle", "Slow")


def test_gone_when_asking_for_more_time_loses_nothing_either(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = details(browser, rowan)
    with later(minutes=16):
        with inside(rowan):
            take(rowan, now=NOW + timedelta(minutes=16))
        whole = page.press("Hold it for 15 more minutes", **TYPED)
        assert (whole.status, "Your details are saved." in whole.text) == (409, True)
        half = page.press("Hold it for 15 more minutes", name="Cleo M")
        assert half.values()["name"] == "Cleo M"


def test_gone_at_the_check_page_and_gone_before_anything_was_typed(
    browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    checked = check(browser, rowan)
    with later(minutes=16):
        with inside(rowan):
            take(rowan, now=NOW + timedelta(minutes=16))
        for lost in (checked.press("Book this time", terms="1"), checked.press("Hold it for 15 more minutes")):
            assert lost.status == 409
            assert "Your details are saved." in lost.text
            assert lost.starts()


def test_the_check_page_shows_all_of_it(browser: Browser, rowan: Clinic) -> None:
    page = check(browser, rowan, phone="0113 200 0001", reach="text")
    for said in (
        "Session Desk session, 60 minutes", "When Tuesday 24 March, 10:00, Leeds time", "With Ben Ashby",
        "Name Cleo Marsh", "Mobile +441132000001", "How we reach you By text message", "To pay now Nothing",
        "To pay at the clinic £60", "Cancelling before Monday 23 March, 10:00 costs nothing.",
        "Your time is held until 09:15.",
    ):  # fmt: skip
        assert said in page.text
    assert page.follow("booking terms").h1 == "Booking terms"
    assert page.follow("Change time").status == 200
    assert page.follow("Change session").path == f"{rowan.home}/"


@pytest.mark.parametrize(
    "service, said",
    [
        ("full", "To pay now £80"), ("deposit", "To pay now £27 To pay at the clinic £63"),
        ("talk", "This session is free of charge, and so is cancelling it."),
    ],
)  # fmt: skip
def test_what_is_due_now_and_later(browser: Browser, rowan: Clinic, service: str, said: str) -> None:
    assert said in check(browser, rowan, service).text


def test_terms_are_agreed_to_first(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = check(browser, rowan)
    refused = page.press("Book this time")
    assert refused.status == 422
    assert "Tick the box to say that you agree to the booking terms" in refused.text
    assert refused.title.startswith("Error: ")
    done = refused.press("Book this time", terms="1")
    assert done.h1 == "You’re booked, Cleo"
    with inside(rowan):
        assert one(rowan).policy_accepted_at == NOW


def test_a_booking_without_paying_is_confirmed_once(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = check(browser, rowan)
    first, second = page.press("Book this time", terms="1"), page.press("Book this time", terms="1")
    assert first.h1 == "You’re booked, Cleo"
    assert "We’ve sent the details to cleo@example.com." in first.text
    assert second.h1 == "Your booking"
    with inside(rowan):
        assert [e.kind for e in effects("booking.confirmed")] == ["booking.confirmed"]
    for stale in ("/details", "/pay"):
        assert browser.get(first.path.replace("/return", stale)).h1 == "Your booking"


def test_a_free_session_needs_no_money(browser: Browser, rowan: Clinic) -> None:
    page = check(browser, rowan, "talk")
    assert page.press("Book this time", terms="1").h1 == "You’re booked, Cleo"


@pytest.mark.parametrize("reach", ["text", "phone"])
def test_who_wants_no_mail_is_promised_none(browser: Browser, rowan: Clinic, inside: Inside, reach: str) -> None:
    page = check(browser, rowan, reach=reach, phone="0113 200 0001").press("Book this time", terms="1")
    assert page.h1 == "You’re booked, Cleo"
    assert "You’ll get no email, as you asked." in page.text
    assert "cleo@example.com" not in page.text
    assert "in your confirmation" not in page.text
    own = page.follow("booking page")
    assert own.h1 == "Your booking"
    file = own.follow("Add to calendar")
    assert "booking page" in file.html.replace("\r\n ", "")


def test_an_address_known_before_is_shown_to_nobody_who_did_not_type_it(
    browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    with inside(rowan):
        booked(rowan, at=datetime(2026, 3, 25, 10, tzinfo=UTC))
    page = check(browser, rowan, name="Cleo Marsh", email="other@example.com", phone="+441132000001")
    done = page.press("Book this time", terms="1")
    assert "cleo@example.com" not in done.html
    assert "We’ve sent the details" in done.text


def test_price_and_policy_stay_as_they_were_shown(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = details(browser, rowan)
    with inside(rowan):
        clinic_actions.save_policy(
            policy=PolicyRequest(free_hours=72, late_fee_percent=100, no_show_percent=100), now=NOW
        )
        raise_price()
    checked = page.press("Continue", **TYPED)
    assert "£60" in checked.text
    assert "before Monday 23 March, 10:00 costs nothing" in checked.text
    assert "£60" in checked.press("Book this time", terms="1").text


@action
def raise_price() -> None:
    db.session.query(Service).filter_by(slug="desk").one().price_minor = 9900


def test_elsewhere_both_clocks_are_shown_on_the_way(browser: Browser, rowan: Clinic) -> None:
    query = "&p=ben&tz=America/New_York"
    both = ("10:00", "Tuesday 24 March, 06:00 to 07:00, New York time")
    first = details(browser, rowan, "desk", query)
    checked = first.press("Continue", **TYPED)
    done = checked.press("Book this time", terms="1")
    for page in (first, checked, done, browser.get(done.path.removesuffix("/return"))):
        assert all(said in page.text for said in both), page.text


def test_another_time_for_a_hold_keeps_person_and_zone(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    checked = check(browser, rowan, "desk", "&p=ben&tz=America/New_York")
    times = checked.follow("Change time")
    assert "Times are shown in New York time." in times.text
    moved = times.follow("Iris Ashby").follow("25").choose("2026-03-25T13:00Z")
    assert moved.h1 == "Check before you book"
    assert "With Iris Ashby" in moved.text
    assert "09:00 to 10:00, New York time" in moved.text
    assert "Times are in Leeds time." in times.follow("Show Leeds time").text
    with inside(rowan):
        assert one(rowan).practitioner_id == rowan.practitioners["iris"]


def test_a_hold_of_somebody_who_left_or_a_service_that_ended(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = details(browser, rowan)
    with inside(rowan):
        retire()
    assert page.press("Continue", **TYPED).h1 == "Check before you book"
    with later(minutes=16):
        lost = page.press("Continue", **TYPED)
        assert lost.status == 409
        assert "Your details are saved." in lost.text
        assert "Nothing free here yet" in lost.text
        assert browser.get(page.path.replace("/details", "/change")).status == 200
        assert browser.get(page.path.replace("/details", "/return")).status == 200


@action
def retire() -> None:
    db.session.query(Service).filter_by(slug="desk").one().active = False
    for person in db.session.query(Practitioner):
        person.active = False


def test_the_page_of_a_hold_leads_on(browser: Browser, rowan: Clinic) -> None:
    page = details(browser, rowan)
    own = browser.get(page.path.removesuffix("/details"))
    assert own.h1 == "Your time is held"
    assert "Two short steps are left." in own.text
    checked = own.follow("Finish booking").press("Continue", **TYPED)
    own = browser.get(own.path)
    assert "One short step is left." in own.text
    assert own.follow("Finish booking").path == checked.path
    with later(minutes=16):
        lapsed = browser.get(own.path)
        assert lapsed.h1 == "This time is no longer held"
        assert lapsed.follow("Try this time again").path == checked.path


POSTS = ("/extend", "/pay/at-clinic", "/give-up")


def test_what_writes_does_not_answer_get(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = held(rowan)
        token = token_of(booking)
    for leaf in POSTS:
        page = browser.get(f"{rowan.home}/b/{token}{leaf}")
        assert (page.status, page.h1) == (405, "That can’t be done from here")
    with inside(rowan):
        assert fresh(booking.id).status == "held"


@pytest.mark.parametrize("leaf", ["/details", "/pay", *POSTS, "/change", "/cancel"])
def test_every_form_asks_for_its_token(browser: Browser, rowan: Clinic, inside: Inside, leaf: str) -> None:
    with inside(rowan):
        booking, other = held(rowan), held(rowan, person="iris")
        address, elsewhere = (f"{rowan.home}/b/{token_of(b)}" for b in (booking, other))
    stolen = browser.get(f"{elsewhere}/details").values()["form_token"]
    for token in ("", stolen):
        refused = browser.post(address + leaf, {"form_token": token, "terms": "1", "start": TEN, **TYPED})
        assert refused.status == 400
    with inside(rowan):
        assert (fresh(booking.id).status, fresh(booking.id).typed) == ("held", {})


@pytest.mark.parametrize("token", ["x", "0" * 22, "é" * 22, "..%2f..", "a" * 4000])
def test_a_wrong_link_is_calmly_nothing(browser: Browser, rowan: Clinic, token: str) -> None:
    for leaf in ("", "/details", "/pay", "/return", "/change", "/cancel", "/calendar.ics"):
        assert browser.get(f"{rowan.home}/b/{token}{leaf}").status == 404


def test_a_link_opens_nothing_next_door(browser: Browser, rowan: Clinic, thornfield: Clinic, inside: Inside) -> None:
    with inside(rowan):
        token = token_of(held(rowan))
    assert browser.get(f"{thornfield.home}/b/{token}").status == 404
