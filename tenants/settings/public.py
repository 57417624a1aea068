"""A practitioner's bookings for their own calendar, behind a link that can be taken back."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as AnyResponse

from saas.web import bearer_headers, page_now
from saas.words import _
from tenants.bookings.ics import CONTENT_TYPE, feed
from tenants.settings.queries import feed_entries, practitioner_behind


def blueprint() -> Blueprint:
    """The one address of this room that no log-in guards."""
    made = Blueprint("feeds", __name__)
    made.add_url_rule("/feed/<token>.ics", "calendar", _calendar)
    return made


def _calendar(token: str) -> AnyResponse:
    row = practitioner_behind(token)
    data = feed(feed_entries(row, now=page_now()), name=_("Bookings of %(name)s", name=row.first_name or row.name))
    answer = bearer_headers(Response(data, content_type=CONTENT_TYPE.format(method="PUBLISH")))
    # Calendars ask every few minutes: who has it already is told so, and nobody on the way keeps it.
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.set_etag(hashlib.sha256(data).hexdigest()[:32])
    return answer.make_conditional(request)
