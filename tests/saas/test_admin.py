"""Both back offices: who gets in, and what every page of theirs keeps to."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas import vendor_templates
from saas.accounts.actions import create_account
from saas.admin import RecordView
from saas.audit import Audit, current_actor
from saas.db import db
from saas.tenancy import find_platform, tenant_scope
from tenants.bookings.models import Booking
from tests.cast import PASSWORD, Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of

ODD_ID = "nonsense"


def doors(app: Flask, console: str) -> list[tuple[str, str]]:
    """Every rule of a console with every method it takes, filled with something."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(f"/{console}"):
            path = re.sub(r"<[^>]+>", "csv", rule.rule)
            found += [(method, path) for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return found


def test_there_are_doors_to_try(app: Flask) -> None:
    assert len(doors(app, "manage")) > 8
    assert doors(app, "operator")


def test_no_door_opens_to_a_stranger(client: FlaskClient, app: Flask, rowan: Clinic) -> None:
    for method, path in doors(app, "manage"):
        answer = client.open(f"/c/rowan{path}?id={ODD_ID}", method=method)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/c/rowan/login"), (method, path)
    for method, path in doors(app, "operator"):
        answer = client.open(path, method=method)
        assert (answer.status_code, answer.location.partition("?")[0]) == (303, "/login"), (method, path)


def test_a_console_is_not_there_where_it_does_not_belong(client: FlaskClient, app: Flask, rowan: Clinic) -> None:
    for method, path in doors(app, "manage"):
        assert client.open(path, method=method).status_code == 404, (method, path)
    for method, path in doors(app, "operator"):
        assert client.open(f"/c/rowan{path}", method=method).status_code == 404, (method, path)


def test_an_account_with_another_consoles_role_sees_nothing(
    client: FlaskClient, app: Flask, rowan: Clinic, inside: Enter
) -> None:
    log_in(client, rowan, "alma")
    with inside(rowan):
        make_operator_of(rowan)
    for method, path in doors(app, "manage"):
        assert client.open(f"/c/rowan{path}", method=method).status_code == 404, (method, path)


def make_operator_of(clinic: Clinic) -> None:
    from saas.accounts.models import Account
    from saas.db import action

    @action
    def write() -> None:
        account = db.session.get(Account, clinic.accounts["alma"])
        assert account is not None
        account.role = "operator"

    write()


@pytest.mark.parametrize("name", ["alma", "ben", "fern"])
def test_everybody_of_the_clinic_comes_in(client: FlaskClient, rowan: Clinic, name: str) -> None:
    log_in(client, rowan, name)
    assert client.get("/c/rowan/manage/").status_code == 200
    assert client.get("/c/rowan/manage/bookings/").status_code == 200


def pages(client: FlaskClient, app: Flask, prefix: str, console: str) -> list[tuple[str, str]]:
    found = []
    for method, path in doors(app, console):
        answer = client.open(f"{prefix}{path}", method=method)
        assert answer.status_code < 500, (method, path)
        if answer.status_code == 200 and answer.mimetype == "text/html":
            found.append((path, answer.text))
    return found


def test_every_page_keeps_to_the_content_security_policy(client: FlaskClient, app: Flask, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    shown = pages(client, app, "/c/rowan", "manage")
    assert len(shown) >= 2
    for path, text in shown:
        assert " onclick=" not in text, path
        assert "javascript:" not in text, path
        assert " style=" not in text, path
        assert re.search(r'<html lang="en[^"]*"', text), path
        assert text.count("<h1") == 1, path
        for script in re.findall(r"<script[^>]*>", text):
            assert "nonce=" in script, path
        assert "/manage/static/" not in text, path


def test_lists_load_no_script_at_all(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    assert "<script" not in client.get("/c/rowan/manage/bookings/").text


def test_there_is_one_copy_of_the_librarys_files(client: FlaskClient, app: Flask) -> None:
    assert not [rule for rule in app.url_map.iter_rules() if rule.endpoint.endswith(".static")]
    answer = client.get("/static/admin/bootstrap/bootstrap4/css/bootstrap.min.css")
    assert answer.status_code == 200
    assert answer.mimetype == "text/css"


def test_every_template_of_the_library_that_we_mend_is_as_we_know_it() -> None:
    vendor_templates.check()


def test_a_changed_release_is_noticed_at_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(vendor_templates, "_TEMPLATES", tmp_path)
    for name in vendor_templates._MENDED:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("<p>new</p>")
    with pytest.raises(vendor_templates.UnknownTemplate):
        vendor_templates.check()


def test_a_view_that_deletes_is_refused_at_start() -> None:
    class Careless(RecordView):
        can_delete = True

    with pytest.raises(ValueError, match="page of its own"):
        Careless(Booking)


def test_the_guard_of_every_console_page_is_named(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith(("/manage", "/operator")):
            blueprint = app.blueprints[rule.endpoint.rpartition(".")[0]]
            wanted = "staff" if rule.rule.startswith("/manage") else "operator"
            assert blueprint.guard == wanted, rule.rule  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "query",
    [
        "page=-1", "page=99999999999999999999999", "page=x", "sort=99", "sort=-1", "sort=1&desc=9", "page_size=100000",
        "flt_status=nothing", "flt_practitioner=x", "flt_from=yesterday", "flt_from=0001-01-01", "flt_to=9999-12-31",
        "flt0_status=held&flt1_status=confirmed", "flt_=1", "flt=1", "search=%25%27%22%3C%5C", "search=%F0%9F%8C%8A",
        "_external=1&_scheme=javascript&_anchor=x", "id=1&unknown=2", "url=https://evil.example/",
    ],
)  # fmt: skip
def test_a_list_takes_any_address(client: FlaskClient, rowan: Clinic, query: str) -> None:
    log_in(client, rowan, "alma")
    answer = client.get(f"/c/rowan/manage/bookings/?{query}")
    assert answer.status_code == 200
    assert "javascript" not in answer.text
    assert "evil.example" not in answer.text


@pytest.mark.parametrize("id_", ["x", "", "0", "9" * 400, "00000000-0000-7000-8000-000000000000", "%00", "'--"])
def test_a_page_of_one_row_takes_any_id(client: FlaskClient, rowan: Clinic, id_: str) -> None:
    log_in(client, rowan, "alma")
    assert client.get(f"/c/rowan/manage/bookings/details/?id={id_}").status_code in (302, 404)


def test_a_form_from_another_site_is_refused(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "alma")
    answer = client.post("/c/rowan/manage/bookings/action/", headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403


def test_the_shell_says_who_is_here_and_lets_them_leave(client: FlaskClient, rowan: Clinic) -> None:
    log_in(client, rowan, "fern")
    page = client.get("/c/rowan/manage/bookings/")
    assert "Fern" in page.text
    assert 'aria-current="page"' in page.text
    assert client.post("/c/rowan/logout", data={"csrf_token": token_of(page)}).status_code == 302


def test_each_clinics_menu_leads_to_its_own_pages(client: FlaskClient, rowan: Clinic, thornfield: Clinic) -> None:
    log_in(client, rowan, "alma")
    log_in(client, thornfield, "mallory")
    assert 'href="/c/rowan/manage/bookings/"' in client.get("/c/rowan/manage/").text
    text = client.get("/c/thornfield/manage/").text
    assert 'href="/c/thornfield/manage/bookings/"' in text
    assert "/c/rowan" not in text


def test_an_operators_console_begins_quietly(client: FlaskClient, app: Flask, rowan: Clinic, now: datetime) -> None:
    with app.app_context():
        platform = find_platform()
        assert platform is not None
        with tenant_scope(platform):
            create_account(email="odo@x.example", name="Odo", role="operator", password=PASSWORD, now=now)
    page = client.get("/login")
    client.post("/login", data={"csrf_token": token_of(page), "email": "odo@x.example", "password": PASSWORD})
    shown = pages(client, app, "", "operator")
    assert "Hello, Odo" in dict(shown)["/operator/"]


def test_what_staff_do_is_done_in_their_name(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    log_in(client, rowan, "alma")
    client.get("/c/rowan/manage/bookings/export/csv/")
    with inside(rowan):
        rows = db.session.query(Audit).filter(Audit.deed == "read").all()
        assert [(row.actor, row.account_id) for row in rows] == [("staff", rowan.accounts["alma"])]
    assert current_actor().kind == "system"
