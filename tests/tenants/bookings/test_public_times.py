"""The landing page and the page on which a time is chosen, as somebody at home sees them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

import pytest
import time_machine

from saas.db import action, db
from tenants.availability.actions import set_override
from tenants.bookings.models import Booking
from tenants.clinic import actions as clinic_actions
from tenants.clinic.rules import PolicyRequest
from tenants.practitioners.models import Practitioner
from tenants.services.models import Service
from tests.browser import Browser, Page, read
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import DORA, TUESDAY_TEN, booked, held, one, only_sqlite

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
pytestmark = only_sqlite
TEN = "2026-03-24T10:00Z"


def landing(browser: Browser, clinic: Clinic) -> Page:
    return browser.get(f"{clinic.home}/")


@action
def retire(*, service: str | None = None, person: str | None = None) -> None:
    if service is not None:
        db.session.query(Service).filter_by(slug=service).one().active = False
    if person is not None:
        db.session.query(Practitioner).filter_by(slug=person).one().active = False


def close(now: datetime = NOW) -> None:
    clinic_actions.save_booking_rules(min_notice_min=0, horizon_days=60, accepting=False, now=now)


def test_the_landing_page_says_what_where_and_when(browser: Browser, rowan: Clinic) -> None:
    page = landing(browser, rowan)
    assert page.status == 200
    assert page.h1 == "Quiet work"
    assert "Full session 60 minutes, £80" in page.text
    assert "free of charge" in page.text
    assert "A deposit when you book, the rest at the clinic" in page.text
    assert "Change or cancel free of charge up to 24 hours before." in page.text
    times = page.follow("Monday 23 March, 09:00")
    assert times.path == f"{rowan.home}/book/deposit"
    assert "Monday 23 March" in times.text


def test_a_landing_page_without_services_offers_the_telephone(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        for slug in rowan.services:
            retire(service=slug)
    page = landing(browser, rowan)
    assert page.status == 200
    assert "Ben isn’t taking bookings online just now." in page.text
    assert page.links()["Call 0113 200 0000"] == "tel:+441132000000"
    assert "Choose a time" not in page.text


def test_a_clinic_that_accepts_nothing_says_so_everywhere(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    before = browser.get(f"{rowan.home}/book/desk?d=2026-03-24")
    with inside(rowan):
        close()
    assert "isn’t taking bookings online just now" in landing(browser, rowan).text
    times = browser.get(f"{rowan.home}/book/desk")
    assert (times.status, times.starts()) == (200, [])
    assert "isn’t taking bookings online just now" in times.text
    late = before.choose(TEN)
    assert late.status == 409
    assert "Tuesday 24 March, 10:00 isn’t free any more" in late.h1


def test_a_landing_page_without_openings_names_no_time(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        for person in ("ben", "iris"):
            retire(person=person)
    page = landing(browser, rowan)
    assert page.status == 200
    assert "Next free" not in page.text
    times = page.follow("Choose a time for Full session")
    assert times.status == 200
    assert "Nothing free here yet" in times.text
    assert "You can ask for a time on 0113 200 0000." in times.text


def test_times_show_the_soonest_days_and_one_day(browser: Browser, rowan: Clinic) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-24")
    assert page.h1 == "When would suit you?"
    assert page.title == "Choose a time, step 1 of 3, Rowan"
    soonest = ["2026-03-23T09:00Z", "2026-03-24T09:00Z", "2026-03-25T09:00Z"]
    assert page.starts()[:3] == soonest
    of_day = page.starts()[3:]
    assert of_day[0] == "2026-03-24T09:00Z"
    assert of_day[-1] == "2026-03-24T16:00Z"
    assert len(of_day) == 15
    assert "Tuesday 24 March, 15 free times" in page.text
    assert "Sunday 29 March, none free" in page.text
    assert "Times are in Leeds time." in page.text


def test_one_person_and_anyone(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        booked(rowan, person="ben")
    anyone = browser.get(f"{rowan.home}/book/desk?d=2026-03-24")
    assert TEN in anyone.starts()
    ben = anyone.follow("Ben Ashby")
    assert TEN not in ben.starts()
    iris = ben.follow("Iris Ashby")
    assert TEN in iris.starts()
    assert "Tuesday 24 March" in iris.text
    iris.choose(TEN)
    with inside(rowan):
        ids = [row.practitioner_id for row in db.session.query(Booking)]
    assert set(ids) == set(rowan.practitioners.values())


def test_the_only_person_of_a_service_is_named(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        retire(person="ben")
    page = browser.get(f"{rowan.home}/book/desk")
    assert "with Iris Ashby" in page.text
    assert "Anyone" not in page.text


def test_far_weeks_are_calm_and_lead_back(browser: Browser, rowan: Clinic) -> None:
    page = browser.get(f"{rowan.home}/book/desk")
    assert "23 March to 26 April" in page.text
    later = browser.get(next(a["href"] for a in read(page.html).all("a") if a.get("aria-label") == "Five weeks later"))
    assert "27 April to 31 May" in later.text
    assert later.starts()[3].startswith("2026-04-27")
    back = next(a["href"] for a in read(later.html).all("a") if a.get("aria-label") == "Five weeks earlier")
    assert "23 March to 26 April" in browser.get(back).text
    end = browser.get(f"{rowan.home}/book/desk?w=2027-03-01")
    assert end.status == 200
    assert "Nothing free here yet" in end.text
    assert "Ben opens new times about 9 weeks ahead." in end.text


@pytest.mark.parametrize(
    "query",
    [
        "d=soon", "d=9999-12-31", "d=0001-01-01", "w=x", "w=2026-02-30", "p=nobody", "p=", "tz=Mars/Olympus", "tz=",
        "tz=../etc", "d=2026-03-24&d=x", "k=1&_external=1&_scheme=ftp", "unknown=%F0%9F%8C%8A", "p=%ED%A0%80", "tz=%00",
    ],
)  # fmt: skip
def test_nonsense_in_the_query_is_left_out(browser: Browser, rowan: Clinic, query: str) -> None:
    page = browser.get(f"{rowan.home}/book/desk?{query}")
    if "%00" in query:
        assert page.status == 404
        return
    assert page.status == 200
    assert page.starts()[0] == "2026-03-23T09:00Z"
    assert "ftp" not in page.html


def test_a_service_that_is_offered_no_more_is_not_there(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-24")
    with inside(rowan):
        retire(service="desk")
    assert browser.get(f"{rowan.home}/book/desk").status == 404
    assert page.choose(TEN).status == 404
    assert browser.get(f"{rowan.home}/book/{'x' * 3000}").status == 404


def test_elsewhere_the_times_are_on_the_clock_there(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-24&tz=America/New_York")
    assert "Times are shown in New York time. Sessions are in person in Leeds." in page.text
    assert re.search(r"06:00 to 07:00", page.text)
    assert TEN in page.starts()
    day = page.follow("25")
    assert "tz=America/New_York" in day.url.replace("%2F", "/")
    back = page.follow("Show Leeds time")
    assert "Times are in Leeds time." in back.text
    page.choose(TEN)
    with inside(rowan):
        booking = one(rowan)
    assert (booking.client_zone, booking.zone, booking.starts_at) == ("America/New_York", "Europe/London", TUESDAY_TEN)


def test_a_taken_time_elsewhere_is_named_on_that_clock(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-24&tz=America/New_York&p=ben")
    with inside(rowan):
        held(rowan)
    late = page.choose(TEN)
    assert late.status == 409
    assert "Tuesday 24 March, 06:00 isn’t free any more" in late.h1
    assert "Times are shown in New York time." in late.text
    again = late.choose(late.starts()[0])
    assert again.path.endswith("/details")
    with inside(rowan):
        found = [(b.client_zone, b.practitioner_id) for b in db.session.query(Booking) if b.client_zone]
    assert found == [("America/New_York", rowan.practitioners["ben"])]


def test_a_day_of_the_far_zone_is_its_own(browser: Browser, rowan: Clinic) -> None:
    """Nine in Leeds is six in the evening in Tokyo, and four there is already the next day."""
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-25&tz=Asia/Tokyo")
    assert page.starts()[3] == "2026-03-24T15:00Z"
    assert "00:00 to 01:00" in page.text


@pytest.mark.parametrize("day, first", [("2026-03-27", "2026-03-27T09:00Z"), ("2026-03-30", "2026-03-30T08:00Z")])
def test_nine_is_nine_before_and_after_the_clocks_change(
    browser: Browser, rowan: Clinic, inside: Inside, day: str, first: str
) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d={day}")
    assert page.starts()[3] == first
    page.choose(first)
    with inside(rowan):
        assert one(rowan).wall_start == datetime.fromisoformat(f"{day}T09:00")


def test_the_night_the_clocks_change_has_no_hour_that_is_not(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    with inside(rowan):
        set_override(
            practitioner_id=rowan.practitioners["ben"], day=date(2026, 3, 29), windows=[("00:00", "04:00")], now=NOW
        )
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-29&p=ben")
    words = re.findall(r"(\d\d:\d\d) to (\d\d:\d\d)", page.text.partition("Sunday 29 March Morning")[2])
    assert words == [("00:00", "02:00"), ("00:30", "02:30"), ("02:00", "03:00"), ("02:30", "03:30"), ("03:00", "04:00")]


@pytest.mark.parametrize(
    "start, status",
    [
        ("", 422), ("now", 422), ("2026-03-24T10:00", 422), ("9999-99-99T99:99Z", 422), ("\x00", 422),
        ("2026-03-24T10:07Z", 409), ("2026-03-24T03:00Z", 409), ("2020-01-01T10:00Z", 409), ("2099-01-01T10:00Z", 409),
        ("2026-03-29T01:30Z", 409), ("0002-01-01T00:00Z", 409), ("9998-01-01T00:00Z", 409),
    ],
)  # fmt: skip
def test_a_start_that_is_not_offered_is_refused_beside_times_that_are(
    browser: Browser, rowan: Clinic, start: str, status: int
) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-24")
    form = page.values()
    answer = browser.post(f"{rowan.home}/book/desk?d=2026-03-24&k=1", {**form, "start": start})
    assert answer.status == status
    assert answer.title.startswith("Error: ")
    assert answer.starts()
    near = answer.starts()[0]
    assert answer.choose(near).path.endswith("/details")


def test_who_comes_late_is_offered_three_near_times(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-24&p=ben")
    with inside(rowan):
        booked(rowan, who=DORA)
    answer = page.choose(TEN)
    assert answer.status == 409
    assert "These are close:" in answer.text
    near = answer.html.partition("These are close:")[2].partition("</form>")[0]
    found = re.findall(r'value="(2026-[^"]+)"', near)[:3]
    assert found == answer.starts() == ["2026-03-24T09:00Z", "2026-03-24T11:00Z", "2026-03-24T11:30Z"]
    assert "<table" not in answer.html  # a crowd sees this page at once: it draws no month
    every = answer.follow("See all times")
    assert "Tuesday 24 March" in every.text
    assert TEN not in every.starts()


def test_a_double_tap_holds_one_time(browser: Browser, rowan: Clinic, inside: Inside) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-24")
    first, second = page.choose(TEN), page.choose(TEN)
    assert first.path == second.path
    other_tab = browser.get(f"{rowan.home}/book/desk?d=2026-03-24&p=ben")
    assert other_tab.choose("2026-03-24T12:00Z").path != first.path
    with inside(rowan):
        assert db.session.query(Booking).count() == 2


def test_a_form_needs_its_token_and_our_own_origin(browser: Browser, rowan: Clinic, thornfield: Clinic) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-03-24")
    token = page.values()["form_token"]
    address = f"{rowan.home}/book/desk"
    for forged in ("", "x", "0.0", "ffffffffffff.x", "\x00", token + "0", token.replace(".", ".0", 1)):
        refused = browser.post(address, {"start": TEN, "form_token": forged})
        assert refused.status == 400, forged
        assert "Nothing was changed" in refused.text
    other = browser.get(f"{rowan.home}/book/full").values()["form_token"]
    assert browser.post(address, {"start": TEN, "form_token": other}).status == 400
    assert browser.post(f"{thornfield.home}/book/desk", {"start": TEN, "form_token": token}).status == 400
    for header in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = browser.client.post(address, data={"start": TEN, "form_token": token}, headers=header)
        assert answer.status_code == 403


def test_a_page_left_open_for_days_still_works_and_for_weeks_does_not(browser: Browser, rowan: Clinic) -> None:
    page = browser.get(f"{rowan.home}/book/desk?d=2026-04-20")
    start = "2026-04-20T09:00Z"
    with time_machine.travel(datetime(2026, 3, 29, 9, tzinfo=UTC), tick=False):
        assert page.choose(start).path.endswith("/details")
    with time_machine.travel(datetime(2026, 4, 10, 9, tzinfo=UTC), tick=False):
        assert page.choose(start).status == 400


def test_many_tries_are_slowed_down(browser: Browser, rowan: Clinic) -> None:
    page = browser.get(f"{rowan.home}/book/desk")
    sent = {"form_token": page.values()["form_token"], "start": "x"}
    answers = [
        browser.client.post(f"{rowan.home}/book/desk", data=sent, environ_base={"REMOTE_ADDR": "203.0.113.7"})
        for _ in range(61)
    ]
    assert {answer.status_code for answer in answers[:60]} == {422}
    assert answers[60].status_code == 429
    assert int(answers[60].headers["Retry-After"]) > 0


def test_the_terms_say_what_the_clinic_promises(browser: Browser, rowan: Clinic) -> None:
    page = browser.get(f"{rowan.home}/terms")
    assert page.h1 == "Booking terms"
    assert "Up to 24 hours before the start" in page.text
    assert "the clinic keeps 50 per cent of the price" in page.text
    assert "<" not in page.text
    for name in ("Privacy", "Imprint"):
        assert page.follow(name).status == 200


def test_the_clinics_own_words_stand_in_the_terms_as_it_marked_them(
    browser: Browser, rowan: Clinic, inside: Inside
) -> None:
    with inside(rowan):
        request = PolicyRequest(24, 50, 100, terms="<h2>Parking</h2><p>Behind the house.</p><script>x</script>")
        clinic_actions.save_policy(policy=request, now=NOW)
    page = browser.get(f"{rowan.home}/terms")
    assert "<h2>Parking</h2>" in page.html
    assert "<script>x" not in page.html
