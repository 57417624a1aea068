"""Where a booking's pages are, as one value for the templates; None for what cannot be done now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import url_for

from saas.web import page_now
from saas.words import _
from tenants.bookings import letters
from tenants.bookings.models import Booking
from tenants.bookings.queries import service_of
from tenants.bookings.rules import UNBOOKED
from tenants.bookings.views import may
from tenants.clinic.queries import ClinicView, envelope

_NOTHING_ASKED = letters.OnPage()


@dataclass(frozen=True)
class PageLinks:
    """`self` is this page, `page` the booking's own, `again` leads back into an unfinished booking, `poll` is asked
    while a payment pends, `asked` is what to answer before the session, and where."""

    self: str
    page: str
    calendar: str | None
    google: str | None
    change: str | None
    cancel: str | None
    again: str | None
    book_again: str | None
    poll: str
    asked: letters.OnPage = _NOTHING_ASKED


def page_links(booking: Booking, token: str, clinic: ClinicView, *, here: str) -> PageLinks:
    """The links a client needs on the page whose endpoint is `here`."""
    may_move, may_cancel = may(booking, page_now())
    stands = booking.status == "confirmed"
    own = url_for(f"bookings.{here}", token=token)
    return PageLinks(
        self=own,
        page=url_for("bookings.page", token=token),
        calendar=url_for("bookings.calendar", token=token) if stands else None,
        google=google_link(booking, clinic) if stands else None,
        change=url_for("bookings.change", token=token) if stands and may_move else None,
        cancel=url_for("bookings.cancel", token=token) if stands and may_cancel else None,
        again=url_for("bookings.check" if booking.typed else "bookings.details", token=token)
        if booking.status in UNBOOKED and booking.starts_at > page_now()
        else None,
        book_again=url_for("bookings.times", service=service_of(booking).slug),
        poll=own,
        asked=letters.questions_on_page(booking),
    )


def google_link(booking: Booking, clinic: ClinicView) -> str:
    """Google's page for a new entry. Discreet: no service, and never this booking's link."""

    def stamp(at: datetime) -> str:
        return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")

    query = {
        "action": "TEMPLATE",
        "text": _("Session at %(clinic)s", clinic=envelope().sender_name or clinic.name),
        "dates": f"{stamp(booking.starts_at)}/{stamp(booking.ends_at)}",
        "ctz": booking.zone,
        "location": ", ".join(clinic.address_lines),
    }
    return "https://calendar.google.com/calendar/render?" + urlencode(query)
