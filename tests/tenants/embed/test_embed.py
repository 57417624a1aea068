"""What may be shown on other websites, and where: headers, the script's seal, the owner's page."""

from __future__ import annotations

import base64
import hashlib
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from saas.errors import Invalid
from tenants.clinic.actions import save_origins
from tenants.clinic.queries import allowed_origins
from tenants.clinic.rules import clean_origins
from tenants.embed.rules import PUBLISHED, newest
from tests.browser import Browser, header_faults, lint
from tests.cast import NOW, Clinic
from tests.house.tree import ROOT
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import TUESDAY_TEN, held, only_sqlite, token_of
from tests.tenants.hours.pages import fields_of, said, send

SITE = "https://www.rowan.example"
PAGE = "/c/rowan/manage/embed/"


@pytest.fixture
def named(rowan: Clinic, inside: Enter) -> Clinic:
    with inside(rowan):
        save_origins(origins=f"{SITE}\nhttps://rowan.example", loopback=False, now=NOW)
    return rowan


def ancestors(client: FlaskClient, path: str) -> str:
    policy = client.get(path).headers["Content-Security-Policy"]
    return next(part for part in policy.split("; ") if part.startswith("frame-ancestors"))


@pytest.mark.parametrize(
    "typed, origins",
    [
        ("", []),
        ("  \n ", []),
        ("www.Rowan.example", [SITE]),
        ("https://www.rowan.example/contact?a=b#c\nHTTPS://WWW.ROWAN.EXAMPLE:443", [SITE]),
        ("https://bücher.example https://x.example:8443.", None),
        ("https://bücher.example. https://x.example:8443", ["https://xn--bcher-kva.example", "https://x.example:8443"]),
        ("http://rowan.example", None),
        ("https://*.rowan.example", None),
        ("https://ann@rowan.example", None),
        ("https://rowan", None),
        ("https://10.0.0.1", None),
        ("https://[::1", None),
        ("https://rowan.example:99999", None),
        ("https://a..example", None),
        ("https://rowan.example;script-src", None),
        ("'none'", None),
        ("javascript://rowan.example", None),
        ("http://localhost:8000", None),
        ("\n".join(f"https://{n}.example.com" for n in range(11)), None),
    ],
)
def test_origins_are_sites_as_browsers_write_them(typed: str, origins: list[str] | None) -> None:
    if origins is None:
        with pytest.raises(Invalid) as refused:
            clean_origins(typed, loopback=False)
        assert list(refused.value.fields) == ["origins"]
    else:
        assert clean_origins(typed, loopback=False) == origins


def test_only_a_demo_takes_this_very_machine() -> None:
    assert clean_origins("http://localhost:8000 http://127.0.0.1", loopback=True) == [
        "http://localhost:8000", "http://127.0.0.1",
    ]  # fmt: skip
    with pytest.raises(Invalid):
        clean_origins("http://rowan.example", loopback=True)


def test_a_published_script_stays_as_it_is() -> None:
    folder = ROOT / "saas" / "static" / "embed"
    found = {}
    for file in folder.glob("*.js"):
        content = file.read_bytes()
        assert file.name == f"v1.{hashlib.sha256(content).hexdigest()[:10]}.js"
        found[file.name] = "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode()
    assert found == PUBLISHED, "a change is a new file and a new line; what was published is never touched"


def test_any_website_can_fetch_the_script_and_keeps_it(app: Flask, client: FlaskClient) -> None:
    file, _integrity = newest()
    answer = client.get(f"/embed/{file}")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.mimetype == "text/javascript"
    assert client.get("/embed/v1.0000000000.js").status_code == 404


@only_sqlite
def test_one_page_may_be_framed_by_named_websites_and_no_other_page_by_anybody(
    app: Flask, client: FlaskClient, named: Clinic, thornfield: Clinic, inside: Enter
) -> None:
    home = named.home
    assert ancestors(client, f"{home}/embed/desk") == f"frame-ancestors {SITE} https://rowan.example"
    assert ancestors(client, f"{thornfield.home}/embed/desk") == "frame-ancestors 'none'", "nobody is named next door"
    with inside(named):
        token = token_of(held(named, at=TUESDAY_TEN))
    for path in (
        "/", "/book/desk", "/book/desk?embed=1", "/terms", "/privacy", "/embed/nothing", f"/b/{token}/details",
        "/api/v1/services", "/login",
    ):  # fmt: skip
        assert ancestors(client, home + path) == "frame-ancestors 'none'", path
    assert client.get(f"{home}/embed/nothing").status_code == 404


