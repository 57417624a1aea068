"""The OpenAPI 3.1 document of the API. A test holds every route and every answer against it."""

from __future__ import annotations

from typing import Any

VERSION = "1.0.0"

Schema = dict[str, Any]


def _object(required: list[str] | None = None, /, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(properties) if required is None else required}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _list(item: Schema) -> Schema:
    return {"type": "array", "items": item}


TEXT: Schema = {"type": "string"}
INSTANT: Schema = {"type": "string", "format": "date-time", "description": "ISO 8601 with its offset."}
DAY: Schema = {"type": "string", "format": "date"}
URL: Schema = {"type": "string", "format": "uri"}
STATUS: Schema = {
    "type": "string",
    "enum": ["held", "confirmed", "arrived", "completed", "no_show", "cancelled", "expired"],
}

_BRIEF: dict[str, Schema] = {
    "id": {"type": "string", "format": "uuid"},
    "status": STATUS,
    "starts_at": INSTANT,
    "ends_at": INSTANT,
    "hold_expires_at": {"type": ["string", "null"], "format": "date-time"},
    "checkout_url": {"type": ["string", "null"], "description": "Where to pay; null when nothing is due online."},
    "manage_url": {**URL, "description": "The client's booking page. A secret: whoever has it can cancel."},
}

SCHEMAS: dict[str, Schema] = {
    "Money": _object(
        amount={"type": "integer", "description": "Minor units."},
        currency={"type": "string", "pattern": "^[A-Z]{3}$"},
    ),
    "Service": _object(
        id={"type": "string", "format": "uuid"},
        slug=TEXT,
        name=TEXT,
        duration_minutes={"type": "integer", "minimum": 1},
        price=_ref("Money"),
        payment={"type": "string", "enum": ["free", "at_clinic", "deposit", "full"]},
        practitioners=_list(TEXT),
    ),
    "Opening": _object(starts_at=INSTANT, ends_at=INSTANT, practitioner=TEXT),
    "BookingRequest": _object(
        ["service", "starts_at", "client", "accept_policy"],
        service={**TEXT, "description": "A service's slug."},
        practitioner={**TEXT, "description": "A practitioner's slug; `any`, or left out, for whoever is free."},
        starts_at=INSTANT,
        client=_object(
            ["name", "email"], name={**TEXT, "maxLength": 200}, email={**TEXT, "format": "email"}, phone=TEXT
        ),
        accept_policy={"type": "boolean", "const": True},
    ),
    "MadeBooking": _object(**_BRIEF),
    "Booking": _object(
        **_BRIEF,
        timezone=TEXT,
        service=TEXT,
        practitioner=TEXT,
        sequence={"type": "integer"},
        price=_ref("Money"),
        paid=_ref("Money"),
        refunded=_ref("Money"),
        may_reschedule={"type": "boolean"},
        may_cancel={"type": "boolean"},
    ),
    "RescheduleRequest": _object(["starts_at"], starts_at=INSTANT, practitioner=TEXT),
    "Problem": _object(
        ["type", "title", "status"],
        type=URL,
        title=TEXT,
        status={"type": "integer"},
        detail=TEXT,
        errors={"type": "object", "additionalProperties": TEXT},
        nearest=_list(_ref("Opening")),
    ),
}

_WEBSITES = """\
A program that is no browser may call every operation. A page of another website may call `GET /services`, \
`GET /openings` and `POST /bookings`, and no other operation, if its origin (scheme, host and port, as a browser \
writes it) is one that the clinic's owner has named in the back office. It sends no cookies: \
`Access-Control-Allow-Credentials` is never answered. A preflight (`OPTIONS`) from such an origin is told the \
operation's method in `Access-Control-Allow-Methods`, `Access-Control-Allow-Headers: Content-Type, Idempotency-Key` \
and `Access-Control-Max-Age: 600`. Any other origin gets the same answers without these headers: its pages can read \
none of them. What is behind a booking's link is for our own pages and for programs."""
HEADERS: dict[str, Schema] = {
    "Retry-After": {
        "required": True,
        "schema": {"type": "integer", "minimum": 1},
        "description": "The number of seconds after which to try again.",
    },
    "Vary": {
        "required": True,
        "schema": TEXT,
        "description": "Has `Origin` among others: a cache keeps the answers to different websites apart.",
    },
    "Access-Control-Allow-Origin": {
        "schema": URL,
        "description": "The asking page's own origin, if it is one that the owner has named; else this is missing.",
    },
    "Access-Control-Expose-Headers": {
        "schema": {"type": "string", "const": "Retry-After"},
        "description": "What a page may read besides the body. Comes with `Access-Control-Allow-Origin`.",
    },
}
_SHARED = ("Vary", "Access-Control-Allow-Origin", "Access-Control-Expose-Headers")


def _headers(*names: str) -> dict[str, Schema]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _answer(description: str, schema: Schema, media: str = "application/json") -> Schema:
    return {"description": description, "content": {media: {"schema": schema}}}


