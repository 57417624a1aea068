"""What the team sees of an intake: who may, in which order, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas.audit import Audit
from saas.db import action, db
from saas.jobs import drain
from saas.mail import outgoing
from saas.outbox import Outbox
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.intake.alert_effects import HANDLERS as ALERT_HANDLERS
from tenants.intake.alerts import raise_alert
from tenants.intake.answer_rows import put_answers, said_in
from tenants.intake.asking import Typed
from tenants.intake.assessing import kept_look, replay
from tenants.intake.effects import HANDLERS
from tenants.intake.flags import RuleSet
from tenants.intake.help_numbers import OwnNumber
from tenants.intake.late import keep_late
from tenants.intake.models import Intake, IntakeFlags
from tenants.intake.questions import Answer
from tenants.intake.reviewing import plan_reminder, reviews_of, standing_of
from tenants.intake.rule_sets import add_rules
from tenants.intake.settings import Contact, IntakeSettings, save_settings
from tenants.intake.shipped_rules import shipped_rules
from tenants.intake.touch import TouchLimits, touch_history, touch_of
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import HOUR, booked, fresh, only_sqlite
from tests.tenants.intake.asked import kept_looks
from tests.tenants.review.scenes import ACUTE, CALM, LUMBAR, an_intake, answer, sent_in

pytestmark = only_sqlite
As = Callable[[str], FlaskClient]
HOME = "/c/rowan/manage/intakes/"
IRIS = Details(name="Dora Lind", email="dora@example.com")
NIA = Details(name="Nia Holt", email="nia@example.com")
CLINICAL = re.compile(r"lumbar|harm|puncture|pregnan|paracetamol|Cleo|trauma|health|SER\b", re.IGNORECASE)


def said(page: TestResponse) -> str:
    """The page's main part as it is read."""
    main = page.text[page.text.index("<main") :]
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main)))


def mark_in(page: TestResponse) -> str:
    found: list[str] = re.findall(r'name="seen" value="([^"]*)"', page.text)
    return found[-1]


def headings(page: TestResponse) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]*)<", page.text)


def looks() -> list[str]:
    """The sections of each recorded look, in order."""
    found = select(Audit.facts).where(Audit.deed == "read", Audit.target == "intake").order_by(Audit.at, Audit.id)
    return [facts.get("sections", "") for facts in db.session.execute(found).scalars()]


@pytest.fixture
def as_(app: Flask, frozen: None, rowan: Clinic) -> As:
    """A browser in which this person is logged in."""

    def enter(name: str) -> FlaskClient:
        browser = app.test_client()
        log_in(browser, rowan, name)
        return browser

    return enter


@pytest.fixture
def ben(as_: As) -> FlaskClient:
    return as_("ben")


