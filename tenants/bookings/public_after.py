"""The booking page and what can be done from it: another time, cancel, calendar."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from saas.money import Money
from saas.shell import locale
from saas.web import check_form, form_token, limit_tries, page_now, url_with
from saas.words import _
from tenants.bookings import letters, openings, public_link
from tenants.bookings.addresses import page_links
from tenants.bookings.checkout import PaymentsDown, give_up, stop_paying
from tenants.bookings.ics import CONTENT_TYPE, Method
from tenants.bookings.models import Booking
from tenants.bookings.moves import cancel, reschedule
from tenants.bookings.places import NoSuchBooking, SlotTaken, is_over
from tenants.bookings.receipts import has_receipt, receipt_file
from tenants.bookings.rules import STANDING, UNBOOKED, NotNow, PolicyTerms
from tenants.bookings.times import kept_query, times_page
from tenants.bookings.views import (
    PaidLine,
    booking_behind,
    booking_view,
    may,
    note_after_move,
    policy_text,
    slot_of,
    start_of,
)
from tenants.clinic.face import page_clinic
from tenants.payments.queries import BookingMoney, money_of, movements_of
from tenants.payments.rules import settlement


def add_routes(made: Blueprint) -> None:
    """What a client can do with a booking that stands."""
    routes: list[tuple[str, str, Any, list[str]]] = [
        ("", "page", _page, ["GET"]),
        ("/change", "change", _change, ["GET"]),
        ("/change", "move", _move, ["POST"]),
        ("/cancel", "cancel", _cancel, ["GET"]),
        ("/cancel", "cancel_now", _cancel_now, ["POST"]),
        ("/calendar.ics", "calendar", _calendar, ["GET"]),
        ("/receipt.pdf", "receipt", _receipt, ["GET"]),
    ]
    for path, name, view, methods in routes:
        made.add_url_rule(f"/b/<token>{path}", name, view, methods=methods)


def _page(token: str) -> str:
    return _booking_page(booking_behind(token), token)


_NOTICES = {"moved": lambda: _("Your booking has moved."), "cancelled": lambda: _("Your booking is cancelled.")}


def _booking_page(booking: Booking, token: str) -> str:
    clinic = page_clinic()
    money = money_of(booking.id)
    notice = _NOTICES.get(request.args.get("done", ""))
    shown = booking_view(booking, clinic, money)
    if booking.status == "held" and is_over(booking, page_now()):
        shown = replace(shown, status="expired")
    return render_template(
        "public/bookings/booking.html",
        booking=shown,
        refund_sent=not money.coming_back,
        steps_left=1 if booking.typed else 2,
        links=page_links(booking, token, clinic, here="page"),
        free_until_local=letters.free_until(booking, now=page_now()) if booking.status == "confirmed" else None,
        refund=(money.refunded + money.coming_back) or None,
        payments=_payments(booking),
        receipt=url_for("bookings.receipt", token=token) if has_receipt(money) else None,
        notice=notice() if notice else None,
    )


def _payments(booking: Booking) -> list[PaidLine]:
    zone = ZoneInfo(booking.zone)
    words = {
        "card": _("Paid by card"),
        "clinic": _("Paid at the clinic"),
        "refund": _("Sent back to your card"),
        "coming": _("On its way back to your card"),
    }
    return [PaidLine(words[m.kind], m.amount, m.at.astimezone(zone)) for m in movements_of(booking.id)]


def _change(token: str) -> Response | str:
    booking = booking_behind(token)
    if booking.status in UNBOOKED:
        return public_link.hold_times_page(booking, token)
    if not may(booking, page_now())[0]:
        return redirect(url_for("bookings.page", token=token), 303)
    return _change_page(booking, token)


def _change_page(booking: Booking, token: str, *, error: str | None = None) -> str:
    clinic = page_clinic()
    return times_page(
        service=openings.find_service(service_id=booking.service_id, retired_too=True),
        ways=public_link.ways(token),
        template="public/bookings/change.html",
        booking_row=booking,
        error=error,
        booking=booking_view(booking, clinic),
        links=page_links(booking, token, clinic, here="page"),
    )


def _move(token: str) -> Response | str | tuple[str, int]:
    booking = booking_behind(token)
    check_form("booking", token)
    limit_tries("move", limit=60, window_seconds=600)
    held = booking.status in UNBOOKED
    if not held and not may(booking, page_now())[0]:
        return redirect(url_for("bookings.page", token=token), 303)
    start = start_of(request.form.get("start", ""))
    if start is None:
        sentence = _("Choose one of the times below.")
        page = (
            public_link.hold_times_page(booking, token, error=sentence)
            if held
            else _change_page(booking, token, error=sentence)
        )
        return page, 422
    if not held and request.args.get("step") != "confirm":
        return _confirm_page(booking, token, start)
    return _move_now(booking, token, start)


def _opening(booking: Booking, start: datetime) -> openings.Opening | None:
    """The opening a client chose: with the person named, else with their practitioner, else with whoever is free."""
    service = openings.find_service(service_id=booking.service_id, retired_too=True)
    wanted = request.args.get("p")
    person = next((id for id, slug, _name in service.people if slug == wanted), None)
    offer = openings.offer_at(
        service, start, now=page_now(), practitioner=person, except_booking=booking.id, for_client=booking.client_id
    )
    free = [
        openings.Opening(start, start + (booking.ends_at - booking.starts_at), person.id, person.slug, person.name)
        for person in offer.people
        if offer.free_rooms(person, start, now=page_now())
    ]
    own = [o for o in free if o.practitioner_id == booking.practitioner_id]
    return next(iter(own or free), None)


def _gone(booking: Booking, token: str, start: datetime) -> str:
    stays = "" if booking.status in UNBOOKED else _("Your booking stays as it is until you confirm a new time.")
    return public_link.hold_gone_page(booking, token, start, kept=stays)


def _confirm_page(booking: Booking, token: str, start: datetime) -> str | tuple[str, int]:
    chosen = _opening(booking, start)
    if chosen is None:
        return _gone(booking, token, start), 409
    clinic = page_clinic()
    return render_template(
        "public/bookings/change_confirm.html",
        booking=booking_view(booking, clinic),
        chosen=slot_of(chosen, ZoneInfo(booking.zone), named=chosen.practitioner_id != booking.practitioner_id),
        cost_note=note_after_move(booking, chosen.starts_at, page_now()),
        other_zone_line=letters.zone_line(booking, chosen.starts_at, chosen.ends_at, locale=locale()),
        action=url_with("bookings.move", {**kept_query(), "p": chosen.practitioner_slug}, token=token, step="confirm"),
        form_token=form_token("booking", token),
        links=replace(
            page_links(booking, token, clinic, here="page"),
            change=url_with("bookings.change", kept_query(), token=token),
        ),
        error=None,
    )


def _move_now(booking: Booking, token: str, start: datetime) -> Response | str | tuple[str, int]:
    held = booking.status in UNBOOKED
    chosen = _opening(booking, start)
    try:
        if held:
            stop_paying(booking_id=booking.id, now=page_now())
        person = chosen.practitioner_id if chosen else None
        reschedule(booking_id=booking.id, starts_at=start, practitioner_id=person, who="client", now=page_now())
    except SlotTaken:
        return _gone(booking, token, start), 409
    except PaymentsDown:
        sentence = _("Payment isn’t answering, so your time stays as it is. Try again in a moment.")
        return public_link.hold_times_page(booking, token, error=sentence), 503
    except NotNow:
        return redirect(url_for("bookings.page", token=token), 303)
    if not held:
        return redirect(url_for("bookings.page", token=token, done="moved"), 303)
    return redirect(url_for("bookings.check" if booking.typed else "bookings.details", token=token), 303)


def _cancel(token: str) -> Response | str:
    booking = booking_behind(token)
    if booking.status == "held" or not may(booking, page_now())[1]:
        return redirect(url_for("bookings.page", token=token), 303)
    return _cancel_page(booking, token)


def _cancel_page(booking: Booking, token: str, *, error: str | None = None) -> str:
    clinic = page_clinic()
    now = page_now()
    refund, kept = what_comes_back(booking, money_of(booking.id), now=now)
    return render_template(
        "public/bookings/cancel.html",
        booking=booking_view(booking, clinic),
        refund=refund,
        kept=kept,
        policy_text=policy_text(booking, now),
        action=url_for("bookings.cancel_now", token=token, shown=refund.minor),
        form_token=form_token("booking", token),
        links=page_links(booking, token, clinic, here="page"),
        error=error,
    )


def what_comes_back(booking: Booking, money: BookingMoney, *, now: datetime) -> tuple[Money, Money]:
    """What cancelling now would give back and keep: the same rule that cancelling applies."""
    terms = PolicyTerms.from_snapshot(booking.policy)
    percent = 0 if terms.is_free(starts_at=booking.starts_at, now=now) else terms.late_fee_percent
    divided = settlement(price=booking.price, paid=money.refundable, percent=percent)
    return divided.refund, divided.kept


def _cancel_now(token: str) -> Response | str | tuple[str, int]:
    booking = booking_behind(token)
    check_form("booking", token)
    if booking.status == "held":
        with suppress(PaymentsDown):  # the hold then ends by itself, when its time is over
            give_up(booking_id=booking.id, now=page_now())
        return redirect(url_for("bookings.page", token=token), 303)
    if booking.status == "confirmed":
        refund, _kept = what_comes_back(booking, money_of(booking.id), now=page_now())
        # The page promised a sum before the click: when it has changed meanwhile, it is said again first.
        if request.args.get("shown", type=int) != refund.minor and may(booking, page_now())[1]:
            return _cancel_page(booking, token, error=_("The amount that comes back has changed. Look once more.")), 409
    try:
        cancel(booking_id=booking.id, who="client", click=f"cancel:{booking.id}", now=page_now())
    except NotNow:
        return redirect(url_for("bookings.page", token=token), 303)
    return redirect(url_for("bookings.page", token=token, done="cancelled"), 303)


def _calendar(token: str) -> Response:
    booking = booking_behind(token)
    if booking.status not in (*STANDING, "cancelled"):
        raise NoSuchBooking
    method: Method = "CANCEL" if booking.status == "cancelled" else "PUBLISH"
    file = letters.calendar_file(booking, now=page_now(), method=method)
    response = Response(file, content_type=CONTENT_TYPE.format(method=method))
    response.headers["Content-Disposition"] = 'attachment; filename="session.ics"'
    return response


def _receipt(token: str) -> Response:
    return receipt_file(booking_behind(token))
