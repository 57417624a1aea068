"""What a link alone neither shows, nor tells, nor changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.db import db
from tenants.bookings.letters import questions_on_page
from tenants.bookings.models import Booking
from tenants.clients.models import Client
from tenants.intake.actions import save_answers, session_gone, submit
from tenants.intake.answer_rows import history_of
from tenants.intake.codes import TooManyCodes, code_of, open_with_birth, open_with_code, send_code
from tenants.intake.consents import Origin
from tenants.intake.models import Intake, IntakeAlert
from tenants.intake.queries import answers_of
from tests.browser import Browser
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import check, only_sqlite
from tests.tenants.intake.asked import LATER, asked, fresh, link_of, said
from tests.tenants.intake.test_answering import CALM
from tests.tenants.intake.test_pages import Desk, token_in

pytestmark = [only_sqlite]
HERS = {
    "c.goal": said("SECRETGOAL"), "d.meds": said("SECRETMED"), "d.lp": said("yes"), "b.gp": said("SECRETGP"),
    "f.gate": said("answer"), "j.harm": said("often"),
}  # fmt: skip


@pytest.fixture
def desk(app: Flask, rowan: Clinic) -> Desk:
    return Desk(app, rowan)


def answers(desk: Desk, sitting: str, typed: dict[str, Any]) -> None:
    """Hers, in a sitting of her own: first what brings the rest up."""
    with desk.inside():
        save_answers(intake_id=desk.id, typed=CALM | HERS | typed, sitting=sitting, decision=("j", "go"), now=NOW)
        hard = {"f.ongoing_danger": said("yes"), "f.hard": said("yes")}
        save_answers(intake_id=desk.id, typed=hard, sitting=sitting, now=NOW)


def test_a_link_alone_changes_nothing_that_is_locked_and_learns_nothing_by_trying(
    desk: Desk, client: FlaskClient
) -> None:
    answers(desk, "hers", {})
    before = desk.values()
    page = client.get(f"{desk.link}/part/comfort").text
    token = token_in(page)
    assert "f.ongoing_danger" not in page  # no condition of the page carries what it was answered
    heard = []
    for value in ("often", "no", "nonsense"):
        sent = {"form_token": token, "k": "j.harm", "j.harm": value}
        told = client.post(f"{desk.link}/save", data=sent).get_json()
        assert list(told["faults"]) == ["j.harm"]
        heard.append((told["kept"], told["faults"]))
    assert heard[0] == heard[1] == heard[2]
    for decision in ("f:skip", "j:skip", "f:in-person"):
        told_page = client.post(f"{desk.link}/part/comfort", data={"form_token": token, "decide": decision})
        assert (told_page.status_code, "we first make sure that it is you" in told_page.text) == (422, True)
    client.post(f"{desk.link}/save", data={"form_token": token, "k": "b.dob", "b.dob": "1999-01-01"})
    assert desk.values() == before
    with desk.inside():
        aside = [(one.key, one.answer.value) for one in history_of(fresh(desk.id)) if one.dropped]
    assert {("j.harm", "no"), ("f.gate", "skip"), ("b.dob", "1999-01-01")} <= set(aside)
    # The first answers of somebody else's sitting, and one's own, stay as easy as they were.
    client.post(f"{desk.link}/save", data={"form_token": token, "k": "i.mh_dx", "i.mh_dx": "depression"})
    kept = client.post(f"{desk.link}/save", data={"form_token": token, "k": "i.mh_dx", "i.mh_dx": "bipolar"})
    assert list(kept.get_json()["kept"]) == ["i.mh_dx"]
    assert desk.values()["i.mh_dx"] == ("bipolar",)


def test_an_urgent_answer_that_is_put_aside_is_told_to_the_team_and_has_help_beside_it(
    desk: Desk, client: FlaskClient
) -> None:
    with desk.inside():
        save_answers(intake_id=desk.id, typed={"j.harm": said("no")}, sitting="hers", decision=("j", "go"), now=NOW)
    token = token_in(client.get(f"{desk.link}/part/comfort").text)
    sent = {"form_token": token, "k": "j.harm", "j.harm": "might-act"}
    assert client.post(f"{desk.link}/save", data=sent).get_json()["help"] == ["j.harm"]
    assert desk.values()["j.harm"] == "no"
    with desk.inside():
        assert len(list(db.session.execute(select(IntakeAlert)).scalars())) == 1


def test_an_urgent_answer_from_a_second_tab_is_told_though_its_question_was_skipped_or_it_cannot_be_read(
    desk: Desk, client: FlaskClient
) -> None:
    token = token_in(client.get(f"{desk.link}/part/comfort").text)
    client.post(f"{desk.link}/part/comfort", data={"form_token": token, "decide": "j:skip"})
    sent = {"form_token": token, "k": "j.harm", "j.harm": "might-act"}
    page = client.post(f"{desk.link}/part/comfort", data=sent)
    notice = page.text[page.text.index('class="note mb5 form"') :]
    assert (page.status_code, 'href="tel:' in notice[:2000]) == (422, True)
    both = {"form_token": token, "k": "d.neuroflag", "d.neuroflag": ["none", "fainting"]}
    assert client.post(f"{desk.link}/save", data=both).get_json()["help"] == ["d.neuroflag"]
    out = {"form_token": token, "k": "d.neuroflag", "d.neuroflag": ["none", "declined"]}
    assert client.post(f"{desk.link}/save", data=out).get_json()["help"] == []
    with desk.inside():
        assert len(list(db.session.execute(select(IntakeAlert)).scalars())) == 2


def test_whoever_books_with_somebody_elses_address_sees_and_changes_nothing_of_theirs(
    desk: Desk, browser: Browser, app: Flask
) -> None:
    with desk.inside():
        assert desk.booking_id is not None
        first = db.session.get_one(Booking, desk.booking_id)
        assert questions_on_page(first).here  # her own first booking leads on at once
    answers(desk, "hers", {"b.contactsafe": said("yes")})
    with desk.inside():
        submit(intake_id=desk.id, origin=Origin("en"), now=NOW)
    page = check(browser, desk.clinic, name="Some Stranger", email="cleo@example.com")
    done = page.press("Book this time", terms="1")
    assert (done.status, "/intake/" in done.html) == (200, False)
    assert "If it is not there, ask the clinic" in done.html, "whether or not she may be written to"
    with desk.inside():
        found = select(Intake).where(Intake.previous_id == desk.id)
        intake = db.session.execute(found).scalar_one()
        link, id, client_id = desk.clinic.home + link_of(intake), intake.id, intake.client_id
    stranger = app.test_client()
    for _ in range(2):  # before the first save, and after it took over what was said
        for tail in ("/part/about", "/part/health", "/part/comfort", "/review"):
            seen = stranger.get(link + tail).text
            assert "SECRET" not in seen
            assert "1980-03-31" not in seen
            assert "cleo@" not in seen
        # What is asked afresh stands there, and beside it why the rest does not.
        health = stranger.get(f"{link}/part/health").text
        assert 'name="d.neuroflag"' in health
        assert 'name="d.lp"' not in health
        assert "You have answered here before" in health
        token = token_in(health)
        for key, value in (("b.contactsafe", "phone"), ("d.lp", "no"), ("d.neuroflag", "none")):
            stranger.post(f"{link}/save", data={"form_token": token, "k": key, key: value})
    born = stranger.post(f"{link}/code", data={"form_token": token, "born": "1980-03-31", "part": "health"})
    assert born.status_code == 422
    with desk.inside():
        her = db.session.get_one(Client, client_id)
        assert (her.reach, answers_of(fresh(id))["d.lp"].value) == ("email", "yes")
        save_answers(intake_id=id, typed={"d.lp": said("no")}, sitting="proved", opened=True, now=NOW)
        assert answers_of(fresh(id))["d.lp"].value == "no"


def test_a_date_of_birth_opens_only_what_was_said_with_it_and_to_somebody_else(desk: Desk, app: Flask) -> None:
    def opens(sitting: str, born: str) -> bool:
        return open_with_birth(intake_id=desk.id, born=born, sitting=sitting, now=NOW)

    about = {"b.dob": said("1980-03-31"), "b.contactsafe": said("no")}
    with desk.inside():
        save_answers(intake_id=desk.id, typed=about, sitting="hers", now=NOW)
        save_answers(intake_id=desk.id, typed={"j.harm": said("no")}, sitting="hers", decision=("j", "go"), now=NOW)
        assert not opens("hers", "1980-03-31")
        assert opens("next", "1980-03-31")
        # Whoever said the date and "no mail" before her waits in vain for what she says.
        save_answers(intake_id=desk.id, typed={"i.mh_dx": said("none")}, sitting="another", now=NOW)
        assert opens("another", "1980-03-31")
        assert not opens("next", "1980-03-31")
    page = app.test_client().get(f"{desk.link}/part/about").text
    assert "1980-03-31" not in page


def test_a_date_of_birth_that_came_after_what_it_would_open_opens_nothing(desk: Desk) -> None:
    with desk.inside():
        save_answers(intake_id=desk.id, typed={"j.harm": said("no")}, sitting="hers", decision=("j", "go"), now=NOW)
        about = {"b.dob": said("1970-01-01"), "b.contactsafe": said("phone")}
        save_answers(intake_id=desk.id, typed=about, sitting="theirs", now=NOW + timedelta(minutes=1))
        assert not open_with_birth(intake_id=desk.id, born="1970-01-01", sitting="other", now=NOW)


def test_a_date_of_birth_said_behind_a_new_link_opens_nothing_of_who_was_known_before(desk: Desk) -> None:
    hours = timedelta(hours=3)
    with desk.inside():
        save_answers(intake_id=desk.id, typed={**CALM, "b.contactsafe": said("phone")}, sitting="hers", now=NOW)
        assert desk.booking_id is not None
        session_gone(booking_id=desk.booking_id, now=NOW)
        again = asked(desk.clinic, at=LATER + hours, publish=False, now=NOW + hours)
        assert again.previous_id is None
        planted = {"b.dob": said("1970-01-01"), "b.contactsafe": said("no")}
        save_answers(intake_id=again.id, typed=planted, sitting="theirs", now=NOW + hours)
        assert not open_with_birth(intake_id=again.id, born="1970-01-01", sitting="other", now=NOW + hours)


def test_an_intake_gives_out_five_codes_and_takes_five_tries_an_hour(desk: Desk) -> None:
    with desk.inside():
        for minute in range(5):
            assert send_code(intake_id=desk.id, now=NOW + timedelta(minutes=minute))
            assert not open_with_code(intake_id=desk.id, code="x", now=NOW + timedelta(minutes=minute))
        code = code_of(fresh(desk.id))
        assert not open_with_code(intake_id=desk.id, code=code, now=NOW + timedelta(minutes=5))
        with pytest.raises(TooManyCodes):
            send_code(intake_id=desk.id, now=NOW + timedelta(minutes=5))
        assert send_code(intake_id=desk.id, now=NOW + timedelta(hours=2))
        assert open_with_code(intake_id=desk.id, code=code_of(fresh(desk.id)), now=NOW + timedelta(hours=2))


def test_that_somebody_left_a_section_or_would_rather_talk_is_told_to_nobody_else(
    desk: Desk, client: FlaskClient
) -> None:
    answers(desk, "hers", {"f.gate": said("talk")})
    page = client.get(f"{desk.link}/part/comfort").text
    gate = page[page.index('id="s-f"') :].partition("</section>")[0]
    assert ("You have answered here before" in gate, "f.gate" in gate, "in person" in gate) == (True, False, False)
    assert "in person" not in client.get(f"{desk.link}/review").text
    sent = {"form_token": token_in(page), "decide": "f:go"}
    assert client.post(f"{desk.link}/part/comfort", data=sent).status_code == 422
    assert desk.values()["f.gate"] == "talk"
