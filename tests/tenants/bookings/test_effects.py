from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import select, update

from saas import outbox
from saas.db import action, db
from saas.jobs import drain
from saas.links import hash_of
from saas.mail import Mail, outgoing
from saas.outbox import emit
from saas.tenancy import current_tenant
from tenants.bookings import effects, letters
from tenants.bookings.actions import confirm
from tenants.bookings.checkout import settle_attempt, start_payment
from tenants.bookings.models import Booking
from tenants.bookings.moves import cancel, reschedule
from tenants.bookings.rules import Details
from tenants.clients.models import Client
from tenants.clinic.actions import save_envelope, save_mail_text, save_notices, save_profile
from tenants.clinic.models import Clinic as ClinicRow
from tenants.clinic.notices import Envelope, Notices
from tenants.clinic.rules import Profile
from tenants.payments.models import Refund
from tenants.payments.refunds import refund_done
from tenants.practitioners.models import Practitioner
from tests.cast import Clinic
from tests.till import CLEO, attempts, book, open_till

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
# Words that would tell a stranger who reads along what kind of clinic this is, or how somebody is.
TELLING = re.compile(
    r"therap|cranio|sacral|somato|emotion|\bCST\b|\bSER\b|health|pain|trauma|treatment|Desk session", re.IGNORECASE
)


@pytest.fixture(autouse=True)
def fresh(app: Flask) -> None:
    app.extensions.pop("longtide_outgoing", None)


@pytest.fixture
def post(app: Flask, at_rowan: Clinic) -> Callable[[datetime], list[Mail]]:
    """Run everything due at an instant; the mails that went out."""

    def deliver(now: datetime) -> list[Mail]:
        before = len(outgoing())
        drain(app, {**OTHERS, **effects.HANDLERS}, now)
        waiting = outbox.counts(now=now)
        assert waiting["dead"] == 0
        return outgoing()[before:]

    return deliver


def _elsewhere(effect: outbox.Effect, *, now: datetime) -> None:
    """What other rooms do about holds and money has tests of its own."""


OTHERS = dict.fromkeys(("hold.end", "payment.reconcile", "refund.send"), _elsewhere)
Deliver = Callable[[datetime], list[Mail]]


def booked(clinic: Clinic, *, now: datetime, details: Details = CLEO, day: int = 2, service: str = "desk") -> Booking:
    booking_id = book(clinic, now=now, service=service, day=day, details=details)
    return confirm(booking_id=booking_id, how="free" if service == "talk" else "at_clinic", now=now)


def to(mails: list[Mail], name: str) -> list[Mail]:
    return [mail for mail in mails if mail.to_email.startswith(name)]


def calendar_of(mail: Mail) -> Calendar:
    (file,) = mail.attachments
    found = Calendar.from_ical(file.data)
    assert isinstance(found, Calendar)
    return found


def test_a_booking_is_confirmed_by_mail_with_a_calendar_file(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now)
    (mail,) = to(post(now), "cleo")
    assert mail.subject == "Wednesday 25 March, 10:00"
    assert (mail.to_name, mail.from_name, mail.reply_to) == ("Cleo Hart", "Rowan", "hello@rowan.example")
    for part in (mail.text, mail.html):
        assert "Hello Cleo," in part
        assert "Wednesday 25 March, 10:00 to 11:00" in part
        assert "Leeds time" in part
        assert "Ben Ashby" in part
        assert "1 Rowan Lane, Leeds LS1 1AA" in part
        assert "£60" in part
        assert "Free to change or cancel until Tuesday 24 March, 10:00" in part
        (address,) = set(re.findall(r"http://localhost/c/rowan/b/([\w-]+)", part))
        assert hash_of(address) == db.session.get_one(Booking, booking.id).link_hash
    (file,) = mail.attachments
    assert file.content_type == "text/calendar; method=PUBLISH; charset=utf-8"
    entry = calendar_of(mail).events[0]
    assert str(entry["SUMMARY"]) == "Session at Rowan"
    assert entry["UID"] == f"{booking.id}@longtide"
    assert b"/b/" not in file.data


def test_no_mail_tells_what_kind_of_clinic_it_is(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now, details=replace(CLEO, note="My back pain is a trauma"))
    mails = post(now)
    reschedule(booking_id=booking.id, starts_at=booking.starts_at + DAY, practitioner_id=None, who="client", now=now)
    mails += post(now + timedelta(minutes=3))
    later = now + 2 * DAY + HOUR
    mails += post(later)
    cancel(booking_id=booking.id, who="client", click="1", now=later)
    mails += post(later)
    assert len(mails) == 3 * 3 + 1
    for mail in mails:
        said = [mail.subject, mail.text, mail.html, *(file.data.decode() for file in mail.attachments)]
        assert not TELLING.search("\n".join(said).replace("session.ics", ""))
        assert "!" not in mail.subject + mail.text


