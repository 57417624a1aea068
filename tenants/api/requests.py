"""What a program sent, as typed values; everything wrong with it is collected, a sentence a field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from saas.crypto import keyed_hash
from saas.errors import DomainError, Invalid
from saas.tenancy import current_tenant
from saas.zones import is_zone
from tenants.bookings.openings import MAX_DAYS
from tenants.bookings.rules import Details, clean_details

_KEY_LENGTH = 100
_TEXT_LENGTH = 200


class NotJson(DomainError):
    """The body is not a JSON object."""

    status = 400
    code = "not-json"


@dataclass(frozen=True)
class OpeningsQuery:
    """Openings of `service` on the local dates `[date_from, date_to)` of `tz`; `practitioner` None is anyone."""

    service: str
    practitioner: str | None
    date_from: date
    date_to: date
    tz: str


@dataclass(frozen=True)
class BookingRequest:
    """A booking to make. `request_hash` tells whether two requests under one key are the same."""

    service: str
    practitioner: str | None
    starts_at: datetime
    details: Details
    key: str | None
    request_hash: str


def read_json(body: bytes) -> Any:
    """The value that a body says. `NotJson` for what is none: NaN, Infinity and endless nesting are none either."""
    try:
        return json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise NotJson("Send a JSON object.") from None


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _hash_of(body: Any) -> str:
    try:
        said = json.dumps(body, sort_keys=True, ensure_ascii=True)
    except RecursionError:  # it was read just below the limit, and this is one call deeper
        raise NotJson("Send a JSON object.") from None
    return keyed_hash("api request", current_tenant().id, said)  # a plain one would let guesses at an address be tried


def _fits(text: str) -> bool:
    """Whether a database takes it: JSON can say NUL and half of a surrogate pair."""
    return len(text) <= _TEXT_LENGTH and not any(c == "\x00" or "\ud800" <= c <= "\udfff" for c in text)


class _Reader:
    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values
        self.fields: dict[str, str] = {}

    def text(self, name: str, *, needed: bool = True) -> str:
        value = self.values.get(name)
        if value is None and not needed:
            return ""
        if not isinstance(value, str) or not value.strip() or not _fits(value):
            self.fields[name] = "Give a text."
            return ""
        return value.strip()

    def instant(self, name: str) -> datetime:
        nowhere = datetime(1970, 1, 1, tzinfo=UTC)
        try:
            found = datetime.fromisoformat(str(self.values.get(name)).replace(" ", "+"))
        except ValueError:
            found = nowhere.replace(tzinfo=None)
        if found.tzinfo is None or not 1970 <= found.year <= 9000:
            self.fields[name] = "Give an instant with its offset, like 2026-11-26T10:30:00+00:00."
            return nowhere
        return found.astimezone(UTC)

    def day(self, name: str) -> date:
        try:
            found = date.fromisoformat(str(self.values.get(name)))
        except ValueError:
            found = date.min
        if not 1970 <= found.year <= 9000:
            self.fields[name] = "Give a date like 2026-11-26."
            return date(1970, 1, 1)
        return found

    def check(self) -> None:
        if self.fields:
            raise Invalid("Some fields need another look.", fields=self.fields)


def read_openings(args: Mapping[str, Any], *, zone: str) -> OpeningsQuery:
    """The query of `GET /openings`; `zone` is the clinic's."""
    reader = _Reader(args)
    service = reader.text("service")
    practitioner = reader.text("practitioner", needed=False)
    first, last = reader.day("from"), reader.day("to")
    tz = args.get("tz") or zone
    if not is_zone(tz):
        reader.fields["tz"] = "Give a time zone like Europe/Dublin."
    if not reader.fields and not timedelta(0) < last - first <= timedelta(days=MAX_DAYS):
        reader.fields["to"] = f"Give a date after `from`, at most {MAX_DAYS} days later."
    reader.check()
    return OpeningsQuery(service, None if practitioner in ("", "any") else practitioner, first, last, tz)


def read_booking(body: Any, *, key: str | None) -> BookingRequest:
    """The body of `POST /bookings`."""
    if not isinstance(body, dict):
        raise NotJson("Send a JSON object.")
    reader = _Reader(body)
    service = reader.text("service")
    practitioner = reader.text("practitioner", needed=False)
    starts_at = reader.instant("starts_at")
    details = _details(body.get("client"), reader)
    if body.get("accept_policy") is not True:
        reader.fields["accept_policy"] = "Must be true: the clinic's cancellation policy is part of the booking."
    if key is not None and (not key.strip() or len(key) > _KEY_LENGTH or not key.isprintable()):
        reader.fields["Idempotency-Key"] = f"Give 1 to {_KEY_LENGTH} visible characters."
    reader.check()
    return BookingRequest(
        service=service,
        practitioner=None if practitioner in ("", "any") else practitioner,
        starts_at=starts_at,
        details=details,
        key=f"api:{key}" if key else None,
        request_hash=_hash_of(body),
    )


def _details(client: Any, reader: _Reader) -> Details:
    known = client if isinstance(client, dict) else {}
    texts = {name: known.get(name, "") for name in ("name", "email", "phone")}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            reader.fields[f"client.{name}"] = "Give a text."
    details = Details(**{name: value if isinstance(value, str) else "" for name, value in texts.items()})
    try:
        return clean_details(details, country=current_tenant().country)
    except Invalid as error:
        reader.fields.update({f"client.{name}": text for name, text in error.fields.items()})
        return details


def read_move(body: Any) -> tuple[datetime, str | None]:
    """The body of `POST /bookings/{token}/reschedule`."""
    if not isinstance(body, dict):
        raise NotJson("Send a JSON object.")
    reader = _Reader(body)
    starts_at = reader.instant("starts_at")
    practitioner = reader.text("practitioner", needed=False)
    reader.check()
    return starts_at, None if practitioner in ("", "any") else practitioner
