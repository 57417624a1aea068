"""What a mail or a calendar file says about a booking, read at the moment it is written.

Discreet by construction: the view has no name of a service and nothing a client answered, so no template can show it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from saas import formats
from saas.db import db
from saas.links import absolute
from saas.money import Money
from saas.tenancy import current_tenant
from saas.words import _
from tenants.bookings.ics import CalendarEvent, Method, calendar, uid_for
from tenants.bookings.models import Booking
from tenants.bookings.places import page_at
from tenants.bookings.rules import PolicyTerms
from tenants.clients.models import Client
from tenants.clients.rules import called, reach_for
from tenants.clinic import queries as clinic_queries
from tenants.intake.queries import OPEN, intake_of_booking, known_before
from tenants.intake.queries import page_at as intake_page
from tenants.payments import queries as payment_queries
from tenants.payments.models import Payment, Refund
from tenants.practitioners.models import Practitioner


@dataclass(frozen=True)
class BookingWords:
    """A booking as the mail templates know it. Times on the clinic's clock; `place` names that clock."""

    first_name: str
    person: str
    starts_local: datetime
    ends_local: datetime
    place: str
    other_zone_line: str | None
    paid: Money | None
    due_later: Money | None


@dataclass(frozen=True)
class Links:
    """Absolute addresses under the clinic's configured home. `questions`: what is still to be answered before it."""

    self: str
    change: str
    cancel: str
    book_again: str
    office: str
    pay: str = ""
    questions: str = ""


def words_of(booking: Booking, client: Client | None, *, place: str, locale: str) -> BookingWords:
    """The view of `booking` for a reader of `locale`."""
    zone = ZoneInfo(booking.zone)
    money = payment_queries.money_of(booking.id)
    person = db.session.get(Practitioner, booking.practitioner_id)
    return BookingWords(
        first_name=called(client.name, client.known_as, client.discreet_name) if client else "",
        person=person.name if person else "",
        starts_local=booking.starts_at.astimezone(zone),
        ends_local=booking.ends_at.astimezone(zone),
        place=place or formats.place(booking.zone),
        other_zone_line=other_zone_line(booking, locale=locale),
        paid=money.paid or None,
        due_later=money.owed or None,
    )


def other_zone_line(booking: Booking, *, locale: str) -> str | None:
    """The same time where the client was when booking, or None where that is the clinic's own zone."""
    return zone_line(booking, booking.starts_at, booking.ends_at, locale=locale)


def zone_line(booking: Booking, starts_at: datetime, ends_at: datetime, *, locale: str) -> str | None:
    """The same for another time of this booking: one that it may move to."""
    if not booking.client_zone or booking.client_zone == booking.zone:
        return None
    try:
        zone = ZoneInfo(booking.client_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    starts, ends = starts_at.astimezone(zone), ends_at.astimezone(zone)
    line: str = _(
        "%(day)s, %(start)s to %(end)s, %(place)s time",
        day=formats.long_date(starts, locale),
        start=formats.clock(starts, locale),
        end=formats.clock(ends, locale),
        place=formats.place(booking.client_zone),
    )
    return line


def mail_address(booking: Booking, client: Client | None) -> str:
    """Where mails about `booking` go, or nothing: the more discreet of what we knew and what was typed."""
    if client is None or reach_for(client.reach, booking.typed.get("reach")) != "email":
        return ""
    return client.email


def sent_back(booking: Booking) -> Money:
    """What of the money for `booking` is back or on its way."""
    money = payment_queries.money_of(booking.id)
    return money.refunded + money.coming_back


def free_until(booking: Booking, *, now: datetime) -> datetime | None:
    """Until when cancelling costs nothing, on the clinic's clock; None when that has passed, or nothing can be lost."""
    if not booking.price_minor:
        return None
    until = PolicyTerms.from_snapshot(booking.policy).free_until(booking.starts_at)
    return until.astimezone(ZoneInfo(booking.zone)) if until > now else None


def links_of(booking: Booking) -> Links:
    """The client's own page and what can be done there; the booking in the back office."""
    page = page_at(booking.id, booking.link_generation)
    office = absolute(f"/manage/bookings/details/?id={booking.id}")
    return Links(
        page, f"{page}/change", f"{page}/cancel", absolute("/"), office, f"{page}/rest", questions_at(booking)
    )  # fmt: skip


def questions_at(booking: Booking) -> str:
    """Where the client answers what is asked before this session; "" where nothing is, or not any more."""
    asked = intake_of_booking(booking.id) if booking.status == "confirmed" else None
    return intake_page(asked) if asked is not None and asked.status in OPEN else ""


@dataclass(frozen=True)
class OnPage:
    """What a page of the booking says of the questions before the session: `here` they are, or the link goes `apart`
    (by mail, else from the clinic in person); `agreed`: they are in, and this is where to take an agreement back."""

    here: str = ""
    apart: bool = False
    agreed: str = ""


def questions_on_page(booking: Booking) -> OnPage:
    """Whoever was known before is given no link here: whoever typed their address may be somebody else. They are told
    the same whether or not they may be written to, which is nobody's to find out."""
    asked = intake_of_booking(booking.id)
    if asked is None or booking.status != "confirmed":
        return OnPage()
    known, address = known_before(asked), intake_page(asked)
    if asked.status in OPEN:
        return OnPage(apart=True) if known else OnPage(here=address)
    return OnPage(agreed=f"{address}/yours") if asked.status == "submitted" and not known else OnPage()


def first_name_and_initial(client: Client | None) -> str:
    """Like Cleo M.: enough for the clinic's own people, too little for a stranger who reads along."""
    first, *rest = (client.name if client else "").split() or [""]
    return f"{first} {rest[-1][0]}." if rest else first


def calendar_file(booking: Booking, *, now: datetime, method: Method = "PUBLISH") -> bytes:
    """The session for a calendar, in the reader's language. Without the link: calendars are shared."""
    clinic = clinic_queries.clinic_view()
    name = clinic_queries.envelope().sender_name or current_tenant().name
    client = db.session.get(Client, booking.client_id) if booking.client_id else None
    mailed = mail_address(booking, client)
    said = [
        _("To change or cancel, use the link in your confirmation.")
        if mailed
        else _("To change or cancel, open your booking page.")
    ]
    if clinic.phone:
        said.append(_("Or call %(phone)s.", phone=clinic.phone))
    event = CalendarEvent(
        uid=uid_for(booking.id),
        sequence=booking.sequence,
        stamp=now,
        starts_at=booking.starts_at,
        ends_at=booking.ends_at,
        zone=booking.zone,
        summary=_("Session at %(clinic)s", clinic=name),
        location=", ".join(clinic.address_lines),
        description=" ".join(said),
        organizer_name=name,
        organizer_email=clinic.email,
        cancelled=booking.status == "cancelled",
    )
    return calendar(event, method=method)


def refund_of(refund_id: UUID) -> Money | None:
    """How much this refund gives back, if there is such a refund."""
    refund = db.session.get(Refund, refund_id)
    payment = db.session.get(Payment, refund.payment_id) if refund else None
    return Money(refund.amount_minor, payment.currency) if refund and payment else None
