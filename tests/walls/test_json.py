"""Bad input to the JSON API: a problem with a stable type, and no booking that should not be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.cast import Clinic
from tests.saas.accounts.pages import Enter
from tests.walls.asking import API, START, Page, fine, wish
from tests.walls.belongings import everything

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a number": b"1",
    "a text": b'"x"',
    "half": b'{"service":',
    "NaN": b'{"service": NaN}',
    "Infinity": b'{"starts_at": -Infinity}',
    "not UTF-8": b'{"service": "\xff"}',
    "UTF-16": '{"service": "desk"}'.encode("utf-16"),
    "deep list": b"[" * 100_000,
    "deep object": b'{"a":' * 100_000,
    "deep and whole": b'{"x":' + b"[" * 900 + b"]" * 900 + b"}",
    "just below": b'{"x":' + b"[" * 980 + b"]" * 980 + b"}",
    "huge number": b'{"x":' + b"1" * 5000 + b"}",
    "exponent": b'{"x": 1e999999}',
    "twice": b'{"service":"desk","service":"talk"}',
    "big": b'{"x":"' + b"x" * 1_000_000 + b'"}',
    "too big": b"x" * (1 << 20) + b"x",
    "many": json.dumps({str(number): number for number in range(20_000)}).encode(),
    "a form": b"service=desk&starts_at=x",
    "BOM": b"\xef\xbb\xbf{}",
    "two": b"{}{}",
    "proto": b'{"__proto__":{"admin":true},"constructor":1}',
}
TYPES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    10**30,
    "",
    [],
    {},
    [[]],
    {"a": 1},
    "x" * 300,
    ["desk"],
    {"$ne": None},
]


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_request_is_a_problem(client: FlaskClient, page: Page, body: str) -> None:
    for kind in (
        "application/json",
        "application/json; charset=utf-16",
        "text/plain",
        "multipart/form-data; boundary=x",
        "",
    ):
        for path in (API, f"{API}/{page.token}/reschedule"):
            answer = fine(client.post(path, data=BODIES[body], headers={"Content-Type": kind}), 400, 413, 422)
            assert answer.mimetype == "application/problem+json"
            assert (answer.json or {})["status"] == answer.status_code


def test_values_of_the_wrong_kind_everywhere(client: FlaskClient, rowan: Clinic, page: Page, inside: Enter) -> None:
    with inside(rowan):
        before = len(everything()["booking"])
    made = 0
    for value in TYPES:
        for name in ("service", "practitioner", "starts_at", "accept_policy", "client"):
            answer = fine(client.post(API, json={**wish(), name: value}), 201, 400, 404, 409, 422)
            made += answer.status_code == 201
        for name in ("name", "email", "phone"):
            answer = fine(client.post(API, json=wish(client={name: value})), 201, 409, 422)
            made += answer.status_code == 201
        fine(
            client.post(f"{API}/{page.token}/reschedule", json={"starts_at": START, "practitioner": value}),
            200,
            404,
            409,
            422,
        )
        fine(client.post(f"{API}/{page.token}/reschedule", json={"starts_at": value}), 422)
    with inside(rowan):
        # The refusals of give_details leave a hold that was let go: never one that stands without a client.
        rows = everything()["booking"]
        assert len([row for row in rows if "confirmed" in row]) == made
        assert len(rows) >= before + made


def test_a_key_is_one_booking_and_no_other_request(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    key = {"Idempotency-Key": "one"}
    first, again = (client.post(API, json=wish(), headers=key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert (first.json or {})["id"] == (again.json or {})["id"]
    for other in (
        wish(service="talk"),
        wish(starts_at="2026-03-26T10:00:00Z"),
        wish(client={"name": "Dora"}),
        wish(extra=1),
    ):
        assert fine(client.post(API, json=other, headers=key)).status_code in (409, 422)
    for odd in ("x" * 101, " ", "\x7f", "a\tb", "x" * 8000):
        fine(client.post(API, json=wish(), headers={"Idempotency-Key": odd}), 400, 422)
    with inside(rowan):
        assert len(everything()["booking"]) == 1
