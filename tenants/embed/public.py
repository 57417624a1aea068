"""The times of a session, to be shown in a frame on the clinic's own website. The one page of ours that may be."""

from __future__ import annotations

import secrets

from flask import Blueprint, url_for

from saas.web import form_token, may_be_framed, url_with
from tenants.bookings import openings
from tenants.bookings.times import Ways, kept_query, times_page
from tenants.clinic.queries import allowed_origins


def blueprint() -> Blueprint:
    """The frame's one address. It sets no cookie; what is chosen in it leads out of it."""
    made = Blueprint("embed", __name__)
    made.add_url_rule("/embed/<service>", "frame", _frame)
    return made


def _frame(service: str) -> str:
    offer = openings.find_service(slug=service)
    ways = Ways(
        times=url_for("embed.frame", service=offer.slug),
        choose=url_with("bookings.hold", kept_query(), service=offer.slug, k=secrets.token_urlsafe(16)),
        form_token=form_token("hold", offer.slug),
    )
    page = times_page(
        service=offer, ways=ways, template="public/embed/times.html", layout="layouts/frame.html", form_target="_top"
    )
    may_be_framed(allowed_origins())  # last: a page that says what went wrong is never framed
    return page