def test_every_try_of_a_mail_bears_the_same_id_and_every_mail_its_own(
    app: Flask, post: Deliver, at_rowan: Clinic, now: datetime
) -> None:
    booked(at_rowan, now=now)
    mails = post(now)
    assert len({mail.message_id for mail in mails}) == len(mails) == 3
    effect = outbox.Effect(UUID(int=5), at_rowan.ref.id, "booking.confirmed", {"booking_id": str(_id())}, 1)
    for _ in range(2):
        effects.confirmed(effect, now=now)
    assert outgoing()[-1].message_id == outgoing()[-2].message_id == f"<{UUID(int=5)}@longtide.example>"


def _id() -> UUID:
    return db.session.execute(select(Booking.id)).scalar_one()


def test_two_changes_within_the_grace_make_one_mail(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now)
    post(now)
    for minutes, hours in ((0, 1), (2, 3)):
        reschedule(
            booking_id=booking.id, starts_at=booking.starts_at + hours * HOUR, practitioner_id=None, who="client",
            now=now + timedelta(minutes=minutes),
        )  # fmt: skip
        db.session.rollback()
    assert post(now + timedelta(minutes=2, seconds=59)) == []
    (mail,) = to(mails := post(now + timedelta(minutes=5)), "cleo")
    assert len(mails) == 3
    assert mail.subject == f"Moved to {_when(booking.id)}"
    assert "It was on Wednesday 25 March, 10:00. The new time is:" in mail.text
    assert calendar_of(mail).events[0]["SEQUENCE"] == 2
    assert post(now + HOUR) == []


def _when(booking_id: UUID) -> str:
    booking = db.session.get_one(Booking, booking_id, populate_existing=True)
    return f"Wednesday 25 March, {booking.wall_start:%H:%M}"


def test_changed_then_cancelled_is_told_as_cancelled_alone(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now)
    post(now)
    reschedule(booking_id=booking.id, starts_at=booking.starts_at + HOUR, practitioner_id=None, who="client", now=now)
    cancel(booking_id=booking.id, who="client", click="1", now=now)
    mails = post(now + HOUR)
    assert {mail.subject for mail in mails} == {"Cancelled: Wednesday 25 March, 11:00"}
    (mail,) = to(mails, "cleo")
    calendar = calendar_of(mail)
    assert (calendar["METHOD"], calendar.events[0]["STATUS"], calendar.events[0]["SEQUENCE"]) == (
        "CANCEL",
        "CANCELLED",
        2,
    )
    assert mail.attachments[0].content_type == "text/calendar; method=CANCEL; charset=utf-8"


def test_a_booking_cancelled_before_the_worker_came_is_not_confirmed(
    post: Deliver, at_rowan: Clinic, now: datetime
) -> None:
    booking = booked(at_rowan, now=now)
    cancel(booking_id=booking.id, who="client", click="1", now=now)
    assert {mail.subject.partition(":")[0] for mail in post(now)} == {"Cancelled"}


def test_a_reminder_goes_out_a_day_before_the_present_start(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now, day=3)
    post(now)
    reschedule(
        booking_id=booking.id, starts_at=booking.starts_at + DAY, practitioner_id=None, who="client", now=now + HOUR
    )
    post(now + 2 * HOUR)
    moved = db.session.get_one(Booking, booking.id, populate_existing=True).starts_at
    assert post(moved - 2 * DAY + HOUR) == []
    assert post(moved - DAY - timedelta(seconds=1)) == []
    (mail,) = post(moved - DAY)
    assert mail.subject == "A reminder: Friday 27 March, 10:00"
    assert mail.attachments == ()
    assert post(moved) == []


def test_no_reminder_for_a_booking_made_within_the_day(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now, day=1)
    starts = booking.starts_at
    soon = confirm(booking_id=book(at_rowan, now=now, service="desk", day=0, hour=14), how="at_clinic", now=now)
    assert soon.starts_at - now < DAY
    post(now)
    assert [mail.subject for mail in post(starts - timedelta(minutes=1))] == ["A reminder: Tuesday 24 March, 10:00"]


