"""A mail to a client as somebody would get it, for who decides about its words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from saas import formats, mail
from saas.links import absolute
from saas.money import Money
from saas.tenancy import current_tenant
from saas.words import later as _l
from tenants.bookings.letters import BookingWords, Links
from tenants.clinic.notices import Envelope
from tenants.clinic.queries import clinic_view, envelope

MAIL_WORDS = {
    "confirmed": (_l("Booked"), _l("When a booking stands")),
    "changed": (_l("Moved"), _l("When a booking has another time")),
    "cancelled": (_l("Cancelled"), _l("When a booking is cancelled")),
    "reminder": (_l("Reminder"), _l("Before a booking")),
    "refunded": (_l("Money back"), _l("When money goes back to a card")),
}


@dataclass(frozen=True)
class Preview:
    """A mail as somebody would get it."""

    subject: str
    text: str


def preview_of(kind: str, text: str, *, now: datetime, outside: Envelope | None = None) -> Preview:
    """The mail of this kind to a made-up client about a made-up booking, with `text` as the clinic's own paragraph and
    `outside` in place of its own."""
    tenant, clinic = current_tenant(), clinic_view()
    zone = ZoneInfo(tenant.zone)
    day = now.astimezone(zone).replace(hour=10, minute=30, second=0, microsecond=0) + timedelta(days=7)
    price = Money.zero(tenant.currency) + Money(6000, tenant.currency)
    booking = BookingWords(
        first_name="Maya",
        person=clinic.person,
        starts_local=day,
        ends_local=day + timedelta(hours=1),
        place=clinic.place or formats.place(tenant.zone),
        other_zone_line=None,
        paid=price,
        due_later=None,
    )
    page = absolute("/b/example")
    context = {
        "clinic": clinic,
        "booking": booking,
        "links": Links(page, f"{page}/change", f"{page}/cancel", absolute("/"), absolute("/manage/")),
        "free_until_local": day - timedelta(days=1),
        "was_local": day - timedelta(days=1),
        "refund": price,
        "kept": None,
        "words": text,
    }
    subject, body, _html = mail.render(f"booking_{kind}", tenant.locale, region=tenant.country, **context)
    return Preview((outside or envelope()).subject(subject), body)
