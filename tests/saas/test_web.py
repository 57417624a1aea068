"""The door: which clinic a request is for, which forms are believed, and what every answer carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from saas.cli import handlers_of
from saas.db import action, db
from saas.fleet.actions import add_domain, close, resume, suspend
from saas.jobs import drain
from saas.tenancy import TenantDomain, find_platform, tenant_scope
from tests import databases
from tests.cast import NOW, Clinic
from tests.databases import PostgresDatabase, SqliteFile
from tests.saas.accounts.pages import Enter
from tests.tenants.bookings.scenes import booked, effects
from wsgi import create_app

SAFE = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "",
    "Permissions-Policy": "camera=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
INSIDES = re.compile(r"Traceback|sqlalchemy|psycopg|sqlite3|File \"|site-packages|SELECT |werkzeug", re.IGNORECASE)


@pytest.fixture
def hosted(app: Flask, database: SqliteFile | PostgresDatabase, rowan: Clinic, thornfield: Clinic) -> Iterator[Flask]:
    """The same house over TLS, with sub-hosts: rowan.book.example is Rowan's, book.example the platform's."""
    changes = {"base_url": "https://book.example", "base_domain": "book.example"}
    if database.kind not in _hosted:
        _hosted[database.kind] = create_app(database.settings.model_copy(update=changes))
    made = _hosted[database.kind]
    with time_machine.travel(NOW, tick=False):
        yield made
    with made.app_context():
        made.extensions["sqlalchemy"].engine.dispose()


_hosted: dict[str, Flask] = {}


def as_platform(what: Any, **values: Any) -> None:
    platform = find_platform()
    assert platform is not None
    with tenant_scope(platform):
        what(**values)


@action
def prove(host: str) -> None:
    db.session.execute(update(TenantDomain).where(TenantDomain.host == host).values(verified_at=NOW))


def own_host(app: Flask, clinic: Clinic, host: str, *, proven: bool = True) -> None:
    with app.app_context():
        as_platform(add_domain, tenant_id=clinic.ref.id, host=host, ours=frozenset({"book.example"}), now=NOW)
        if proven:
            as_platform(prove, host=host)


def at(client: FlaskClient, host: str, path: str = "/", **headers: str) -> tuple[int, str]:
    answer = client.get(path, headers={"Host": host, **headers})
    found = re.search(r"<title>([^<]*)</title>", answer.text)
    return answer.status_code, found[1] if found else ""


def test_a_clinic_answers_at_its_path_its_sub_host_and_its_own_domain(hosted: Flask, rowan: Clinic) -> None:
    client = hosted.test_client()
    own_host(hosted, rowan, "rowan.example")
    for host, path in (("book.example", "/c/rowan/"), ("rowan.book.example", "/"), ("rowan.example", "/")):
        status, title = at(client, host, path)
        assert (status, "Rowan" in title) == (200, True), host
    prefix = {"book.example": "/c/rowan", "rowan.book.example": "", "rowan.example": ""}
    for host, home in prefix.items():
        text = client.get(f"{home}/", headers={"Host": host}).text
        assert f'href="{home}/book/desk' in text
        assert "localhost" not in text


NOT_ROWAN = [
    "evil.example", "book.example.evil.example", "evilbook.example", "rowan.evil.example", "nobody.book.example",
    "a.rowan.book.example", "rowan.book.example.", "platform.book.example", ".book.example", "rowan_.book.example",
    "rowan.book.example@evil.example", "rowan.book.example, thornfield.book.example", "rowan.book.example thornfield",
    "[rowan.book.example]", "[::1]", "[::1", "127.0.0.1", "localhost", "", " ", "rowan\\.book.example", "x" * 5000,
    "rówan.book.example", "rowan.book.example/c", "rowan%2ebook.example", "..", "-", "_",
]  # fmt: skip


@pytest.mark.parametrize("host", NOT_ROWAN)
def test_a_host_that_is_nobodys_is_nobodys(hosted: Flask, host: str) -> None:
    """One with a dot at its end is the same host (RFC 9110), so it may also be answered; never by somebody else."""
    client = hosted.test_client()
    for path in ("/", "/c/rowan/", "/book/desk", "/manage/", "/operator/", "/api/v1/services"):
        answer = client.get(path, headers={"Host": host})
        same_host = host == "rowan.book.example."
        assert answer.status_code in ((200, 303, 404) if same_host else (400, 404)), path
        assert "Thornfield" not in answer.text
        assert same_host or "Rowan" not in answer.text
        assert not INSIDES.search(answer.text)
        assert "Set-Cookie" not in answer.headers or same_host


def test_case_and_port_do_not_make_another_host(hosted: Flask, rowan: Clinic) -> None:
    client = hosted.test_client()
    own_host(hosted, rowan, "rowan.example")
    for host in ("ROWAN.Book.Example", "rowan.book.example:443", "Rowan.EXAMPLE:8443", "rowan.example."):
        assert at(client, host)[0] == 200, host
    assert at(client, "rowan.example:evil.example")[0] in (200, 400)


def test_a_domain_answers_only_once_it_is_proven(hosted: Flask, rowan: Clinic, thornfield: Clinic) -> None:
    client = hosted.test_client()
    own_host(hosted, rowan, "rowan.example", proven=False)
    assert at(client, "rowan.example")[0] == 404
    with hosted.app_context():
        as_platform(prove, host="rowan.example")
    assert at(client, "rowan.example")[0] == 200


def test_the_path_of_another_clinic_is_nothing_under_a_clinics_own_host(
    hosted: Flask, rowan: Clinic, thornfield: Clinic
) -> None:
    client = hosted.test_client()
    own_host(hosted, rowan, "rowan.example")
    for host in ("rowan.example", "rowan.book.example"):
        for path in (
            "/c/thornfield/",
            "/c/rowan/",
            "/c/thornfield",
            "/c/",
            "/c//",
            "//c/thornfield/",
            "/C/thornfield/",
        ):
            assert at(client, host, path)[0] in (404, 308), path
            assert "Thornfield" not in client.get(path, headers={"Host": host}, follow_redirects=True).text


def test_what_only_proxies_may_say_is_not_believed_from_visitors(hosted: Flask, rowan: Clinic) -> None:
    client = hosted.test_client()
    told = {
        "X-Forwarded-Host": "rowan.book.example", "X-Forwarded-Prefix": "/c/rowan", "X-Original-URL": "/c/rowan/",
        "X-Rewrite-URL": "/c/rowan/", "Forwarded": "host=rowan.book.example", "X-Host": "rowan.book.example",
        "X-Forwarded-Server": "rowan.book.example", "X-HTTP-Method-Override": "POST", "X-Script-Name": "/c/rowan",
        "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http",
    }  # fmt: skip
    assert "Thornfield" in at(client, "thornfield.book.example", **told)[1]
    assert at(client, "evil.example", **told)[0] == 404
    assert "Rowan" not in at(client, "book.example", **told)[1]


def test_behind_one_trusted_proxy_its_word_is_the_last_one(
    app: Flask, database: SqliteFile | PostgresDatabase, rowan: Clinic, thornfield: Clinic
) -> None:
    changes = {"base_url": "https://book.example", "base_domain": "book.example", "trusted_proxies": 1}
    made = create_app(database.settings.model_copy(update=changes))
    client = made.test_client()
    with time_machine.travel(NOW, tick=False):
        told = {"X-Forwarded-Host": "thornfield.book.example, rowan.book.example"}
        assert "Rowan" in at(client, "127.0.0.1", **told)[1]
    with made.app_context():
        made.extensions["sqlalchemy"].engine.dispose()


def test_the_platforms_pages_and_the_clinics_are_404_on_each_other(client: FlaskClient, rowan: Clinic) -> None:
    for path in ("/mailbox", "/operator/", "/platform-theme/x.css"):
        assert client.get(rowan.home + path).status_code == 404, path
    assert client.post(f"{rowan.home}/webhooks/stripe").status_code == 404
    for path in ("/book/desk", "/terms", "/b/x", "/manage/", "/manage/bookings/", "/api/v1/services"):
        assert client.get(path).status_code == 404, path
    for path in ("/privacy", "/imprint", "/theme/x.css", "/logo/x"):
        assert client.get(path).status_code == 404, path
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200, path
        assert client.get(rowan.home + path).status_code == 404, path


NOT_A_SLUG = [
    "nobody",
    "ROWAN",
    "Rowan",
    "rowan.",
    "row%61n%00",
    "%00",
    "rowan%0d%0aX",
    "platform",
    "é",
    "%f0%9f%98%80",
    "..",
    "x" * 3000,
]


@pytest.mark.parametrize("slug", NOT_A_SLUG)
def test_a_path_that_names_no_clinic_is_a_calm_404(client: FlaskClient, rowan: Clinic, slug: str) -> None:
    """With NUL in it PostgreSQL refused the very question: that was a 500."""
    for path in (f"/c/{slug}/", f"/c/{slug}/book/desk", f"/c/{slug}"):
        answer = client.get(path)
        if answer.status_code == 308:
            answer = client.get(answer.location)
        assert answer.status_code == 404, path
        assert "There’s no clinic at this address" in answer.text, path
        assert not INSIDES.search(answer.text)


def test_a_clinics_name_without_its_slash_is_led_on(client: FlaskClient, rowan: Clinic) -> None:
    answer = client.get("/c/rowan?next=//evil.example")
    assert (answer.status_code, answer.location) == (308, "/c/rowan/?next=//evil.example")


def test_a_suspended_and_a_closed_clinic_say_so_calmly_and_come_back(
    client: FlaskClient, app: Flask, rowan: Clinic, thornfield: Clinic, now: datetime
) -> None:
    for change, status, word in ((suspend, 503, "online just now"), (resume, 200, ""), (close, 410, "closed")):
        with app.app_context():
            more = {"reason": "unpaid bills 4711"} if change is suspend else {}
            as_platform(change, tenant_id=rowan.ref.id, now=now, **more)
        for path in ("/", "/book/desk", "/terms", "/b/xxxxxxxxxxxxxxxxxxxxxx", "/login", "/manage/"):
            answer = client.get(rowan.home + path)
            if status == 200:
                assert answer.status_code in (200, 303, 404), path
                continue
            assert answer.status_code == status, path
            assert word in answer.text
            assert "4711" not in answer.text
            assert "Set-Cookie" not in answer.headers
        for path in ("/api/v1/services", "/api/v1/bookings/x"):
            answer = client.get(rowan.home + path)
            if status != 200:
                assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
        assert client.get(rowan.home + "/privacy").status_code == 200, "what was promised about data stays readable"
        assert client.get(thornfield.home + "/").status_code == 200


def test_a_suspended_clinics_mails_still_go_out(
    client: FlaskClient, app: Flask, rowan: Clinic, now: datetime, inside: Enter
) -> None:
    with inside(rowan):
        booked(rowan)
    with app.app_context():
        as_platform(suspend, tenant_id=rowan.ref.id, reason="", now=now)
        drain(app, handlers_of(app), now)
    with inside(rowan):
        assert all(row.done_at for row in effects("booking.confirmed"))


# --- forms ---------------------------------------------------------------------------------------


def token_on(page: str) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', page)
    assert found
    return found[1]


def press(client: FlaskClient, home: str, token: str, service: str = "desk", **headers: str) -> int:
    form = {"form_token": token, "start": "2026-03-24T10:00:00+00:00"}
    return client.post(f"{home}/book/{service}", data=form, headers=headers).status_code


def test_a_form_is_believed_only_where_it_was_made(client: FlaskClient, rowan: Clinic, thornfield: Clinic) -> None:
    token = token_on(client.get(f"{rowan.home}/book/desk").text)
    assert press(client, thornfield.home, token) == 400
    assert press(client, rowan.home, token, "talk") == 400
    for wrong in (
        "",
        "x",
        ".",
        "0.",
        f"{token}0",
        token[:-1],
        token.upper(),
        "\x00",
        "é." + token,
        "-1." + token,
        "9" * 5000,
    ):
        assert press(client, rowan.home, wrong) == 400, wrong
    assert press(client, rowan.home, token) == 303


@pytest.mark.parametrize("days,status", [(7, 303), (8, 400), (-1, 400)])
def test_a_form_can_lie_open_for_a_week(app: Flask, rowan: Clinic, now: datetime, days: int, status: int) -> None:
    client = app.test_client()
    with time_machine.travel(now, tick=False):
        token = token_on(client.get(f"{rowan.home}/book/desk").text)
    with time_machine.travel(now + timedelta(days=days), tick=False):
        form = {"form_token": token, "start": "2026-04-07T10:00:00+01:00"}
        assert client.post(f"{rowan.home}/book/desk", data=form).status_code == status


FROM = [
    ({}, 303),
    ({"Origin": "http://localhost"}, 303),
    ({"Origin": "null"}, 303),
    ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
    ({"Sec-Fetch-Site": "none"}, 303),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "SAME-ORIGIN"}, 403),
    ({"Sec-Fetch-Site": ""}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
    ({"Origin": "https://evil.example"}, 403),
    ({"Origin": "http://localhost.evil.example"}, 403),
    ({"Origin": "http://localhost:81"}, 403),
    ({"Origin": "http://evil.example#localhost"}, 403),
    ({"Origin": "http://localhost@evil.example"}, 403),
    ({"Origin": "http://[::1"}, 403),
    ({"Origin": "file://"}, 403),
]


@pytest.mark.parametrize("headers,status", FROM)
def test_a_form_from_another_site_is_refused(
    client: FlaskClient, rowan: Clinic, headers: dict[str, str], status: int
) -> None:
    token = token_on(client.get(f"{rowan.home}/book/desk").text)
    assert press(client, rowan.home, token, **headers) == status


# --- what every answer carries -------------------------------------------------------------------


def unsafe(answer: Any) -> list[str]:
    return [name for name, begin in SAFE.items() if not str(answer.headers.get(name, "\0")).startswith(begin)]


def test_every_answer_has_its_headers_and_no_cookie(client: FlaskClient, rowan: Clinic) -> None:
    asked = [
        ("GET", "/"),
        ("GET", "/c/rowan/"),
        ("GET", "/c/rowan"),
        ("GET", "/c/rowan/book/desk"),
        ("GET", "/c/rowan/nothing"),
        ("GET", "/c/nobody/"),
        ("POST", "/c/rowan/book/desk"),
        ("PUT", "/c/rowan/"),
        ("GET", "/c/rowan/b/x"),
        ("OPTIONS", "/c/rowan/book/desk"),
        ("HEAD", "/c/rowan/"),
        ("GET", "/c/rowan/api/v1/services"),
        ("POST", "/c/rowan/api/v1/bookings"),
        ("GET", "/c/rowan/api/v1/nothing"),
        ("GET", "/c/rowan/theme/x.css"),
        ("GET", "/healthz"),
        ("GET", "/metrics"),
        ("GET", "/c/rowan/manage/"),
        ("POST", "/webhooks/stripe"),
        ("GET", "/static/css/app.css"),
        ("GET", "/static/nothing.css"),
        ("POST", "/static/css/app.css"),
        ("GET", "/static/admin/../../../saas/db.py"),
        ("GET", "/c/rowan/static/css/app.css"),
    ]
    for method, path in asked:
        with client.open(path, method=method) as answer:
            assert answer.status_code < 500, path
            assert unsafe(answer) == [], f"{method} {path} ({answer.status_code})"
            assert not {"Set-Cookie", "Server", "X-Powered-By"} & set(answer.headers.keys()), path


def test_static_files_are_served_with_headers_too(client: FlaskClient, rowan: Clinic) -> None:
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', client.get(f"{rowan.home}/book/desk").text)
    assert found
    for address in found:
        with client.get(address) as answer:
            assert answer.status_code == 200, address
            assert unsafe(answer) == []
            assert "max-age=31536000" in answer.headers["Cache-Control"]


def test_over_tls_it_says_so(hosted: Flask) -> None:
    client = hosted.test_client()
    for path in ("/", "/c/rowan", "/c/rowan/", "/healthz", "/nothing"):
        answer = client.get(path, headers={"Host": "book.example"})
        assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000"), path


def test_pages_behind_a_link_are_not_kept_found_or_told(client: FlaskClient, rowan: Clinic) -> None:
    for path in ("/b/xxxxxxxxxxxxxxxxxxxxxx", "/b/xxxxxxxxxxxxxxxxxxxxxx/details", "/b/x/nothing/here"):
        answer = client.get(rowan.home + path)
        assert answer.status_code == 404
        assert answer.headers["Cache-Control"] == "no-store"
    answer = client.get(f"{rowan.home}/b/xxxxxxxxxxxxxxxxxxxxxx")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in answer.headers["X-Robots-Tag"]


def test_a_nonce_is_used_once(client: FlaskClient, rowan: Clinic) -> None:
    seen = [client.get(f"{rowan.home}/").headers["Content-Security-Policy"] for _ in range(3)]
    assert len(set(seen)) == 3
    assert all("unsafe" not in policy for policy in seen)


def test_a_broken_house_says_so_without_its_insides(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A database without tables: every page fails, none tells why."""
    settings = databases.test_settings(database_url=f"sqlite:///{tmp_path / 'empty.db'}", data=tmp_path)
    client = create_app(settings).test_client()
    for path in ("/", "/c/rowan/?name=Quillfeather", "/c/rowan/api/v1/services"):
        answer = client.get(path)
        assert answer.status_code == 500
        assert not INSIDES.search(answer.text)
        assert unsafe(answer) == []
    said = capsys.readouterr()
    assert "request.broken" in said.out + said.err
    assert "Quillfeather" not in said.out + said.err
    assert client.get("/readyz").status_code == 503
