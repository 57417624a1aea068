"""Behind a hold's link: details, more time, check, pay, and the page Stripe sends people back to."""

from __future__ import annotations

import secrets
from contextlib import suppress
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from saas.money import Money
from saas.shell import locale
from saas.web import bearer_headers, check_form, form_token, limit_tries, page_now, url_with
from saas.words import _
from tenants.bookings import letters, openings
from tenants.bookings.actions import NoLonger, confirm, extend_hold, give_details
from tenants.bookings.addresses import page_links
from tenants.bookings.checkout import PaymentsDown, give_up, pay_at_clinic, returned, start_payment
from tenants.bookings.checkout_steps import CardUnavailable
from tenants.bookings.forms import DetailsForm
from tenants.bookings.gone import gone_page
from tenants.bookings.models import Booking
from tenants.bookings.places import SlotTaken
from tenants.bookings.queries import service_of
from tenants.bookings.rules import UNBOOKED, NotNow
from tenants.bookings.times import Ways, kept_query, times_page
from tenants.bookings.views import (
    booking_behind,
    booking_view,
    check_rows,
    hold_view,
    policy_text,
    slot_of,
    summary_of,
)
from tenants.clinic.face import page_clinic
from tenants.payments.attempts import TooManyTries
from tenants.payments.queries import money_of


def add_routes(made: Blueprint) -> None:
    """The way in, for whoever holds the link."""
    routes: list[tuple[str, str, Any, list[str]]] = [
        ("/details", "details", _details, ["GET"]),
        ("/details", "save_details", _save_details, ["POST"]),
        ("/extend", "extend", _extend, ["POST"]),
        ("/pay", "check", _check, ["GET"]),
        ("/pay", "pay", _pay, ["POST"]),
        ("/pay/at-clinic", "pay_at_clinic", _pay_at_clinic, ["POST"]),
        ("/give-up", "give_up", _give_up, ["POST"]),
        ("/return", "returned", _returned, ["GET"]),
    ]
    for path, name, view, methods in routes:
        made.add_url_rule(f"/b/<token>{path}", name, view, methods=methods)

    def private(response: Response) -> Response:
        return bearer_headers(response) if request.path.startswith("/b/") else response  # type: ignore[arg-type]

    made.after_request(private)


def _details(token: str) -> Response | str:
    booking = booking_behind(token)
    if booking.status not in UNBOOKED:
        return redirect(url_for("bookings.page", token=token), 303)
    return _details_page(booking, token, DetailsForm(data=booking.typed | {"note": booking.note}))


def _details_page(booking: Booking, token: str, form: DetailsForm) -> str:
    now = page_now()
    return render_template(
        "public/bookings/details.html",
        form=form,
        summary=summary_of(booking, page_clinic(), now),
        hold=hold_view(booking, now),
        action=url_for("bookings.save_details", token=token),
        extend_action=url_for("bookings.extend", token=token, back="details"),
        change_time_href=url_for("bookings.change", token=token),
        form_token=form_token("booking", token),
    )


def _save_details(token: str) -> Response | str | tuple[str, int]:
    booking = booking_behind(token)
    check_form("booking", token)
    limit_tries("details", limit=60, window_seconds=600)
    if booking.status not in UNBOOKED:
        return redirect(url_for("bookings.page", token=token), 303)
    form = DetailsForm(request.form)
    details = form.read()
    if details is None:
        return _details_page(booking, token, form), 422
    try:
        give_details(booking_id=booking.id, details=details, locale=locale(), now=page_now())
    except SlotTaken:
        return lost_page(token, kept=True), 409
    return redirect(url_for("bookings.check", token=token), 303)


def lost_page(token: str, *, kept: bool) -> str:
    """The time is gone: say so, keep what was typed, offer what is near; choosing one moves this very hold."""
    booking = booking_behind(token)
    return hold_gone_page(booking, token, booking.starts_at, kept=_("Your details are saved.") if kept else "")


