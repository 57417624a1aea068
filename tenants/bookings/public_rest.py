"""The page on which a client pays what is still owed for a booking that stands."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from saas.tenancy import current_tenant
from saas.web import check_form, form_token, limit_tries, page_now
from saas.words import _
from tenants.bookings.addresses import page_links
from tenants.bookings.checkout import PaymentsDown, pay_rest
from tenants.bookings.checkout_steps import CardUnavailable
from tenants.bookings.models import Booking
from tenants.bookings.rest import owed_by_card
from tenants.bookings.views import booking_behind, booking_view
from tenants.clinic.face import page_clinic
from tenants.payments.attempts import TooManyTries
from tenants.payments.queries import money_of


def add_routes(made: Blueprint) -> None:
    """The page and its button."""
    made.add_url_rule("/b/<token>/rest", "rest", _rest, methods=["GET"])
    made.add_url_rule("/b/<token>/rest", "pay_rest", _pay_rest, methods=["POST"])


def _rest(token: str) -> Response | str:
    booking = booking_behind(token)
    if not owed_by_card(booking) or current_tenant().stripe_account_id is None:
        return redirect(url_for("bookings.page", token=token), 303)
    return _page(booking, token)


def _page(booking: Booking, token: str, problem: str = "") -> str:
    clinic, money = page_clinic(), money_of(booking.id)
    return render_template(
        "public/bookings/rest.html",
        booking=booking_view(booking, clinic, money),
        owed=owed_by_card(booking),
        links=page_links(booking, token, clinic, here="page"),
        action=url_for("bookings.pay_rest", token=token, seen=money.attempts),
        form_token=form_token("booking", token),
        problem=problem,
    )


def _pay_rest(token: str) -> Response | str | tuple[str, int]:
    booking = booking_behind(token)
    check_form("booking", token)
    limit_tries("pay", limit=60, window_seconds=600)
    try:
        return redirect(pay_rest(booking_id=booking.id, now=page_now(), seen=request.args.get("seen", type=int)), 303)
    except PaymentsDown:
        said = _("Payment isn’t answering. Nothing was charged; please try again in a moment.")
        return _page(booking_behind(token), token, said), 503
    except (CardUnavailable, TooManyTries):
        said = _("Paying by card isn’t possible just now. Please get in touch with the clinic.")
        return _page(booking_behind(token), token, said), 409
