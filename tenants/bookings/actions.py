"""Choosing a time, giving details, confirming: the use-cases of a booking on its way in. What comes later is in
`moves.py`, what Stripe has to do with it in `checkout.py`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Uuid, bindparam, select

from saas import audit
from saas.db import action, db, flush_or, may_have_waited, new_id
from saas.errors import Conflict, Invalid
from saas.links import link_for
from saas.outbox import emit
from saas.prepared import Prepared
from saas.tenancy import current_tenant
from tenants.bookings import openings
from tenants.bookings.calendars import rows
from tenants.bookings.models import Booking
from tenants.bookings.places import (
    LINK,
    OVERLAPS,
    REFUSALS,
    KeyRace,
    SlotTaken,
    close_lapsed,
    is_over,
    keep_until,
    lock_booking,
    lock_client,
    lock_places,
    mark_confirmed,
    put_at,
    release,
    retake,
)
from tenants.bookings.rules import HOLD, MAX_EXTENSIONS, Details, NotNow, PolicyTerms, require
from tenants.bookings.rush import Sight, in_turn, look
from tenants.clients.actions import client_for
from tenants.clients.rules import clean_person
from tenants.clinic.models import Policy
from tenants.services.models import Service
from tenants.services.rules import due_online

Source = Literal["web", "api", "staff", "demo"]


class NoLonger(Conflict):
    """The hold cannot be extended any more."""

    code = "no-longer"


class KeyReused(Invalid):
    """The idempotency key belongs to another request."""

    code = "idempotency-key-reused"


def hold(
    *,
    service_id: UUID,
    practitioner_id: UUID | None,
    starts_at: datetime,
    source: Source,
    client_zone: str,
    locale: str,
    now: datetime,
    idempotency_key: str | None = None,
    request_hash: str | None = None,
) -> Booking:
    """Keep a time for `HOLD`, for nobody in particular yet.

    `practitioner_id` None means whoever is free (the least booked that day first). The same `idempotency_key` answers
    the same booking; another `request_hash` under it is `KeyReused`. Raises `SlotTaken` for a time that is not offered.
    """
    try:
        return in_turn(
            service_id,
            practitioner_id,
            starts_at,
            now=now,
            take=lambda sight: _place(
                sight=sight,
                practitioner_id=practitioner_id,
                starts_at=starts_at,
                source=source,
                client_zone=client_zone,
                locale=locale,
                now=now,
                idempotency_key=idempotency_key,
                request_hash=request_hash,
            ),
        )
    except (SlotTaken, KeyRace):
        # Asked only now, because most keys are new. Taken by this very request, perhaps, a moment ago on another line.
        found = known_booking(idempotency_key, request_hash)
        if found is None:
            raise SlotTaken from None
        return found


def known_booking(key: str | None, request_hash: str | None) -> Booking | None:
    """The booking made under this idempotency key, if there is one; `KeyReused` when it was another request's."""
    if key is None:
        return None
    found = rows(_by_key(), {"mine": current_tenant().id, "key": key})
    if not found:
        return None
    booking_id, known_hash = found[0]
    if known_hash != request_hash:
        raise KeyReused
    return db.session.get_one(Booking, booking_id, populate_existing=True)


@lru_cache(maxsize=1)
def _by_key() -> Prepared:
    columns = Booking.__table__.c
    mine = columns.tenant_id == bindparam("mine", type_=Uuid())
    found = select(columns.id, columns.request_hash)
    return Prepared(found.where(mine, columns.idempotency_key == bindparam("key")))


@action
def _place(
    *,
    sight: Sight,
    practitioner_id: UUID | None,
    starts_at: datetime,
    source: Source,
    client_zone: str,
    locale: str,
    now: datetime,
    idempotency_key: str | None,
    request_hash: str | None,
) -> Booking:
    booking = draft_booking(sight=sight, practitioner_id=practitioner_id, starts_at=starts_at, source=source, now=now)
    booking.client_zone, booking.locale = client_zone, locale
    booking.idempotency_key, booking.request_hash = idempotency_key, request_hash
    close_lapsed(booking, now=now)
    db.session.add(booking)
    flush_or(REFUSALS)
    emit("hold.end", run_at=now + HOLD, booking_id=booking.id)
    audit.record("booking.held", target="booking", target_id=booking.id, now=now, source=source)
    return booking


def draft_booking(
    *, sight: Sight, practitioner_id: UUID | None, starts_at: datetime, source: Source, now: datetime
) -> Booking:
    """Inside an action: lock whom `sight` names, ask the engine again, and make the row of a hold, not yet added.

    What is sold, and for how much, is as the request read it; whether the time is free is asked again here. Raises
    `SlotTaken`.
    """
    service = sight.service
    lock_places(sight.people)
    # Whoever waited for the lock waited for somebody who took this time, most likely: one read says so, before all
    # that a free time needs. The shorter each of them has the lock, the shorter they all wait.
    if may_have_waited() and look(service, practitioner_id, starts_at, now=now).is_gone(starts_at):
        raise SlotTaken
    offer = openings.offer_at(service, starts_at, now=now, practitioner=practitioner_id)
    person, room = _choose(offer, starts_at, now)
    booking_id = new_id()
    booking = Booking(
        id=booking_id,
        service_id=service.id,
        status="held",
        hold_expires_at=now + HOLD,
        price_minor=service.price.minor,
        online_minor=due_online(
            mode=service.payment,
            price=service.price,
            deposit_minor=service.deposit_minor,
            deposit_percent=service.deposit_percent,
        ).minor,
        currency=current_tenant().currency,
        payment_mode=service.payment,
        policy=newest_policy().snapshot(),
        paying=False,
        extensions=0,
        sequence=0,
        link_generation=0,
        link_hash=link_for(LINK, booking_id).hash,
        client_zone="",
        locale="",
        source=source,
        created_at=now,
    )
    put_at(booking, service=service.engine, practitioner_id=person.id, room_id=room, starts_at=starts_at)
    return booking


