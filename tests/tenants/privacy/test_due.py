"""Records whose period is over are listed, held ones are erased by nobody, drafts go by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from saas.db import db
from tenants.intake.actions import save_answers, submit, update_again
from tenants.intake.answer_rows import said_in
from tenants.intake.consents import Origin
from tenants.intake.drafts import remove_drafts
from tenants.intake.models import IntakeAnswer, IntakeFlags
from tenants.intake.queries import consents_of
from tenants.intake.settings import intake_settings, save_settings
from tenants.privacy.actions import Held, erase_client, hold
from tenants.privacy.queries import due, kept_for
from tenants.privacy.rules import PERIODS
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import CLEO, only_sqlite
from tests.tenants.intake.asked import LATER, asked, fresh, publishes, said
from tests.tenants.intake.test_answering import CALM

YEARS = timedelta(days=366 * 9)


def test_a_record_is_due_when_its_period_is_over_and_nobody_erases_a_held_one(at_rowan: Clinic) -> None:
    intake = asked(at_rowan)
    save_answers(intake_id=intake.id, typed={**CALM, "b.dob": said("2016-05-01")}, now=NOW)
    submit(intake_id=intake.id, origin=Origin("en"), now=NOW)
    client_id = intake.client_id
    assert due(PERIODS["uk"], now=LATER) == ([], False)
    (one,), more = due(PERIODS["uk"], now=LATER + YEARS)
    assert (one.client_id, one.last, one.held, more) == (client_id, LATER.date(), False, False)
    assert kept_for([client_id], PERIODS["uk"]).isoformat() == "2041-05-01"
    hold(client_id=client_id, on=True, now=NOW)
    assert due(PERIODS["uk"], now=LATER + YEARS)[0][0].held
    with pytest.raises(Held):
        erase_client(client_id=client_id, typed=CLEO.name, basis="period", now=LATER + YEARS)
    hold(client_id=client_id, on=False, now=NOW)
    erase_client(client_id=client_id, typed=CLEO.name, basis="period", now=LATER + YEARS)


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
        assert alma.post(f"{home}/privacy/hold/", data={**form, "do": "hold"}).status_code == 303
        assert "End the hold" in alma.get(f"{home}/privacy/?id={client_id}").text
        again = alma.post(f"{home}/privacy/erase/", data={**form, "typed": CLEO.name, "basis": "period"})
        assert again.status_code == 409
        assert "On hold since" in again.text
        assert alma.post(f"{home}/privacy/hold/", data={**form, "do": "release"}).status_code == 303
