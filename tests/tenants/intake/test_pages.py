"""The pages behind a client's link: what they refuse, what they keep, what they never show."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from saas.tenancy import tenant_scope
from tenants.intake.actions import save_answers, session_gone
from tenants.intake.answer_rows import history_of
from tenants.intake.publishing import withdraw
from tenants.intake.queries import answers_of
from tests.browser import Browser
from tests.cast import NOW, Clinic
from tests.cost import cost_ms
from tests.tenants.bookings.scenes import only_sqlite
from tests.tenants.intake.asked import asked, fresh, link_of, said

pytestmark = [only_sqlite]
MOST_MS = 15
SECRET = "a canary in the evening"


class Desk:
    """One client's link, and what stands behind it."""

    def __init__(self, app: Flask, clinic: Clinic) -> None:
        self.app, self.clinic = app, clinic
        with self.inside():
            intake = asked(clinic)
            self.id: UUID = intake.id
            self.link = clinic.home + link_of(intake)
            self.booking_id = intake.booking_id
            self.version_id = intake.questionnaire_version_id

    @contextmanager
    def inside(self) -> Iterator[None]:
        with self.app.app_context(), tenant_scope(self.clinic.ref):
            yield

    def values(self) -> dict[str, Any]:
        with self.inside():
            return {key: one.value for key, one in answers_of(fresh(self.id)).items()}


@pytest.fixture
def desk(app: Flask, rowan: Clinic) -> Desk:
    return Desk(app, rowan)