def _choose(offer: openings.Offer, starts_at: datetime, now: datetime) -> tuple[openings.Person, UUID | None]:
    day = starts_at.astimezone(ZoneInfo(offer.zone)).date()

    def load_of(person: openings.Person) -> int:
        return sum(busy.start.astimezone(ZoneInfo(offer.zone)).date() == day for busy in person.busy)

    for person in sorted(offer.people, key=load_of):
        rooms = offer.free_rooms(person, starts_at, now=now)
        if rooms:
            return person, rooms[0]
    raise SlotTaken


def newest_policy() -> PolicyTerms:
    """What the clinic promises about cancelling today; nothing is ever kept where it has no policy."""
    newest = rows(_policies(), {"mine": current_tenant().id})
    return PolicyTerms(*newest[0]) if newest else PolicyTerms(0, 0, 0, 0)


@lru_cache(maxsize=1)
def _policies() -> Prepared:
    policy = Policy.__table__.c
    mine = policy.tenant_id == bindparam("mine", type_=Uuid())
    terms = select(policy.version, policy.free_hours, policy.late_fee_percent, policy.no_show_percent)
    return Prepared(terms.where(mine).order_by(policy.version.desc()).limit(1))


@action
def extend_hold(*, booking_id: UUID, now: datetime) -> Booking:
    """Keep the time for 15 more minutes, at most `MAX_EXTENSIONS` times; a lapsed hold is taken again if it is free."""
    booking = lock_booking(booking_id)
    require("retake", booking.status)
    if booking.extensions >= MAX_EXTENSIONS:
        raise NoLonger
    if is_over(booking, now) and not retake(booking, now=now):
        raise SlotTaken
    booking.extensions += 1
    until = max(booking.hold_expires_at or now, now) + HOLD
    keep_until(booking, until)
    return booking


def give_details(*, booking_id: UUID, details: Details, now: datetime, locale: str = "") -> Booking:
    """Say who comes. What was typed is kept first; then a lapsed hold is taken again if its time is free.

    Raises `SlotTaken` when it is not (or when this client has another booking then: the words are the same, so that
    nobody learns who books here), with everything typed kept on the booking. `locale`: what the page was read in, if
    it is known; mails are written in it.
    """
    _keep_typed(booking_id=booking_id, details=details, locale=locale, now=now)
    return _attach_client(booking_id=booking_id, details=details, now=now)


@action
def _keep_typed(*, booking_id: UUID, details: Details, locale: str, now: datetime) -> None:
    booking = lock_booking(booking_id)
    require("retake", booking.status)
    booking.locale = locale or booking.locale
    put_details(booking, details, now=now)


def put_details(booking: Booking, details: Details, *, now: datetime) -> None:
    """Inside an action: write down what was typed, as it was typed."""
    typed = asdict(details)
    booking.note = typed.pop("note")
    booking.typed = typed
    audit.record("booking.details", target="booking", target_id=booking.id, now=now)


@action
def _attach_client(*, booking_id: UUID, details: Details, now: datetime) -> Booking:
    booking = lock_booking(booking_id)
    person = clean_person(details.person, country=current_tenant().country)
    client_id = client_for(person, locale=booking.locale, zone=booking.client_zone, now=now)
    over = is_over(booking, now)
    if over:
        lock_places([booking.practitioner_id])
    booking.client_id = lock_client(client_id)
    if over:
        if not retake(booking, now=now):
            raise SlotTaken
    else:
        close_lapsed(booking, now=now)
        flush_or(OVERLAPS)
    return booking


@action
def confirm(*, booking_id: UUID, how: Literal["free", "at_clinic"], now: datetime) -> Booking:
    """Book without paying online: a free session, or one paid at the clinic. Doing it twice changes nothing.

    Raises `NotNow` when this booking must be paid online, and `SlotTaken` when the hold lapsed and the time is gone.
    """
    booking = lock_booking(booking_id)
    if booking.status == "confirmed":
        return booking
    require("retake", booking.status)
    if not _may_confirm(booking, how):
        raise NotNow
    if booking.paying:
        raise NotNow
    if is_over(booking, now) and not retake(booking, now=now):
        raise SlotTaken
    if how == "at_clinic" and booking.payment_mode != "at_clinic":
        booking.payment_mode, booking.online_minor = "at_clinic", 0
    mark_confirmed(booking, now=now)
    return booking


def _may_confirm(booking: Booking, how: str) -> bool:
    if booking.client_id is None:
        return False
    if how == "free":
        return booking.online_minor == 0 and booking.payment_mode == "free"
    service = db.session.get_one(Service, booking.service_id)
    return booking.payment_mode == "at_clinic" or service.or_at_clinic


@action
def release_refused(*, booking_id: UUID, now: datetime) -> None:
    """Let go a hold whose client was refused, so that its time is not kept from others; anything else stays."""
    booking = lock_booking(booking_id)
    if booking.status == "held" and booking.client_id is None and not booking.paying:
        release(booking, now=now, why="refused")
