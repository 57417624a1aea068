"""Log-in, log-out and reset, through the pages."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
import structlog
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from saas import outbox
from saas.accounts import actions, effects
from saas.accounts.models import Account
from saas.db import db
from saas.fleet.actions import suspend
from saas.mail import outgoing
from saas.sessions import SessionRow
from saas.tenancy import find_platform, tenant_scope
from tests.cast import PASSWORD, Clinic
from tests.saas.accounts.pages import Enter, log_in, switch_off, token_of


def mails_due(app: Flask, now: datetime) -> list[outbox.Effect]:
    with app.app_context():
        return outbox.lease(now=now, limit=20, kinds=frozenset({"account.mail"}))


def send_mails(app: Flask, clinic: Clinic, now: datetime) -> list[str]:
    for effect in mails_due(app, now):
        with app.app_context(), tenant_scope(clinic.ref):
            effects.account_mail(effect, now=now)
    with app.app_context():
        texts = [mail.text for mail in outgoing()]
        outgoing().clear()
    return texts


def test_an_owner_logs_in_and_is_at_their_clinic(client: FlaskClient, rowan: Clinic) -> None:
    answer = log_in(client, rowan, "alma")
    assert (answer.status_code, answer.location) == (302, "/c/rowan/account")
    assert client.get("/c/rowan/account").location == "/c/rowan/manage/"
    page = client.get("/c/rowan/manage/")
    assert page.status_code == 200
    assert "Alma" in page.text


def test_the_log_in_is_remembered_on_the_account(
    client: FlaskClient, rowan: Clinic, now: datetime, inside: Enter
) -> None:
    log_in(client, rowan, "alma")
    with inside(rowan):
        account = db.session.get(Account, rowan.accounts["alma"])
        assert account is not None
        assert account.last_login_at == now


def test_an_address_is_known_in_any_case(client: FlaskClient, rowan: Clinic) -> None:
    assert log_in(client, rowan, "ALMA@Rowan.Example").status_code == 302


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: FlaskClient, rowan: Clinic) -> None:
    wrong = log_in(client, rowan, "alma", "not her sentence")
    unknown = log_in(client, rowan, "nobody", "not her sentence")
    mine = r'value="[^"]*"|nonce="[^"]*"|challenge&#34;: &#34;[^&]*'
    clean = [re.sub(mine, "", answer.text) for answer in (wrong, unknown)]
    assert clean[0] == clean[1]
    assert wrong.status_code == unknown.status_code == 422
    assert "don’t belong together" in wrong.text
    assert 'role="alert"' in wrong.text


def test_log_ins_and_refusals_are_in_the_log_without_what_was_typed(client: FlaskClient, rowan: Clinic) -> None:
    with structlog.testing.capture_logs() as logs:
        log_in(client, rowan, "alma", "not her sentence")
        log_in(client, rowan, "alma")
    told = [line for line in logs if line["event"].startswith("login.")]
    assert [line["event"] for line in told] == ["login.refused", "login.done"]
    assert all(line["tenant"] == str(rowan.ref.id) and line["address"] == "127.0.0.1" for line in told)
    assert not any(word in str(logs) for word in ("alma", "sentence", PASSWORD))


def test_a_form_from_another_site_is_in_the_log(client: FlaskClient, rowan: Clinic) -> None:
    with structlog.testing.capture_logs() as logs:
        answer = client.post("/c/rowan/login", data={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert [(line["event"], line["error"], line["endpoint"]) for line in logs] == [
        ("request.refused", "foreign-origin", "security.login")
    ]


def test_the_same_address_in_two_clinics_is_two_accounts(
    client: FlaskClient, rowan: Clinic, thornfield: Clinic, now: datetime, inside: Enter
) -> None:
    for clinic, password in ((rowan, "the rowan sentence"), (thornfield, "the thornfield one")):
        with inside(clinic):
            actions.create_account(email="both@x.example", name="Both", role="owner", password=password, now=now)
    assert log_in(client, rowan, "both@x.example", "the thornfield one").status_code == 422
    assert log_in(client, rowan, "both@x.example", "the rowan sentence").status_code == 302
    assert log_in(client, thornfield, "both@x.example", "the thornfield one").status_code == 302
    assert client.get("/c/rowan/manage/").status_code == 200
    assert client.get("/c/thornfield/manage/").status_code == 200


def test_a_session_of_one_clinic_is_nothing_in_another(client: FlaskClient, rowan: Clinic, thornfield: Clinic) -> None:
    log_in(client, rowan, "alma")
    cookie = client.get_cookie(f"lt-{rowan.ref.id8}")
    assert cookie is not None
    client.set_cookie(f"lt-{thornfield.ref.id8}", cookie.value)
    answer = client.get("/c/thornfield/manage/")
    assert answer.status_code == 303
    assert answer.location.startswith("/c/thornfield/login")


def test_an_inactive_account_cannot_enter_and_what_it_has_open_ends(
    client: FlaskClient, rowan: Clinic, now: datetime, inside: Enter
) -> None:
    log_in(client, rowan, "ben")
    assert client.get("/c/rowan/manage/").status_code == 200
    with inside(rowan):
        switch_off(rowan.accounts["ben"])
    assert client.get("/c/rowan/manage/").status_code == 303
    assert log_in(client, rowan, "ben").status_code == 422


def test_log_out_is_a_button_and_ends_the_session(client: FlaskClient, app: Flask, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    assert client.get("/c/rowan/logout").status_code == 405
    page = client.get("/c/rowan/manage/")
    answer = client.post("/c/rowan/logout", data={"csrf_token": token_of(page)})
    assert (answer.status_code, answer.location) == (302, "/c/rowan/login")
    assert client.get("/c/rowan/manage/").status_code == 303
    with app.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(SessionRow)) == 0


def test_log_out_without_the_pages_token_asks_once_more(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    answer = client.post("/c/rowan/logout")
    assert answer.status_code == 422
    assert "Log out?" in answer.text
    assert client.get("/c/rowan/manage/").status_code == 200


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "/c/thornfield/manage/",
        "/c/rowan/../thornfield/manage/",
        "/c/rowan/%2e%2e/thornfield/",
        "/c/rowan/%252e%252e/thornfield/",
        "/c/rowanne/",
        "/manage/",
        "javascript:alert(1)",
        "/c/rowan\n/x",
        "security.logout",
        "http:/c/rowan/",
        "/c/rowan/" + "x" * 5000,
    ],
)
def test_next_leads_nowhere_but_here(client: FlaskClient, rowan: Clinic, thornfield: Clinic, target: str) -> None:
    page = client.get("/c/rowan/login", query_string={"next": target})
    assert 'name="next"' not in page.text
    assert log_in(client, rowan, "alma", next=target).location == "/c/rowan/account"


def test_next_brings_back_to_the_page_that_was_asked_for(client: FlaskClient, rowan: Clinic) -> None:
    asked = client.get("/c/rowan/manage/bookings/?search=cleo")
    assert asked.status_code == 303
    page = client.get(asked.location)
    target = re.search(r'name="next" value="([^"]+)"', page.text)
    assert target
    form = {"csrf_token": token_of(page), "email": "alma@rowan.example", "password": PASSWORD, "next": target[1]}
    assert client.post("/c/rowan/login", data=form).location == "/c/rowan/manage/bookings/?search=cleo"


def test_a_password_is_reset_by_mail(client: FlaskClient, app: Flask, rowan: Clinic, now: datetime) -> None:
    log_in(client, rowan, "alma")
    other = app.test_client()
    page = other.get("/c/rowan/reset")
    answer = other.post("/c/rowan/reset", data={"csrf_token": token_of(page), "email": "alma@rowan.example"})
    assert "is on its way" in answer.text
    (text,) = send_mails(app, rowan, now)
    link = re.search(r"http://localhost(/c/rowan/reset/\S+)", text)
    assert link, text
    page = other.get(link[1])
    assert page.headers["Referrer-Policy"] == "no-referrer"
    form = {"csrf_token": token_of(page), "password": "quite another one", "password_confirm": "quite another one"}
    assert other.post(link[1], data=form).location == "/c/rowan/login"
    assert client.get("/c/rowan/manage/").status_code == 303, "what was open elsewhere has ended"
    assert log_in(other, rowan, "alma").status_code == 422
    assert log_in(other, rowan, "alma", "quite another one").status_code == 302
    assert any("was changed just now" in text for text in send_mails(app, rowan, now))
    assert other.get(link[1]).location == "/c/rowan/reset", "a link works once"


def test_a_reset_link_of_one_clinic_is_nothing_in_another(
    client: FlaskClient, app: Flask, rowan: Clinic, thornfield: Clinic, inside: Enter
) -> None:
    with inside(rowan):
        account = db.session.get(Account, rowan.accounts["alma"])
        assert account is not None
        path = effects.reset_link(account).partition("/c/rowan")[2]
    assert client.get(f"/c/rowan{path}").status_code == 200
    assert client.get(f"/c/thornfield{path}").location == "/c/thornfield/reset"


def test_asking_for_a_reset_tells_nobody_who_is_known(
    client: FlaskClient, app: Flask, rowan: Clinic, now: datetime
) -> None:
    answers = []
    for email in ("alma@rowan.example", "nobody@rowan.example", "mallory@thornfield.example", "not an address"):
        page = client.get("/c/rowan/reset")
        answer = client.post("/c/rowan/reset", data={"csrf_token": token_of(page), "email": email})
        assert answer.status_code == 200
        answers.append(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(set(answers)) == 1
    assert len(mails_due(app, now)) == 1


def test_the_links_host_is_the_configured_one(client: FlaskClient, app: Flask, rowan: Clinic, now: datetime) -> None:
    page = client.get("/c/rowan/reset")
    form = {"csrf_token": token_of(page), "email": "alma@rowan.example"}
    client.post("/c/rowan/reset", data=form, headers={"X-Forwarded-Host": "evil.example"})
    (text,) = send_mails(app, rowan, now)
    assert "evil" not in text


def test_a_short_password_is_refused_with_a_sentence(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    with inside(rowan):
        account = db.session.get(Account, rowan.accounts["alma"])
        assert account is not None
        path = effects.reset_link(account).partition("/c/rowan")[2]
    page = client.get(f"/c/rowan{path}")
    for typed, sentence in (("short", "Use at least 10 characters"), ("x" * 300, "Use at most 200 characters")):
        form = {"csrf_token": token_of(page), "password": typed, "password_confirm": typed}
        answer = client.post(f"/c/rowan{path}", data=form)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert "Error:" in answer.text


ODD = ["x" * 10_000, "a\x00b@x.example", "\udcff@x.example", "a@b\r\nBcc: c@d.example", "=1+1", ""]


@pytest.mark.parametrize("odd", ODD)
def test_odd_text_gets_a_clear_answer(client: FlaskClient, rowan: Clinic, odd: str) -> None:
    page = client.get("/c/rowan/login")
    typed = odd.encode("utf-8", "surrogatepass")
    data = {"csrf_token": token_of(page), "email": typed, "password": typed}
    assert client.post("/c/rowan/login", data=data).status_code == 422
    page = client.get("/c/rowan/reset")
    data = {"csrf_token": token_of(page), "email": typed}
    assert client.post("/c/rowan/reset", data=data).status_code == 200


def test_guessing_is_slowed_down(client: FlaskClient, rowan: Clinic) -> None:
    answers = [log_in(client, rowan, "alma", f"guess number {n}").status_code for n in range(11)]
    assert answers == [422] * 10 + [429]
    assert log_in(client, rowan, "ben").status_code == 302, "others are not kept out"


def test_many_guessers_do_not_lock_the_owner_out(client: FlaskClient, app: Flask, rowan: Clinic) -> None:
    for n in range(102):
        guesser = app.test_client()
        page = guesser.get("/c/rowan/login", environ_base={"REMOTE_ADDR": f"198.51.100.{n}"})
        form = {"csrf_token": token_of(page), "email": "alma@rowan.example", "password": "no such sentence"}
        guesser.post("/c/rowan/login", data=form, environ_base={"REMOTE_ADDR": f"198.51.100.{n}"})
    assert log_in(client, rowan, "alma").status_code == 302


def test_a_form_from_another_site_is_refused(client: FlaskClient, rowan: Clinic) -> None:
    page = client.get("/c/rowan/login")
    form = {"csrf_token": token_of(page), "email": "alma@rowan.example", "password": PASSWORD}
    answer = client.post("/c/rowan/login", data=form, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    del form["csrf_token"]
    assert client.post("/c/rowan/login", data=form).status_code == 422


def test_json_and_tokens_are_no_way_in(client: FlaskClient, rowan: Clinic) -> None:
    answer = client.post("/c/rowan/login", json={"email": "alma@rowan.example", "password": PASSWORD})
    assert answer.status_code == 422
    assert "authentication_token" not in answer.text
    assert client.get("/c/rowan/manage/", headers={"Authentication-Token": "x"}).status_code == 303


def test_a_new_key_is_given_at_log_in(client: FlaskClient, rowan: Clinic) -> None:
    client.get("/c/rowan/login")
    before = client.get_cookie(f"lt-{rowan.ref.id8}")
    log_in(client, rowan, "alma")
    after = client.get_cookie(f"lt-{rowan.ref.id8}")
    assert before is not None
    assert after is not None
    assert before.value != after.value
    assert after.value.startswith("~")


def test_an_operator_logs_in_at_the_platform_only(
    client: FlaskClient, app: Flask, rowan: Clinic, now: datetime, inside: Enter
) -> None:
    with app.app_context():
        platform = find_platform()
        assert platform is not None
        with tenant_scope(platform):
            odo = {"email": "odo@longtide.example", "name": "Odo", "role": "operator", "password": PASSWORD}
            actions.create_account(**odo, now=now)
    page = client.get("/login")
    form = {"csrf_token": token_of(page), "email": "odo@longtide.example", "password": PASSWORD}
    assert client.post("/login", data=form).location == "/account"
    assert client.get("/account").location == "/operator/"
    page = client.get("/operator/")
    assert page.status_code == 200
    assert "Operator console" in page.text
    assert client.get("/manage/").status_code == 404
    assert client.get("/c/rowan/operator/").status_code == 404


def test_a_suspended_clinics_log_in_says_so(client: FlaskClient, rowan: Clinic, app: Flask, now: datetime) -> None:
    with app.app_context():
        platform = find_platform()
        assert platform is not None
        with tenant_scope(platform):
            suspend(tenant_id=rowan.ref.id, reason="", now=now)
    assert client.get("/c/rowan/login").status_code == 503


def test_public_pages_set_no_cookie(client: FlaskClient, rowan: Clinic) -> None:
    for path in ("/c/rowan/", "/c/rowan/privacy", "/c/rowan/theme/x.css", "/", "/c/nowhere/"):
        answer = client.get(path)
        assert "Set-Cookie" not in answer.headers, path
        assert "Cookie" not in answer.headers.get("Vary", ""), path


def test_public_pages_do_not_look_at_the_session(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    answer = client.get("/c/rowan/")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_flask_account_reset_brings_somebody_back(
    client: FlaskClient, app: Flask, rowan: Clinic, now: datetime, inside: Enter
) -> None:
    log_in(client, rowan, "ben")
    with inside(rowan):
        switch_off(rowan.accounts["ben"])
        actions.reset_account(email="Ben@rowan.example", now=now)
    assert client.get("/c/rowan/manage/").status_code == 303
    (text,) = send_mails(app, rowan, now)
    assert "/c/rowan/reset/" in text
    assert log_in(client, rowan, "ben").status_code == 302, "the old password stays until the link is used"


def test_a_link_runs_out(client: FlaskClient, rowan: Clinic, now: datetime, inside: Enter) -> None:
    with inside(rowan):
        account = db.session.get(Account, rowan.accounts["alma"])
        assert account is not None
        path = effects.reset_link(account).partition("/c/rowan")[2]
    with time_machine.travel(now + timedelta(hours=2, minutes=1), tick=False):
        assert client.get(f"/c/rowan{path}").location == "/c/rowan/reset"
        assert "has run out" in client.get("/c/rowan/reset").text
