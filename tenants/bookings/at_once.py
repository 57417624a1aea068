"""Booking without a pause: a time, details and confirmation in one transaction, where all three are known and nothing
is paid now (the API). On a page, where somebody thinks in between, they are the three actions of `actions.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from saas import audit
from saas.db import action
from tenants.bookings import openings
from tenants.bookings.actions import Source, draft_booking, known_booking, put_details
from tenants.bookings.places import KeyRace, SlotTaken, close_lapsed, lock_client, page_at, write_confirmed
from tenants.bookings.rules import Details
from tenants.bookings.rush import Sight, in_turn
from tenants.clients.actions import client_for

AT_ONCE = ("free", "at_clinic")
"""Payment modes in which nothing is paid when booking."""


@dataclass(frozen=True)
class Wish:
    """What is wanted, by whom (`details` as `clean_details` made them). `request_hash` tells whether two requests under
    one `key` are the same."""

    service: openings.ServiceOffer
    practitioner_id: UUID | None
    starts_at: datetime
    details: Details
    source: Source
    key: str | None
    request_hash: str


@dataclass(frozen=True)
class Booked:
    """What was booked, as it was written."""

    id: UUID
    status: str
    starts_at: datetime
    ends_at: datetime
    hold_expires_at: datetime | None
    zone: str
    page: str


def book_at_once(*, wish: Wish, now: datetime) -> Booked | None:
    """The confirmed booking; None, with nothing written, when it has to go step by step: a request that was made
    before, or a service that is paid online.

    Raises `SlotTaken` for a time that is not offered, or not to this client."""
    if wish.service.payment not in AT_ONCE:
        return None
    try:
        return in_turn(
            wish.service, wish.practitioner_id, wish.starts_at, now=now,
            take=lambda sight: _book(wish=wish, sight=sight, now=now),
        )  # fmt: skip
    except (SlotTaken, KeyRace):
        # Asked only now, because most keys are new. Taken by this very request, perhaps, a moment ago on another line.
        if known_booking(wish.key, wish.request_hash) is None:
            raise SlotTaken from None
        return None


@action
def _book(*, wish: Wish, sight: Sight, now: datetime) -> Booked:
    booking = draft_booking(
        sight=sight, practitioner_id=wish.practitioner_id, starts_at=wish.starts_at, source=wish.source, now=now
    )
    booking.idempotency_key, booking.request_hash = wish.key, wish.request_hash
    audit.record("booking.held", target="booking", target_id=booking.id, now=now, source=wish.source)
    booking.client_id = lock_client(client_for(wish.details.person, now=now))
    put_details(booking, wish.details, now=now)
    close_lapsed(booking, now=now)
    write_confirmed(booking, now=now)
    # As a value: a row would be read again after the commit, only to say what is known here.
    return Booked(
        booking.id, booking.status, booking.starts_at, booking.ends_at, None, booking.zone,
        page_at(booking.id, booking.link_generation),
    )  # fmt: skip
