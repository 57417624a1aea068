"""The second step, "is it still you?", invitations, the team, through the pages. One database: actions have both."""

from __future__ import annotations

import hashlib
import html
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from webauthn.helpers import bytes_to_base64url, encode_cbor
from werkzeug.test import TestResponse

from saas import ratelimit
from saas.accounts import actions, invitations, passkeys, seconds, staffing, totp
from saas.accounts.models import Account
from saas.audit import Audit
from saas.db import db
from saas.tenancy import find_platform, tenant_scope
from tests.cast import NOW, PASSWORD, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.saas.accounts.test_login import send_mails

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)

SECRET = b"12345678901234567890"
FIREFOX = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
At = Callable[[timedelta], time_machine.travel]


def code(moment: datetime) -> str:
    return totp.code_at(SECRET, totp.step_of(moment))


def later(**more: int) -> time_machine.travel:
    return time_machine.travel(NOW + timedelta(**more), tick=False)


def hidden(page: TestResponse) -> dict[str, str]:
    """The hidden fields of a page, those of its first form first."""
    found = re.findall(r'<input[^>]*type="hidden"[^>]*>', page.text)
    pairs = [(re.search(r'name="([^"]*)"', one), re.search(r'value="([^"]*)"', one)) for one in found]
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name:
            fields.setdefault(html.unescape(name[1]), html.unescape(value[1]) if value else "")
    return fields


def press(client: FlaskClient, path: str, page: TestResponse, **typed: object) -> TestResponse:
    return client.post(path, data={"csrf_token": token_of(page), **typed})


@pytest.fixture
def codes(rowan: Clinic, inside: Enter) -> list[str]:
    """Alma has an app, and these recovery codes."""
    with inside(rowan):
        return seconds.add_app(account_id=rowan.accounts["alma"], secret=SECRET, typed=code(NOW), now=NOW)


def second(client: FlaskClient, typed: str, home: str = "/c/rowan") -> TestResponse:
    return press(client, f"{home}/login/second", client.get(f"{home}/login/second"), code=typed)


def test_the_password_alone_opens_nothing(client: FlaskClient, rowan: Clinic, codes: list[str]) -> None:
    answer = log_in(client, rowan, "alma", next="/c/rowan/manage/team/")
    assert (answer.status_code, answer.location) == (303, "/c/rowan/login/second")
    assert client.get("/c/rowan/manage/").location.startswith("/c/rowan/login")
    wrong = second(client, "000000")
    assert wrong.status_code == 422
    assert "doesn’t fit" in wrong.text
    with later(seconds=30):
        right = second(client, code(NOW + timedelta(seconds=30)))
        assert (right.status_code, right.location) == (303, "/c/rowan/manage/team/")
        assert client.get("/c/rowan/manage/team/").status_code == 200


def test_a_recovery_code_opens_once(client: FlaskClient, app: Flask, rowan: Clinic, codes: list[str]) -> None:
    log_in(client, rowan, "alma")
    assert second(client, codes[0]).status_code == 303
    assert client.get("/c/rowan/manage/").status_code == 200
    other = app.test_client()
    log_in(other, rowan, "alma")
    assert second(other, codes[0]).status_code == 422
    assert any("removed or used up" in text for text in send_mails(app, rowan, NOW))


def test_the_second_step_has_ten_minutes_and_dies_with_the_password(
    client: FlaskClient, rowan: Clinic, codes: list[str], inside: Enter
) -> None:
    assert client.get("/c/rowan/login/second").location == "/c/rowan/login"
    log_in(client, rowan, "alma")
    with later(minutes=11):
        assert client.get("/c/rowan/login/second").location == "/c/rowan/login"
    log_in(client, rowan, "alma")
    page = client.get("/c/rowan/login/second")
    with inside(rowan):
        actions.set_password(account_id=rowan.accounts["alma"], password="another long sentence", now=NOW)
    assert press(client, "/c/rowan/login/second", page, code=codes[0]).location == "/c/rowan/login"


