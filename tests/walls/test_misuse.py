"""Bad input over HTTP gets a clear answer: never a 5xx, a trace of our insides, or a row that should not be."""

from __future__ import annotations

import io
import json
import re
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.walls.asking import API, START, Page, fine, wish
from tests.walls.belongings import booking_of, everything

ODD = {
    "10 kB": "x" * 10_240,
    "NUL": "Cl\x00eo",
    "half a pair": "Cl\ud800eo",
    "bidi": "\u202eoelC\u2066 x",
    "formula": '=HYPERLINK("http://evil.example","x")',
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ 7*7 }}{% raw %}%(name)s${7*7}",
    "header": "Cleo\r\nBcc: everyone@evil.example",
    "calendar": "Cleo\r\nEND:VEVENT\r\nBEGIN:VALARM",
    "emoji": "👩‍👩‍👧‍👦" * 20,
    "combining": "Z" + "\u0351" * 150,
    "spaces": " \t\u2003\u200b ",
    "separators": "a\u2028b\u2029c\x85d",
    "quote": "'; DROP TABLE booking; --",
    "percent": "%s%n%00%0d%0a",
    "empty": "",
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_text_in_every_field_of_the_page_and_the_api(
    client: FlaskClient, rowan: Clinic, page: Page, inside: Enter, odd: str
) -> None:
    text = ODD[odd]
    sent = text.encode("utf-8", "replace").decode()
    plain = {"name": "Cleo", "email": "cleo@example.com", "phone": "", "known_as": "", "note": "", "reach": "email"}
    for field in plain:
        answer = fine(client.post(f"{page.home}/details", data={**page.form, **plain, field: sent}), 303, 422)
        assert "<script>alert" not in answer.text
        assert "<img src=x" not in answer.text
        shown = fine(client.get(f"{page.home}/pay" if answer.status_code == 303 else f"{page.home}/details"), 200, 303)
        assert "<script>alert" not in shown.text
        assert "49" not in re.findall(r"\b7\*7\b|\b49\b", shown.text)
    for body in (
        wish(service=text),
        wish(practitioner=text),
        wish(starts_at=text),
        wish(accept_policy=text),
        wish(**{text[:50]: text}),
        wish(client={"name": text}),
        wish(client={"email": text}),
        wish(client={"phone": text}),
        wish(client={text[:50]: 1}),
    ):
        # Sent as JSON says it: half a surrogate pair as an escape.
        fine(client.post(API, data=json.dumps(body), content_type="application/json"), 201, 400, 404, 409, 422)
    fine(client.post(API, json=wish(), headers={"Idempotency-Key": re.sub(r"[\r\n\x00\ud800]", "?", text)[:4000]}))
    with inside(rowan):
        rows = json.dumps(everything(but=("audit", "clinic")))
    kept = json.loads(rows)
    assert not re.search(
        "[\x00\ud800\u202e\u2066\u200b]", json.dumps(kept["client"] + kept["booking"], ensure_ascii=False)
    )


NOT_A_START = [
    "",
    "x",
    "2026-03-24",
    "2026-03-24T10:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "9998-12-31T23:59:59-23:59",
    "0002-01-01T00:00:00+23:59",
    "2026-02-30T10:00:00Z",
    "-1",
    "1e9",
    "1774346400",
    "2026-03-24T10:00:00Zx",
    "\x00" * 30,
    "9" * 10_000,
    "２０２６-03-24T10:00:00Z",
    "2026-03-24T10:00:00+99:99",
]
NOT_OFFERED = [
    "2026-03-24T08:00:00Z",
    "2026-03-24T23:00:00Z",
    "2020-03-24T10:00:00Z",
    "2036-03-24T10:00:00Z",
    "2026-03-28T10:00:00Z",
    "2026-03-24T10:07:00Z",
    "2026-03-24T10:00:01Z",
    "2026-03-24T10:00:00.000001Z",
    "2026-03-29T01:30:00Z",
    "2026-03-29T01:30:00+00:00",
    "1970-01-01T00:00:00Z",
    "8999-01-01T00:00:00Z",
    "2026-03-23T08:30:00Z",
]


