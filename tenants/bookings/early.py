"""How a booking's intake stands, for every page that shows a booking; and the page that asks why a client is marked as
arrived before anybody has reviewed what they answered."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from flask import request, url_for

from saas.admin import OfficeView, current_account
from tenants.bookings.models import Booking
from tenants.bookings.queries import client_of
from tenants.intake.review_words import SPEAK_WORDS, STATE_PILLS, STATE_WORDS
from tenants.intake.reviewing import ReviewOpen, Standing, standing_of

REASON_FIELD = "reason"


@dataclass(frozen=True)
class IntakeLine:
    """The state in words; the front desk reads no more than that. `href`: where it is read; `touch`: where limits of
    touch are changed; `speak`: what to do."""

    words: str
    pill: str
    href: str = ""
    touch: str = ""
    speak: str = ""


def intake_line(booking_id: UUID) -> IntakeLine | None:
    """How the intake of this booking stands, as the account may know it; None when it has none."""
    standing = standing_of([booking_id]).get(booking_id)
    account = current_account()
    return None if standing is None or account is None else line_for(standing, account.role)


def line_for(standing: Standing, role: str) -> IntakeLine:
    """The same, for a standing that is at hand."""
    words, pill = str(STATE_WORDS[standing.state]), STATE_PILLS[standing.state]
    if role == "front_desk":
        return IntakeLine(words, pill)
    href = url_for("intakes.summary", id=standing.intake_id)
    touch = url_for("intakes.touch", client=standing.client_id)
    return IntakeLine(words, pill, href, touch, str(SPEAK_WORDS) if standing.speak else "")


def early_page(view: OfficeView, booking: Booking, asked: ReviewOpen, action: str) -> tuple[str, int]:
    """The page that asks for the reason; what was typed so far is on it."""
    client = client_of(booking)
    typed = request.form.get(REASON_FIELD)
    page = view.render(
        "manage/bookings/early.html",
        booking_id=booking.id,
        client=client.name if client else "",
        action=action,
        back=request.form.get("back", ""),
        problem=asked.message if typed is not None else "",
        typed=typed or "",
    )
    return page, asked.status if typed is None else 422