def test_a_late_or_stale_reminder_says_nothing(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now, day=4)
    post(now)

    @action
    def ask(sequence: int) -> None:
        emit("booking.reminder", run_at=now, booking_id=booking.id, sequence=sequence)

    ask(7)
    assert post(now) == []
    starts = booking.starts_at
    assert post(starts - DAY - timedelta(minutes=1)) == []
    assert len(post(starts - 2 * HOUR)) == 1, "late, and still of use"
    ask(0)
    assert post(starts) == []


def test_bookings_made_before_follow_the_times_that_hold(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now, day=4)
    starts = booking.starts_at
    save_notices(wanted=Notices(None), now=now)
    assert to(post(starts - DAY), "cleo")[1:] == []
    save_notices(wanted=Notices(20, 2), now=starts - 21 * HOUR)
    assert post(starts - 21 * HOUR) == []
    assert len(post(starts - 20 * HOUR)) == 1
    save_notices(wanted=Notices(48, 3), now=starts - 19 * HOUR)
    assert post(starts - 19 * HOUR) == [], "the first was sent"
    assert len(post(starts - 3 * HOUR)) == 1
    assert post(starts) == []


def test_what_the_clinic_did_waits_for_the_morning_and_an_answer_does_not(
    post: Deliver, at_rowan: Clinic, now: datetime
) -> None:
    save_notices(wanted=Notices(24, None, "20:00", "07:00"), now=now)
    night = now.replace(hour=22, minute=0)
    morning = night.replace(hour=7) + DAY
    mine = booked(at_rowan, now=night, day=3)
    theirs = booked(at_rowan, now=night, day=4, details=replace(CLEO, name="Dora Lane", email="dora@example.com"))
    assert {mail.to_email for mail in post(night)} >= {"cleo@example.com", "dora@example.com"}
    cancel(booking_id=mine.id, who="client", click="1", now=night)
    cancel(booking_id=theirs.id, who="staff", click="2", now=night)
    mails = post(night + timedelta(minutes=1))
    assert len(to(mails, "cleo")) == 1
    assert to(mails, "dora") == []
    assert to(mails, "hello"), "the team hears at once"
    (mail,) = post(morning)
    assert (mail.to_email, mail.subject.partition(":")[0]) == ("dora@example.com", "Cancelled")