@pytest.mark.parametrize("start", NOT_A_START + NOT_OFFERED)
def test_a_time_that_is_none_or_not_offered_is_not_given(
    client: FlaskClient, rowan: Clinic, page: Page, inside: Enter, start: str
) -> None:
    with inside(rowan):
        before = everything()
    token = _hold_token(client, rowan)
    form = {"form_token": token, "start": start}
    fine(client.post(f"{rowan.home}/book/talk?k=one", data=form), 409, 422)
    fine(client.post(f"{page.home}/change", data={**page.form, "start": start}), 409, 422)
    fine(client.post(API, json=wish(starts_at=start)), 409, 422)
    fine(client.post(f"{API}/{page.token}/reschedule", json={"starts_at": start}), 409, 422)
    with inside(rowan):
        assert everything() == before


def _hold_token(client: FlaskClient, clinic: Clinic, service: str = "talk") -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', client.get(f"{clinic.home}/book/{service}").text)
    assert found
    return found[1]


QUERIES = [
    "d=0001-01-01",
    "d=9999-12-31",
    "d=2026-02-30",
    "d=",
    "d=x",
    "d=" + "9" * 5000,
    "w=-1",
    "w=0001-01-01",
    "w=9999-12-31",
    "w=2036-03-20&d=2036-03-20",
    "tz=../../etc/passwd",
    "tz=/etc/passwd",
    "tz=%2e%2e%2f",
    "tz=Etc/GMT%2B12",
    "tz=localtime",
    "tz=Pacific/Kiritimati",
    "tz=Mars/Base",
    "tz=" + "a" * 9000,
    "tz=europe/london",
    "p=nobody",
    "p=%ed%a0%80",
    "p=%00",
    "p[]=ben",
    "p=ben&p=iris",
    "d=2026-03-24&d=2026-03-25",
    "_external=1&_scheme=javascript&_anchor=x&_method=POST",
    "service=desk&token=x",
    "%ff=%fe",
    "a=1" + "&a=1" * 3000,
    "tenant_id=x&is_admin=1&price=0",
    "step=confirm",
    "done=moved",
    "done=%3Cscript%3E",
    "k=" + "k" * 9000,
    "seen=-1",
    "seen=99999999999999999999999",
    "shown=x",
    "back=//evil.example",
]


@pytest.mark.parametrize("query", QUERIES)
def test_odd_queries_are_ignored(client: FlaskClient, rowan: Clinic, page: Page, query: str) -> None:
    for path in (
        f"{rowan.home}/",
        f"{rowan.home}/book/desk",
        f"{page.home}/change",
        f"{page.home}/details",
        f"{page.home}/pay",
    ):
        answer = fine(client.get(f"{path}?{query}"), 200, 303, 404)
        assert answer.status_code != 404 or "%00" in query
        assert "evil.example" not in answer.headers.get("Location", "")
        assert "javascript:" not in answer.text
        assert "<script>" not in answer.text
    first_days = "service=desk&from=2026-03-24&to=2026-03-26&"
    fine(client.get(f"{rowan.home}/api/v1/openings?{first_days}{query}"), 200, 404, 422)


RANGES = [
    ("0001-01-01", "0001-02-01"),
    ("9999-12-30", "9999-12-31"),
    ("9000-12-01", "9000-12-31"),
    ("1970-01-01", "1970-04-01"),
    ("2026-03-24", "2026-03-24"),
    ("2026-03-24", "2026-03-01"),
    ("2026-03-24", "2036-03-24"),
    ("", ""),
    ("x", "y"),
    ("2026-03-24T10:00", "2026-03-25"),
    ("-2026-03-24", "2026-03-25"),
    ("2026-02-29", "2026-03-01"),
    ("0", "1"),
]


@pytest.mark.parametrize("first,last", RANGES)
def test_odd_ranges_have_a_clear_answer(client: FlaskClient, rowan: Clinic, first: str, last: str) -> None:
    answer = fine(client.get(f"{rowan.home}/api/v1/openings?service=desk&from={first}&to={last}"), 200, 422)
    assert answer.status_code == 422 or (answer.json or {})["openings"] == []