def hold_gone_page(booking: Booking, token: str, start: datetime, *, kept: str = "") -> str:
    """`start` is not to be had for this booking: what is near to it."""
    service = openings.find_service(service_id=booking.service_id, retired_too=True)
    return gone_page(service=service, start=start, ways=ways(token), booking=booking, kept=kept)


def hold_times_page(booking: Booking, token: str, *, error: str | None = None) -> str:
    """The times of a hold that wants another: the same page as at the beginning."""
    service = openings.find_service(service_id=booking.service_id, retired_too=True)
    return times_page(service=service, ways=ways(token), booking_row=booking, error=error)


def ways(token: str) -> Ways:
    """From the times of a booking."""
    return Ways(
        times=url_for("bookings.change", token=token),
        choose=url_with("bookings.move", kept_query(), token=token),
        form_token=form_token("booking", token),
    )


def _extend(token: str) -> Response | str | tuple[str, int]:
    booking = booking_behind(token)
    check_form("booking", token)
    if booking.status not in UNBOOKED:
        return redirect(url_for("bookings.page", token=token), 303)
    unfinished = _keep_typed(booking)
    try:
        extend_hold(booking_id=booking.id, now=page_now())
    except SlotTaken:
        if not unfinished:
            return lost_page(token, kept=bool(booking.typed)), 409
    except NoLonger:
        pass
    if unfinished:
        # Shown again as it stands, without a word about what is missing: nobody has sent it yet.
        return _details_page(booking_behind(token), token, DetailsForm(request.form))
    back = "check" if request.args.get("back") == "check" else "details"
    return redirect(url_for(f"bookings.{back}", token=token), 303)


def _keep_typed(booking: Booking) -> bool:
    """Asking for more time is not sending the form, but what stands in it is not lost: kept when it is whole; True when
    it is not, and something has been typed."""
    if request.args.get("back") != "details":
        return False
    details = DetailsForm(request.form).read()
    if details is None:
        return any(request.form.get(name, "").strip() for name in ("name", "known_as", "email", "phone", "note"))
    with suppress(SlotTaken):  # extending says so
        give_details(booking_id=booking.id, details=details, now=page_now())
    return False


def _check(token: str) -> Response | str:
    booking = booking_behind(token)
    if booking.status not in UNBOOKED:
        return redirect(url_for("bookings.page", token=token), 303)
    if not booking.typed:
        return redirect(url_for("bookings.details", token=token), 303)
    return _check_page(booking, token)


def _check_page(booking: Booking, token: str, *, terms_error: str | None = None, problem: str | None = None) -> str:
    now = page_now()
    clinic = page_clinic()
    mode = "card" if booking.online_minor else ("free" if booking.payment_mode == "free" else "at_clinic")
    links = {
        "home": url_for("start.page", _anchor="sessions"),
        "time": url_for("bookings.change", token=token),
        "details": url_for("bookings.details", token=token),
    }
    later = Money(booking.price_minor - booking.online_minor, booking.currency)
    return render_template(
        "public/bookings/check.html",
        rows=check_rows(booking, summary_of(booking, clinic, now), links),
        due_now=booking.online,
        due_later=later or None,
        policy_text=policy_text(booking, now),
        form_token=form_token("booking", token),
        pay_mode=mode,
        can_pay_at_clinic=mode == "card" and service_of(booking).or_at_clinic,
        terms_error=terms_error,
        terms_href=url_for("bookings.terms"),
        problem=problem,
        actions={
            "pay": url_for("bookings.pay", token=token, seen=money_of(booking.id).attempts),
            "pay_at_clinic": url_for("bookings.pay_at_clinic", token=token),
            "give_up": url_for("bookings.give_up", token=token),
            "extend": url_for("bookings.extend", token=token, back="check"),
        },
        hold=hold_view(booking, now),
    )


def _agreed(token: str) -> tuple[Booking, Response | tuple[str, int] | None]:
    """The booking, and the answer when it cannot be booked by this press."""
    booking = booking_behind(token)
    check_form("booking", token)
    limit_tries("pay", limit=60, window_seconds=600)
    if booking.status not in UNBOOKED:
        return booking, redirect(url_for("bookings.page", token=token), 303)
    if not booking.typed:
        return booking, redirect(url_for("bookings.details", token=token), 303)
    if not request.form.get("terms"):
        sentence = _("Tick the box to say that you agree to the booking terms")
        return booking, (_check_page(booking, token, terms_error=sentence), 422)
    return booking, None