def test_the_outside_of_a_mail_says_what_the_clinic_chose(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    save_envelope(wanted=Envelope("Ben", "From Ben"), services=[], now=now)
    booked(at_rowan, now=now)
    mails = post(now)
    (mail,) = to(mails, "cleo")
    assert (mail.from_name, mail.subject) == ("Ben", "From Ben: Wednesday 25 March, 10:00")
    assert str(calendar_of(mail).events[0]["SUMMARY"]) == "Session at Ben"
    assert {(one.from_name, one.subject) for one in to(mails, "hello")} == {
        ("Rowan", "New booking: Wednesday 25 March, 10:00")
    }


@pytest.mark.parametrize(
    "details,words",
    [
        (replace(CLEO, phone="0113 200 0001", reach="phone"), "Phone only: please ring."),
        (replace(CLEO, phone="0113 200 0001", reach="text"), "Text messages only"),
    ],
)
def test_who_asked_for_no_mail_gets_none_of_any_kind(
    post: Deliver, at_rowan: Clinic, now: datetime, details: Details, words: str
) -> None:
    booking = booked(at_rowan, now=now, details=details)
    mails = post(now)
    reschedule(booking_id=booking.id, starts_at=booking.starts_at + HOUR, practitioner_id=None, who="staff", now=now)
    mails += post(now + HOUR)
    mails += post(booking.starts_at - DAY + HOUR)
    cancel(booking_id=booking.id, who="staff", click="1", now=now)
    _ask_for("booking.refunded", booking.id, now)
    _ask_for("booking.lost", booking.id, now)
    mails += post(now + 2 * DAY)
    assert to(mails, "cleo") == []
    assert len(mails) == 6
    assert all(words in mail.text and words in mail.html for mail in mails)


@action
def _ask_for(kind: str, booking_id: UUID, now: datetime) -> None:
    emit(kind, run_at=now, booking_id=booking_id)


def test_a_client_without_an_address_is_for_the_clinic_to_ring(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now)
    _set(Client, booking.client_id, email_sealed=None)
    mails = post(now)
    assert sorted(mail.to_email for mail in mails) == ["ben@rowan.example", "hello@rowan.example"]
    assert all("There is no email address: please ring." in mail.text for mail in mails)


@action
def _set(model: type, row_id: UUID | None, **values: object) -> None:
    db.session.execute(update(model).where(model.id == row_id).values(**values))  # type: ignore[attr-defined]


def test_staff_read_a_first_name_and_an_initial(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now)
    notices = [mail for mail in post(now) if mail.to_email != "cleo@example.com"]
    assert sorted(mail.to_email for mail in notices) == ["ben@rowan.example", "hello@rowan.example"]
    for mail in notices:
        assert mail.subject == "New booking: Wednesday 25 March, 10:00"
        for part in (mail.text, mail.html):
            assert "Cleo H." in part
            assert "Hart" not in part
            assert "cleo@example.com" not in part
            assert "/b/" not in part
            assert f"http://localhost/c/rowan/manage/bookings/details/?id={booking.id}" in part
        assert mail.attachments == ()


def test_the_notices_address_is_a_page_of_the_back_office(
    client: FlaskClient, post: Deliver, at_rowan: Clinic, now: datetime
) -> None:
    address = letters.links_of(booked(at_rowan, now=now)).office.removeprefix("http://localhost")
    answer = client.get(address)
    assert answer.status_code in (302, 303)
    assert "/login" in answer.headers["Location"] or "/log-in" in answer.headers["Location"]


def test_one_address_gets_one_notice_and_none_gets_none(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    _set(Practitioner, at_rowan.practitioners["ben"], email="HELLO@rowan.example")
    booked(at_rowan, now=now)
    assert sorted(mail.to_email for mail in post(now)) == ["cleo@example.com", "hello@rowan.example"]
    _set(Practitioner, at_rowan.practitioners["ben"], email="")
    _clear_clinic_email()
    booked(at_rowan, now=now, day=3, details=replace(CLEO, name="Dora Lane", email="dora@example.com"))
    (mail,) = post(now)
    assert (mail.to_email, mail.reply_to) == ("dora@example.com", None)


@action
def _clear_clinic_email() -> None:
    db.session.execute(update(ClinicRow).values(email=""))


@pytest.mark.parametrize(
    "what,subject",
    [
        ("lost", "Paid too late: "),
        ("payment-mismatch", "Please look"),
        ("refund-failed", "Please look"),
        ("odd", "Please look"),
    ],
)
def test_other_news_about_money_reaches_the_clinic(
    post: Deliver, at_rowan: Clinic, now: datetime, what: str, subject: str
) -> None:
    booking = booked(at_rowan, now=now)
    post(now)

    @action
    def ask() -> None:
        emit("booking.notice", run_at=now, booking_id=booking.id, what=what)

    ask()
    mails = post(now)
    assert len(mails) == 2
    assert all(mail.subject.startswith(subject) for mail in mails)


def test_both_zones_are_told_when_they_differ(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now)
    _set(Booking, booking.id, client_zone="America/Los_Angeles")
    (mail,) = to(post(now), "cleo")
    for part in (mail.text, mail.html):
        assert "10:00 to 11:00" in part
        assert "Wednesday 25 March, 03:00 to 04:00, Los Angeles time" in part


@pytest.mark.parametrize("zone", ["Europe/London", "", "Nowhere/Land", "../etc/passwd", "x" * 64])
def test_no_other_zone_no_other_line(at_rowan: Clinic, now: datetime, zone: str) -> None:
    booking = booked(at_rowan, now=now)
    booking.client_zone = zone
    assert letters.other_zone_line(booking, locale="en_GB") is None
    db.session.rollback()


def test_a_mail_is_in_the_bookings_language(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    booking = booked(at_rowan, now=now)
    _set(Booking, booking.id, locale="de_DE")
    mails = post(now)
    (mail,) = to(mails, "cleo")
    assert mail.subject == "Mittwoch, 25. März, 10:00"
    assert "60\xa0£" in mail.text
    assert '<html lang="de-DE" dir="ltr">' in mail.html
    assert {other.subject for other in mails} == {mail.subject, "New booking: Wednesday 25 March, 10:00"}


def test_the_clinics_own_paragraph_stands_in_its_mail(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    save_mail_text(kind="confirmed", text="Ring the <blue> bell.\n\nMind the step.", now=now)
    booked(at_rowan, now=now)
    mails = post(now)
    (mail,) = to(mails, "cleo")
    assert "Ring the <blue> bell.\n\nMind the step." in mail.text
    assert "<p>Ring the &lt;blue&gt; bell.</p>" in mail.html
    assert all("bell" not in other.text for other in mails if other is not mail)


def test_odd_names_come_out_whole_and_harmless(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    save_profile(
        profile=Profile(
            headline="Quiet", lead="x", person="Ben", first_name="Ben", place="Leeds", phone="+441132000000",
            address="1 <b>Lane</b>; Leeds, LS1", email="hello@rowan.example",
        ),
        now=now,
    )  # fmt: skip
    details = Details(name='<script>alert(1)</script> "Q" =1+1', email="cleo@example.com", known_as="Zoë & <i>Co</i>")
    booked(at_rowan, now=now, details=details)
    for mail in post(now):
        assert "<script>" not in mail.html
        assert "<i>" not in mail.html
        assert "<b>Lane" not in mail.html
    (mail,) = to(outgoing(), "cleo")
    assert "Hello Zoë & <i>Co</i>," in mail.text
    assert rb"LOCATION:1 <b>Lane</b>\; Leeds\, LS1" in mail.attachments[0].data


def test_effects_of_what_is_gone_do_nothing(post: Deliver, at_rowan: Clinic, now: datetime) -> None:
    for kind in effects.HANDLERS:
        _ask_about_nobody(kind, now)
    assert post(now) == []


@action
def _ask_about_nobody(kind: str, now: datetime) -> None:
    emit(kind, run_at=now, booking_id=UUID(int=7), what="new", refund_id=UUID(int=8))


def test_a_neighbours_booking_is_nobody_here(
    post: Deliver, at_rowan: Clinic, thornfield: Clinic, inside: Inside, now: datetime
) -> None:
    booking = booked(at_rowan, now=now)
    post(now)
    with inside(thornfield):
        for kind in effects.HANDLERS:
            _ask_for_theirs(kind, booking.id, now)
        assert current_tenant().slug == "thornfield"
    assert post(now) == []


@action
def _ask_for_theirs(kind: str, booking_id: UUID, now: datetime) -> None:
    emit(kind, run_at=now, booking_id=booking_id, what="new")


def test_the_money_of_a_late_cancellation_is_told(
    app: Flask, post: Deliver, paid: Callable[[], UUID], now: datetime
) -> None:
    booking_id = paid()
    post(now)
    starts = db.session.get_one(Booking, booking_id).starts_at
    cancel(booking_id=booking_id, who="client", click="1", now=starts - HOUR)
    (mail,) = to(post(starts - HOUR), "cleo")
    for part in (mail.text, mail.html):
        assert "£40 is on its way back" in part
        assert "the clinic keeps £40" in part


def test_a_paid_booking_says_what_was_paid_and_its_refund_what_comes_back(
    app: Flask, post: Deliver, paid: Callable[[], UUID], now: datetime
) -> None:
    booking_id = paid()
    (mail,) = to(post(now), "cleo")
    assert "Paid: £80" in mail.text
    assert "To pay at the clinic" not in mail.text
    cancel(booking_id=booking_id, who="client", click="1", now=now)
    (mail,) = to(post(now), "cleo")
    assert "£80 is on its way back" in mail.text
    assert "keeps" not in mail.text
    refund_done(refund_id=_refund(), stripe_id="re_1", now=now)
    (mail,) = post(now)
    assert mail.subject == "£80 is on its way back"
    assert "We’ve sent £80 back" in mail.text


def _refund() -> UUID:
    return db.session.execute(select(Refund.id)).scalar_one()


@pytest.fixture
def paid(app: Flask, at_rowan: Clinic, now: datetime, tmp_path: Path) -> Iterator[Callable[[], UUID]]:
    """A booking of £80 that was paid by card, at the sandbox."""
    with open_till(app, tmp_path, now=now) as till:

        def pay() -> UUID:
            booking_id = book(at_rowan, now=now, day=2)
            till.press(start_payment(booking_id=booking_id, now=now))
            settle_attempt(attempt_id=attempts(booking_id)[0].id, now=now)
            return booking_id

        yield pay


def test_money_that_came_too_late_is_told_with_a_way_to_book_again(
    app: Flask, post: Deliver, paid: Callable[[], UUID], at_rowan: Clinic, now: datetime
) -> None:
    booking_id = paid()
    post(now)
    _set(Booking, booking_id, status="expired")
    _ask_for("booking.lost", booking_id, now)
    (mail,) = post(now)
    assert mail.subject == "£80 is on its way back"
    assert "http://localhost/c/rowan/" in mail.text
    assert "Wednesday 25 March, 10:00" in mail.text
    assert mail.attachments == ()