def test_forms_of_every_size_and_kind(client: FlaskClient, rowan: Clinic, page: Page) -> None:
    token = _hold_token(client, rowan)
    good = {"form_token": token, "start": "2026-03-25T12:00:00+00:00"}
    many = {str(number): "x" for number in range(10_000)}
    address = f"{rowan.home}/book/talk"
    fine(client.post(address, data={**good, **many}), 303, 400, 413)
    for content, status in ((b"x" * 1000, (303, 409)), (b"x" * 2_000_000, (413,))):
        file = (io.BytesIO(content), "../../etc/passwd\x00.png")
        fine(client.post(address, data={**good, "file": file}, content_type="multipart/form-data"), *status)
    fine(client.post(address, data={**good, **many}, content_type="multipart/form-data"), 413)
    for body, kind in (
        (b"form_token=\xff&start=%ff%00%zz", "application/x-www-form-urlencoded"),
        (b"x" * 600_000, "application/x-www-form-urlencoded"),
        (b"x", "multipart/form-data"),
        (b"--x\r\n\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (json.dumps(good).encode(), "application/json"),
        (b"", "text/xml"),
        (b"\x00" * 100, "application/octet-stream"),
    ):
        fine(client.post(address, data=body, headers={"Content-Type": kind}), 400, 413)
        fine(client.post(f"{page.home}/details", data=body, headers={"Content-Type": kind}), 400, 413)


@pytest.mark.parametrize(
    "token", ["x", "x" * 22, "x" * 9000, "%00", "..%2f..", "%F0%9F%98%80", "' OR 1=1--", "-1", "0", "9" * 400]
)
def test_a_link_that_is_none_is_404(client: FlaskClient, app: Flask, rowan: Clinic, token: str) -> None:
    for rule in app.url_map.iter_rules():
        if "<token>" not in rule.rule or rule.endpoint.startswith("security."):
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            address = rowan.home + rule.rule.replace("<token>", token)
            more: dict[str, Any] = {"json": {"starts_at": START}} if method == "POST" and "/api/" in address else {}
            fine(client.open(address, method=method, **more), 404, 308)


def test_a_double_click_is_one_booking(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    text = client.get(f"{rowan.home}/book/talk").text
    found = re.search(r'action="([^"]+)"', text[text.index("form_token") - 800 :])
    assert found
    form = {"form_token": _hold_token(client, rowan), "start": "2026-03-25T12:00:00+00:00"}
    answers = [client.post(f"{rowan.home}/book/talk?k=samekey", data=form) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    with inside(rowan):
        assert len(everything()["booking"]) == 1


def test_what_a_request_says_of_price_state_or_clinic_is_no_authority(
    client: FlaskClient, rowan: Clinic, page: Page, inside: Enter
) -> None:
    claims = {
        "price": "0",
        "price_minor": "0",
        "online_minor": "0",
        "status": "confirmed",
        "tenant_id": "x",
        "client_id": "x",
        "paying": "",
        "payment_mode": "free",
        "policy": "{}",
        "role": "owner",
        "source": "staff",
        "now": "1970-01-01",
    }
    good = {**page.form, "name": "Cleo", "email": "cleo@example.com", "reach": "email", "note": ""}
    fine(client.post(f"{page.home}/details?price_minor=0&status=confirmed", data={**good, **claims}), 303)
    answer = fine(client.post(API, json={**wish(), **claims, "client": {**wish()["client"], **claims}}), 201)
    assert (answer.json or {})["status"] == "confirmed"
    with inside(rowan):
        row = booking_of(page.id)
        assert (row.status, row.price_minor, row.payment_mode, row.source) == ("held", 6000, "at_clinic", "web")
    # An unpaid session is not booked by claiming that it needs no paying.
    with inside(rowan):
        full = Page(rowan, NOW, service="full", at=datetime.fromisoformat("2026-03-26T10:00:00+00:00"))
    fine(client.post(f"{full.home}/details", data={**good, **full.form}), 303)
    fine(client.post(f"{full.home}/pay/at-clinic", data={**full.form, "terms": "on", **claims}), 409, 303)
    with inside(rowan):
        assert booking_of(full.id).status == "held"