def test_one_page_has_opt_outs_first_then_what_is_grave_and_each_flag_says_why(
    ben: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        intake = sent_in(rowan, {**LUMBAR, "j.harm": ACUTE["j.harm"]})
    page = ben.get(f"{HOME}open/?id={intake}")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "<title>Cleo Marsh" in page.text
    order = headings(page)
    wanted = ["Opt-outs and touch", "Now", "To be cleared first", "Take care", "Ask in person"]
    assert [one for one in order if one in wanted] == [one for one in wanted if one in order]
    assert order[0] == "Opt-outs and touch"
    assert {"Now", "To be cleared first"} <= set(order)
    assert '<details><summary><h2 id="fit-h">' in page.text
    plain = said(page)
    for words in (
        "Not to be touched: Jaw and Neck", "Their word or sign for stop: Red",
        "They prefer to talk about these in person",
        "Overwhelming?", "Next step", "Not a diagnosis and not evidence that SER will help", "not validated",
        "Paracetamol", "It is their first one.", "Answered on version 1, which is the newest.", "Your decision",
    ):  # fmt: skip
        assert words in plain, words
    with inside(rowan):
        assert looks() == ["d e f h j"]
    answers = ben.get(f"{HOME}answers/?id={intake}")
    assert "A lumbar puncture? Yes" in said(answers)
    with inside(rowan):
        assert looks() == ["d e f h j", "d e f h j"]


def test_the_rules_look_again_on_a_press_and_say_what_is_otherwise(
    ben: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        intake = sent_in(rowan, LUMBAR)
        first = kept_looks(db.session.get_one(Intake, intake))[-1]
    page = ben.get(f"{HOME}open/?id={intake}")
    sent = {"csrf_token": token_of(page), "id": str(intake)}
    same = ben.post(f"{HOME}look-again/", data=sent, follow_redirects=True)
    assert "find the same as before" in said(same)
    assert "The rules looked again" not in headings(same)
    with inside(rowan):
        ours = shipped_rules()
        fewer = tuple(one for one in ours.rules if one.id != "C-CSF")
        graver = tuple(replace(one, severity="high") if one.id == "P-SCOPE" else one for one in fewer)
        add_rules(RuleSet("ours@2", graver, ours.bands), now=NOW, published_at=NOW)
        db.session.commit()
    again = ben.post(f"{HOME}look-again/", data=sent, follow_redirects=True)
    assert "The rules looked again" in headings(again)
    assert "Gone" in said(again)
    with inside(rowan):
        looks_ = kept_looks(db.session.get_one(Intake, intake))
        assert [one.why for one in looks_] == ["submitted", "rules"]
        assert looks_[0] == first
        rows = db.session.scalars(select(IntakeFlags).order_by(IntakeFlags.number))
        assert [replay(row) for row in rows] == [one.look for one in looks_]
        deeds = db.session.scalars(select(Audit.facts).where(Audit.deed == "intake.assessed").order_by(Audit.at))
        assert [facts["why"] for facts in deeds][-1] == "rules"


def test_a_calm_intake_shows_fit_open_and_a_decision_closes_it(
    ben: FlaskClient, rowan: Clinic, inside: Enter, app: Flask
) -> None:
    with inside(rowan):
        intake = sent_in(rowan)
    page = ben.get(f"{HOME}open/?id={intake}")
    assert "<details>" not in page.text
    form = {"csrf_token": token_of(page), "id": str(intake), "seen": mark_in(page)}
    refused = ben.post(f"{HOME}review/", data={**form, "outcome": "changes", "notes": "She was calm."})
    assert (refused.status_code, "Say what will be different" in said(refused)) == (422, True)
    assert "She was calm." in refused.text
    assert ben.post(f"{HOME}review/", data={**form, "outcome": "no-such"}).status_code == 422
    late = ben.post(f"{HOME}review/", data={**form, "seen": "0", "outcome": "proceed", "notes": "Kept words"})
    assert (late.status_code, "Kept words" in late.text) == (409, True)
    assert ben.post(f"{HOME}review/", data={**form, "outcome": "proceed", "words": "thanks"}).status_code == 303
    second = ben.post(f"{HOME}review/", data={**form, "outcome": "refer", "notes": "Too late"})
    assert (second.status_code, "Too late" in second.text, "Something is new" in said(second)) == (409, True, True)
    with inside(rowan):
        row = db.session.get_one(Intake, intake)
        assert (row.review_due, row.attention, row.reviewed_at) == (False, False, NOW)
        (kept,) = reviews_of(intake, row.client_id)
        assert (kept.by, kept.decision.outcome) == (rowan.accounts["ben"], "proceed")
    with inside(rowan):
        drain(app, HANDLERS, NOW)
        (mail,) = outgoing()
    assert mail.subject == "About your session"
    assert "Thank you for your answers." in mail.text
    assert "Nothing waits for a review." in said(ben.get(HOME))
    assert "Cleo Marsh" in said(ben.get(f"{HOME}?which=done"))
    assert "Proceed , Ben" in said(ben.get(f"{HOME}open/?id={intake}"))


def test_a_second_intake_says_what_has_changed(ben: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        sent_in(rowan, now=NOW - timedelta(days=30))
        next_time = booked(rowan, at=NOW + 30 * HOUR)
        again = sent_in(
            rowan,
            {**CALM, "h.touch": CALM["h.signal"], "d.meds": CALM["h.signal"]},
            booking=next_time,
        )
    plain = said(ben.get(f"{HOME}open/?id={again}"))
    assert "Medicines “Red” Before: “Paracetamol”" in plain
    assert "Since the time before: no longer: Jaw and Neck." in plain


def test_who_may_read_what(as_: As, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        intake = sent_in(rowan)
        other = sent_in(rowan, booking=booked(rowan, at=NOW + 26 * HOUR, person="iris", who=IRIS))
    client = as_("fern")
    assert "Cleo Marsh Intake needs review" in said(client.get(HOME))
    assert "open/?id=" not in client.get(HOME).text
    for place in ("open/", "answers/", "touch/"):
        assert client.get(f"{HOME}{place}?id={intake}&client={UUID(int=1)}").status_code == 403
    client = as_("ben")
    assert "Dora Lind" not in said(client.get(HOME))
    assert client.get(f"{HOME}open/?id={other}").status_code == 404
    assert client.get(f"{HOME}open/?id=nothing").status_code == 404
    client = as_("alma")
    assert client.get(f"{HOME}open/?id={other}").status_code == 200
    with inside(rowan):
        save_settings(wanted=IntakeSettings(first=Contact("Alma", "alma@rowan.example"), owner_reads=False), now=NOW)
    assert client.get(f"{HOME}open/?id={other}").status_code == 404
    assert "Dora Lind" in said(client.get(HOME))
    with inside(rowan):  # who is told of an alert may see what it is about, for as long as it is open
        raise_alert(intake_id=other, revision=1, now=NOW)
    assert f"open/?id={other}" in client.get(HOME).text
    assert "Dora Lind" not in said(as_("ben").get(HOME))
    page = client.get(f"{HOME}open/?id={other}")
    assert page.status_code == 200
    alert = re.findall(r'name="alert" value="([^"]+)"', page.text)
    form = {"csrf_token": token_of(page), "id": str(other), "alert": alert}
    refused = client.post(f"{HOME}seen/", data={**form, "note": "I am with her."})
    assert (refused.status_code, "I am with her." in refused.text) == (422, True)
    assert client.post(f"{HOME}seen/", data={**form, "done": "spoke"}).status_code == 303
    assert client.get(f"{HOME}open/?id={other}").status_code == 404


def test_the_front_desk_cannot_tell_who_is_flagged(as_: As, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        sent_in(rowan, booking=booked(rowan, at=NOW + 25 * HOUR))
        sent_in(rowan, LUMBAR, booking=booked(rowan, at=NOW + 30 * HOUR, who=IRIS))
        begun = an_intake(rowan, booked(rowan, at=NOW + 50 * HOUR, who=NIA))
        answer(begun, ACUTE, send=False)
        raise_alert(intake_id=begun, revision=1, now=NOW)
    names = re.compile(r"Cleo Marsh|Dora Lind|Nia Holt")
    assert names.findall(said(as_("alma").get(HOME))) == ["Dora Lind", "Nia Holt", "Cleo Marsh"]
    plain = said(as_("fern").get(HOME))
    assert names.findall(plain) == ["Cleo Marsh", "Dora Lind"]
    assert plain.count("Intake needs review") == 2
    assert "Speak with them" not in plain
    assert "Somebody should look" not in said(as_("fern").get(f"{HOME}?which=all"))


def test_what_is_not_sent_yet_is_looked_at_when_somebody_reads_it(
    ben: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        intake = an_intake(rowan)
        answer(intake, ACUTE, send=False)
        keep(intake, {"j.harm": Answer("no"), "d.lp": Answer("yes")})
        before = look_of(intake)
        assert "X-SELFHARM-2" in before
    page = ben.get(f"{HOME}open/?id={intake}")
    assert page.status_code == 200
    assert "Frequent thoughts" not in said(page)
    assert "Recent puncture" in said(page)
    with inside(rowan):
        assert look_of(intake) == before  # reading keeps no look


def look_of(intake: UUID) -> set[str]:
    kept = kept_look(db.session.get_one(Intake, intake, populate_existing=True))
    assert kept is not None
    return {flag.id for flag in kept.look.flags}


@action
def keep(intake: UUID, answers: dict[str, Answer]) -> None:
    row = db.session.get_one(Intake, intake)
    put_answers(row, answers, known=said_in(row), sitting="", now=NOW)


def test_an_alert_stands_on_every_page_until_it_is_answered(as_: As, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        intake = sent_in(rowan, ACUTE)
        raise_alert(intake_id=intake, revision=1, now=NOW - timedelta(minutes=10), findings=["X-SELFHARM-2"])
    for name in ("alma", "ben"):
        client = as_(name)
        page = client.get("/c/rowan/manage/bookings/")
        assert "1 alert did not reach somebody" in said(page)
        bar = page.text[page.text.index('<p class="alarm"') :]
        assert not CLINICAL.search(bar[: bar.index("</p>")])
        assert "Somebody should look at this now" in said(client.get("/c/rowan/manage/"))
    client = as_("fern")
    assert "alarm" not in client.get("/c/rowan/manage/").text


def test_arriving_before_the_review_asks_why_and_keeps_the_reason(as_: As, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        booking = booked(rowan, at=NOW + 2 * HOUR)
        booking_id = booking.id
        intake = sent_in(rowan, LUMBAR, booking=booking)
        client_id = db.session.get_one(Intake, intake).client_id
    client = as_("fern")
    day = client.get("/c/rowan/manage/")
    assert "Intake needs review." in said(day)
    assert "Speak with them" not in said(day)
    form = {"csrf_token": token_of(day), "id": str(booking_id), "verb": "arrive"}
    asked = client.post("/c/rowan/manage/turn/", data=form)
    assert (asked.status_code, "Why without the review?" in said(asked)) == (409, True)
    assert client.post("/c/rowan/manage/turn/", data={**form, "reason": " "}).status_code == 422
    with inside(rowan):
        assert fresh(booking_id).status == "confirmed"
    assert (
        client.post("/c/rowan/manage/turn/", data={**form, "reason": "They spoke on the telephone."}).status_code == 303
    )
    client = as_("ben")
    detail = client.get(f"/c/rowan/manage/week/booking/?id={booking_id}")
    assert "Speak with them before the session" in said(detail)
    assert f"{HOME}touch/?client={client_id}" in detail.text
    with inside(rowan):
        assert fresh(booking_id).status == "arrived"
        (early,) = reviews_of(intake, client_id)
        assert (early.decision.outcome, early.decision.notes) == ("early", "They spoke on the telephone.")
        (row,) = db.session.execute(select(Audit).where(Audit.deed == "intake.unreviewed_arrival")).scalars()
        assert row.facts == {}
        assert standing_of([booking_id])[booking_id].state == "open"


def test_an_owner_is_told_when_the_help_numbers_are_old(as_: As, rowan: Clinic, inside: Enter) -> None:
    line = OwnNumber("Our line", "0113 496 0000", checked=date(2025, 9, 1))
    with inside(rowan):
        told = Contact("Alma", "alma@rowan.example")
        save_settings(wanted=IntakeSettings(first=told, own_numbers=(line,)), now=NOW)
    assert "have not been checked for six months" in said(as_("alma").get("/c/rowan/manage/"))
    assert "have not been checked" not in as_("ben").get("/c/rowan/manage/").text


def test_whoever_is_told_of_an_answer_that_was_put_aside_reads_what_it_was(
    ben: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        intake = sent_in(rowan)
        late = {"j.harm": Typed(("might-act",)), "d.meds": Typed(("LATE",)), "x.y": Typed(("?",))}
        assert keep_late(intake_id=intake, typed=late, sitting="another", now=NOW) == ("j.harm",)
        answer(intake, {"d.meds": Answer("NEWER")}, now=NOW + HOUR)
    page = ben.get(f"{HOME}open/?id={intake}")
    plain = said(page)
    aside = plain[plain.index("Sent, and put aside") : plain.index("Opt-outs and touch")]
    assert "Thoughts of harm? Might-Act" in aside
    assert ("LATE" in aside, "?" in aside.replace("harm?", "")) == (False, False)
    assert "Said, and changed since" not in plain
    with inside(rowan):
        answer(intake, {"j.harm": Answer("passing")}, now=NOW + 2 * HOUR)
        answer(intake, {"j.harm": Answer("no")}, now=NOW + 2 * HOUR)
    plain = said(ben.get(f"{HOME}open/?id={intake}"))
    back = plain[plain.index("Said, and changed since") : plain.index("Sent, and put aside")]
    assert "Thoughts of harm? Passing" in back


def test_limits_of_touch_are_changed_and_taken_back_at_check_in(ben: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        intake = sent_in(rowan)
        client_id = db.session.get_one(Intake, intake).client_id
    page = ben.get(f"{HOME}touch/?client={client_id}")
    assert page.text.count(" checked") == 2
    seen = re.findall(r'name="seen" value="([^"]*)"', page.text)[0]
    form = {"csrf_token": token_of(page), "client": str(client_id), "seen": seen, "do": "save"}
    typed = {"areas": ["jaw", "belly"], "ask_each_time": "y", "note": "Slowly"}
    assert ben.post(f"{HOME}touch/", data={**form, **typed}).status_code == 303
    late = ben.post(f"{HOME}touch/", data={**form, "areas": ["knee"]})
    assert (late.status_code, 'value="knee" checked' in late.text) == (409, True)
    assert ben.post(f"{HOME}touch/", data={**form, "areas": ["tail"]}).status_code == 422
    page = ben.get(f"{HOME}touch/?client={client_id}")
    assert "added: Belly; no longer: Neck" in said(page)
    form["seen"] = re.findall(r'name="seen" value="([^"]*)"', page.text)[0]
    assert ben.post(f"{HOME}touch/", data={**form, "do": "clear"}).status_code == 303
    with inside(rowan):
        assert touch_of(client_id) == TouchLimits()
        assert [one.source for one in touch_history(client_id)] == ["check-in", "check-in", "intake"]
    assert ben.get(f"{HOME}touch/?client={UUID(int=9)}").status_code == 404


def test_the_team_is_reminded_once_and_only_while_it_is_true(app: Flask, at_rowan: Clinic) -> None:
    intake = sent_in(at_rowan)
    row = db.session.get_one(Intake, intake)
    plan_reminder(intake_id=intake, session_at=row.session_at, now=NOW)
    session_at = row.session_at
    assert session_at is not None
    drain(app, HANDLERS, max(NOW, session_at - 24 * HOUR))
    (mail,) = outgoing()
    assert (mail.to_email, mail.subject) == ("ben@rowan.example", "An intake waits for you")
    assert not CLINICAL.search(mail.subject + mail.text.partition("--")[0])
    waiting = an_intake(at_rowan, db.session.execute(select(Booking)).scalars().one())
    plan_reminder(intake_id=waiting, session_at=session_at, now=NOW)
    answer(waiting, CALM, send=False)
    drain(app, HANDLERS, session_at - HOUR)
    assert len(outgoing()) == 1


def test_no_clinical_word_leaves_the_summary(
    as_: As, rowan: Clinic, inside: Enter, app: Flask, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was answered and noted is in no mail, log, title, audit row, address or waiting effect."""
    told = ("Zolpidem", "heronry", "quagmire", "lantern", "puncture")
    with inside(rowan):
        save_settings(wanted=IntakeSettings(first=Contact("Alma", "alma@rowan.example")), now=NOW)
        answers = {**LUMBAR, "d.meds": Answer("Zolpidem"), "j.harm": Answer("often", note="heronry")}
        intake = sent_in(rowan, answers)
        raise_alert(intake_id=intake, revision=1, now=NOW, findings=["X-SELFHARM-2"])
        drain(app, {**HANDLERS, **ALERT_HANDLERS}, NOW)
    ben = as_("ben")
    page = ben.get(f"{HOME}open/?id={intake}")
    assert "Zolpidem" in page.text
    form = {"csrf_token": token_of(page), "id": str(intake), "seen": mark_in(page), "notes": "quagmire"}
    form["outcome"] = "refer"
    form["alert"] = re.findall(r'name="alert" value="([^"]+)"', page.text)[0]
    assert ben.post(f"{HOME}seen/", data={**form, "done": "spoke", "note": "lantern"}).status_code == 303
    assert ben.post(f"{HOME}review/", data={**form, "words": "talk"}).status_code == 303
    with inside(rowan):
        drain(app, {**HANDLERS, **ALERT_HANDLERS}, NOW)
        mails = [f"{mail.subject} {mail.text} {mail.html}" for mail in outgoing()]
        rows = [str(facts) for facts in db.session.execute(select(Audit.facts)).scalars()]
        waiting = [str(payload) for payload in db.session.execute(select(Outbox.payload)).scalars()]
    assert len(mails) >= 2
    title = page.text[page.text.index("<title>") : page.text.index("</title>")]
    for place in (*mails, *rows, *waiting, title, capsys.readouterr().out):
        assert not [word for word in told if word.casefold() in place.casefold()], place
