"""What a link alone neither shows, nor tells, nor changes."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.db import db
from tenants.intake.actions import save_answers
from tenants.intake.answer_rows import history_of
from tenants.intake.models import IntakeAlert
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.intake.asked import fresh, said
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