def test_guessing_the_second_step_is_slowed_and_locks_nobody_out(
    client: FlaskClient, app: Flask, rowan: Clinic, codes: list[str], inside: Enter
) -> None:
    log_in(client, rowan, "alma")
    answers = [second(client, f"{n:06}").status_code for n in range(10)]
    assert answers == [422] * 8 + [429] * 2
    elsewhere = {"REMOTE_ADDR": "198.51.100.7"}
    home = app.test_client()
    page = home.get("/c/rowan/login", environ_base=elsewhere)
    form = {"csrf_token": token_of(page), "email": "alma@rowan.example", "password": PASSWORD}
    home.post("/c/rowan/login", data=form, environ_base=elsewhere)
    page = home.get("/c/rowan/login/second", environ_base=elsewhere)
    form = {"csrf_token": token_of(page), "code": codes[0]}
    assert home.post("/c/rowan/login/second", data=form, environ_base=elsewhere).status_code == 303
    # Guessers at a hundred addresses who know the password keep the door shut for an hour at most; what they know
    # is worth nothing once the password is a new one, and their tries are forgotten with it.
    with later(minutes=61):
        assert log_in(client, rowan, "alma").status_code == 303
        assert second(client, codes[1]).status_code == 303


def test_a_new_password_forgets_the_tries_at_the_second_step(
    client: FlaskClient, rowan: Clinic, codes: list[str], inside: Enter
) -> None:
    log_in(client, rowan, "alma")
    key = actions.proof_key("second", rowan.accounts["alma"])
    with inside(rowan):
        for _ in range(61):
            ratelimit.count(key, window_seconds=3600, now=NOW)
    assert second(client, codes[0]).status_code == 429
    with inside(rowan):
        actions.set_password(account_id=rowan.accounts["alma"], password="another long sentence", now=NOW)
    log_in(client, rowan, "alma", "another long sentence")
    assert second(client, codes[0]).status_code == 303


