"""Records whose period is over are listed, held ones are erased by nobody, drafts go by themselves."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.audit import Actor, acting_as
from saas.db import action, db
from saas.errors import Invalid
from tenants.clients.models import Client
from tenants.intake.actions import save_answers, submit, update_again
from tenants.intake.answer_rows import said_in
from tenants.intake.consents import Origin
from tenants.intake.drafts import remove_drafts
from tenants.intake.models import IntakeAnswer, IntakeFlags
from tenants.intake.queries import consents_of
from tenants.intake.settings import intake_settings, save_settings
from tenants.people.actions import merge_clients
from tenants.privacy.actions import Held, end_hold, erase_client, hold
from tenants.privacy.queries import Due, Hold, due, hold_of, kept_for
from tenants.privacy.rules import PERIODS
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import CLEO, DORA, TUESDAY_TEN, booked, only_sqlite
from tests.tenants.bookings.test_query_counts import asked as queries
from tests.tenants.intake.asked import LATER, asked, fresh, publishes, said
from tests.tenants.intake.test_answering import CALM

YEARS = timedelta(days=366 * 9)


def test_a_record_is_due_when_its_period_is_over_and_a_childs_birthday_stands_beside_it(at_rowan: Clinic) -> None:
    intake = asked(at_rowan)
    save_answers(intake_id=intake.id, typed={**CALM, "b.dob": said("2016-05-01")}, now=NOW)
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    client_id = intake.client_id
    assert due(PERIODS["uk"], now=LATER) == ([], False)
    (one,), more = due(PERIODS["uk"], now=LATER + YEARS)
    assert one == Due(client_id, CLEO.name, LATER.date(), date(2041, 5, 1), child=True, hold=None)
    assert not more
    assert kept_for([client_id], PERIODS["uk"]) == one.until
    (grown,), _more = due(PERIODS["us-tx"], now=LATER + YEARS)  # no birthday there
    assert grown.until == date(2030, 4, 7)
    erase_client(client_id=client_id, typed=CLEO.name, basis="period", now=LATER + YEARS)
    assert due(PERIODS["uk"], now=LATER + YEARS) == ([], False)


def test_a_hold_says_who_set_it_and_what_for_and_holds_for_merged_records_too(at_rowan: Clinic) -> None:
    stays, goes = (booked(at_rowan, at=at, who=who).client_id for at, who in ((LATER, CLEO), (TUESDAY_TEN, DORA)))
    assert stays is not None
    assert goes is not None
    with pytest.raises(Invalid):
        hold(client_id=goes, why="because", now=NOW)
    for who, now in (("ben", NOW), ("alma", LATER)):
        with acting_as(Actor("staff", at_rowan.accounts[who])):
            hold(client_id=goes, why="claim", now=now)
    expected = Hold(NOW, "Ben", "claim")
    assert hold_of([goes]) == expected
    choices = {"name": "stays", "email": "stays"}
    merge_clients(stays_id=stays, goes_id=goes, choices=choices, seen=None, now=NOW)
    (one,), _more = due(PERIODS["uk"], now=LATER + YEARS)
    assert one.hold == expected
    with pytest.raises(Held) as refused:
        erase_client(client_id=stays, typed=CLEO.name, basis="period", now=LATER + YEARS)
    assert refused.value.hold == expected
    end_hold(client_id=stays, now=NOW)
    erase_client(client_id=stays, typed=CLEO.name, basis="period", now=LATER + YEARS)


@action
def _clients(count: int, at: datetime) -> None:
    db.session.add_all([Client(name=f"Person {number:03}", created_at=at) for number in range(count)])


@only_sqlite
def test_three_and_three_hundred_cost_the_same_queries_and_each_page_follows(
    app: Flask, client: FlaskClient, rowan: Clinic, inside: Enter
) -> None:
    address = f"{rowan.home}/manage/records/"
    with inside(rowan):
        save_settings(wanted=replace(intake_settings(), jurisdiction="uk"), now=NOW)
        _clients(3, NOW - YEARS)
    log_in(client, rowan, "alma")
    few = queries(app, client, address)
    with inside(rowan):
        _clients(297, NOW - YEARS)
    assert queries(app, client, address) == few
    names = {name for page in range(6) for name in re.findall(r"Person \d+", client.get(f"{address}?page={page}").text)}
    assert len(names) == 297  # three have the name of three others
    assert client.get(f"{address}?page=7").status_code == 200


def test_what_was_never_sent_goes_when_its_link_has_run_out(at_rowan: Clinic) -> None:
    publishes(at_rowan)
    kinds: list[UUID] = []
    for number, more in enumerate(({}, {"j.harm": said("often")}, {"l.sign": CALM["l.sign"]})):
        who = replace(CLEO, email=f"c{number}@example.com")
        kinds.append(asked(at_rowan, at=LATER + timedelta(days=number), who=who, publish=False).id)
        save_answers(intake_id=kinds[-1], typed={**CALM, "l.sign": said("")} | more, now=NOW, decision=("j", "go"))
    draft, alerted, sent = kinds
    submit(intake_id=sent, origin=Origin("en"), now=NOW)
    update_again(intake_id=sent, now=NOW)
    over = LATER + timedelta(days=40)
    assert remove_drafts(now=LATER) == 0
    assert (remove_drafts(now=over), remove_drafts(now=over)) == (1, 0)
    assert (fresh(draft).status, said_in(fresh(draft))) == ("expired", {})
    assert consents_of(fresh(draft).client_id), "receipts stay"
    assert said_in(fresh(alerted))
    assert said_in(fresh(sent))
    for model in (IntakeAnswer, IntakeFlags):
        assert not db.session.execute(select(model.id).where(model.intake_id == draft)).first()


@only_sqlite
def test_the_pages_of_the_owner(app: Flask, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        client_id = asked(rowan).client_id
    alma, home = app.test_client(), f"{rowan.home}/manage"
    with time_machine.travel(LATER + YEARS, tick=False):
        log_in(alma, rowan, "alma")
        assert "You have not chosen" in alma.get(f"{home}/records/").text
        with inside(rowan):
            save_settings(wanted=replace(intake_settings(), jurisdiction="uk"), now=LATER + YEARS)
        assert CLEO.name in alma.get(f"{home}/records/").text
        page = alma.get(f"{home}/privacy/?id={client_id}")
        form = {"csrf_token": token_of(page), "id": str(client_id)}
        assert alma.post(f"{home}/privacy/hold/", data={**form, "do": "hold"}).status_code == 422
        assert alma.post(f"{home}/privacy/hold/", data={**form, "do": "hold", "why": "claim"}).status_code == 303
        assert "by Alma" in alma.get(f"{home}/records/").text
        assert "End the hold" in alma.get(f"{home}/privacy/?id={client_id}").text
        again = alma.post(f"{home}/privacy/erase/", data={**form, "typed": CLEO.name, "basis": "period"})
        assert again.status_code == 409
        assert "Alma put this record on hold on" in again.text
        assert "A claim or a complaint is open" in again.text
        assert "Looked through records due for erasing" in alma.get(f"{home}/audit/").text
        assert alma.post(f"{home}/privacy/hold/", data={**form, "do": "release"}).status_code == 303
