"""Sessions: who gets a cookie, when a row is written, what ends them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask, flash, get_flashed_messages, session
from flask.testing import FlaskClient

from saas import db as database
from saas import sessions
from saas.db import db
from saas.sessions import SessionRow, TenantSessions, cookie_name
from saas.tenancy import TenantRef, entered_id, may_write, tenant_scope
from tests.cast import NOW, Clinic


@pytest.fixture
def site(app: Flask, rowan: Clinic) -> Iterator[Flask]:
    """A bare application over the same database, whose only clinic is Rowan."""
    bare = Flask("bare")
    bare.config["LONGTIDE"] = app.config["LONGTIDE"]
    database.init_app(bare, url=app.config["SQLALCHEMY_DATABASE_URI"], pool=2, may_write=may_write, entered=entered_id)
    bare.session_interface = TenantSessions()
    here: dict[str, TenantRef] = {"ref": rowan.ref}
    bare.extensions["here"] = here
    inner = bare.wsgi_app

    def entered(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with bare.app_context(), tenant_scope(here["ref"]):
            return inner(environ, start_response)

    bare.wsgi_app = entered  # type: ignore[method-assign]

    def enter(who: str) -> str:
        session["_user_id"] = who
        session.renew()  # type: ignore[attr-defined]
        return "in"

    def leave() -> str:
        session.pop("_user_id", None)
        return "out"

    def put(word: str) -> str:
        session["word"] = word
        return "put"

    def say() -> str:
        flash("noted")
        return "said"

    bare.add_url_rule("/quiet", "quiet", lambda: "nothing asked")
    bare.add_url_rule("/look", "look", lambda: session.get("_user_id", "nobody"))
    bare.add_url_rule("/word", "word", lambda: session.get("word", "none"))
    bare.add_url_rule("/put/<word>", "put", put)
    bare.add_url_rule("/enter/<who>", "enter", enter)
    bare.add_url_rule("/leave", "leave", leave)
    bare.add_url_rule("/say", "say", say)
    bare.add_url_rule("/hear", "hear", lambda: ",".join(map(str, get_flashed_messages())))
    yield bare
    with bare.app_context():
        db.engine.dispose()


@pytest.fixture
def visitor(site: Flask) -> FlaskClient:
    return site.test_client()


def rows(app: Flask) -> list[SessionRow]:
    with app.app_context():
        return list(db.session.execute(sa.select(SessionRow)).scalars())


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=False)


def test_a_page_that_asks_nothing_gets_no_cookie(visitor: FlaskClient) -> None:
    answer = visitor.get("/quiet")
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_a_page_that_looks_says_so_and_still_sets_nothing(visitor: FlaskClient) -> None:
    answer = visitor.get("/look")
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Vary"] == "Cookie"


def test_before_log_in_what_is_kept_is_in_the_signed_cookie(visitor: FlaskClient, app: Flask) -> None:
    visitor.get("/put/moss")
    assert visitor.get("/word").text == "moss"
    assert rows(app) == []


def test_from_log_in_on_there_is_a_row_and_the_cookie_is_a_key(visitor: FlaskClient, app: Flask, rowan: Clinic) -> None:
    visitor.get("/put/moss")
    answer = visitor.get("/enter/alma")
    (row,) = rows(app)
    cookie = visitor.get_cookie(cookie_name_of(app, rowan))
    assert cookie is not None
    assert cookie.value.startswith("~")
    assert cookie.value not in row.key
    assert row.tenant_id == rowan.ref.id
    assert visitor.get("/word").text == "moss", "what was kept before comes along"
    said = answer.headers["Set-Cookie"]
    assert "HttpOnly" in said
    assert "SameSite=Lax" in said
    assert "Path=/" in said
    assert "Max-Age" not in said


def cookie_name_of(app: Flask, clinic: Clinic) -> str:
    with app.app_context():
        return cookie_name(clinic.ref)


def test_each_log_in_gets_a_new_key_and_the_old_one_dies(visitor: FlaskClient, app: Flask, rowan: Clinic) -> None:
    visitor.get("/enter/alma")
    name = cookie_name_of(app, rowan)
    first = visitor.get_cookie(name)
    visitor.get("/enter/alma")
    assert len(rows(app)) == 1
    assert first is not None
    visitor.set_cookie(name, first.value)
    assert visitor.get("/look").text == "nobody"


def test_log_out_deletes_the_row_and_the_cookie(visitor: FlaskClient, app: Flask, rowan: Clinic) -> None:
    visitor.get("/enter/alma")
    visitor.get("/leave")
    assert rows(app) == []
    assert visitor.get_cookie(cookie_name_of(app, rowan)) is None


def test_last_seen_is_written_at_most_once_a_minute(visitor: FlaskClient, app: Flask) -> None:
    with at(NOW):
        visitor.get("/enter/alma")
    for seconds, expected in ((30, 0), (59, 0), (61, 61), (100, 61), (130, 130)):
        with at(NOW + timedelta(seconds=seconds)):
            assert visitor.get("/look").text == "alma"
        (row,) = rows(app)
        assert row.last_seen_at == NOW + timedelta(seconds=expected)


def test_a_message_is_kept_in_the_row_until_it_is_shown(visitor: FlaskClient) -> None:
    visitor.get("/enter/alma")
    visitor.get("/say")
    assert visitor.get("/hear").text == "noted"
    assert visitor.get("/hear").text == ""


def test_a_session_ends_by_itself(visitor: FlaskClient) -> None:
    with at(NOW):
        visitor.get("/enter/alma")
    with at(NOW + sessions.IDLE - timedelta(minutes=1)):
        assert visitor.get("/look").text == "alma"
    with at(NOW + 3 * sessions.IDLE):
        assert visitor.get("/look").text == "nobody"


def test_a_session_that_is_used_all_day_ends_some_time(visitor: FlaskClient) -> None:
    moment = NOW
    with at(moment):
        visitor.get("/enter/alma")
    while moment < NOW + sessions.LIFE:
        moment += timedelta(hours=6)
        with at(moment):
            answer = visitor.get("/look").text
    assert answer == "nobody"


def test_a_cookie_of_one_clinic_is_nothing_in_another(
    site: Flask, visitor: FlaskClient, app: Flask, rowan: Clinic, thornfield: Clinic
) -> None:
    for path, question, nothing in (("/enter/alma", "/look", "nobody"), ("/put/moss", "/word", "none")):
        site.extensions["here"]["ref"] = rowan.ref
        visitor.get(path)
        cookie = visitor.get_cookie(cookie_name_of(app, rowan))
        assert cookie is not None
        site.extensions["here"]["ref"] = thornfield.ref
        visitor.set_cookie(cookie_name_of(app, thornfield), cookie.value)
        assert visitor.get(question).text == nothing
        visitor.delete_cookie(cookie_name_of(app, rowan))


@pytest.mark.parametrize("value", ["~", "~x", "~" + "x" * 5000, "", ".", "eyJhIjoxfQ.x.y", "\xff\x00", "~%00"])
def test_a_made_up_cookie_is_nothing(visitor: FlaskClient, app: Flask, rowan: Clinic, value: str) -> None:
    visitor.set_cookie(cookie_name_of(app, rowan), value)
    assert visitor.get("/look").text == "nobody"


def test_over_tls_the_cookie_is_bound_to_the_host(app: Flask, rowan: Clinic) -> None:
    secure = app.config["LONGTIDE"].model_copy(update={"base_url": "https://book.example"})
    known = app.config["LONGTIDE"]
    app.config["LONGTIDE"] = secure
    try:
        assert cookie_name_of(app, rowan) == f"__Host-lt-{rowan.ref.id8}"
    finally:
        app.config["LONGTIDE"] = known


def test_purging_takes_what_has_run_out_and_nothing_else(visitor: FlaskClient, app: Flask, rowan: Clinic) -> None:
    with at(NOW):
        visitor.get("/enter/alma")
    with app.app_context(), tenant_scope(rowan.ref):
        assert sessions.purge(now=NOW + timedelta(hours=1)) == 0
        assert sessions.purge(now=NOW + sessions.IDLE) == 1
    assert rows(app) == []
