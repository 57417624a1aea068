"""The booking page and what can be done from it: another time, cancel, the calendar file."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from saas.db import action, db
from tenants.bookings import moves
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.clinic.actions import save_envelope
from tenants.clinic.notices import Envelope
from tenants.practitioners.models import Practitioner
from tenants.services.models import Service
from tests.browser import Browser, Page
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import (
    CLEO,
    DORA,
    HOUR,
    TUESDAY_TEN,
    at,
    booked,
    effects,
    fresh,
    held,
    link,
    move,
    one,
    only_sqlite,
    token_of,
)

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
pytestmark = only_sqlite
SILENT = Details(name="Sol Reed", email="sol@example.com", phone="+441132000009", reach="phone")
A_WEEK_ON = datetime(2026, 3, 31, 10, tzinfo=UTC)


STATES = {
    "held": "Your time is held",
    "confirmed": "Your booking",
    "arrived": "Your booking",
    "completed": "Thank you for coming",
    "no_show": "We missed you",
    "cancelled": "This booking is cancelled",
    "expired": "This time is no longer held",
}


@pytest.mark.parametrize("state", STATES)
def test_the_booking_page_in_each_state(browser: Browser, rowan: Clinic, inside: Inside, state: str) -> None:
    with inside(rowan):
        booking = held(rowan) if state in ("held", "expired") else booked(rowan)
        address = link(rowan, booking)
        if state not in ("held", "confirmed"):
            put(booking, state)
    page = browser.get(address)
    assert page.h1 == STATES[state]
    assert "Tuesday 24 March, 10:00 to 11:00" in page.text
    assert "Desk session with Ben Ashby. Leeds time." in page.text
    assert page.response.headers["Cache-Control"] == "no-store"
    assert "Desk session" not in page.title
    offered = ("Add to calendar", "Choose another time", "cancel")
    assert [words in page.links() for words in offered] == [state == "confirmed"] * 3
    assert ("Book another time" in page.links()) == (state in ("cancelled", "expired", "completed", "no_show"))
    assert ("Finish booking" in page.links()) == (state == "held")


@action
def put(booking: Booking, state: str) -> None:
    row = db.session.get_one(Booking, booking.id)
    row.status, row.ended_at, row.ended_by = state, NOW, "staff"


def test_google_is_told_nothing_that_tells(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        address = link(rowan, booked(rowan))
        save_envelope(wanted=Envelope("Ben"), services=[], now=NOW)
    google = browser.get(address).links()["Google Calendar"]
    assert google.startswith("https://calendar.google.com/calendar/render?")
    assert "Session+at+Ben" in google
    assert "Desk" not in google
    assert address.rpartition("/")[2] not in google


def test_a_booking_moves_after_a_question(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        address = link(rowan, booking)
    asked = move(browser.get(address), "2026-03-25", "2026-03-25T14:00Z")
    assert asked.h1 == "Move your booking?"
    assert "From Tuesday 24 March, 10:00 to 11:00" in asked.text
    assert "To Wednesday 25 March, 14:00 to 15:00 Leeds time" in asked.text
    with inside(rowan):
        assert fresh(booking.id).starts_at == TUESDAY_TEN
    done = asked.press("Move my booking")
    assert "Your booking has moved." in done.text
    assert "Wednesday 25 March, 14:00 to 15:00" in done.text
    again = asked.press("Move my booking")
    assert again.status == 200
    with inside(rowan):
        assert fresh(booking.id).sequence == 1
        assert len(effects("booking.changed")) == 1


def test_moving_keeps_person_and_zone_to_the_end(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        address = link(rowan, booking)
    times = browser.get(f"{address}/change?d=2026-03-25&tz=America/New_York").follow("Iris Ashby")
    assert "Times are shown in New York time." in times.text
    with inside(rowan):
        held(rowan, at=A_WEEK_ON - timedelta(days=6), person="iris")
    taken = times.choose("2026-03-25T10:00Z")
    assert taken.status == 409
    assert "Wednesday 25 March, 06:00 isn’t free any more" in taken.h1
    assert "Times are shown in New York time." in taken.text
    assert "Your booking stays as it is until you confirm a new time." in taken.text
    all_times = taken.follow("See all times")
    assert "Wednesday 25 March" in all_times.text
    assert "Times are shown in New York time." in all_times.text
    assert "2026-03-25T10:00Z" not in all_times.starts()
    asked = taken.choose(taken.starts()[0])
    assert "with Iris Ashby" in asked.text
    back = asked.follow("Choose a different time")
    assert "Times are shown in New York time." in back.text
    assert "2026-03-25T10:00Z" not in back.starts()
    done = asked.press("Move my booking")
    assert "Desk session with Iris Ashby" in done.text


def test_without_a_wish_the_same_person_stays(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan, person="iris")
        address = link(rowan, booking)
    asked = move(browser.get(address), "2026-03-25", "2026-03-25T14:00Z")
    assert "with Ben" not in asked.text
    asked.press("Move my booking")
    with inside(rowan):
        assert fresh(booking.id).practitioner_id == rowan.practitioners["iris"]


def test_a_client_elsewhere_sees_both_clocks_when_moving(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        set_zone(booking, "America/New_York")
        address = link(rowan, booking)
    page = browser.get(address)
    assert "Tuesday 24 March, 06:00 to 07:00, New York time" in page.text
    asked = move(page, "2026-03-30", "2026-03-30T14:00Z")
    assert "To Monday 30 March, 15:00 to 16:00" in asked.text
    assert "Monday 30 March, 10:00 to 11:00, New York time" in asked.text


@action
def set_zone(booking: Booking, zone: str) -> None:
    db.session.get_one(Booking, booking.id).client_zone = zone


def test_what_is_not_offered_is_no_time_to_move_to(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        address = link(rowan, booking)
    form = browser.get(f"{address}/change").values()
    for step in ("", "&step=confirm"):
        for start, status in (("", 422), ("soon", 422), ("2026-03-25T03:00Z", 409), ("2026-03-29T01:30Z", 409)):
            answer = browser.post(f"{address}/change?p=nobody{step}", {**form, "start": start})
            assert answer.status == status
            assert "Choose another time" in answer.title
            assert answer.starts()
    with inside(rowan):
        assert fresh(booking.id).starts_at == TUESDAY_TEN


def test_after_the_start_nothing_can_be_changed(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        address = link(rowan, booking)
    change, cancel = browser.get(f"{address}/change"), browser.get(f"{address}/cancel")
    with at(TUESDAY_TEN):
        page = browser.get(address)
        assert "Plans change." not in page.text
        for stale in (change.choose(change.starts()[-1]), cancel.press("Cancel my booking")):
            assert stale.h1 == "Your booking"
        for leaf in ("/change", "/cancel"):
            assert browser.get(address + leaf).h1 == "Your booking"
    with inside(rowan):
        assert fresh(booking.id).status == "confirmed"


def test_a_booking_of_what_is_offered_no_more_still_moves(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        address = link(rowan, booking)
        retire("ben")
    page = browser.get(address)
    assert page.status == 200
    asked = move(page, "2026-03-25", "2026-03-25T14:00Z")
    assert "with Iris Ashby" in asked.text
    with inside(rowan):
        retire("iris")
    gone = asked.press("Move my booking")
    assert gone.status == 409
    assert "Nothing free here yet" in gone.text
    assert browser.get(f"{address}/change").status == 200
    assert browser.get(f"{address}/cancel").press("Cancel my booking").h1 == "This booking is cancelled"


@action
def retire(person: str) -> None:
    db.session.query(Practitioner).filter_by(slug=person).one().active = False
    db.session.query(Service).filter_by(slug="desk").one().active = False


def ics(page: Page) -> tuple[str, int, str, bytes]:
    file = Calendar.from_ical(page.response.data)
    event: Any = file.walk("VEVENT")[0]
    return str(file["METHOD"]), int(event["SEQUENCE"]), str(event["STATUS"]), event["DTSTART"].to_ical()


def test_the_calendar_file_follows_the_booking(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        address = link(rowan, booking)
    page = browser.get(address)
    first = page.follow("Add to calendar")
    assert first.response.content_type == "text/calendar; method=PUBLISH; charset=utf-8"
    assert first.response.headers["Content-Disposition"] == 'attachment; filename="session.ics"'
    assert ics(first) == ("PUBLISH", 0, "CONFIRMED", b"20260324T100000")
    assert address.rpartition("/")[2] not in first.html
    move(page, "2026-03-30", "2026-03-30T09:00Z").press("Move my booking")
    assert ics(browser.get(f"{address}/calendar.ics")) == ("PUBLISH", 1, "CONFIRMED", b"20260330T100000")
    browser.get(f"{address}/cancel").press("Cancel my booking")
    assert ics(browser.get(f"{address}/calendar.ics")) == ("CANCEL", 2, "CANCELLED", b"20260330T100000")
    with inside(rowan):
        waiting = f"{rowan.home}/b/{token_of(held(rowan, person='iris'))}"
    assert browser.get(f"{waiting}/calendar.ics").status == 404


def test_two_moves_are_told_as_one_from_where_it_was_known(rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        for hours in (24, 48):
            moves.reschedule(
                booking_id=booking.id, starts_at=TUESDAY_TEN + hours * HOUR, practitioner_id=None, who="client", now=NOW
            )
        told = [effect.payload["was"] for effect in effects("booking.changed")]
        assert told == [int(TUESDAY_TEN.timestamp())] * 2
        mark_told()
        moves.reschedule(booking_id=booking.id, starts_at=A_WEEK_ON, practitioner_id=None, who="client", now=NOW + HOUR)
        assert effects("booking.changed")[-1].payload["was"] == int((TUESDAY_TEN + 48 * HOUR).timestamp())


@action
def mark_told() -> None:
    for effect in effects("booking.changed"):
        effect.done_at = NOW


def test_two_tabs_end_in_one_calm_state(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        address = link(rowan, booking)
    asked = move(browser.get(address), "2026-03-25", "2026-03-25T14:00Z")
    change = browser.get(f"{address}/change")
    browser.get(f"{address}/cancel").press("Cancel my booking")
    for stale in (asked.press("Move my booking"), change.choose(change.starts()[-1])):
        assert stale.h1 == "This booking is cancelled"
    with inside(rowan):
        assert (one(rowan).status, one(rowan).sequence) == ("cancelled", 1)


def test_a_client_by_telephone_reads_no_word_of_mails(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan, who=SILENT)
        address = link(rowan, booking)
    pages = [browser.get(address + leaf) for leaf in ("", "/change", "/cancel", "/return")]
    for page in pages:
        assert "sol@example.com" not in page.text
        assert "confirmation" not in page.text


def test_who_has_another_booking_then_is_told_nothing_of_it(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booking = booked(rowan)
        booked(rowan, at=TUESDAY_TEN + timedelta(days=1), who=CLEO, person="iris")
        booked(rowan, at=TUESDAY_TEN + timedelta(days=2), who=DORA, person="ben")
        address = link(rowan, booking)
    own = browser.get(f"{address}/change?d=2026-03-25")
    assert "2026-03-25T10:00Z" not in own.starts()
    assert "2026-03-26T10:00Z" in browser.get(f"{address}/change?d=2026-03-26").starts()