def token_in(html: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', html)
    assert found is not None
    return found[1]


def test_links_that_lead_nowhere_say_so_calmly(desk: Desk, browser: Browser, thornfield: Clinic) -> None:
    assert browser.get(f"{desk.clinic.home}/intake/{'x' * 22}").status == 404
    assert browser.get(desk.link.replace(desk.clinic.home, thornfield.home)).status == 404
    assert browser.get(f"{desk.link}/part/nothing").status == 404
    with time_machine.travel(NOW + timedelta(days=60), tick=False):
        page = browser.get(desk.link)
        assert (page.status, "Ask the clinic for a new one" in page.text) == (410, True)
    with desk.inside():
        assert desk.booking_id is not None
        session_gone(booking_id=desk.booking_id, now=NOW)
    assert browser.get(desk.link).status == 410


def test_every_page_is_kept_by_nobody_and_names_nothing(desk: Desk, client: FlaskClient) -> None:
    for tail in ("", "/part/comfort", "/review", "/code"):
        answer = client.get(desk.link + tail)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in answer.headers["X-Robots-Tag"]
        title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
        assert title is not None
        assert " ".join(title[1].split()) == "Questions, Rowan"
        assert "Set-Cookie" not in answer.headers


def test_what_cannot_be_read_is_shown_again_as_it_was_typed(desk: Desk, client: FlaskClient) -> None:
    token = token_in(client.get(f"{desk.link}/part/about").text)
    form = {"form_token": token, "a.who": "me", "b.dob": "the other day", "b.pref": "Clee", "x.y": "?", "k": "a.who"}
    answer = client.post(f"{desk.link}/part/about", data=form)
    assert answer.status_code == 422
    assert 'value="the other day"' in answer.text
    assert "Enter a date such as" in answer.text
    assert "1 answer did not belong to these questions" in answer.text
    assert desk.values() == {"a.who": "me", "b.pref": "Clee"}
    with desk.inside():
        aside = {one.key: one.answer.value for one in history_of(fresh(desk.id)) if one.dropped}
    assert aside == {"b.dob": ("the other day",), "x.y": ("?",)}


def test_a_sensitive_answer_is_shown_in_its_own_sitting_only(desk: Desk, app: Flask, client: FlaskClient) -> None:
    page = f"{desk.link}/part/comfort"
    token = token_in(client.get(page).text)
    client.post(page, data={"form_token": token, "decide": "j:go"})
    answer = client.post(
        f"{desk.link}/save", data={"form_token": token, "k": "i.mh_dx", "i.mh_dx": "depression", "i.mh_dx~n": SECRET}
    )
    assert set(answer.get_json()["kept"]) == {"i.mh_dx"}
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert f"Path={desk.link}" in cookie
    assert SECRET in client.get(page).text
    assert SECRET in client.get(f"{desk.link}/review").text
    stranger = app.test_client()
    for tail in ("/part/comfort", "/review", ""):
        seen = stranger.get(desk.link + tail).text
        assert SECRET not in seen
    assert "You have answered here before" in stranger.get(page).text
    # Going on with what is shown leaves what is not.
    stranger.post(page, data={"form_token": token, "k": "g.stress", "g.stress": "3"})
    assert desk.values() | {"i.mh_dx": ("depression",), "g.stress": 3} == desk.values()
    client.get(f"{desk.link}/leave")
    assert SECRET not in client.get(page).text


def test_a_form_from_elsewhere_or_to_another_link_is_refused(desk: Desk, client: FlaskClient) -> None:
    token = token_in(client.get(f"{desk.link}/part/about").text)
    wrong = client.post(f"{desk.link}/save", data={"form_token": "1.x", "k": "a.who", "a.who": "me"})
    assert wrong.status_code == 400
    other = client.post(
        f"{desk.link}/save", data={"form_token": token, "k": "a.who", "a.who": "me"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )  # fmt: skip
    assert other.status_code == 403
    many = {"form_token": token, **{f"x{number}": "1" for number in range(600)}}
    assert client.post(f"{desk.link}/save", data=many).status_code == 413
    assert desk.values() == {}


def test_a_version_withdrawn_halfway_may_be_finished(desk: Desk, client: FlaskClient) -> None:
    with desk.inside():
        save_answers(intake_id=desk.id, typed={"c.goal": said("calm")}, sitting="before", now=NOW)
        withdraw(version_id=desk.version_id, now=NOW)
    page = client.get(f"{desk.link}/part/health")
    assert "calm" in page.text
    token = token_in(page.text)
    saved = client.post(f"{desk.link}/part/health", data={"form_token": token, "k": "c.goal", "c.goal": "calmer"})
    assert saved.status_code == 303
    assert desk.values() == {"c.goal": "calmer"}


def test_a_part_is_light_and_quick(desk: Desk, client: FlaskClient) -> None:
    with desk.inside():
        answers = {f"d.{one}": said("no") for one in ("bleed", "lp", "clot", "heart")}
        save_answers(intake_id=desk.id, typed={**answers, "c.goal": said("calm")}, now=NOW)
    part = client.get(f"{desk.link}/part/health")
    assert part.status_code == 200
    assert len(gzip.compress(part.data)) < 20_000
    spent = cost_ms(lambda: client.get(f"{desk.link}/part/health"), hoped=MOST_MS)
    print(f"a part: {spent:.1f} ms of CPU")
    assert spent <= MOST_MS


def test_names_of_any_length_are_put_aside_each_by_itself(desk: Desk, client: FlaskClient) -> None:
    token = token_in(client.get(f"{desk.link}/part/about").text)
    long = "x" * 120
    sent = {"form_token": token, "c.goal": "calm", f"{long}a": "1", f"{long}b": "2"}
    assert client.post(f"{desk.link}/save", data=sent).status_code == 200
    assert desk.values() == {"c.goal": "calm"}
    with desk.inside():
        assert [one.key for one in history_of(fresh(desk.id)) if one.dropped] == [long, long]


def test_only_dates_are_read_as_dates(desk: Desk, client: FlaskClient) -> None:
    token = token_in(client.get(f"{desk.link}/part/about").text)
    sent = {"b.emerg_phone": "91 23 4567", "c.goal": "7.2024", "b.dob": "31.3.1980"}
    client.post(f"{desk.link}/save", data={"form_token": token, **sent})
    assert desk.values() == {**sent, "b.dob": "1980-03-31"}
