"""The calendar's pages as staff use them, without script."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape
from uuid import UUID

import sqlalchemy as sa
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from saas.audit import Audit
from saas.db import db
from tenants.availability.models import TimeOff
from tenants.bookings.changes import cancel_by_staff, move_by_staff, settle_change
from tenants.bookings.models import Booking, BookingChange
from tenants.bookings.moves import reschedule
from tenants.bookings.rules import UNDO
from tenants.clients.models import Client
from tests.cast import NOW, Clinic
from tests.factories import make_clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import HOUR, TUESDAY_TEN, booked, fresh, held, only_sqlite
from tests.tenants.bookings.test_query_counts import asked
from tests.tenants.week.scenes import WEEK, client_named, fields, fill_week, said

pytestmark = only_sqlite
Made = dict[str, UUID]


def events(text: str) -> list[str]:
    """What stands in the calendar, in the order of its columns."""
    found = re.findall(r'<li class="ev ev--(\w+)[^>]*>.*?<time>([^<]+)<.*?<b>([^<]*)</b>', text, re.DOTALL)
    return [f"{kind} {time} {unescape(name)}" for kind, time, name in found]


def test_a_week_shows_sessions_holds_and_private_time(desk: FlaskClient, busy_week: Made) -> None:
    page = desk.get(f"{WEEK}/")
    assert events(page.text) == [
        "booked 14:00 Tom D.", "booked 16:00 Hana V.", "booked 09:00 Niamh F.", "booked 13:00 Priya S.",
        "held 16:00 Held", "booked 10:00 Eoin M.", "booked 09:00 Sam W.", "booked 13:00 Maya L.",
        "booked 10:00 Lena B.", "busy 12:00 Blocked",
    ]  # fmt: skip
    assert "23 to 29 March" in page.text
    assert "8 sessions this week. 1 time is held while someone books." in page.text
    assert "until 09:15" in page.text
    assert 'class="now at-12"' in page.text
    assert page.text.count('class="open ') == 5
    # First names and initials: the family name is on the booking's own page.
    assert "Vrba" not in page.text


def test_several_are_a_day_side_by_side_and_the_next_week_is_a_link_away(desk: FlaskClient, busy_week: Made) -> None:
    page = desk.get(f"{WEEK}/?p=all&d=2026-03-24")
    assert events(page.text) == ["booked 09:00 Niamh F.", "booked 13:00 Priya S.", "held 16:00 Held",
                                 "booked 10:00 Orla C."]  # fmt: skip
    assert "Tuesday 24 March" in page.text
    later = desk.get(f"{WEEK}/?d=2026-03-31")
    assert "No sessions this week." in later.text
    assert "Nobody has booked here yet." in later.text
    assert "30 March to 5 April" in later.text
    assert "23 to 29 March" in desk.get(f"{WEEK}/?d=99999-01-01&p=nobody").text


def test_a_week_without_hours_says_what_to_do(desk: FlaskClient, app: Flask, rowan: Clinic) -> None:
    page = desk.get(f"{WEEK}/?d=2026-03-17")
    assert "Nobody can book this week: there are no open hours." in page.text
    assert "Open some hours" in page.text


def test_a_practitioner_sees_the_own_calendar_only(
    client: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter
) -> None:
    log_in(client, rowan, "ben")
    page = client.get(f"{WEEK}/?p=all&p=iris&d=2026-03-24")
    assert "Orla" not in page.text
    assert "Iris" not in page.text
    assert "23 to 29 March" in page.text
    token = token_of(page)
    iris = busy_week["iris"]
    for path in ("booking/", "booking/move/", "booking/cancel/"):
        assert client.get(f"{WEEK}/{path}?id={iris}").status_code == 404
    for path, more in (("booking/turn/", {"verb": "arrive"}), ("booking/cancel/", {"reason": "other"}),
                       ("booking/move/", {"do": "move", "day": "2026-03-24", "time": "12:00"})):  # fmt: skip
        form = {"id": iris, "csrf_token": token, **more}
        assert client.post(f"{WEEK}/{path}", data=form).status_code == 404
    # Nor can a session of theirs be given to a colleague, or a client of a colleague's be found.
    theirs = {"id": busy_week["Tom Daly"], "csrf_token": token, "do": "move", "day": "2026-03-25", "time": "12:00"}
    answer = client.post(f"{WEEK}/booking/move/", data={**theirs, "practitioner": rowan.practitioners["iris"]})
    assert answer.status_code == 422
    looked = client.post(f"{WEEK}/add/", data={"csrf_token": token, "do": "find", "q": "orla"})
    assert "Orla Card" not in looked.text
    with inside(rowan):
        orla = db.session.execute(sa.select(Client.id).where(Client.name == "Orla Card")).scalar_one()
        assert fresh(iris).status == "confirmed"
    assert "Orla Card" not in client.get(f"{WEEK}/add/?client={orla}").text


def test_a_booking_is_moved_by_form_and_taken_back(
    desk: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter
) -> None:
    hana = busy_week["Hana Vrba"]
    page = desk.get(f"{WEEK}/booking/move/?id={hana}")
    free = re.findall(r'name="start" value="([^"]+)"', page.text)
    assert not [one for one in free if "T14:00Z" in one]
    answer = desk.post(f"{WEEK}/booking/move/", data={**fields(page), "do": "move", "start": free[0],
                                                      "practitioner": rowan.practitioners["ben"]})  # fmt: skip
    assert answer.status_code == 303
    week = desk.get(answer.location)
    assert "Moved: Hana V. is now on Mon 23 Mar, 09:00." in said(week)
    assert "kept 16:00 Kept" in events(week.text)
    undo = re.search(r'name="change" value="([^"]+)"', week.text)
    assert undo
    back = desk.post(f"{WEEK}/undo/", data={"csrf_token": token_of(week), "change": undo[1]})
    again = desk.get(back.location)
    assert "Undone. The session is on Monday 23 March, 16:00." in said(again)
    assert "booked 16:00 Hana V." in events(again.text)
    late = desk.post(f"{WEEK}/undo/", data={"csrf_token": token_of(again), "change": undo[1]})
    assert late.status_code == 303


def test_whoever_sees_a_change_may_take_it_back_and_nobody_else(
    client: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter
) -> None:
    ben, iris = rowan.practitioners["ben"], rowan.practitioners["iris"]
    away, here = busy_week["Eoin Moss"], busy_week["iris"]

    def move(booking: UUID, to: UUID, at: datetime) -> str:
        asked = {"booking_id": booking, "starts_at": at, "practitioner_id": to, "seen": None, "now": NOW}
        return str(move_by_staff(**asked))  # type: ignore[arg-type]

    with inside(rowan):
        second = booked(rowan, "desk", TUESDAY_TEN + 4 * HOUR, who=client_named("Ida Ivy"), person="iris").id
        changes = {
            "to a colleague": (away, move(away, iris, fresh(away).starts_at), ben),
            "from a colleague": (here, move(here, ben, TUESDAY_TEN + HOUR), iris),
        }
        theirs = move(second, iris, TUESDAY_TEN + 5 * HOUR)
    log_in(client, rowan, "ben")
    page = client.get(f"{WEEK}/")
    form = {"csrf_token": token_of(page)}
    for name, (booking, change, back) in changes.items():
        assert f'value="{change}"' in page.text, name
        answer = client.post(f"{WEEK}/undo/", data={**form, "change": change})
        assert answer.status_code == 303, name
        assert "Undone. The session is on" in said(client.get(answer.location)), name
        with inside(rowan):
            assert fresh(booking).practitioner_id == back, name
    assert client.post(f"{WEEK}/undo/", data={**form, "change": theirs}).status_code == 404
    with inside(rowan):
        assert fresh(second).starts_at == TUESDAY_TEN + 5 * HOUR


def test_a_refused_time_says_why_and_keeps_what_was_typed(
    desk: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter
) -> None:
    hana = busy_week["Hana Vrba"]
    known = fields(desk.get(f"{WEEK}/booking/move/?id={hana}"))
    ben = rowan.practitioners["ben"]
    wanted = {
        ("2026-03-23", "14:30"): "14:00 to 15:00 is booked.",
        ("2026-03-27", "12:30"): "It meets time off from 12:00 to 13:00.",
        ("2026-03-28", "10:00"): "10:00 to 11:00 is outside the hours.",
        ("2026-03-20", "10:00"): "The day has passed.",
    }
    for (day, time), words in wanted.items():
        form = {**known, "do": "move", "practitioner": ben, "day": day, "time": time}
        answer = desk.post(f"{WEEK}/booking/move/", data=form)
        assert answer.status_code == 422
        assert words in said(answer), (day, time)
        assert f'value="{time}"' in answer.text
        assert "Error: " in answer.text
    for day, time, words in (("", "09:30", "Choose a day"), ("2026-03-24", "soon", "Type a time like 09:30"),
                             ("2026-03-24", "", "Choose one of the free times")):  # fmt: skip
        form = {**known, "do": "move", "practitioner": ben, "day": day, "time": time}
        answer = desk.post(f"{WEEK}/booking/move/", data=form)
        assert (answer.status_code, words in said(answer)) == (422, True), words
    with inside(rowan):
        assert db.session.execute(sa.select(BookingChange.id)).first() is None


def test_who_comes_second_is_told(desk: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter) -> None:
    hana = busy_week["Hana Vrba"]
    move = fields(desk.get(f"{WEEK}/booking/move/?id={hana}"))
    cancel = fields(desk.get(f"{WEEK}/booking/cancel/?id={hana}"))
    with inside(rowan):
        reschedule(booking_id=hana, starts_at=TUESDAY_TEN, practitioner_id=None, who="client", now=NOW)
    typed = {**move, "do": "move", "day": "2026-03-25", "time": "12:00", "practitioner": rowan.practitioners["ben"]}
    answer = desk.post(f"{WEEK}/booking/move/", data=typed)
    assert answer.status_code == 409
    assert "It is now on Tuesday 24 March, 10:00, with Ben Ashby" in said(answer)
    assert 'value="12:00"' in answer.text
    answer = desk.post(f"{WEEK}/booking/cancel/", data={**cancel, "reason": "other"})
    assert answer.status_code == 409
    assert "It is now on Tuesday 24 March, 10:00, with Ben Ashby" in said(answer)
    # Pressed again with what stands now, it goes through.
    assert desk.post(f"{WEEK}/booking/cancel/", data={**fields(answer), "reason": "other"}).status_code == 303


def test_a_cancel_asks_why_and_waits(desk: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter) -> None:
    hana = busy_week["Hana Vrba"]
    page = desk.get(f"{WEEK}/booking/cancel/?id={hana}")
    assert "The client is told by email when three minutes have passed." in said(page)
    assert desk.post(f"{WEEK}/booking/cancel/", data=fields(page)).status_code == 422
    answer = desk.post(f"{WEEK}/booking/cancel/", data={**fields(page), "reason": "clinic"})
    week = desk.get(answer.location)
    assert "Cancelled: Hana V., Mon 23 Mar, 16:00." in said(week)
    assert "Undo (until 09:03)" in said(week)
    assert "going 16:00 Hana V." in events(week.text)
    booking = desk.get(f"{WEEK}/booking/?id={hana}")
    assert "It will be cancelled at 09:03." in said(booking)
    assert "Has arrived" not in booking.text
    refused = desk.post(f"{WEEK}/booking/move/", data={**fields(page), "do": "move", "day": "2026-03-25",
                                                       "time": "12:00", "seen": ""})  # fmt: skip
    assert refused.status_code == 409
    with inside(rowan):
        change = db.session.execute(sa.select(BookingChange)).scalar_one()
        assert (change.reason, change.account_id) == ("clinic", rowan.accounts["alma"])
        settle_change(change_id=change.id, now=NOW + UNDO)
        change_id = change.id
    late = desk.post(f"{WEEK}/undo/", data={"csrf_token": token_of(week), "change": change_id})
    assert "It was too late to undo this" in said(desk.get(late.location))
    assert "Hana" not in " ".join(events(desk.get(f"{WEEK}/").text))


def test_arrived_completed_and_no_show_are_one_press(
    desk: FlaskClient, app: Flask, rowan: Clinic, busy_week: Made, inside: Enter
) -> None:
    tom, hana = busy_week["Tom Daly"], busy_week["Hana Vrba"]
    page = desk.get(f"{WEEK}/booking/?id={tom}")
    assert "Did not come" not in page.text
    token = token_of(page)

    def press(booking: UUID, verb: str) -> TestResponse:
        return desk.post(f"{WEEK}/booking/turn/", data={"csrf_token": token, "id": booking, "verb": verb})

    assert press(tom, "no_show").status_code == 409  # it has not begun
    assert press(tom, "dance").status_code == 422
    assert "Tom D.: Arrived." in said(desk.get(press(tom, "arrive").location))
    assert press(tom, "complete").status_code == 409
    assert "Has arrived" not in desk.get(f"{WEEK}/booking/?id={busy_week['Niamh Ford']}").text  # tomorrow's
    assert press(busy_week["Niamh Ford"], "arrive").status_code == 409
    with time_machine.travel(NOW + 8 * HOUR, tick=False):
        desk = app.test_client()
        log_in(desk, rowan, "alma")
        token = token_of(desk.get(f"{WEEK}/"))
        assert "Did not come" in desk.get(f"{WEEK}/booking/?id={hana}").text
        assert "Tom D.: Completed." in said(desk.get(press(tom, "complete").location))
        for _twice in range(2):
            assert press(hana, "no_show").status_code == 303
    with inside(rowan):
        assert (fresh(tom).status, fresh(hana).status) == ("completed", "no_show")
        deeds = set(
            db.session.execute(sa.select(Audit.deed).where(Audit.account_id == rowan.accounts["alma"])).scalars()
        )
        assert {"read", "booking.arrived", "booking.completed", "booking.no_show"} <= deeds


def test_a_booking_is_added_for_somebody_new_and_for_somebody_known(
    desk: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter
) -> None:
    page = desk.get(f"{WEEK}/add/?d=2026-03-25&p=iris&t=09:40")
    assert 'value="09:40"' in page.text
    base = {**fields(page), "service": rowan.services["desk"], "practitioner": rowan.practitioners["iris"],
            "day": "2026-03-25", "time": "09:40", "reach": "email"}  # fmt: skip
    empty = desk.post(f"{WEEK}/add/", data={**base, "do": "book"})
    assert empty.status_code == 422
    assert "Enter the client’s name, or find them above" in said(empty)
    typed = {**base, "do": "book", "name": "Nora Quay", "phone": "0113 200 0033", "reach": "phone", "note": "stairs"}
    looked = desk.post(f"{WEEK}/add/", data={**typed, "do": "times"})
    assert all(words in looked.text for words in ("Nora Quay", "0113 200 0033", "stairs"))
    for _twice in range(2):
        answer = desk.post(f"{WEEK}/add/", data=typed)
        assert answer.status_code == 303
    week = desk.get(answer.location)
    assert "Booked for Wednesday 25 March, 09:40." in said(week)
    assert "booked 09:40 Nora Q." in events(week.text)
    found = desk.post(f"{WEEK}/add/", data={**base, "do": "book", "q": "hana", "looked": ""})
    assert found.status_code == 200
    hana = re.search(r'name="client_id" value="([^"]+)"[^>]*><span>Hana Vrba', found.text)
    assert hana
    by_phone = desk.post(f"{WEEK}/add/", data={**base, "do": "find", "q": "0113 200 0033"})
    assert "Nora Quay" in said(by_phone)
    for nobody in ("zzz", "%", "_", "x@", "0113", "nora@example.com", "a" * 300):
        lost = desk.post(f"{WEEK}/add/", data={**base, "do": "find", "q": nobody})
        assert (lost.status_code, "Nobody is found under" in said(lost)) == (200, True), nobody
    second = {**base, "click": "other", "do": "book", "client_id": hana[1], "day": "2026-03-24", "time": "15:00"}
    assert desk.post(f"{WEEK}/add/", data=second).status_code == 303
    clash = desk.post(f"{WEEK}/add/", data={**second, "click": "third", "practitioner": rowan.practitioners["ben"],
                                            "time": "15:30", "service": rowan.services["talk"]})  # fmt: skip
    assert clash.status_code == 422
    assert "This client has another booking then." in said(clash)
    with inside(rowan):
        assert len(db.session.execute(sa.select(Booking.id).where(Booking.source == "staff")).all()) == 2


def test_time_is_blocked_and_given_back(desk: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter) -> None:
    page = desk.get(f"{WEEK}/block/?d=2026-03-24&p=ben")
    base = {**fields(page), "practitioner": rowan.practitioners["ben"], "day": "2026-03-24"}
    for begins, ends, words in (("", "10:00", "Type a time like 09:30"), ("12:00", "11:00", "The end must be after")):
        answer = desk.post(f"{WEEK}/block/", data={**base, "begins": begins, "ends": ends})
        assert (answer.status_code, words in said(answer)) == (422, True)
    answer = desk.post(f"{WEEK}/block/", data={**base, "begins": "12:30", "ends": "15:00"})
    week = desk.get(answer.location)
    assert "This time is blocked. 1 session inside it stays: move or cancel it." in said(week)
    assert {"busy 12:30 Blocked", "booked 13:00 Priya S."} <= set(events(week.text))
    away = busy_week["away"]
    asked = desk.get(f"{WEEK}/block/remove/?id={away}")
    assert "Ben Ashby, from Friday 27 March, 12:00 until Friday 27 March, 13:00." in said(asked)
    assert desk.post(f"{WEEK}/block/remove/", data={"id": away, "csrf_token": token_of(asked)}).status_code == 303
    with inside(rowan):
        assert db.session.get(TimeOff, away) is None


def test_what_blocked_time_is_for_is_read_by_its_owner_and_not_at_the_desk(
    desk: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    page = desk.get(f"{WEEK}/block/?d=2026-03-24&p=ben")
    form = {**fields(page), "practitioner": str(rowan.practitioners["ben"]), "day": "2026-03-24"}
    form |= {"begins": "12:30", "ends": "15:00"}
    answer = desk.post(f"{WEEK}/block/", data={**form, "label": "x" * 61})
    assert (answer.status_code, "Use at most 60 characters" in said(answer)) == (422, True)
    assert desk.post(f"{WEEK}/block/", data={**form, "label": " With  Oona"}).status_code == 303
    week = f"{WEEK}/?p=ben&d=2026-03-24"
    assert events(desk.get(week).text) == ["busy 12:30 With Oona"]
    with inside(rowan):
        away = db.session.execute(sa.select(TimeOff.id)).scalar_one()
    assert "With Oona" in said(desk.get(f"{WEEK}/block/remove/?id={away}"))
    other = app.test_client()
    log_in(other, rowan, "fern")
    assert events(other.get(week).text) == ["busy 12:30 Blocked"]
    for path in (week, f"{WEEK}/block/", f"{WEEK}/block/remove/?id={away}"):
        page = other.get(path)
        assert page.status_code == 200
        assert [word for word in ("With Oona", "What for") if word in page.text] == []


def test_a_form_without_its_token_changes_nothing(
    desk: FlaskClient, rowan: Clinic, busy_week: Made, inside: Enter
) -> None:
    hana = busy_week["Hana Vrba"]
    for path, more in (("booking/turn/", {"verb": "arrive"}), ("booking/cancel/", {"reason": "other"}), ("undo/", {}),
                       ("booking/move/", {"do": "move", "day": "2026-03-25", "time": "12:00"}),
                       ("block/", {"day": "2026-03-25"}), ("add/", {"do": "book"})):  # fmt: skip
        answer = desk.post(f"{WEEK}/{path}", data={"id": hana, **more})
        assert answer.status_code in (422, 404), path
    with inside(rowan):
        assert (fresh(hana).status, fresh(hana).sequence) == ("confirmed", 0)
        assert db.session.execute(sa.select(BookingChange.id)).first() is None


def test_a_hold_has_a_page_and_no_deeds(desk: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        hold = held(rowan).id
        one = booked(rowan, at=TUESDAY_TEN + 2 * HOUR, who=client_named("Ada Low")).id
        cancel_by_staff(booking_id=one, reason="other", keep_fee=False, seen=None, now=NOW)
    page = desk.get(f"{WEEK}/booking/?id={hold}")
    assert page.status_code == 200
    assert "/booking/move/" not in page.text
    record = desk.get(f"/c/rowan/manage/bookings/details/?id={one}")
    assert f"/manage/week/booking/?id={one}" in record.text
    for wrong in ("", "x", UUID(int=5)):
        assert desk.get(f"{WEEK}/booking/?id={wrong}").status_code == 404


def test_a_full_week_asks_the_same_number_of_queries_as_an_empty_one(
    desk: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    pages = (f"{WEEK}/", f"{WEEK}/?p=all", f"{WEEK}/add/")
    empty = [asked(app, desk, page) for page in pages]
    with inside(rowan):
        fill_week(rowan)
    assert [asked(app, desk, page) for page in pages] == empty
    assert max(empty) <= 20


def test_a_clinic_without_practitioners_is_told_where_to_begin(client: FlaskClient, app: Flask, inside: Enter) -> None:
    with app.app_context():
        bare = make_clinic("bare", now=NOW, people=(), roles={"alma": "owner"})
    log_in(client, bare, "alma")
    assert "There is no calendar yet." in said(client.get("/c/bare/manage/week/"))
    assert "No session is offered yet." in said(client.get("/c/bare/manage/week/add/"))
    assert "There is no calendar yet." in said(client.get("/c/bare/manage/week/block/"))
