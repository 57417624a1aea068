"""Values for the public templates: fictional people, one Monday in November. No database, no clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict
from wtforms import Form, RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Email, InputRequired

from saas.money import Money
from tests.screens import views as v

DUBLIN = ZoneInfo("Europe/Dublin")
TODAY = dt.date(2026, 11, 23)


def at(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return dt.datetime(2026, 11, day, hour, minute, tzinfo=DUBLIN)


def eur(major: float) -> Money:
    return Money(round(major * 100), "EUR")


PROMISES = [
    v.Words(
        "You keep your clothes on",
        "The contact is light and still. Aoife says where her hands will be, and asks first.",
    ),
    v.Words(
        "You can stop at any moment",
        "Say it, raise a hand, or agree a signal beforehand. You never have to explain.",
    ),
    v.Words(
        "You needn’t tell your story",
        "The work does not depend on it. Questions about your history are optional.",
    ),
    v.Words(
        "You can bring someone",
        "A friend can sit in the room or wait next door. There is a comfortable chair for them.",
    ),
]
FACTS = [
    v.Fact("Getting in", "Ground floor, no steps. Doorway 82 cm wide."),
    v.Fact(
        "The room",
        "Quiet, low light, no scents. The table can be raised, or you can stay seated.",
    ),
]
STILL_WATER = v.Clinic(
    slug="still-water",
    name="Still Water",
    brand="#2f6f6b",
    headline="Unhurried craniosacral therapy in Galway",
    lead="One-to-one sessions with Aoife Brennan, for pain, tension and the long after-effects of "
    "stress. Gentle contact, fully clothed, at your pace.",
    person="Aoife Brennan",
    first_name="Aoife",
    place="Galway",
    address_lines=["2 Nun’s Island", "Galway H91 W2K7"],
    phone="091 555 014",
    phone_href="tel:+35391555014",
    email="hello@stillwater.example",
    promises=PROMISES,
    facts=FACTS,
    tz="Europe/Dublin",
    currency="EUR",
    map_url="https://map.example/still-water",
)
HOLLOW_OAK = replace(
    STILL_WATER,
    slug="hollow-oak",
    name="Hollow Oak Bodywork",
    brand="#7d4a78",
    headline="Quiet bodywork for busy nervous systems",
    lead="CranioSacral Therapy and SomatoEmotional Release in Portland. You set the pace, and you can "
    "stop at any moment.",
    person="",
    first_name="",
    place="Portland",
    address_lines=["114 Alder Street", "Portland, OR 97205"],
    phone="(503) 555-0142",
    phone_href="tel:+15035550142",
    email="hello@hollowoak.example",
    tz="America/Los_Angeles",
    currency="USD",
    map_url=None,
)
SERVICES = [
    v.Service(
        "first",
        "First visit",
        90,
        eur(95),
        "Time to talk, ask questions and feel out what suits you, then a full session. Nothing is expected of you.",
        "",
    ),
    v.Service(
        "cst",
        "CranioSacral Therapy",
        60,
        eur(75),
        "Light, still contact at the head, back or feet while you lie or sit clothed on the table.",
        "",
    ),
    v.Service(
        "ser",
        "SomatoEmotional Release",
        75,
        eur(90),
        "The same gentle contact, with room to follow what comes up. You choose how far it goes.",
        "€30 when you book, the rest at the clinic.",
    ),
    v.Service(
        "short",
        "Short follow-up",
        40,
        eur(0),
        "For people already seeing Aoife who want to stay with one area.",
        "",
    ),
]


def slot(day: int, hour: int, minute: int = 0, who: str | None = None) -> v.Slot:
    start = at(day, hour, minute)
    return v.Slot(start.isoformat(), start, start + dt.timedelta(minutes=90), who)


def days(chosen: dt.date | None, *, none_open: bool = False) -> list[list[v.Day]]:
    first = dt.date(2027, 2, 1) if none_open else TODAY

    def day(number: int) -> v.Day:
        date = first + dt.timedelta(days=number)
        free = 0 if none_open or date <= TODAY or date.weekday() > 4 else (date.day * 7) % 5
        return v.Day(
            date,
            free,
            f"?d={date}" if free else None,
            is_today=date == TODAY,
            is_chosen=date == chosen,
            is_first_of_month=date.day == 1,
        )

    return [[day(7 * week + number) for number in range(7)] for week in range(5)]


def times(**changes: object) -> dict[str, object]:
    chosen = dt.date(2026, 11, 24)
    return {
        "service": replace(SERVICES[0], person="Aoife Brennan"),
        "practitioner_choice": [],
        "soonest": [slot(24, 10, 30), slot(25, 10, 30), slot(26, 9)],
        "weeks": days(chosen),
        "range_start": TODAY,
        "range_end": TODAY + dt.timedelta(days=34),
        "prev_href": None,
        "next_href": "?w=2026-12-28",
        "day": chosen,
        "groups": [
            ("Morning", [slot(24, 10, 30)]),
            ("Afternoon", [slot(24, 12), slot(24, 14)]),
            ("Evening", [slot(24, 17)]),
        ],
        "tz_name": "Europe/Dublin",
        "tz_label": "Galway time",
        "tz_is_clinic": True,
        "tz_reset_href": "?d=2026-11-24",
        "form_token": "t0ken",
        "error": None,
        "none_open": False,
        "action": "/book/first",
        "horizon_text": "Aoife opens new times about six weeks ahead.",
        **changes,
    }


def gone(**changes: object) -> dict[str, object]:
    return {
        "service": replace(SERVICES[0], person="Aoife Brennan"),
        "gone": "Tuesday 24 November, 10:30 isn’t free any more",
        "kept": "",
        "near": [slot(24, 12), slot(24, 14), slot(25, 10, 30)],
        "action": "/book/first",
        "form_token": "t0ken",
        "all_href": "/book/first?d=2026-11-24",
        "tz_label": "Galway time",
        "tz_is_clinic": True,
        "horizon_text": "Aoife opens new times about six weeks ahead.",
        **changes,
    }


EMPTY = times(
    weeks=days(None, none_open=True),
    range_start=dt.date(2027, 2, 1),
    range_end=dt.date(2027, 3, 7),
    prev_href="?w=2026-12-28",
    day=None,
    groups=[],
    none_open=True,
)
FRAMED = {**times(), "layout": "layouts/frame.html", "form_target": "_top"}
MANY = times(
    service=SERVICES[0],
    practitioner_choice=[
        v.Choice("any", "Anyone", "?", current=True),
        v.Choice("dana", "Dana Whitfield", "?practitioner=dana", current=False),
        v.Choice("ruben", "Ruben Ortiz", "?practitioner=ruben", current=False),
    ],
    soonest=[slot(24, 10, 30, "Dana"), slot(25, 10, 30, "Ruben"), slot(26, 9, 0, "Dana")],
    groups=[("Morning", [slot(24, 10, 30, "Dana")]), ("Afternoon", []), ("Evening", [])],
    tz_is_clinic=False,
    tz_name="Europe/Lisbon",
    tz_label="Lisbon time",
)


class DetailsForm(Form):
    name = StringField(validators=[InputRequired("Enter your name")])
    known_as = StringField()
    email = StringField(
        validators=[Email("Enter an email address like name@example.com, so we can send your confirmation")]
    )
    phone = StringField()
    reach = RadioField(
        choices=[
            SelectChoice("email", "By email"),
            SelectChoice("text", "By text message"),
            SelectChoice("phone", "By phone only"),
        ],
        default="email",
    )
    note = TextAreaField()


def form(**typed: str) -> DetailsForm:
    made = DetailsForm(MultiDict(typed) if typed else None)
    if typed:
        made.validate()
    return made


SUMMARY = v.Summary(
    "First visit",
    90,
    "Aoife Brennan",
    at(26, 10, 30),
    at(26, 12),
    "Galway",
    STILL_WATER.address_lines,
    eur(95),
    "Free to change or cancel until Wed 25 Nov, 10:30",
)
HOLD = v.Hold(at(23, 16, 52), can_extend=True)
HELD_DETAILS: dict[str, object] = {
    "form": form(),
    "summary": SUMMARY,
    "hold": HOLD,
    "action": "/b/t0ken/details",
    "extend_action": "/b/t0ken/extend",
    "change_time_href": "/book/first",
    "form_token": "t0ken",
}
ROWS = [
    v.Row("Session", "First visit, 90 minutes", "/", "session"),
    v.Row("When", "Thursday 26 November, 10:30, Galway time", "/book/first", "time"),
    v.Row("Name", "Maya Lindqvist", "/b/t0ken/details#name", "name"),
    v.Row("Email", "maya@example.com", "/b/t0ken/details#email", "email"),
    v.Row("Mobile", "Not given", "/b/t0ken/details#phone", "mobile number"),
    v.Row("How we reach you", "By email", None, ""),
]


def check(**changes: object) -> dict[str, object]:
    return {
        "rows": ROWS,
        "due_now": eur(95),
        "due_later": None,
        "policy_text": "Cancel before Wednesday 25 November, 10:30 and the full amount comes back to "
        "your card. After that we keep half.",
        "form_token": "t0ken",
        "pay_mode": "card",
        "can_pay_at_clinic": False,
        "terms_error": None,
        "terms_href": "/terms",
        "problem": None,
        "actions": {
            "pay": "/b/t0ken/pay",
            "pay_at_clinic": "/b/t0ken/pay-at-clinic",
            "give_up": "/b/t0ken/give-up",
            "extend": "/b/t0ken/extend",
        },
        "hold": HOLD,
        **changes,
    }


BOOKING = v.Booking(
    "Maya",
    "First visit",
    "Aoife Brennan",
    at(26, 10, 30),
    at(26, 12),
    "maya@example.com",
    "Galway",
    "confirmed",
    paid=eur(95),
    card="Visa ending 4242",
    receipt_url="https://pay.example/receipt",
)
ABROAD = replace(BOOKING, paid=eur(30), due_later=eur(65), other_zone_line="12:30 in Athens")
FREE_UNTIL = at(25, 10, 30)
NEAR = [slot(26, 12), slot(26, 14), slot(27, 9)]


def after(state: str, **changes: object) -> dict[str, object]:
    return {
        "state": state,
        "booking": BOOKING,
        "links": v.Links(),
        "free_until_local": FREE_UNTIL,
        "refund": None,
        "near": [],
        "action": "/book/first",
        "form_token": "t0ken",
        **changes,
    }


def booking(status: str, **changes: object) -> dict[str, object]:
    return {
        "booking": replace(BOOKING, status=status),
        "links": v.Links(),
        "free_until_local": FREE_UNTIL,
        "refund": None,
        "refund_sent": False,
        "steps_left": 2,
        "payments": [v.Paid("Paid by card", eur(95), at(23, 16, 40))],
        "receipt": "/b/t0ken/receipt.pdf",
        "notice": None,
        **changes,
    }


CANCEL: dict[str, object] = {
    "booking": BOOKING,
    "links": v.Links(),
    "refund": eur(95),
    "kept": eur(0),
    "policy_text": "You’re well before Wednesday 25 November, 10:30, so the full amount comes back.",
    "action": "/b/t0ken/cancel",
    "form_token": "t0ken",
    "error": None,
}
REST: dict[str, object] = {
    "booking": BOOKING,
    "links": v.Links(),
    "owed": eur(95),
    "action": "/b/t0ken/rest",
    "form_token": "t0ken",
    "problem": "",
}
CONFIRM: dict[str, object] = {
    "booking": BOOKING,
    "chosen": slot(27, 9),
    "other_zone_line": None,
    "cost_note": "You can cancel the new time free of charge until Thursday 26 November, 09:00.",
    "action": "/b/t0ken/change",
    "form_token": "t0ken",
    "links": v.Links(),
    "error": None,
}
NOTICE = (
    "<h2>What we keep</h2><p>Your name, how to reach you and what you booked. Nothing is sold or "
    "shared.</p><ul><li>Bookings: seven years, as the law asks</li><li>Messages: one year</li></ul>"
    "<h2>Your rights</h2><p>Write to us to see, correct or erase what we hold.</p>"
)
MAIL: dict[str, object] = {
    "booking": BOOKING,
    "links": v.Links(
        self="https://book.example/b/t0ken",
        change="https://book.example/b/t0ken/change",
        book_again="https://book.example/book/first",
    ),
    "free_until_local": FREE_UNTIL,
    "was_local": at(24, 9),
    "refund": eur(47.5),
    "kept": eur(47.5),
    "owed": eur(95),
    "words": "The door is the green one.",
    "what": "new",
    "who": "Maya L.",
    "reach": None,
}
MAILS = (
    "booking_confirmed",
    "booking_changed",
    "booking_cancelled",
    "booking_refunded",
    "booking_reminder",
    "payment_late_refunded",
    "booking_pay_link",
    "booking_notice",
)
STATUSES = ("held", "confirmed", "arrived", "completed", "no_show", "cancelled", "expired")
CODES = (400, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503)
