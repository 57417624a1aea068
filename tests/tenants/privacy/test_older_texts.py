"""Who agreed to words that have changed since."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from saas.db import action, db, new_id
from saas.sealing import make_keys
from tenants.clients.models import Client
from tenants.intake.actions import save_answers, submit
from tenants.intake.agreements import agreements_of, take_back
from tenants.intake.consents import Origin, Told, add_receipts
from tenants.intake.form_json import hash_of
from tenants.intake.models import Intake
from tenants.intake.queries import paper_for, published
from tenants.intake.questions import Answer
from tenants.intake.shipped.form import shipped_questionnaire
from tenants.privacy.actions import erase_client
from tenants.privacy.older_texts import agreed_to, older_texts
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import CLEO, DORA, only_sqlite
from tests.tenants.bookings.test_query_counts import asked as queries
from tests.tenants.intake.asked import LATER, asked, publish_form
from tests.tenants.intake.test_answering import CALM

DAY = timedelta(days=1)
FORM = shipped_questionnaire()
DOCUMENT = next(iter(FORM.documents))
PAST = LATER + 90 * DAY


def agrees(clinic: Clinic, *, publish: bool = False, lang: str = "en", **more: object) -> UUID:
    """A client who sent everything in, under the questions that are out."""
    intake = asked(clinic, publish=publish, **more)  # type: ignore[arg-type]
    save_answers(intake_id=intake.id, typed=CALM, now=NOW, origin=Origin(lang))
    submit(intake_id=intake.id, origin=Origin(lang), now=NOW)
    return intake.client_id


def reworded(number: int) -> None:
    """The same questions with another wording of one document, in English alone."""
    texts = {**FORM.documents[DOCUMENT], "en": f"Other words, {number} {{clinic}}"}
    documents = {**FORM.documents, DOCUMENT: texts}
    publish_form(replace(FORM, documents=documents), key=f"ser-{number}", now=NOW + number * DAY)


def test_who_agreed_to_older_words_is_listed_until_they_agree_again(at_rowan: Clinic) -> None:
    first = agrees(at_rowan, publish=True)
    spaniard = agrees(at_rowan, lang="es", who=DORA, at=LATER + DAY)
    assert older_texts("en") == []
    reworded(1)
    (older,) = older_texts("en")
    assert (older.purpose, older.number, older.since, older.clients) == (DOCUMENT, 1, NOW.date(), 1)
    lines, more = agreed_to(older, page=0, now=NOW)
    assert [(one.client_id, one.session_at, more) for one in lines] == [(first, LATER, False)]
    assert agreed_to(older, page=0, now=PAST)[0][0].booking_id is None
    assert agrees(at_rowan, at=LATER + 2 * DAY) == first
    assert older_texts("en") == [], "asked again with the next booking"
    reworded(2)
    (older,) = older_texts("en")
    assert (older.since, older.clients) == ((NOW + DAY).date(), 1)
    given = next(one for one in agreements_of(first) if "Other words, 1" in one.document)
    take_back(client_id=first, receipt_id=given.receipt_id, method="clinic", origin=Origin(), now=NOW)
    assert older_texts("en") == [], "who took it back is asked, and agreed to nothing"
    assert spaniard != first


def test_whoever_is_erased_is_not_listed(at_rowan: Clinic) -> None:
    client_id = agrees(at_rowan, publish=True)
    reworded(1)
    erase_client(client_id=client_id, typed=CLEO.name, basis="asked", now=PAST)
    assert older_texts("en") == []


@action
def _others(count: int, version_id: UUID) -> None:
    """So many clients who agreed under this version."""
    paper = paper_for(version_id)
    key = next(id for id, place in paper.places.items() if place.item.document == DOCUMENT)
    ids = [new_id() for _ in range(count)]
    make_keys(ids)
    for id in ids:
        client = Client(id=id, name=f"Person {id}", created_at=NOW)
        db.session.add(client)
        db.session.flush()
        intake = Intake(
            id=new_id(), client_id=client.id, questionnaire_version_id=version_id, status="submitted",
            link_hash=str(new_id()), requested_at=NOW,
        )  # fmt: skip
        db.session.add(intake)
        db.session.flush()
        said = {key: Answer(value=True)}
        add_receipts(intake, paper, said, said, told=Told("A name"), names={}, origin=Origin("en"), now=NOW)


@only_sqlite
def test_three_and_three_hundred_cost_the_same_queries(
    app: Flask, client: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    home = f"{rowan.home}/manage/agreements/"
    with inside(rowan):
        agrees(rowan, publish=True)
        version_id = published()
        assert version_id is not None
        _others(2, version_id)
        reworded(1)
    log_in(client, rowan, "alma")
    one = f"{home}of/?to={DOCUMENT}&version={hash_of(FORM)}"
    few = queries(app, client, home), queries(app, client, one)
    with inside(rowan):
        _others(297, version_id)
    assert (queries(app, client, home), queries(app, client, one)) == few
    assert "300 clients" in client.get(home).text
    pages = [client.get(f"{one}&page={page}").text for page in range(6)]
    assert sum(text.count("agreed on") for text in pages) == 300
    assert re.search(r'week/booking/\?id=[0-9a-f-]+">Ask at the session on', "".join(pages))
    assert client.get(f"{home}of/?to={DOCUMENT}&version=9").status_code == 404