def _problems(*codes: tuple[int, str]) -> dict[str, Schema]:
    found = {str(code): _answer(words, _ref("Problem"), "application/problem+json") for code, words in codes}
    if "429" in found:
        found["429"]["headers"] = _headers("Retry-After")
    return found


def _shared(operation: Schema) -> Schema:
    """An operation that pages of other websites may call: what its answers carry for them (`cors.OPEN`)."""
    answers = operation["responses"].items()
    told = {
        code: {**answer, "headers": {**answer.get("headers", {}), **_headers(*_SHARED)}} for code, answer in answers
    }
    return {**operation, "responses": told}


def _query(name: str, schema: Schema, *, required: bool = True, description: str = "") -> Schema:
    return {"name": name, "in": "query", "required": required, "schema": schema, "description": description}


_TOKEN: Schema = {
    "name": "token",
    "in": "path",
    "required": True,
    "schema": TEXT,
    "description": "The last part of `manage_url`.",
}
_KEY: Schema = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 100},
    "description": "The same key answers the same booking, however often it is sent; another body under it is refused.",
}
_TAKEN = (409, "The time is not to be had: `slot-taken`, with `nearest`; or the booking's state does not allow it.")
_UNKNOWN = (404, "There is no such booking.")
_WRONG = (422, "Fields need another look: `errors` by field.")
_MANY = (429, "Too many tries.")


def _body(schema: str) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": _ref(schema)}}}


def _paths() -> dict[str, Schema]:
    return {**_offer_paths(), **_booking_paths()}


def _offer_paths() -> dict[str, Schema]:
    return {
        "/services": {
            "get": _shared(
                {
                    "operationId": "services",
                    "summary": "What can be booked",
                    "responses": {
                        "200": _answer("The services.", _object(services=_list(_ref("Service")))),
                        **_problems(_MANY),
                    },
                }
            )
        },
        "/openings": {
            "get": _shared(
                {
                    "operationId": "openings",
                    "summary": "When a service can be booked",
                    "parameters": [
                        _query("service", TEXT, description="A service's slug."),
                        _query("practitioner", TEXT, required=False, description="A slug, or `any`."),
                        _query("from", DAY, description="The first date, local in `tz`."),
                        _query("to", DAY, description="The date after the last one; at most 92 days after `from`."),
                        _query(
                            "tz", TEXT, required=False, description="An IANA time zone; the clinic's when left out."
                        ),
                    ],
                    "responses": {
                        "200": _answer("Openings by time.", _object(timezone=TEXT, openings=_list(_ref("Opening")))),
                        **_problems((404, "There is no such service or practitioner."), _WRONG, _MANY),
                    },
                }
            )
        },
        "/openapi.json": {
            "get": {
                "operationId": "document",
                "summary": "This document",
                "responses": {"200": _answer("OpenAPI 3.1.", {"type": "object"}), **_problems(_MANY)},
            }
        },
    }


def _booking_paths() -> dict[str, Schema]:
    booking = _answer("The booking as it is now.", _ref("Booking"))
    return {
        "/bookings": {
            "post": _shared(
                {
                    "operationId": "book",
                    "summary": "Book, or hold and get the address to pay at",
                    "parameters": [_KEY],
                    "requestBody": _body("BookingRequest"),
                    "responses": {
                        "201": _answer("Booked (`confirmed`), or `held` until it is paid.", _ref("MadeBooking")),
                        **_problems(
                            (400, "The body is not a JSON object."),
                            (404, "There is no such service or practitioner."),
                            _TAKEN,
                            _WRONG,
                            _MANY,
                            (503, "Payment does not answer: the time is held, send the same request again."),
                        ),
                    },
                }
            )
        },
        "/bookings/{token}": {
            "get": {
                "operationId": "booking",
                "summary": "A booking",
                "parameters": [_TOKEN],
                "responses": {"200": booking, **_problems(_UNKNOWN, _MANY)},
            }
        },
        "/bookings/{token}/cancel": {
            "post": {
                "operationId": "cancel",
                "summary": "Cancel; what the policy gives back is on its way",
                "parameters": [_TOKEN],
                "responses": {"200": booking, **_problems(_UNKNOWN, _TAKEN, _MANY)},
            }
        },
        "/bookings/{token}/reschedule": {
            "post": {
                "operationId": "reschedule",
                "summary": "Move to another start; the payment moves along",
                "parameters": [_TOKEN],
                "requestBody": _body("RescheduleRequest"),
                "responses": {
                    "200": booking,
                    **_problems((400, "The body is not a JSON object."), _UNKNOWN, _TAKEN, _WRONG, _MANY),
                },
            }
        },
    }


def document(*, home: str, clinic: str) -> Schema:
    """The whole document for the clinic whose API answers at `home`."""
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{clinic}: booking", "version": VERSION, "description": _WEBSITES},
        "servers": [{"url": home}],
        "paths": _paths(),
        "components": {"schemas": SCHEMAS, "headers": HEADERS},
    }