def test_who_was_away_is_asked_and_comes_back_to_the_page(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    with later(minutes=14):
        assert client.get("/c/rowan/manage/team/").status_code == 200
    with later(minutes=31):
        asked = client.get("/c/rowan/manage/team/?x=1")
        assert (asked.status_code, asked.location) == (303, "/c/rowan/account/again?next=/c/rowan/manage/team/?x%3D1")
        page = client.get(asked.location)
        assert "for 15 minutes, so we logged you out" in page.text
        assert client.get("/c/rowan/manage/").status_code == 303, "looking at the question does not wake it"
        wrong = client.post("/c/rowan/account/again/confirm", data={**hidden(page), "password": "not it, not at all"})
        assert wrong.status_code == 422
        assert client.get("/c/rowan/manage/").status_code == 303
        right = client.post("/c/rowan/account/again/confirm", data={**hidden(wrong), "password": PASSWORD})
        assert (right.status_code, right.location) == (303, "/c/rowan/manage/team/?x=1")
        assert client.get("/c/rowan/manage/team/").status_code == 200


def test_what_was_typed_comes_back_after_a_log_off(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    log_in(client, rowan, "alma")
    page = client.get("/c/rowan/manage/account/")
    with later(minutes=31):
        sent = press(client, "/c/rowan/manage/account/details/", page, name="Alma <Quinn> & Co", locale="es")
        assert sent.status_code == 307
        asked = client.post(
            sent.location, data={"csrf_token": token_of(page), "name": "Alma <Quinn> & Co", "locale": "es"}
        )
        assert "What you typed is kept" in asked.text
        thanks = client.post("/c/rowan/account/again/confirm", data={**hidden(asked), "password": PASSWORD})
        assert "Press once more" in thanks.text
        address = re.search(r'action="([^"]+details[^"]*)"', thanks.text)
        assert address
        saved = client.post(html.unescape(address[1]), data=hidden(thanks))
        assert saved.status_code == 303
    with inside(rowan):
        row = db.session.get_one(Account, rowan.accounts["alma"])
        assert (row.name, row.locale) == ("Alma <Quinn> & Co", "es")


def test_a_file_does_not_ride_along_and_the_page_says_so(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    with later(minutes=31):
        form = {"name": "kept", "file": (io.BytesIO(b"x" * 3_000_000), "clients.csv")}
        asked = client.post("/c/rowan/account/again?next=/c/rowan/manage/clients/import/", data=form)
    assert asked.status_code == 200
    assert "could not be kept" in asked.text
    assert "kept" in hidden(asked)["kept"]


def test_nobody_but_a_sleeper_sends_much_to_the_question(client: FlaskClient, rowan: Clinic) -> None:
    much = {"name": "x" * 3_000_000}
    path = "/c/rowan/account/again"
    assert client.post(path, data=much).status_code == 413
    log_in(client, rowan, "alma")
    with later(minutes=31):
        foreign = client.post(path, data=much, headers={"Sec-Fetch-Site": "cross-site"})
        assert (foreign.status_code, client.post(path, data=much).status_code) == (403, 200)


def test_the_question_and_the_second_step_speak_the_accounts_language(
    client: FlaskClient, app: Flask, rowan: Clinic, codes: list[str], inside: Enter
) -> None:
    for known, address, spoken in (("es", "", "es"), ("en", "?lang=es", "en-GB"), ("", "?lang=es", "es"), ("", "", "")):
        with inside(rowan):
            staffing.save_own(account_id=rowan.accounts["alma"], name="Alma", locale=known, now=NOW)
        browser = app.test_client()
        browser.environ_base["HTTP_ACCEPT_LANGUAGE"] = "es" if spoken != "es" else "en"
        form = {"email": "alma@rowan.example", "password": PASSWORD}
        led = press(browser, f"/c/rowan/login{address}", browser.get(f"/c/rowan/login{address}"), **form)
        wrong = press(browser, led.location, browser.get(led.location), code="000000")
        right = press(browser, led.location, wrong, code=codes.pop())
        assert right.status_code == 303
        with later(minutes=31):
            asked = browser.get(f"/c/rowan/account/again{address}")
            refused = browser.post("/c/rowan/account/again/confirm" + address, data=hidden(asked))
        for page in (wrong, asked, refused):
            assert f'<html lang="{spoken or "en-GB"}"' in page.text
            assert ("hreflang" in page.text) is False, "nothing to choose: it is the account's"
        assert ("contraseña" in refused.text) is (spoken == "es")


def test_a_clinic_chooses_how_long_a_log_in_waits(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    log_in(client, rowan, "alma")
    page = client.get("/c/rowan/manage/team/rules/")
    assert press(client, "/c/rowan/manage/team/rules/", page, idle_minutes="4").status_code == 422
    assert press(client, "/c/rowan/manage/team/rules/", page, idle_minutes="x").status_code == 422
    assert press(client, "/c/rowan/manage/team/rules/", page, idle_minutes="60").status_code == 303
    with later(minutes=59):
        assert client.get("/c/rowan/manage/").status_code == 200
    with later(minutes=59 + 62):
        assert client.get("/c/rowan/manage/").status_code == 303


def test_a_weighty_deed_asks_again_and_keeps_the_form(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    log_in(client, rowan, "alma")
    page = client.get("/c/rowan/manage/team/invite/")
    typed = {"name": "Dee", "email": "dee@x.example", "role": "front_desk", "practitioner": ""}
    with later(minutes=11):
        sent = press(client, "/c/rowan/manage/team/invite/", page, **typed)
        assert sent.status_code == 307
        asked = client.post(sent.location, data={"csrf_token": token_of(page), **typed, "password": "never kept"})
        assert "asks once more" in asked.text
        assert "never kept" not in asked.text
        thanks = client.post("/c/rowan/account/again/confirm", data={**hidden(asked), "password": PASSWORD})
        assert client.post("/c/rowan/manage/team/invite/", data=hidden(thanks)).status_code == 303
    with inside(rowan):
        assert db.session.query(Account).filter(Account.email == "dee@x.example").count() == 1


def test_an_apps_code_is_proof_enough_when_awake_and_not_after_a_log_off(
    client: FlaskClient, rowan: Clinic, codes: list[str]
) -> None:
    log_in(client, rowan, "alma")
    second(client, codes[0])
    for minutes, status in ((11, 303), (40, 422)):
        with later(minutes=minutes):
            page = client.get("/c/rowan/account/again?next=/c/rowan/manage/account/second/app/")
            form = {**hidden(page), "code": code(NOW + timedelta(minutes=minutes))}
            assert client.post("/c/rowan/account/again/confirm", data=form).status_code == status


def test_the_question_leads_nowhere_but_here(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    with later(minutes=11):
        page = client.get("/c/rowan/account/again?next=https://evil.example/")
        assert "evil" not in page.text
        form = {**hidden(page), "password": PASSWORD, "next": "//evil.example/"}
        assert client.post("/c/rowan/account/again/confirm", data=form).location == "/c/rowan/account"
    form = {"kept": '[["a","b"]]'}
    answer = client.post("/c/rowan/account/again/confirm", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    for odd in ("{", "[1]", '[["a"]]', '{"a":1}', "9" * 1000, "[" * 20_000):
        page = client.get("/c/rowan/manage/")
        assert press(client, "/c/rowan/account/again/confirm", page, password=PASSWORD, kept=odd).status_code == 303


def test_somebody_is_invited_joins_and_logs_in(client: FlaskClient, app: Flask, rowan: Clinic, inside: Enter) -> None:
    log_in(client, rowan, "alma")
    page = client.get("/c/rowan/manage/team/invite/")
    typed = {
        "name": "Dee",
        "email": "dee@x.example",
        "role": "practitioner",
        "practitioner": rowan.practitioners["iris"],
    }
    assert press(client, "/c/rowan/manage/team/invite/", page, **typed).status_code == 303
    again = press(client, "/c/rowan/manage/team/invite/", page, **typed)
    assert again.status_code == 409
    assert "has an account here already" in again.text
    (text,) = send_mails(app, rowan, NOW)
    link = re.search(r"http://localhost(/c/rowan/invite/\S+)", text)
    assert link
    dee = app.test_client()
    page = dee.get(link[1])
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "no-referrer")
    joined = {"name": "Dee Quinn", "password": PASSWORD, "password_confirm": PASSWORD}
    for wrong in (
        {"password_confirm": "something else"},
        {"password": "short", "password_confirm": "short"},
        {"name": " "},
    ):
        assert press(dee, link[1], page, **{**joined, **wrong}).status_code == 422
    assert press(dee, link[1], page, **joined).location == "/c/rowan/login"
    assert dee.get(link[1]).status_code == 410
    assert log_in(dee, rowan, "dee@x.example").status_code == 302
    assert "Dee Quinn" in dee.get("/c/rowan/manage/").text
    with inside(rowan):
        own = db.session.query(Audit).filter(Audit.deed.in_(("account.joined", "account.login")))
        told = [(row.actor, row.account_id == row.target_id) for row in own]
    assert told == [("staff", True)] * 3, "Alma's log-in, Dee's joining and log-in are told as their own deeds"
    assert dee.get("/c/rowan/manage/team/").status_code == 403


def test_a_role_taken_away_is_gone_on_a_page_that_is_open(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        staffing.change_role(account_id=rowan.accounts["fern"], role="owner", now=NOW)
    log_in(client, rowan, "fern")
    page = client.get(f"/c/rowan/manage/team/edit/?id={rowan.accounts['ben']}")
    with inside(rowan):
        staffing.change_role(account_id=rowan.accounts["fern"], role="front_desk", now=NOW)
    answer = press(client, "/c/rowan/manage/team/edit/", page, id=rowan.accounts["ben"], role="owner")
    assert answer.status_code == 403
    assert "isn’t open to you" in answer.text
    with inside(rowan):
        assert db.session.get_one(Account, rowan.accounts["ben"]).role == "practitioner"


def test_the_owner_changes_switches_off_and_lets_in_again(
    client: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    log_in(client, rowan, "alma")
    ben, ask = rowan.accounts["ben"], "/c/rowan/manage/team/ask"
    working = app.test_client()
    log_in(working, rowan, "ben")
    page = client.get(f"/c/rowan/manage/team/edit/?id={ben}")
    form = {**hidden(page), "role": "front_desk", "practitioner": ""}
    assert client.post("/c/rowan/manage/team/edit/", data=form).status_code == 303
    stale = client.post("/c/rowan/manage/team/edit/", data={**form, "role": "owner"})
    assert stale.status_code == 409
    assert "Somebody else changed this meanwhile" in stale.text
    assert client.get(f"{ask}/deactivate/?id={ben}").status_code == 200
    assert press(client, f"{ask}/deactivate/", page, id=ben).status_code == 303
    assert working.get("/c/rowan/manage/").status_code == 303
    assert log_in(working, rowan, "ben").status_code == 422
    assert press(client, f"{ask}/reactivate/", page, id=ben).status_code == 303
    assert log_in(working, rowan, "ben").status_code == 302
    alone = press(client, f"{ask}/deactivate/", page, id=rowan.accounts["alma"])
    assert (alone.status_code, "That is you" in alone.text) == (409, True)
    last = {**hidden(client.get(f"/c/rowan/manage/team/edit/?id={rowan.accounts['alma']}")), "role": "front_desk"}
    refused = client.post("/c/rowan/manage/team/edit/", data={**last, "practitioner": ""})
    assert (refused.status_code, "needs an owner" in refused.text) == (409, True)
    for odd in ("x", "", "00000000-0000-7000-8000-000000000000"):
        assert client.get(f"/c/rowan/manage/team/edit/?id={odd}").status_code == 404
        assert client.get(f"{ask}/nonsense/?id={ben}").status_code == 404
    assert "Front desk" in client.get("/c/rowan/manage/team/").text


def test_a_second_step_asked_of_all_leads_everybody_to_it(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    log_in(client, rowan, "ben")
    with inside(rowan):
        staffing.set_door(idle_minutes=15, second_required=True, now=NOW)
    answer = client.get("/c/rowan/manage/bookings/")
    assert (answer.status_code, answer.location) == (303, "/c/rowan/manage/account/second/")
    assert "Add yours, then everything opens" in client.get(answer.location).text
    page = client.get("/c/rowan/manage/account/second/app/")
    spoken = re.search(r'class="nowrap">([A-Z2-7 ]+)<', page.text)
    assert spoken
    assert 'src="data:image/svg+xml;base64,' in page.text
    import base64

    key = base64.b32decode(spoken[1].replace(" ", ""))
    wrong = press(client, "/c/rowan/manage/account/second/app/", page, code="123")
    assert wrong.status_code == 422
    assert spoken[1] in wrong.text, "the same key: the app need not begin anew"
    fits = totp.code_at(key, totp.step_of(NOW))
    added = press(client, "/c/rowan/manage/account/second/app/", wrong, code=fits)
    shown = re.findall(r">([a-z2-9]{5}-[a-z2-9]{5})<", added.text)
    assert len(shown) == seconds.RECOVERY_CODES
    assert client.get("/c/rowan/manage/bookings/").status_code == 200
    refused = press(client, "/c/rowan/manage/account/second/app/remove/", page)
    assert (refused.status_code, "Everybody here logs in" in refused.text) == (409, True)


def test_operators_need_a_second_step_outside_the_demo(client: FlaskClient, app: Flask) -> None:
    with app.app_context():
        from saas.fleet.actions import ensure_platform

        with tenant_scope(ensure_platform(now=NOW)):
            odo = {"email": "odo@longtide.example", "name": "Odo", "role": "operator", "password": PASSWORD}
            actions.create_account(**odo, now=NOW)
        assert find_platform() is not None
    page = client.get("/login")
    client.post("/login", data={"csrf_token": token_of(page), "email": "odo@longtide.example", "password": PASSWORD})
    assert client.get("/operator/").status_code == 200, "the demo asks for none"
    before = app.config["LONGTIDE"]
    app.config["LONGTIDE"] = before.model_copy(update={"env": "staging"})
    try:
        assert client.get("/operator/").location == "/operator/account/second/"
        assert client.get("/operator/account/second/").status_code == 200
    finally:
        app.config["LONGTIDE"] = before


def test_a_log_in_on_a_new_device_is_told_by_mail_once(client: FlaskClient, app: Flask, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    assert send_mails(app, rowan, NOW) == [], "the very first"
    client.delete_cookie(f"lt-{rowan.ref.id8}")
    log_in(client, rowan, "alma")
    assert send_mails(app, rowan, NOW) == [], "the same device"
    other = app.test_client()
    other.environ_base["HTTP_USER_AGENT"] = FIREFOX["User-Agent"]
    log_in(other, rowan, "alma")
    (text,) = send_mails(app, rowan, NOW)
    assert "Firefox on Linux" in text
    cookie = other.get_cookie(f"lt-{rowan.ref.id8}-known")
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    assert not re.search("alma|firefox|linux", cookie.value, re.IGNORECASE)
    other.set_cookie(f"lt-{rowan.ref.id8}-known", "x" * 5000 + "é")
    other.delete_cookie(f"lt-{rowan.ref.id8}")
    assert log_in(other, rowan, "alma").status_code == 302


def test_one_sees_where_one_is_logged_in_and_ends_it(client: FlaskClient, app: Flask, rowan: Clinic) -> None:
    others = [app.test_client() for _ in range(3)]
    for other in others:
        other.environ_base["HTTP_USER_AGENT"] = FIREFOX["User-Agent"]
        log_in(other, rowan, "ben")
    log_in(client, rowan, "ben")
    page = client.get("/c/rowan/manage/account/")
    assert page.text.count("Firefox on Linux") == 3
    refs = re.findall(r'name="ref" value="([0-9a-f]+)"', page.text)
    assert len(refs) == 3
    assert press(client, "/c/rowan/manage/account/logins/end/", page, ref=refs[0]).status_code == 303
    inside_still = [other.get("/c/rowan/manage/").status_code for other in others]
    assert sorted(inside_still) == [200, 200, 303]
    mallory = app.test_client()
    log_in(mallory, rowan, "fern")
    press(mallory, "/c/rowan/manage/account/logins/end/", mallory.get("/c/rowan/manage/account/"), ref=refs[1])
    assert press(client, "/c/rowan/manage/account/logins/end-others/", page).status_code == 303
    assert [other.get("/c/rowan/manage/").status_code for other in others] == [303] * 3
    assert client.get("/c/rowan/manage/").status_code == 200
    assert mallory.get("/c/rowan/manage/").status_code == 200


def test_a_password_is_changed_by_who_knows_the_old_one(client: FlaskClient, app: Flask, rowan: Clinic) -> None:
    log_in(client, rowan, "ben")
    other = app.test_client()
    log_in(other, rowan, "ben")
    path = "/c/rowan/manage/account/password/"
    page = client.get(path)
    fine = {
        "old_password": PASSWORD,
        "new_password": "ninety yellow ladders",
        "new_password_confirm": "ninety yellow ladders",
    }
    for wrong, sentence in (
        ({"old_password": "no such sentence"}, "That is not your password"),
        ({"new_password_confirm": "x"}, "The two passwords differ"),
        ({"new_password": "short", "new_password_confirm": "short"}, "Use at least 10 characters"),
        ({"new_password": "Ben Rowan 2026", "new_password_confirm": "Ben Rowan 2026"}, "Many would try this one first"),
        ({"new_password": "x" * 300, "new_password_confirm": "x" * 300}, "Use at most 200 characters"),
    ):
        answer = press(client, path, page, **{**fine, **wrong})
        assert (answer.status_code, sentence in answer.text) == (422, True), sentence
    assert press(client, path, page, **fine).status_code == 303
    assert client.get("/c/rowan/manage/account/").status_code == 200, "here one stays"
    assert other.get("/c/rowan/manage/").status_code == 303
    assert log_in(app.test_client(), rowan, "ben").status_code == 422
    assert log_in(app.test_client(), rowan, "ben", "ninety yellow ladders").status_code == 302


def test_an_obvious_password_is_refused_in_the_reset_too(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    from saas.accounts.effects import reset_link

    with inside(rowan):
        path = reset_link(db.session.get_one(Account, rowan.accounts["alma"])).partition("http://localhost")[2]
    answer = press(client, path, client.get(path), password="rowan alma 2026", password_confirm="rowan alma 2026")
    assert (answer.status_code, "Many would try this one first" in answer.text) == (422, True)


def test_what_a_passkey_cannot_have_signed_opens_nothing(client: FlaskClient, rowan: Clinic, codes: list[str]) -> None:
    page = client.get("/c/rowan/login")
    odds = (
        "",
        "{",
        "[]",
        "null",
        '{"id":"AA","rawId":"AA","type":"public-key","response":{}}',
        "9" * 30_000,
        "[" * 20_000,
    )
    for odd in odds:
        answer = press(client, "/c/rowan/login/passkey", page, answer=odd)
        assert (answer.status_code, answer.location) == (303, "/c/rowan/login")
    log_in(client, rowan, "alma")
    page = client.get("/c/rowan/login/second")
    assert press(client, "/c/rowan/login/second", page, answer="{}").status_code == 422
    log_in(client, rowan, "ben")
    page = client.get("/c/rowan/manage/account/second/passkey/")
    for odd in (*odds, "{}", "[1]", "1"):
        refused = press(client, "/c/rowan/manage/account/second/passkey/", page, answer=odd, name="x")
        assert (refused.status_code, "isn’t known here" in refused.text) == (422, True), odd[:20]
    missing = UUID(int=7)
    assert client.get(f"/c/rowan/manage/account/second/passkey/remove/?id={missing}").status_code == 404


@pytest.mark.parametrize("key", [[0], {1: 2, 3: -7, -1: 1, -2: [], -3: b""}, {1: 3, 3: -257, -1: b"", -2: b""}])
def test_a_key_of_no_kind_is_no_passkey(rowan: Clinic, inside: Enter, key: object) -> None:
    challenge = passkeys.new_challenge()
    site = passkeys.Site("localhost", "http://localhost", "Rowan")
    told = {"type": "webauthn.create", "origin": site.origin, "challenge": bytes_to_base64url(bytes.fromhex(challenge))}
    held = (
        hashlib.sha256(site.host.encode()).digest() + b"\x45" + bytes(4) + bytes(16) + b"\x00\x01k" + encode_cbor(key)
    )
    made = encode_cbor({"fmt": "none", "attStmt": {}, "authData": held})
    response = {
        "clientDataJSON": bytes_to_base64url(json.dumps(told).encode()),
        "attestationObject": bytes_to_base64url(made),
    }
    answer = json.dumps({"id": "aw", "rawId": "aw", "type": "public-key", "response": response})
    with inside(rowan), pytest.raises(passkeys.WrongKey):
        passkeys.add_key(
            account_id=rowan.accounts["alma"], answer=answer, challenge=challenge, site=site, name="", now=NOW
        )


def test_invitations_say_nothing_to_whoever_guesses(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        made = invitations.invite(email="dee@x.example", name="Dee", role="owner", now=NOW)
        token = invitations.link_token(made)
    assert client.get(f"/c/rowan/invite/{token[:-1]}x").status_code == 404
    with later(days=8):
        ended = client.get(f"/c/rowan/invite/{token}")
    assert (ended.status_code, "dee" in ended.text.lower()) == (410, False)
