"""What is sent when the questions are closed, or from a page that was open too long: never lost, and said so."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from saas.db import action, db
from tenants.bookings.moves import cancel
from tenants.clients.models import Client
from tenants.intake.actions import AlreadySent, save_answers, submit, update_again
from tenants.intake.answer_rows import history_of
from tenants.intake.consents import Origin
from tenants.intake.drafts import remove_drafts
from tenants.intake.late import keep_late
from tenants.intake.models import IntakeAlert
from tenants.intake.queries import IntakeExpired
from tenants.intake.touch import touch_of
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.intake.asked import LATER, fresh, said
from tests.tenants.intake.test_answering import CALM
from tests.tenants.intake.test_pages import Desk, token_in

pytestmark = [only_sqlite]
LATE = "LATEWORDS"


@pytest.fixture
def desk(app: Flask, rowan: Clinic) -> Desk:
    return Desk(app, rowan)


def send(desk: Desk) -> None:
    with desk.inside():
        save_answers(intake_id=desk.id, typed=CALM, sitting="hers", now=NOW)
        submit(intake_id=desk.id, origin=Origin("en"), now=NOW)


def aside(desk: Desk) -> list[tuple[str, object]]:
    with desk.inside():
        return [(one.key, one.answer.value) for one in history_of(fresh(desk.id)) if one.dropped]


def alerts(desk: Desk) -> int:
    with desk.inside():
        return len(list(db.session.execute(select(IntakeAlert)).scalars()))


def test_what_a_stale_tab_sends_after_sending_is_kept_shown_and_heeded(desk: Desk, client: FlaskClient) -> None:
    form = {"form_token": token_in(client.get(f"{desk.link}/part/comfort").text), "k": "c.goal", "c.goal": LATE}
    send(desk)
    told = alerts(desk)
    page = client.post(f"{desk.link}/part/comfort", data=form)
    assert (page.status_code, LATE in page.text) == (409, True)
    assert "Your answers had already been sent" in page.text
    assert aside(desk) == [("c.goal", LATE)]
    assert alerts(desk) == told
    script = client.post(f"{desk.link}/save", data=form | {"k": "j.harm", "j.harm": "might-act"})
    assert (script.status_code, script.get_json()["help"]) == (409, ["j.harm"])
    assert ("j.harm", "might-act") in aside(desk)
    assert alerts(desk) == told + 1


def test_what_comes_after_a_session_was_cancelled_or_a_link_ran_out_is_kept_too(
    desk: Desk, client: FlaskClient
) -> None:
    form = {"form_token": token_in(client.get(f"{desk.link}/part/health").text), "k": "c.goal", "c.goal": LATE}
    with time_machine.travel(NOW + timedelta(days=60), tick=False):  # by now the page's own token is too old as well
        again = client.post(f"{desk.link}/part/health", data=form)
        assert (again.status_code, LATE in again.text, aside(desk)) == (410, True, [("c.goal", LATE)])
        assert "no-store" in again.headers["Cache-Control"]
        foreign = client.post(f"{desk.link}/part/health", data=form, headers={"Sec-Fetch-Site": "cross-site"})
        assert (foreign.status_code, len(aside(desk))) == (403, 1)
    with desk.inside():
        assert desk.booking_id is not None
        cancel(booking_id=desk.booking_id, who="client", click="x", now=NOW)
    page = client.post(f"{desk.link}/part/health", data=form)
    assert (page.status_code, LATE in page.text) == (410, True)
    assert "These questions are closed" in page.text
    assert aside(desk)[-1] == ("c.goal", LATE)


def test_a_page_that_was_open_too_long_stands_again_with_what_was_typed(desk: Desk, client: FlaskClient) -> None:
    form = {"form_token": "1.x", "k": "c.goal", "c.goal": LATE, "g.stress": "7"}
    page = client.post(f"{desk.link}/part/health", data=form)
    assert (page.status_code, LATE in page.text) == (400, True)
    assert "nothing was saved yet" in page.text
    assert desk.values() == {}
    saved = client.post(f"{desk.link}/part/health", data=form | {"form_token": token_in(page.text)})
    assert saved.status_code == 303
    assert desk.values()["c.goal"] == LATE


def test_once_the_session_has_begun_a_link_says_thank_you_and_no_more(desk: Desk, client: FlaskClient) -> None:
    send(desk)
    assert "Change an answer" in client.get(desk.link).text
    with time_machine.travel(LATER + timedelta(minutes=1), tick=False):
        page = client.get(desk.link)
        assert (page.status_code, "Thank you" in page.text, "Change an answer" in page.text) == (200, True, False)
        token = token_in(client.get(f"{desk.link}/code").text)
        assert client.post(desk.link, data={"form_token": token}).status_code == 410
        assert client.get(f"{desk.link}/part/health").status_code == 303
    with desk.inside():
        with pytest.raises(IntakeExpired):
            update_again(intake_id=desk.id, now=LATER)
        update_again(intake_id=desk.id, now=NOW)  # opened before, and left so
        with pytest.raises(AlreadySent):
            save_answers(intake_id=desk.id, typed={"d.lp": said("no")}, now=LATER)


@action
def put_on_hold(intake_id: UUID, *, since: datetime | None) -> None:
    db.session.get_one(Client, fresh(intake_id).client_id).held_at = since


def test_what_was_never_sent_goes_also_from_cancelled_sessions_and_forgotten_pages_but_not_from_a_record_on_hold(
    desk: Desk,
) -> None:
    over = LATER + timedelta(days=40)
    with desk.inside():
        save_answers(intake_id=desk.id, typed={"c.goal": said(LATE)}, sitting="hers", now=NOW)
        assert desk.booking_id is not None
        cancel(booking_id=desk.booking_id, who="client", click="x", now=NOW)
        put_on_hold(desk.id, since=NOW)
        assert remove_drafts(now=over) == 0
        put_on_hold(desk.id, since=None)
        assert [remove_drafts(now=at) for at in (LATER, over, over)] == [0, 1, 0]
        keep_late(intake_id=desk.id, typed={"c.goal": said(LATE)}, sitting="hers", now=over)
        assert [remove_drafts(now=over) for _ in range(2)] == [1, 0]
        assert (fresh(desk.id).status, history_of(fresh(desk.id))) == ("closed", [])


def test_what_was_sent_is_neither_shown_to_a_link_alone_nor_changed_by_it(desk: Desk, client: FlaskClient) -> None:
    with desk.inside():
        save_answers(intake_id=desk.id, typed=CALM | {"h.touch": said("pelvis"), "d.lp": said("yes")}, sitting="hers",
                     now=NOW)  # fmt: skip
        submit(intake_id=desk.id, origin=Origin("en"), now=NOW)
        her = fresh(desk.id).client_id
    token = token_in(client.get(f"{desk.link}/code").text)
    client.post(desk.link, data={"form_token": token})
    for key, value in (("h.touch", "foot"), ("d.lp", "no"), ("c.goal", LATE)):
        client.post(f"{desk.link}/save", data={"form_token": token, "k": key, key: value})
    assert desk.values()["c.goal"] == LATE  # what nobody had answered is anybody's to answer
    assert (desk.values()["d.lp"], desk.values()["h.touch"]) == ("yes", ("pelvis",))
    page = client.get(f"{desk.link}/part/session").text
    assert ('name="h.touch"' in page, "You have answered here before" in page) == (False, True)
    assert "Pelvis" not in client.get(f"{desk.link}/review").text
    with desk.inside():
        submit(intake_id=desk.id, origin=Origin("en"), now=NOW)
        assert touch_of(her).areas == ("pelvis",)
