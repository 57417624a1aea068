"""The JSON API: parse, one journey or action, answer. Errors are problem+json with a stable `type`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, jsonify, request

from saas.links import absolute
from saas.money import Money
from saas.ratelimit import MinuteCounter
from saas.tenancy import current_tenant
from saas.web import bearer_headers, is_counted, limit_tries, page_now, visitor
from saas.zones import local_iso
from tenants.api import cors, schemas
from tenants.api.requests import NotJson, read_booking, read_json, read_move, read_openings
from tenants.bookings import openings
from tenants.bookings.actions import confirm, give_details, hold, release_refused
from tenants.bookings.at_once import Booked, Wish, book_at_once
from tenants.bookings.checkout import give_up, start_payment, stop_paying
from tenants.bookings.models import Booking
from tenants.bookings.moves import cancel, reschedule
from tenants.bookings.openings import Opening, ServiceOffer
from tenants.bookings.places import SlotTaken, find_by_token, page_at
from tenants.bookings.queries import fresh_booking, practitioner_of, service_of
from tenants.bookings.rules import STANDING, UNBOOKED, NotNow
from tenants.bookings.views import may
from tenants.payments.queries import money_of
from tenants.practitioners.queries import offers_by_service
from tenants.services.queries import offered

_READS_A_MINUTE = 600


def blueprint() -> Blueprint:
    """Every address of the API. Reads are counted in memory, by process; what writes is counted in the database."""
    made = Blueprint("api", __name__, url_prefix="/api/v1")
    made.add_url_rule("/services", "services", _services)
    made.add_url_rule("/openings", "openings", _openings)
    made.add_url_rule("/bookings", "book", _book, methods=["POST"])
    made.add_url_rule("/bookings/<token>", "booking", _booking)
    made.add_url_rule("/bookings/<token>/cancel", "cancel", _cancel, methods=["POST"])
    made.add_url_rule("/bookings/<token>/reschedule", "reschedule", _reschedule, methods=["POST"])
    made.add_url_rule("/openapi.json", "document", _document)
    reads = MinuteCounter(_READS_A_MINUTE)

    def count() -> None:
        if is_counted():
            reads.hit(visitor(), now=page_now())

    made.before_request(count)
    made.after_request(cors.share)
    return made


def _document() -> Response:
    response = jsonify(schemas.document(home=absolute("/api/v1"), clinic=current_tenant().name))
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def money(amount: Money) -> dict[str, Any]:
    """Minor units and currency."""
    return {"amount": amount.minor, "currency": amount.currency}


def _services() -> Response:
    by_service = offers_by_service()
    found = [
        {
            "id": str(row.id),
            "slug": row.slug,
            "name": row.name,
            "duration_minutes": row.duration_min,
            "price": money(row.price),
            "payment": row.payment,
            "practitioners": by_service.get(row.id, []),
        }
        for row in offered()
    ]
    return jsonify({"services": found})


def _at(instant: datetime, zone: ZoneInfo | Any = UTC) -> str:
    return instant.astimezone(zone).isoformat()


def _openings() -> Response:
    query = read_openings(request.args, zone=current_tenant().zone)
    now = page_now()
    service = openings.find_service(slug=query.service)
    offer = openings.load(
        service, date_from=query.date_from, date_to=query.date_to, now=now, practitioner=query.practitioner
    )
    length = service.engine.duration_min * 60
    found = openings.list_starts(offer, date_from=query.date_from, date_to=query.date_to, now=now, tz=query.tz)
    # Written by hand: nothing in it needs escaping (slugs and instants), and a month of dicts costs more than all else.
    rows = ",".join([f'{_span_text(start, start + length, query.tz)}"{person.slug}"}}' for start, person in found])
    return Response(f'{{"timezone":"{query.tz}","openings":[{rows}]}}', mimetype="application/json")


@lru_cache(maxsize=1 << 16)
def _span_text(start: int, end: int, tz: str) -> str:
    # Without the person: every clinic of a zone asks for the same few hundred.
    return f'{{"starts_at":"{local_iso(start, tz)}","ends_at":"{local_iso(end, tz)}","practitioner":'


def _opening(opening: Opening, zone: ZoneInfo) -> dict[str, str]:
    return {
        "starts_at": _at(opening.starts_at, zone),
        "ends_at": _at(opening.ends_at, zone),
        "practitioner": opening.practitioner_slug,
    }


def _taken(refusal: SlotTaken, service: ServiceOffer, at: datetime, practitioner: str | UUID | None) -> SlotTaken:
    """The refusal with the nearest times there are."""
    zone = ZoneInfo(current_tenant().zone)
    near = openings.nearest(service, at, now=page_now(), practitioner=practitioner)
    refusal.message = "This time can’t be booked online. Choose another."
    refusal.extra = {"nearest": [_opening(opening, zone) for opening in near]}
    return refusal


def _body() -> Any:
    if not request.is_json:
        raise NotJson("Send a JSON object, with Content-Type: application/json.")
    return read_json(request.get_data())


def _book() -> tuple[Response, int]:
    limit_tries("api-book", limit=120, window_seconds=600)
    asked = read_booking(_body(), key=request.headers.get("Idempotency-Key"))
    service = openings.find_service(slug=asked.service)
    people = {slug: id_ for id_, slug, _name in service.people}
    if asked.practitioner is not None and asked.practitioner not in people:
        raise openings.NoSuchService("No such practitioner for this service.")
    now = page_now()
    person = people[asked.practitioner] if asked.practitioner else None
    try:
        wish = Wish(service, person, asked.starts_at, asked.details, "api", asked.key, asked.request_hash)
        booked = book_at_once(wish=wish, now=now)
        if booked is not None:
            return _private(jsonify(_brief(booked))), 201
        booking = hold(
            service_id=service.id,
            practitioner_id=person,
            starts_at=asked.starts_at,
            source="api",
            client_zone="",
            locale="",
            now=now,
            idempotency_key=asked.key,
            request_hash=asked.request_hash,
        )
        url = _onward(booking.id, asked.details, now)
    except SlotTaken as refusal:
        raise _taken(refusal, service, asked.starts_at, asked.practitioner) from None
    fresh = fresh_booking(booking.id)
    return _private(jsonify({**_brief(fresh), "checkout_url": url})), 201


def _onward(booking_id: UUID, details: Any, now: datetime) -> str | None:
    """Details, then paying or confirming: whatever of it an earlier try under the same key has not done yet."""
    booking = fresh_booking(booking_id)
    if booking.status not in UNBOOKED:
        return None
    if booking.client_id is None:
        try:
            booking = give_details(booking_id=booking_id, details=details, now=now)
        except SlotTaken:
            release_refused(booking_id=booking_id, now=now)
            raise
        except NotNow:
            # The same request on another line was faster: what it made is the answer to both.
            if fresh_booking(booking_id).status not in STANDING:
                raise
            return None
    if booking.online_minor:
        return start_payment(booking_id=booking_id, now=now)
    confirm(booking_id=booking_id, how="free" if booking.payment_mode == "free" else "at_clinic", now=now)
    return None


def _brief(booking: Booking | Booked) -> dict[str, Any]:
    zone = ZoneInfo(booking.zone)
    return {
        "id": str(booking.id),
        "status": booking.status,
        "starts_at": _at(booking.starts_at, zone),
        "ends_at": _at(booking.ends_at, zone),
        "hold_expires_at": _at(booking.hold_expires_at) if booking.hold_expires_at else None,
        "checkout_url": None,
        "manage_url": booking.page if isinstance(booking, Booked) else page_at(booking.id, booking.link_generation),
    }


def _whole(booking: Booking) -> dict[str, Any]:
    sums = money_of(booking.id)
    may_move, may_cancel = may(booking, page_now())
    return {
        **_brief(booking),
        "timezone": booking.zone,
        "service": service_of(booking).slug,
        "practitioner": practitioner_of(booking).slug,
        "sequence": booking.sequence,
        "price": money(booking.price),
        "paid": money(sums.paid),
        "refunded": money(sums.refunded + sums.coming_back),
        "may_reschedule": may_move,
        "may_cancel": may_cancel,
    }


def _private(response: Response) -> Response:
    return bearer_headers(response)


def _booking(token: str) -> Response:
    return _private(jsonify(_whole(find_by_token(token))))


def _cancel(token: str) -> Response:
    limit_tries("api-change", limit=120, window_seconds=600)
    booking = find_by_token(token)
    now = page_now()
    if booking.status == "held":
        give_up(booking_id=booking.id, now=now)
    elif booking.status != "expired":
        cancel(booking_id=booking.id, who="client", click=f"cancel:{booking.id}", now=now)
    return _booking(token)


def _reschedule(token: str) -> Response:
    limit_tries("api-change", limit=120, window_seconds=600)
    booking = find_by_token(token)
    starts_at, practitioner = read_move(_body())
    service = openings.find_service(service_id=booking.service_id, retired_too=True)
    people = {slug: id_ for id_, slug, _name in service.people}
    if practitioner is not None and practitioner not in people:
        raise openings.NoSuchService("No such practitioner for this service.")
    if booking.status not in (*UNBOOKED, "confirmed"):
        raise NotNow("This booking can’t be moved any more.")
    try:
        if booking.paying:
            stop_paying(booking_id=booking.id, now=page_now())
        reschedule(
            booking_id=booking.id,
            starts_at=starts_at,
            practitioner_id=people[practitioner] if practitioner else None,
            who="client",
            now=page_now(),
        )
    except SlotTaken as refusal:
        own = booking.practitioner_id if booking.practitioner_id in people.values() else None
        raise _taken(refusal, service, starts_at, practitioner or own) from None
    return _booking(token)
