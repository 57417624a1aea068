"""The API's own document, taken at its word: every request and answer of a test is held against it.

Only the part of JSON Schema that the document uses is understood; anything else in it is an error here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

Schema = Mapping[str, Any]
_TYPES: dict[str, Any] = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}
_KNOWN = {
    "type", "properties", "required", "items", "enum", "const", "format", "pattern", "description", "minimum",
    "minLength", "maxLength", "additionalProperties", "$ref",
}  # fmt: skip
PROBLEM = "application/problem+json"


def _is(value: Any, kind: str) -> bool:
    if kind == "null":
        return value is None
    return isinstance(value, _TYPES[kind]) and not (kind == "integer" and isinstance(value, bool))


def _format(value: str, wanted: str) -> bool:
    try:
        if wanted == "date-time":
            return datetime.fromisoformat(value).tzinfo is not None
        if wanted == "date":
            return date.fromisoformat(value) is not None
        if wanted == "uuid":
            return str(UUID(value)) == value
    except ValueError:
        return False
    if wanted == "email":
        return "@" in value
    return wanted == "uri" and bool(urlsplit(value).scheme and urlsplit(value).netloc)


def faults(value: Any, schema: Schema, document: Schema, at: str = "$") -> list[str]:
    """Where `value` is not what `schema` says; properties that the schema does not name are faults, too."""
    if "$ref" in schema:
        return faults(value, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document, at)
    assert set(schema) <= _KNOWN, f"{at}: this validator does not know {set(schema) - _KNOWN}"
    kinds = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    if not any(_is(value, kind) for kind in kinds):
        return [f"{at} is {value!r}, not {kinds}"]
    wrong = []
    if "enum" in schema and value not in schema["enum"]:
        wrong.append(f"{at}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        wrong.append(f"{at} is not {schema['const']!r}")
    if isinstance(value, str):
        wrong += _text_faults(value, schema, at)
    if isinstance(value, int) and value < schema.get("minimum", value):
        wrong.append(f"{at} is too small")
    if isinstance(value, list):
        wrong += [w for n, item in enumerate(value) for w in faults(item, schema["items"], document, f"{at}[{n}]")]
    if isinstance(value, dict) and "properties" in schema:
        wrong += [f"{at} lacks {name}" for name in schema["required"] if name not in value]
        wrong += [f"{at} has {name}, which nobody promised" for name in value if name not in schema["properties"]]
        for name in value.keys() & schema["properties"].keys():
            wrong += faults(value[name], schema["properties"][name], document, f"{at}.{name}")
    if isinstance(value, dict) and "additionalProperties" in schema:
        wrong += [w for n, v in value.items() for w in faults(v, schema["additionalProperties"], document, f"{at}.{n}")]
    return wrong


def _text_faults(value: str, schema: Schema, at: str) -> list[str]:
    wrong = []
    if "format" in schema and not _format(value, schema["format"]):
        wrong.append(f"{at}: {value!r} is no {schema['format']}")
    if "pattern" in schema and not re.search(schema["pattern"], value):
        wrong.append(f"{at}: {value!r} does not look like {schema['pattern']}")
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        wrong.append(f"{at} has the wrong length")
    return wrong


@dataclass
class Api:
    """A program that talks to a clinic's API and believes its document. `seen`: (method, path, status)."""

    client: FlaskClient
    home: str
    seen: set[tuple[str, str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.document: dict[str, Any] = self.client.get(f"{self.home}/api/v1/openapi.json").get_json()

    def get(self, path: str, **query: str) -> TestResponse:
        return self._hold(self.client.get(f"{self.home}/api/v1{path}", query_string=query), "get", path)

    def post(self, path: str, body: Any = None, **headers: str) -> TestResponse:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.post(f"{self.home}/api/v1{path}", json=body, headers=sent)
        if answer.status_code < 300 and body is not None:
            asked = self._operation("post", path)[1]["requestBody"]["content"]["application/json"]["schema"]
            assert faults(body, asked, self.document) == [], "the API takes what its document refuses"
        return self._hold(answer, "post", path)

    def _operation(self, method: str, path: str) -> tuple[str, dict[str, Any]]:
        for template, item in self.document["paths"].items():
            if method in item and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
                return template, item[method]
        raise AssertionError(f"the document has no {method} {path}")

    def _hold(self, answer: TestResponse, method: str, path: str) -> TestResponse:
        template, operation = self._operation(method, path)
        status = str(answer.status_code)
        assert status in operation["responses"], f"{method} {template} never answers {status}: {answer.text}"
        content = operation["responses"][status]["content"]
        assert answer.mimetype in content, f"{answer.mimetype} is none of {list(content)}"
        wrong = faults(answer.get_json(), content[answer.mimetype]["schema"], self.document)
        assert not wrong, f"{method} {path} {status}: {wrong}"
        assert "Set-Cookie" not in answer.headers
        self.seen.add((method, template, status))
        return answer
