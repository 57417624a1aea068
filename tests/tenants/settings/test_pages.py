"""The owner's settings: what holds is said first, what cannot be is refused in words, who saves second is told."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from saas.audit import Audit
from saas.db import db
from saas.tenancy import find_by_slug
from saas.theme import contrast, tokens
from tenants.clinic.queries import clinic_view, document, latest_policy
from tests.cast import Clinic
from tests.saas.accounts.pages import Enter, log_in, token_of
from tests.tenants.bookings.scenes import booked, only_sqlite
from tests.tenants.hours.pages import fields_of, said, send

pytestmark = only_sqlite
HOME = "/c/rowan/manage/settings/"
PAGES = ("texts/", "contact/", "documents/", "booking/", "place/", "policy/", "look/")


def picture(kind: str = "PNG", side: int = 8) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (side, side)).save(drawn, kind)
    return drawn.getvalue()


@pytest.fixture
def alma(client: FlaskClient, rowan: Clinic) -> FlaskClient:
    log_in(client, rowan, "alma")
    return client


def deeds() -> set[str]:
    return set(db.session.execute(select(Audit.deed)).scalars())


def test_every_setting_is_a_line_that_says_what_holds(alma: FlaskClient) -> None:
    page = said(alma.get(HOME))
    for part in ("Look", "Texts", "Free until 24 hours before", "Europe/London, GBP", "Not written yet"):
        assert part in page
    for name in PAGES:
        answer = alma.get(HOME + name)
        assert answer.status_code == 200, name
        assert 'aria-current="page">Settings' in answer.text, name


def test_texts_are_kept_and_a_neighbouring_page_keeps_its_own(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    contact = alma.get(HOME + "contact/")
    assert (
        send(alma, HOME + "contact/", contact, phone="020 7946 0018", address="1 Rowan Lane\nLeeds").status_code == 303
    )
    page = alma.get(HOME + "texts/")
    rows: dict[str, Any] = {"promises-0-title": "No hurry", "promises-0-text": "Ever", "promises-1-title": ""}
    answer = alma.post(HOME + "texts/", data={**fields_of(page), "headline": "Quiet <b>hours</b>", **rows})
    assert answer.status_code == 303
    with inside(rowan):
        view = clinic_view()
        assert (view.headline, view.address_lines[0]) == ("Quiet <b>hours</b>", "1 Rowan Lane")
        assert [(note.title, note.text) for note in view.promises] == [("No hurry", "Ever")]
        assert "clinic.profile" in deeds()
    assert "Quiet &lt;b&gt;hours&lt;/b&gt;" in alma.get("/c/rowan/").text


@pytest.mark.parametrize(
    "page, typed, sentence",
    [
        ("texts/", {"headline": "x" * 161}, "Use at most 160 characters"),
        ("texts/", {"promises-0-text": "Ever"}, "Give it a few words"),
        ("contact/", {"map_url": "http://map.example"}, "Enter an address that begins with https://"),
        ("contact/", {"phone": "12"}, "number"),
        ("contact/", {"email": "alma"}, "Enter an email address"),
        ("documents/", {"privacy": "x" * 40_001}, "Use at most 40000 characters"),
        ("booking/", {"notice": "soon"}, "Enter a whole number"),
        ("booking/", {"notice": "61", "unit": "days"}, "Enter a whole number from 0 to 86400"),
        ("booking/", {"unit": "years"}, "Choose from the list"),
        ("booking/", {"horizon_days": "0"}, "Enter a whole number from 1 to 730"),
        ("booking/", {"notice": "7", "unit": "days", "horizon_days": "7"}, "Nobody could book"),
        ("place/", {"name": " "}, "Enter the clinic's name"),
        ("place/", {"zone": "Mars/Base"}, "Enter a time zone like Europe/Dublin"),
        ("place/", {"currency": "EU"}, "Enter a currency like EUR"),
        ("policy/", {"free_hours": "-1"}, "Enter a whole number"),
        ("policy/", {"free_hours": "9000"}, "Enter a whole number from 0 to 8760"),
        ("policy/", {"late_fee_percent": "101"}, "Enter a whole number from 0 to 100"),
        ("look/", {"brand": "teal"}, "Enter a colour as #"),
        ("look/", {"heading_style": "script"}, "Choose serif or sans"),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_lost(
    alma: FlaskClient, page: str, typed: dict[str, str], sentence: str
) -> None:
    form = fields_of(alma.get(HOME + page))
    for name, value in typed.items():
        form[name] = value
    answer = alma.post(HOME + page, data=form)
    assert answer.status_code == 422
    assert said(answer).count(sentence) >= 2
    kept = fields_of(answer)
    assert all(kept.get(name) in (value, None, value.strip()) for name, value in typed.items())


@pytest.mark.parametrize(
    "page, name, first, second",
    [
        ("texts/", "headline", "First", "Second"),
        ("contact/", "place", "Hull", "York"),
        ("documents/", "imprint", "First", "Second"),
        ("booking/", "horizon_days", "30", "31"),
        ("place/", "name", "Rowan one", "Rowan two"),
        ("policy/", "free_hours", "48", "72"),
        ("look/", "brand", "#2f6f6b", "#7d4a78"),
    ],
)
def test_who_saves_second_sees_what_stands_now(
    alma: FlaskClient, page: str, name: str, first: str, second: str
) -> None:
    opened = alma.get(HOME + page)
    if page == "look/":
        send(alma, HOME + page, opened, "save", brand="#3d5a80")
        opened = alma.get(HOME + page)
    assert send(alma, HOME + page, opened, "save", **{name: first}).status_code == 303
    late = send(alma, HOME + page, opened, "save", **{name: second})
    assert late.status_code == 409
    assert "Somebody else has changed this meanwhile" in said(late)
    assert first in said(late)
    assert fields_of(late)[name] == second
    assert send(alma, HOME + page, late, "save").status_code == 303


def test_documents_are_cleaned_and_seen_before_they_are_kept(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    wild = "<h2>Notes</h2><script>alert(1)</script><p onclick='x()'>We keep <b>little</b>.</p>"
    page = alma.get(HOME + "documents/")
    looked = send(alma, HOME + "documents/", page, "preview", privacy=wild)
    assert looked.status_code == 200
    assert "Privacy notice, not saved yet" in looked.text
    assert "<p>We keep <b>little</b>.</p>" in looked.text
    assert "onclick=" not in looked.text.replace("onclick=&#39;", "")
    with inside(rowan):
        assert document("privacy").html == ""
    assert send(alma, HOME + "documents/", looked, "save").status_code == 303
    with inside(rowan):
        assert document("privacy").html == "<h2>Notes</h2><p>We keep <b>little</b>.</p>"
        assert "clinic.texts" in deeds()


def test_a_colour_is_tried_before_it_is_kept_and_can_be_read(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = alma.get(HOME + "look/")
    with inside(rowan):
        before = clinic_view().brand
    looked = send(alma, HOME + "look/", page, "preview", brand="#FFFF00", heading_style="sans")
    assert "not saved yet" in said(looked)
    sheet = re.findall(r'id="try-sheet"[^>]+href="([^"]+)"', looked.text)[0].replace("&amp;", "&")
    css = alma.get(sheet)
    assert (css.status_code, css.mimetype) == (200, "text/css")
    assert f"--brand:{tokens('#ffff00')['brand']};" in css.text
    assert css.text.count("--display:var(--font)") == 2
    for dark in (False, True):
        found = tokens("#ffff00", dark=dark)
        assert contrast(found["on-brand"], found["brand"]) >= 4.5
    with inside(rowan):
        assert clinic_view().brand == before
    assert send(alma, HOME + "look/", looked, "save").status_code == 303
    with inside(rowan):
        assert (clinic_view().brand, clinic_view().heading_style) == ("#ffff00", "sans")
    assert alma.get(HOME + "look/sheet.css?brand=red").status_code == 404
    assert alma.get(HOME + "look/sheet.css?brand=%23ffffff&heading=x}body{").status_code == 404


@pytest.mark.parametrize(
    "content, sentence",
    [
        (b"", "Choose a PNG, JPEG or WebP image"),
        (b"plain words", "Choose a PNG, JPEG or WebP image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "Choose a PNG, JPEG or WebP image"),
        (picture() + b"x" * 2_000_000, "Choose an image of at most 512 kB"),
        (picture(side=4097), "Choose an image of at most 4096 pixels a side"),
    ],
    ids=["nothing", "text", "svg", "too heavy", "too wide"],
)
def test_what_is_no_logo_is_refused_in_words(alma: FlaskClient, content: bytes, sentence: str) -> None:
    answer = upload(alma, content)
    assert answer.status_code == 422
    assert said(answer).count(sentence) == 2


def test_a_logo_is_shown_and_taken_away_again(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    assert alma.get(HOME + "look/logo/remove/").status_code == 404
    assert upload(alma, picture("JPEG")).status_code == 303
    assert "Your logo as it is" in alma.get(HOME + "look/").text
    heavy = upload(alma, b"x" * 7_000_000)
    assert heavy.status_code == 413
    assert "Choose an image of at most 512 kB" in said(heavy)
    asked = alma.get(HOME + "look/logo/remove/")
    assert send(alma, HOME + "look/logo/remove/", asked).status_code == 303
    with inside(rowan):
        assert clinic_view().logo_url is None
        assert {"clinic.logo", "clinic.logo_removed"} <= deeds()


def upload(client: FlaskClient, content: bytes) -> Any:
    token = token_of(client.get(HOME + "look/"))
    return client.post(HOME + "look/logo/", data={"csrf_token": token, "logo": (io.BytesIO(content), "logo.png")})


def test_the_clock_stays_while_bookings_are_ahead_and_the_currency_while_there_are_any(
    alma: FlaskClient, rowan: Clinic, thornfield: Clinic, inside: Enter
) -> None:
    with inside(thornfield):
        booked(thornfield, "desk", person="max")
    page = alma.get(HOME + "place/")
    assert "Nothing is booked ahead" in said(page)
    other = send(alma, HOME + "place/", page, currency="jpy")
    assert "has others. Take your sessions’ prices away first" in said(other)
    assert send(alma, HOME + "place/", page, zone="Europe/Paris", currency="eur").status_code == 303
    assert (
        send(alma, HOME + "place/", alma.get(HOME + "place/"), zone="Europe/London", currency="GBP").status_code == 303
    )
    with inside(rowan):
        booked(rowan, "desk")
    page = alma.get(HOME + "place/")
    assert "1 booking ahead was promised on the clock of Europe/London: while it stands" in said(page)
    answer = send(alma, HOME + "place/", page, zone="Europe/Paris", currency="EUR", name="Rowan and Co")
    assert answer.status_code == 422
    assert "Cancel it first, or wait until it is over" in said(answer)
    assert "a ledger cannot mix two currencies" in said(answer)
    assert fields_of(answer)["zone"] == "Europe/Paris"
    assert send(alma, HOME + "place/", page, name="Rowan and Co").status_code == 303
    with inside(rowan):
        found = find_by_slug("rowan")
        assert found is not None
    assert (found.name, found.zone, found.currency) == ("Rowan and Co", "Europe/London", "GBP")


def test_when_clients_may_book_holds_at_once(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = alma.get(HOME + "booking/")
    assert (fields_of(page)["notice"], fields_of(page)["unit"]) == ("0", "hours")
    assert (
        send(alma, HOME + "booking/", page, notice="2", unit="days", horizon_days="", accepting=None).status_code == 303
    )
    with inside(rowan):
        view = clinic_view()
        assert (view.min_notice_min, view.horizon_days, view.accepting) == (2880, None, False)
    assert "taking bookings online just now" in alma.get("/c/rowan/").text
    assert "Bookings online are paused." in said(alma.get(HOME))


def test_another_policy_is_another_version(alma: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    page = alma.get(HOME + "policy/")
    with inside(rowan):
        before = latest_policy()
        assert before is not None
        was = before.version
    played = send(alma, HOME + "policy/", page, "replay", free_hours="72")
    assert "Nobody who had paid online cancelled or stayed away" in said(played)
    assert fields_of(played)["free_hours"] == "72"
    assert send(alma, HOME + "policy/", played, "save").status_code == 303
    with inside(rowan):
        last = latest_policy()
        assert last is not None
        assert (last.version, last.free_hours) == (was + 1, 72)
    assert "Version 2" in said(alma.get(HOME + "policy/")) or was != 1


def test_only_the_owner_decides(client: FlaskClient, rowan: Clinic) -> None:
    for name in ("ben", "fern"):
        log_in(client, rowan, name)
        assert client.get(HOME).status_code == 403
        assert client.get("/c/rowan/manage/start/").status_code == 403
        client.post("/c/rowan/logout", data={"csrf_token": token_of(client.get("/c/rowan/manage/"))})
