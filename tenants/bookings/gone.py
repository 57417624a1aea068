"""The page for a time that is not to be had: what is near, and the way to all times.

It is all that a crowd at one time sees, but for one, so it does no more than that: no month is drawn.
"""

from __future__ import annotations

from datetime import datetime

from flask import render_template

from saas import formats
from saas.shell import locale
from saas.web import page_now
from saas.words import _
from tenants.bookings import openings
from tenants.bookings.models import Booking
from tenants.bookings.openings import ServiceOffer
from tenants.bookings.times import Address, Ways, asked, horizon_text, service_view, zone_label
from tenants.bookings.views import slot_at
from tenants.clinic.face import page_clinic


def gone_page(
    *,
    service: ServiceOffer,
    start: datetime,
    ways: Ways,
    booking: Booking | None = None,
    kept: str = "",
) -> str:
    """Say that `start` isn't free, offer three times close to it, and lead to all times. With whom and in which zone
    stays as the request says. `booking`: the one that looks for another time; `kept`: what has not been lost."""
    clinic = page_clinic()
    query = asked(clinic, service.people, booking)
    near = openings.nearest(service, start, now=page_now(), practitioner=query.person, but=booking)
    local, tag = start.astimezone(query.zone), locale()
    return render_template(
        "public/bookings/gone.html",
        service=service_view(service),
        gone=_(
            "%(day)s, %(time)s isn’t free any more", day=formats.long_date(local, tag), time=formats.clock(local, tag)
        ),
        kept=kept,
        near=[slot_at(int(o.starts_at.timestamp()), service.engine.duration_min, query.tz) for o in near],
        action=ways.choose,
        form_token=ways.form_token,
        all_href=Address(ways.times, query)(d=near[0].starts_at.astimezone(query.zone).date() if near else None),
        tz_label=zone_label(clinic, query),
        tz_is_clinic=query.tz == clinic.tz,
        horizon_text=horizon_text(clinic, service),
    )
