"""The OpenAPI document says what there is, and all of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient

from tenants.api import cors, schemas
from tenants.clinic.actions import save_origins
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter
from tests.tenants.api.contract import faults
from tests.tenants.bookings.scenes import only_sqlite


@only_sqlite
def test_every_address_of_the_api_is_in_the_document(client: FlaskClient, rowan: Clinic) -> None:
    document = client.get(f"{rowan.home}/api/v1/openapi.json").get_json()
    written = {(path, verb) for path, item in document["paths"].items() for verb in item}
    routed = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method.lower())
        for rule in client.application.url_map.iter_rules()
        if rule.endpoint.startswith("api.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert written == routed


@only_sqlite
def test_the_document_is_openapi(client: FlaskClient, rowan: Clinic) -> None:
    answer = client.get(f"{rowan.home}/api/v1/openapi.json")
    document = answer.get_json()
    assert document["openapi"].startswith("3.1.")
    assert document["info"]["version"] == schemas.VERSION
    assert document["servers"] == [{"url": f"http://localhost{rowan.home}/api/v1"}]
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    for path, item in document["paths"].items():
        for operation in item.values():
            in_path = {p["name"] for p in operation.get("parameters", []) if p["in"] == "path"}
            assert in_path == set(re.findall(r"\{(\w+)\}", path))
            assert "429" in operation["responses"]
    used = set(re.findall(r"#/components/schemas/(\w+)", answer.text))
    assert used == set(document["components"]["schemas"])


@only_sqlite
def test_the_document_says_which_answers_a_website_reads(client: FlaskClient, rowan: Clinic, inside: Enter) -> None:
    site, api = "https://www.rowan.example", f"{rowan.home}/api/v1"
    with inside(rowan):
        save_origins(origins=site, loopback=False, now=NOW)
    document = client.get(f"{api}/openapi.json").get_json()
    open_ones = set()
    for path, verb, operation in (
        (path, verb, operation) for path, item in document["paths"].items() for verb, operation in item.items()
    ):
        for origin in (site, "https://mallory.example", ""):
            given = {"method": verb.upper(), "headers": {"Origin": origin} if origin else {}}
            answer = client.open(api + re.sub(r"{\w+}", "none", path), json={} if verb == "post" else None, **given)
            told = set(operation["responses"][str(answer.status_code)].get("headers", {}))
            sent = {name for name, _ in answer.headers if name.startswith("Access-Control-")}
            assert sent == (told - {"Vary"} if origin == site else set()), (path, origin)
            assert ("Origin" in answer.headers.get("Vary", "")) is ("Vary" in told), path
        every = [set(answer.get("headers", {})) - {"Retry-After"} for answer in operation["responses"].values()]
        assert all(one == told for one in every), path
        assert "Retry-After" in operation["responses"]["429"]["headers"]
        if told:
            open_ones.add(operation["operationId"])
            asked = client.options(api + path, headers={"Origin": site, "Access-Control-Request-Method": verb.upper()})
            assert f"`{verb.upper()} {path}`" in document["info"]["description"]
            for name, value in asked.headers:
                if name in ("Access-Control-Allow-Headers", "Access-Control-Max-Age"):
                    assert f"`{name}: {value}`" in document["info"]["description"]
    assert {f"api.{name}" for name in open_ones} == set(cors.OPEN)
    named = set(re.findall(r"#/components/headers/([\w-]+)", json.dumps(document)))
    assert named == set(document["components"]["headers"])


def _nested(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [one for part in schema for one in _nested(part)]
    if not isinstance(schema, dict):
        return []
    found = [one for part in schema.values() for one in _nested(part)]
    return [schema, *found] if "type" in schema and "properties" in schema else found


def test_what_is_required_is_described() -> None:
    for schema in _nested(schemas.SCHEMAS):
        assert set(schema["required"]) <= set(schema["properties"])


@pytest.mark.parametrize(
    "value, schema, wrong",
    [
        (1, {"type": "integer"}, 0), (True, {"type": "integer"}, 1), (None, {"type": ["string", "null"]}, 0),
        ("x", {"type": "string", "format": "uuid"}, 1),
        ("2026-03-23T09:00:00", {"type": "string", "format": "date-time"}, 1),
        ({"a": 1}, {"type": "object", "properties": {}, "required": []}, 1),
        ({}, {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, 1),
        ({"a": ["x"]}, {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}}, 1),
        ("EUR", {"type": "string", "pattern": "^[A-Z]{3}$"}, 0), ("eur", {"type": "string", "enum": ["EUR"]}, 1),
        (False, {"type": "boolean", "const": True}, 1), ("", {"type": "string", "minLength": 1}, 1),
        (0, {"type": "integer", "minimum": 1}, 1), ("nowhere", {"type": "string", "format": "uri"}, 1),
    ],
)  # fmt: skip
def test_the_validator_of_these_tests_finds_faults(value: object, schema: dict[str, Any], wrong: int) -> None:
    assert len(faults(value, schema, {})) == wrong
