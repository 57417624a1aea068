"""A client takes back what they agreed to and sees who opened their answers: on their page, after a second proof."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from saas.audit import Actor, Audit, acting_as
from saas.db import db
from saas.jobs import drain
from saas.mail import Mail
from saas.outbox import Outbox
from tenants.intake.actions import save_answers, session_gone, submit
from tenants.intake.agreements import NoSuchAgreement, agreements_of, take_back
from tenants.intake.consents import Origin
from tenants.intake.effects import HANDLERS
from tenants.intake.queries import consents_of
from tenants.intake.receipts import verify
from tenants.intake.reviewing import Decision, review
from tenants.intake.who_opened import opened
from tenants.review.actions import look_at_answers
from tests.browser import lint, read
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.saas.test_web import token_on
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.intake.asked import asked, fresh, link_of, said
from tests.tenants.intake.test_answering import CALM

HOUR = timedelta(hours=1)


def test_what_was_agreed_to_is_taken_back_with_a_receipt_and_read_again(app: Flask, at_rowan: Clinic) -> None:
    intake = asked(at_rowan)
    save_answers(intake_id=intake.id, typed=CALM, now=NOW, origin=Origin("en"))
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    with acting_as(Actor("staff", at_rowan.accounts["ben"])):
        review(intake_id=intake.id, seen=None, decision=Decision("proceed"), now=NOW)
    client_id = fresh(intake.id).client_id
    treat = agreements_of(client_id)[2]
    assert treat.holds
    for _twice in range(2):
        take_back(client_id=client_id, receipt_id=treat.receipt_id, method="link", origin=Origin("en"), now=NOW + HOUR)
    before, end = consents_of(client_id)[-2:]
    assert (end.choice, end.text_hash, end.previous_hash, end.method) == (
        "withdrawn", next(row.text_hash for row in consents_of(client_id) if row.id == treat.receipt_id), before.hash,
        "link",
    )  # fmt: skip
    assert [one.choice for one in agreements_of(client_id) if one.sentence == treat.sentence] == ["withdrawn"]
    assert verify().sound
    assert fresh(intake.id).review_due
    told = select(Outbox.id).where(Outbox.kind == "intake.submitted")
    assert len(db.session.execute(told).all()) == 2
    for stranger in (uuid4(), at_rowan.ref.id):
        with pytest.raises(NoSuchAgreement):
            take_back(client_id=client_id, receipt_id=stranger, method="link", origin=Origin(), now=NOW)


@only_sqlite
@pytest.mark.usefixtures("frozen")
def test_the_page_opens_after_a_second_proof_only(app: Flask, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        intake = asked(rowan)
        id, client_id, home = intake.id, intake.client_id, rowan.home + link_of(intake)
        save_answers(intake_id=id, typed=CALM, now=NOW, origin=Origin("en"))
        submit(intake_id=id, origin=Origin("en"), now=NOW)
        with acting_as(Actor("staff", rowan.accounts["ben"])):
            look_at_answers(intake_id=id, language="en", now=NOW)
        receipt = next(one.receipt_id for one in agreements_of(client_id) if one.holds)
    who = app.test_client()
    shut = who.get(f"{home}/yours")
    assert (shut.status_code, shut.location) == (303, f"{home}/code?part=yours")
    token = token_on(who.get(f"{home}/code?part=yours").text)
    early = who.post(f"{home}/yours", data={"form_token": token, "receipt": str(receipt)})
    assert early.status_code == 303
    with inside(rowan):
        assert len(consents_of(client_id)) == 5, "nothing is taken back without the proof"
    opened = _prove(app, who, home, token)
    assert opened.location == f"{home}/yours"
    page = who.get(f"{home}/yours")
    assert (page.status_code, page.headers["Cache-Control"], lint(page.text)) == (200, "no-store", [])
    words = " ".join("".join(read(page.text).said).split())
    shown = "Who opened your answers Ben (Practitioner), 23 March 2026, 09:00 Before you begin, About you"
    assert shown in words
    assert read(page.text).title == "Questions, Rowan"
    assert who.post(f"{home}/yours", data={"form_token": token, "receipt": str(receipt)}).status_code == 303
    assert "You took it back" in who.get(f"{home}/yours").text
    assert who.post(f"{home}/yours", data={"form_token": token, "receipt": "x"}).status_code == 404


@only_sqlite
@pytest.mark.usefixtures("frozen")
def test_a_client_takes_their_answers_along_and_takes_an_agreement_back_when_the_questions_are_closed(
    app: Flask, rowan: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        intake = asked(rowan)
        id, client_id, home, booking_id = intake.id, intake.client_id, rowan.home + link_of(intake), intake.booking_id
        save_answers(intake_id=id, typed={**CALM, "c.goal": said("HERGOAL")}, now=NOW, origin=Origin("en"))
        assert booking_id is not None
        receipt = next(one.receipt_id for one in agreements_of(client_id) if one.holds)
        session_gone(booking_id=booking_id, now=NOW)
    who = app.test_client()
    for ending in ("pdf", "json"):
        assert who.get(f"{home}/yours/answers.{ending}").location == f"{home}/code?part=yours", "not by the link alone"
    over = who.get(home)
    assert (over.status_code, f'href="{home}/yours"' in over.text, lint(over.text)) == (410, True, [])
    token = token_on(who.get(f"{home}/code?part=yours").text)
    assert _prove(app, who, home, token).location == f"{home}/yours"
    assert who.get(f"{home}/part/about").status_code == 410, "no more than that"
    page = who.get(f"{home}/yours")
    assert (page.status_code, lint(page.text), "Download as a PDF" in page.text) == (200, [], True)
    paper, whole = (who.get(f"{home}/yours/answers.{ending}") for ending in ("pdf", "json"))
    assert (paper.data[:5], paper.headers["Cache-Control"]) == (b"%PDF-", "no-store")
    assert whole.headers["Content-Disposition"] == "attachment; filename=questions.json"
    assert "HERGOAL" in whole.text
    assert all(word not in whole.text for word in ("severity", "ser-default"))
    assert who.get(f"{home}/yours/answers.exe").status_code == 404
    assert who.post(f"{home}/yours", data={"form_token": token, "receipt": str(receipt)}).status_code == 303
    with inside(rowan):
        assert [one.choice for one in agreements_of(client_id) if one.receipt_id != receipt][:1] == ["withdrawn"]
        taken = select(Audit.actor).where(Audit.deed == "intake.exported")
        assert list(db.session.execute(taken).scalars()) == ["client", "client"]
        assert opened([id]) == [], "their own look is nobody else's"


def _prove(app: Flask, who: FlaskClient, home: str, token: str) -> TestResponse:
    who.post(f"{home}/code", data={"form_token": token, "do": "send", "part": "yours"})
    drain(app, HANDLERS, NOW)
    mails: list[Mail] = [one for one in app.extensions["longtide_outgoing"] if re.search(r"\b\d{6}\b", one.text)]
    code = re.search(r"\b(\d{6})\b", mails[-1].text)
    assert code
    return who.post(f"{home}/code", data={"form_token": token, "code": code[1], "part": "yours"})