def test_the_frame_is_the_time_picker_alone(browser: Browser, rowan: Clinic) -> None:
    page = browser.get(f"{rowan.home}/embed/desk")
    assert page.starts()
    assert 'target="_top"' in page.html
    assert "<header" not in page.html
    assert "<footer" not in page.html
    assert lint(page.html) == []
    assert header_faults(page.response) == []
    assert {to for to in page.links().values() if not to.startswith((f"{rowan.home}/embed/desk", "#", "?"))} == set()
    spanish = browser.get(f"{rowan.home}/embed/desk?lang=es&p=ben")
    assert 'lang="es' in spanish.html
    assert all(to.count("?") == 1 for to in spanish.links().values()), "the language stays in every link"
    assert page.choose(page.starts()[0]).path.endswith("/details")


def test_a_named_website_may_ask_for_times_and_book(client: FlaskClient, named: Clinic, thornfield: Clinic) -> None:
    api, ours = f"{named.home}/api/v1", {"Origin": SITE}
    for path, method in (("services", "GET"), ("openings", "GET"), ("bookings", "POST")):
        asked = client.options(f"{api}/{path}", headers={**ours, "Access-Control-Request-Method": method})
        assert asked.headers["Access-Control-Allow-Origin"] == SITE
        assert asked.headers["Access-Control-Allow-Methods"] == method
        assert asked.headers["Access-Control-Allow-Headers"] == "Content-Type, Idempotency-Key"
        assert "Origin" in asked.headers["Vary"]
    read = client.get(f"{api}/services", headers=ours)
    assert (read.status_code, read.headers["Access-Control-Allow-Origin"]) == (200, SITE)
    assert client.post(f"{api}/bookings", json={}, headers=ours).headers["Access-Control-Allow-Origin"] == SITE
    for origin in ("https://mallory.example", "null", SITE + ".", SITE.upper(), "http://www.rowan.example", ""):
        refused = client.get(f"{api}/services", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in refused.headers, origin
        assert "Origin" in refused.headers["Vary"]
    for path in (f"{api}/openapi.json", f"{api}/bookings/none", f"{named.home}/book/desk"):
        assert "Access-Control-Allow-Origin" not in client.get(path, headers=ours).headers, path
    next_door = client.get(f"{thornfield.home}/api/v1/services", headers=ours)
    assert "Access-Control-Allow-Origin" not in next_door.headers
    everything = [name for answer in (read, refused) for name in answer.headers.keys()]  # noqa: SIM118
    assert "Access-Control-Allow-Credentials" not in everything


@only_sqlite
def test_the_owner_names_websites_and_copies_the_code(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    log_in(client, rowan, "alma")
    page = client.get(PAGE + "?service=desk")
    file, integrity = newest()
    assert "No website may show your times yet" in said(page)
    for part in (f"/embed/{file}", integrity, "/c/rowan/embed/desk", "/c/rowan/book/desk"):
        assert part in fields_of_code(page.text), part
    assert "/c/rowan/embed/full" in fields_of_code(client.get(PAGE + "?service=full").text)
    assert client.get(PAGE + "?service=nothing").status_code == 200
    wrong = send(client, PAGE, page, "save", origins="https://rowan.example\nour website")
    assert wrong.status_code == 422
    assert said(wrong).count("our is no address of a website") == 2
    assert fields_of(wrong)["origins"].split() == ["https://rowan.example", "our", "website"]
    assert send(client, PAGE, wrong, "save", origins="www.rowan.example").status_code == 303
    with inside(rowan):
        assert allowed_origins() == (SITE,)
    late = send(client, PAGE, page, "save", origins="https://other.example")
    assert late.status_code == 409
    assert SITE in said(late)
    assert fields_of(late)["origins"] == "https://other.example"
    assert send(client, PAGE, late, "save", origins="").status_code == 303
    with inside(rowan):
        assert allowed_origins() == ()
    assert "On your own website" in said(client.get("/c/rowan/manage/settings/"))


def fields_of_code(html: str) -> str:
    """What is in the field to copy."""
    return unescape(html.partition('id="code"')[2].partition("</textarea>")[0])
