"""Every public template in every state it has, by the name of its picture."""

from __future__ import annotations

from dataclasses import replace

from tests.screens import questions
from tests.screens import views as v
from tests.screens.samples import (
    ABROAD,
    BOOKING,
    CANCEL,
    CODES,
    CONFIRM,
    EMPTY,
    FRAMED,
    HELD_DETAILS,
    HOLD,
    HOLLOW_OAK,
    MANY,
    NEAR,
    NOTICE,
    REST,
    SERVICES,
    STATUSES,
    STILL_WATER,
    TODAY,
    after,
    at,
    booking,
    check,
    eur,
    form,
    gone,
    times,
)


def _clinic_pages() -> dict[str, v.Page]:
    landing: dict[str, object] = {
        "services": SERVICES,
        "next_free": v.NextFree(at(24, 10, 30), "/book/first?d=2026-11-24#times"),
        "cancel_note": "You pay when you book. Change or cancel free of charge up to 24 hours before.",
    }
    paused = replace(STILL_WATER, accepting=False)
    bare = replace(STILL_WATER, phone="", phone_href="", email="", promises=[], facts=[], map_url=None)
    document: dict[str, object] = {"title": "Privacy", "body_html": NOTICE, "updated": TODAY}
    landing_page = "public/clinic/landing.html"
    away = "public/clinic/unavailable.html"
    return {
        "1-landing": v.Page(landing_page, landing),
        "1b-landing-paused": v.Page(landing_page, landing, paused),
        "1c-other-brand": v.Page(landing_page, landing, HOLLOW_OAK, "en_US"),
        "1d-landing-bare": v.Page(landing_page, {"services": [], "next_free": None, "cancel_note": ""}, bare),
        "1e-sans": v.Page(landing_page, landing, replace(STILL_WATER, heading_style="sans")),
        "8-document": v.Page("public/clinic/document.html", document),
        "8b-paused": v.Page(away, {"reason": "paused"}),
        "8c-closed": v.Page(away, {"reason": "closed"}),
        "8d-unknown": v.Page(away, {"reason": "unknown", "clinic": None}),
        "9-platform": v.Page("public/platform/home.html", {"clinic": None}),
    }


def _walk_pages() -> dict[str, v.Page]:
    abroad = gone(kept="Your details are saved.", tz_is_clinic=False, tz_label="New York time")
    wrong = {**HELD_DETAILS, "form": form(name="", email="maya", reach="fax")}
    times_page, details, checking = (
        "public/bookings/times.html",
        "public/bookings/details.html",
        "public/bookings/check.html",
    )
    return {
        "2-times": v.Page(times_page, times()),
        "2b-times-empty": v.Page(times_page, EMPTY),
        "2c-gone": v.Page("public/bookings/gone.html", gone()),
        "2c-gone-kept": v.Page("public/bookings/gone.html", abroad),
        "2c-gone-nothing": v.Page("public/bookings/gone.html", gone(near=[], all_href="/book/first")),
        "2d-times-many": v.Page(times_page, MANY, HOLLOW_OAK, "en_US"),
        "2e-times-nothing": v.Page(times_page, {**EMPTY, "soonest": []}),
        "2f-times-day": v.Page(times_page, times(groups=[])),
        "2g-times-gone": v.Page(times_page, times(error="That time isn’t on offer.", day=None, groups=[])),
        "2h-times-framed": v.Page("public/embed/times.html", FRAMED),
        "3-details": v.Page(details, HELD_DETAILS),
        "3b-details-error": v.Page(details, wrong),
        "3b-details-lapsed": v.Page(details, {**HELD_DETAILS, "hold": replace(HOLD, lapsed=True)}),
        "3c-check": v.Page(checking, check()),
        "3d-check-deposit": v.Page(checking, check(due_now=eur(30), due_later=eur(65), can_pay_at_clinic=True)),
        "3e-check-at-clinic": v.Page(checking, check(pay_mode="at_clinic", due_now=eur(0), due_later=eur(95))),
        "3f-check-free": v.Page(checking, check(pay_mode="free", due_now=eur(0), policy_text=""), HOLLOW_OAK, "en_US"),
        "3g-check-terms": v.Page(checking, check(terms_error="Tick the box to agree to the terms")),
        "3h-check-problem": v.Page(checking, check(problem="Payment isn’t answering", can_pay_at_clinic=True)),
    }


def _after_pages() -> dict[str, v.Page]:
    back, page = "public/bookings/return.html", "public/bookings/booking.html"
    change = {**times(), "booking": BOOKING, "links": v.Links()}
    return {
        "5-booked": v.Page(back, after("booked")),
        "5a-booked-abroad": v.Page(back, after("booked", booking=ABROAD, free_until_local=None)),
        "5a-booked-unmailed": v.Page(back, after("booked", booking=replace(BOOKING, email="", mailed=False))),
        "5b-pending": v.Page(back, after("pending")),
        "5c-expired": v.Page(back, after("expired", near=NEAR)),
        "5d-lost": v.Page(back, after("lost_refunded", near=NEAR, refund=eur(95))),
        "5e-released": v.Page(back, after("released")),
        **{f"6-booking-{status}": v.Page(page, booking(status)) for status in STATUSES},
        "6a-booking-lost": v.Page(page, booking("expired", refund=eur(95))),
        "6b-booking-refunded": v.Page(page, booking("cancelled", refund=eur(95), notice="Your booking is cancelled.")),
        "7-change": v.Page("public/bookings/change.html", change),
        "7b-change-confirm": v.Page("public/bookings/change_confirm.html", CONFIRM),
        "7c-cancel": v.Page("public/bookings/cancel.html", CANCEL),
        "7d-rest": v.Page("public/bookings/rest.html", REST),
        "7d-cancel-late": v.Page(
            "public/bookings/cancel.html",
            {**CANCEL, "refund": eur(0), "kept": eur(95), "error": "That didn’t work. Try again."},
        ),
        **{
            f"9-error-{code}": v.Page("errors/error.html", {"status": code, "detail": None, "back_href": None})
            for code in CODES
        },
    }


def pages() -> dict[str, v.Page]:
    """Every page by the name of its picture."""
    found = {**_clinic_pages(), **_walk_pages(), **questions.pages(), **_after_pages()}
    return {name: replace(page, clinic=page.clinic or STILL_WATER) for name, page in found.items()}