def _pay(token: str) -> Response | str | tuple[str, int]:
    booking, answer = _agreed(token)
    if answer is not None:
        return answer
    seen = request.args.get("seen", type=int)
    try:
        if not booking.online_minor:
            free = booking.payment_mode == "free"
            confirm(booking_id=booking.id, how="free" if free else "at_clinic", now=page_now())
            return redirect(url_for("bookings.returned", token=token), 303)
        return redirect(start_payment(booking_id=booking.id, now=page_now(), seen=seen), 303)
    except SlotTaken:
        return lost_page(token, kept=True), 409
    except PaymentsDown:
        return _check_page(booking_behind(token), token, problem=_("Payment isn’t answering.")), 503
    except NotNow:
        return redirect(url_for("bookings.page", token=token), 303)
    except (CardUnavailable, TooManyTries):
        problem = _("Paying by card isn’t possible just now. Please get in touch with the clinic.")
        return _check_page(booking_behind(token), token, problem=problem), 409


def _pay_at_clinic(token: str) -> Response | str | tuple[str, int]:
    booking, answer = _agreed(token)
    if answer is not None:
        return answer
    try:
        pay_at_clinic(booking_id=booking.id, now=page_now())
    except SlotTaken:
        return lost_page(token, kept=True), 409
    except PaymentsDown:
        return _check_page(booking_behind(token), token, problem=_("Payment isn’t answering.")), 503
    except NotNow:
        return redirect(url_for("bookings.page", token=token), 303)
    return redirect(url_for("bookings.returned", token=token), 303)


def _give_up(token: str) -> Response | tuple[str, int]:
    booking = booking_behind(token)
    check_form("booking", token)
    if booking.status in UNBOOKED:
        try:
            give_up(booking_id=booking.id, now=page_now())
        except PaymentsDown:
            return _check_page(booking_behind(token), token, problem=_("Payment isn’t answering.")), 503
    return redirect(url_for("bookings.returned", token=token), 303)


_STATES = {"booked": "booked", "pending": "pending", "expired": "expired", "lost": "lost_refunded"}


def _returned(token: str) -> Response | str:
    booking = booking_behind(token)
    now = page_now()
    state = returned(booking_id=booking.id, now=now)
    booking = booking_behind(token)
    if state == "unpaid":
        return redirect(url_for("bookings.check", token=token), 303)
    if state == "cancelled" or booking.status in ("arrived", "completed", "no_show"):
        return redirect(url_for("bookings.page", token=token), 303)
    shown = "released" if state == "expired" and booking.ended_by == "client" else _STATES[state]
    return render_return(booking, token, shown)


def render_return(booking: Booking, token: str, state: str) -> str:
    """The page after paying, or after booking without."""
    from_zone = ZoneInfo(booking.zone)
    clinic = page_clinic()
    now = page_now()
    money = money_of(booking.id)
    near = []
    if state in ("expired", "lost_refunded"):
        service = openings.find_service(service_id=booking.service_id, retired_too=True)
        near = [slot_of(o, from_zone) for o in openings.nearest(service, booking.starts_at, now=now)]
    return render_template(
        "public/bookings/return.html",
        state=state,
        booking=booking_view(booking, clinic, money),
        links=page_links(booking, token, clinic, here="returned"),
        free_until_local=letters.free_until(booking, now=now),
        refund=(money.refunded + money.coming_back) or None,
        near=near,
        action=url_for("bookings.move", token=token)
        if state == "expired"
        else url_for("bookings.hold", service=service_slug(booking), k=secrets.token_urlsafe(16)),
        form_token=form_token("booking", token) if state == "expired" else form_token("hold", service_slug(booking)),
    )


def service_slug(booking: Booking) -> str:
    """The address of the booking's service."""
    return service_of(booking).slug
