"""Choosing a time: the clinic's landing page, the times of a service, the terms. Where a link leads is in
`public_link.py` (on the way in) and `public_after.py` (afterwards)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from saas.links import link_for
from saas.shell import locale
from saas.web import check_form, form_token, limit_tries, page_now, url_with
from saas.words import _
from saas.zones import is_zone, local
from tenants.bookings import openings, public_after, public_link, public_rest
from tenants.bookings.actions import hold
from tenants.bookings.gone import gone_page
from tenants.bookings.openings import ServiceOffer
from tenants.bookings.places import LINK, SlotTaken
from tenants.bookings.times import ServiceView, Ways, kept_query, times_page
from tenants.bookings.views import start_of
from tenants.clinic.face import page_clinic
from tenants.clinic.queries import latest_policy
from tenants.services.models import Service
from tenants.services.queries import offered


def blueprint() -> Blueprint:
    """Every page of this room that a client sees."""
    made = Blueprint("bookings", __name__)
    made.add_url_rule("/terms", "terms", _terms)
    made.add_url_rule("/book/<service>", "times", _times)
    made.add_url_rule("/book/<service>", "hold", _hold, methods=["POST"])
    public_link.add_routes(made)
    public_after.add_routes(made)
    public_rest.add_routes(made)
    return made


@dataclass(frozen=True)
class NextFree:
    """The soonest opening of the first service."""

    starts_local: datetime
    href: str


def landing() -> str:
    """The clinic's own front page."""
    clinic = page_clinic()
    services = offered() if clinic.accepting else []
    return render_template(
        "public/clinic/landing.html",
        services=[
            ServiceView(s.slug, s.name, s.duration_min, s.price, s.text, _payment_note(s)) for s in services
        ],
        next_free=_next_free(services[0].slug) if services else None,
        cancel_note=_cancel_note(services),
    )  # fmt: skip


def _next_free(slug: str) -> NextFree | None:
    now = page_now()
    service = openings.find_service(slug=slug)
    tz = page_clinic().tz
    today = now.astimezone(ZoneInfo(tz)).date()
    if not service.people:
        return None
    until = today + timedelta(days=35)
    offer = openings.load(service, date_from=today, date_to=until, now=now)
    starts = openings.list_starts(offer, date_from=today, date_to=until, now=now)
    if not starts:
        return None
    soonest = local(starts[0][0], tz)
    return NextFree(soonest, url_for("bookings.times", service=slug, d=soonest.date(), _anchor="times"))


def _payment_note(service: Service) -> str:
    if service.payment == "at_clinic":
        return _("Paid at the clinic")
    if service.payment == "deposit":
        return _("A deposit when you book, the rest at the clinic")
    return ""


def _cancel_note(services: list[Service]) -> str:
    policy = latest_policy()
    if policy is None or not any(s.price_minor for s in services):
        return ""
    if policy.free_hours == 0:
        return _("Change or cancel free of charge until your session begins.")
    return _("Change or cancel free of charge up to %(hours)d hours before.", hours=policy.free_hours)


def _terms() -> str:
    clinic = page_clinic()
    policy = latest_policy()
    said = [
        _("The price and the length of a session are shown before you book, and stay as they were for your booking.")
    ]
    if policy is not None:
        said += [
            _(
                "Up to %(hours)d hours before the start you change or cancel free of charge, and everything you paid "
                "comes back to the card you paid with.",
                hours=policy.free_hours,
            ),
            _(
                "After that, if you cancel, the clinic keeps %(percent)d per cent of the price, and never more than "
                "you paid when booking.",
                percent=policy.late_fee_percent,
            ),
            _(
                "If you don’t come, the clinic keeps %(percent)d per cent of the price, and never more than you paid "
                "when booking.",
                percent=policy.no_show_percent,
            ),
        ]
    said.append(
        _(
            "You can stop a session at any moment. These terms are about time and money only: consent to touch is "
            "separate, and asked for in the room."
        )
    )
    body = Markup().join(Markup("<p>{}</p>").format(sentence) for sentence in said)
    if policy is not None:
        body += Markup(policy.terms)  # noqa: S704 (cleaned when saved)
    updated = policy.created_at.astimezone(ZoneInfo(clinic.tz)).date() if policy else None
    return render_template("public/clinic/document.html", title=_("Booking terms"), body_html=body, updated=updated)


def _times(service: str) -> str:
    return _show(openings.find_service(slug=service))


def _show(service: ServiceOffer, *, error: str | None = None) -> str:
    return times_page(service=service, ways=_ways(service), error=error)


def _ways(service: ServiceOffer) -> Ways:
    return Ways(
        times=url_for("bookings.times", service=service.slug),
        choose=url_with("bookings.hold", kept_query(), service=service.slug, k=secrets.token_urlsafe(16)),
        form_token=form_token("hold", service.slug),
    )


def _hold(service: str) -> Response | tuple[str, int]:
    check_form("hold", service)
    limit_tries("hold", limit=60, window_seconds=600)
    offer = openings.find_service(slug=service)
    start = start_of(request.form.get("start", ""))
    if start is None:
        return _show(offer, error=_("Choose one of the times below.")), 422
    person = _person(offer)
    tz = request.args.get("tz", "")
    # The page's own key and the time pressed: a double tap holds one time, whatever the network does.
    pressed = f"{request.args.get('k', '')[:40]}|{service}|{start.isoformat()}|{person}"
    key = "web:" + hashlib.sha256(pressed.encode("utf-8", "surrogatepass")).hexdigest()
    try:
        booking = hold(
            service_id=offer.id,
            practitioner_id=person,
            starts_at=start,
            source="web",
            client_zone=tz if is_zone(tz) else "",
            locale=locale(),
            now=page_now(),
            idempotency_key=key if request.args.get("k") else None,
            request_hash=key[4:] if request.args.get("k") else None,
        )
    except SlotTaken:
        return gone_page(service=offer, start=start, ways=_ways(offer)), 409
    token = link_for(LINK, booking.id, booking.link_generation).token
    return redirect(url_for("bookings.details", token=token), 303)


def _person(offer: ServiceOffer) -> UUID | None:
    wanted = request.args.get("p")
    return next((id for id, slug, _name in offer.people if slug == wanted), None)
