"""What the booking pages show, as plain values: rows and openings turned into words, local times and sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from saas import formats
from saas.languages import read_as
from saas.money import Money
from saas.shell import locale
from saas.words import _
from saas.zones import local
from tenants.bookings import letters
from tenants.bookings.models import Booking
from tenants.bookings.openings import Opening
from tenants.bookings.places import find_by_token, is_over
from tenants.bookings.queries import client_of, practitioner_of, service_of
from tenants.bookings.rules import MAX_EXTENSIONS, PolicyTerms, client_may_cancel, client_may_move
from tenants.clinic.queries import ClinicView
from tenants.payments.queries import BookingMoney, money_of

WEEKS = 5


def booking_behind(token: str) -> Booking:
    """The booking of a page behind a link, which from here on speaks the language it was booked in; `NoSuchBooking`."""
    found = find_by_token(token)
    read_as(found.locale)
    return found


@dataclass(frozen=True)
class Slot:
    """A button that chooses a start; `value` is the instant in UTC."""

    value: str
    starts_local: datetime
    ends_local: datetime
    practitioner_name: str | None = None


class Day(NamedTuple):
    """A cell of the five weeks: a plain value, because what is drawn of it is remembered by what it holds."""

    date: date
    free: int
    href: str | None
    is_today: bool
    is_chosen: bool
    is_first_of_month: bool


@dataclass(frozen=True)
class HoldView:
    """Until when a time is kept."""

    until_local: datetime
    can_extend: bool
    lapsed: bool = False


@dataclass(frozen=True)
class Summary:
    """What is being booked, beside a form."""

    service_name: str
    duration_minutes: int
    person: str
    starts_local: datetime
    ends_local: datetime
    place: str
    address_lines: list[str]
    price: Money
    policy_note: str
    other_zone_line: str | None


@dataclass(frozen=True)
class Row:
    """One line of the check page."""

    label: str
    value: str
    change_href: str | None
    what: str
    sub: str | None = None


@dataclass(frozen=True)
class PaidLine:
    """Money that went one way or the other."""

    label: str
    amount: Money
    when: datetime


@dataclass(frozen=True)
class BookingView:
    """A booking as its pages know it. `mailed`: mails go out about it; `email`: where to, if it was typed here."""

    first_name: str
    service_name: str
    person: str
    starts_local: datetime
    ends_local: datetime
    email: str
    place: str
    status: str
    sequence: int
    paid: Money | None
    card: str | None
    due_later: Money | None
    receipt_url: str | None
    other_zone_line: str | None
    mailed: bool


def value_of(start: datetime) -> str:
    """A start as forms post it."""
    return start.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def start_of(value: str) -> datetime | None:
    """The start a form posted; None for anything that is none."""
    try:
        found = datetime.fromisoformat(value.strip().replace(" ", "+"))
    except ValueError:
        return None
    if found.tzinfo is None or not 1 < found.year < 9999:
        return None
    return found.astimezone(UTC)


def slot_of(opening: Opening, zone: ZoneInfo, *, named: bool = False) -> Slot:
    """An opening as a button, on the clock of `zone`; `named` says with whom."""
    name = opening.practitioner_name if named else None
    return Slot(value_of(opening.starts_at), opening.starts_at.astimezone(zone), opening.ends_at.astimezone(zone), name)


@lru_cache(maxsize=1 << 14)
def slot_at(start: int, minutes: int, tz: str) -> Slot:
    """The button for a start (epoch seconds) of so many minutes, on the clock of `tz`."""
    return Slot(value_of(local(start, "UTC")), local(start, tz), local(start + minutes * 60, tz))


def by_part_of_day(slots: list[Slot]) -> list[tuple[str, list[Slot]]]:
    """Morning, afternoon, evening."""
    noon, evening = 12, 17
    return [
        (_("Morning"), [s for s in slots if s.starts_local.hour < noon]),
        (_("Afternoon"), [s for s in slots if noon <= s.starts_local.hour < evening]),
        (_("Evening"), [s for s in slots if s.starts_local.hour >= evening]),
    ]


def place_of(clinic: ClinicView) -> str:
    """What the clinic's clock is called: its place, else its zone's city."""
    return clinic.place or formats.place(clinic.tz)


def hold_view(booking: Booking, now: datetime) -> HoldView:
    """The hold's note; one that has lapsed is shown as it stood: Continue takes it again if it can."""
    until = booking.hold_expires_at or now
    more = booking.extensions < MAX_EXTENSIONS and not booking.paying
    return HoldView(until.astimezone(ZoneInfo(booking.zone)), more, is_over(booking, now))


def summary_of(booking: Booking, clinic: ClinicView, now: datetime) -> Summary:
    """The panel beside the details form."""
    zone = ZoneInfo(booking.zone)
    service = service_of(booking)
    person = practitioner_of(booking)
    return Summary(
        service_name=service.name,
        duration_minutes=int((booking.ends_at - booking.starts_at) / timedelta(minutes=1)),
        person=person.name,
        starts_local=booking.starts_at.astimezone(zone),
        ends_local=booking.ends_at.astimezone(zone),
        place=place_of(clinic),
        address_lines=clinic.address_lines,
        price=booking.price,
        policy_note=policy_note(booking, now),
        other_zone_line=letters.other_zone_line(booking, locale=locale()),
    )


def policy_note(booking: Booking, now: datetime) -> str:
    """One line: until when changing is free, if there is something to lose."""
    until = letters.free_until(booking, now=now)
    if not booking.price or until is None:
        return ""
    tag = locale()
    return _(
        "Free to change or cancel until %(day)s, %(time)s",
        day=formats.short_date(until, tag), time=formats.clock(until, tag),
    )  # fmt: skip


def policy_text(booking: Booking, now: datetime) -> str:
    """The refund promise in full, for the check page and the cancel page."""
    terms = PolicyTerms.from_snapshot(booking.policy)
    if not booking.price:
        return _("This session is free of charge, and so is cancelling it.")
    until = letters.free_until(booking, now=now)
    tag = locale()
    parts = []
    if until is not None:
        words = {"day": formats.long_date(until, tag), "time": formats.clock(until, tag)}
        if booking.online_minor:
            parts.append(_("Cancel before %(day)s, %(time)s and everything you paid comes back.", **words))
        else:
            parts.append(_("Cancelling before %(day)s, %(time)s costs nothing.", **words))
    parts.append(_late_words(booking, terms, later=until is not None))
    return " ".join(part for part in parts if part)


def _late_words(booking: Booking, terms: PolicyTerms, *, later: bool) -> str:
    kept = min(booking.price.percent(terms.late_fee_percent).minor, booking.online_minor)
    if not kept:
        return ""
    amount = formats.money(Money(kept, booking.currency), locale())
    if later:
        return _("After that the clinic keeps %(amount)s.", amount=amount)
    return _("The free time to cancel has passed: the clinic keeps %(amount)s.", amount=amount)


def note_after_move(booking: Booking, starts_at: datetime, now: datetime) -> str:
    """What cancelling costs once this booking has moved to `starts_at`, where something could be lost."""
    terms = PolicyTerms.from_snapshot(booking.policy).after_move(starts_at=booking.starts_at, now=now)
    kept = min(booking.price.percent(terms.late_fee_percent).minor, booking.online_minor)
    if not kept:
        return ""
    until, tag = terms.free_until(starts_at).astimezone(ZoneInfo(booking.zone)), locale()
    if until > now:
        day, time = formats.long_date(until, tag), formats.clock(until, tag)
        return _("You can cancel the new time free of charge until %(day)s, %(time)s.", day=day, time=time)
    amount = formats.money(Money(kept, booking.currency), tag)
    return _(
        "The new time can’t be cancelled free of charge any more: the clinic would keep %(amount)s.", amount=amount
    )


def check_rows(booking: Booking, summary: Summary, links: dict[str, str]) -> list[Row]:
    """What the client sees before the click, each with its way to change it."""
    typed = booking.typed
    tag = locale()
    when = _(
        "%(day)s, %(time)s, %(place)s time",
        day=formats.long_date(summary.starts_local, tag),
        time=formats.clock(summary.starts_local, tag),
        place=summary.place,
    )
    session = _(
        "%(service)s, %(length)s", service=summary.service_name, length=formats.duration(summary.duration_minutes, tag)
    )
    phone = typed.get("phone") or ""
    return [
        Row(_("Session"), session, links["home"], _("session")),
        Row(_("When"), when, links["time"], _("time"), summary.other_zone_line),
        Row(_("With"), summary.person, None, ""),
        Row(_("Name"), typed.get("name", ""), links["details"], _("name")),
        Row(_("Email"), typed.get("email", ""), links["details"], _("email")),
        Row(_("Mobile"), phone or _("Not given"), links["details"], _("mobile number")),
        Row(_("How we reach you"), _reach(typed.get("reach", "email")), links["details"], _("how we reach you")),
    ]


def _reach(reach: str) -> str:
    return {"text": _("By text message"), "phone": _("By phone call only")}.get(reach, _("By email"))


def booking_view(booking: Booking, clinic: ClinicView, money: BookingMoney | None = None) -> BookingView:
    """A booking as its pages show it."""
    zone = ZoneInfo(booking.zone)
    money = money or money_of(booking.id)
    client = client_of(booking)
    typed = booking.typed
    address = letters.mail_address(booking, client)
    called = typed.get("known_as") or (typed.get("name") or (client.name if client else "")).partition(" ")[0]
    return BookingView(
        first_name=called,
        service_name=service_of(booking).name,
        person=practitioner_of(booking).name,
        starts_local=booking.starts_at.astimezone(zone),
        ends_local=booking.ends_at.astimezone(zone),
        # Never an address that was not typed for this booking: whoever books may not be who we think.
        email=address if address == typed.get("email") else "",
        place=place_of(clinic),
        status=booking.status,
        sequence=booking.sequence,
        paid=money.paid or None,
        card=_("%(brand)s ending %(last4)s", brand=(money.card_brand or "").title(), last4=money.card_last4)
        if money.card_last4
        else None,
        due_later=money.owed or None,
        receipt_url=money.receipt_url,
        other_zone_line=letters.other_zone_line(booking, locale=locale()),
        mailed=bool(address),
    )


def may(booking: Booking, now: datetime) -> tuple[bool, bool]:
    """Whether the client may (move, cancel) now."""
    known = {"status": booking.status, "starts_at": booking.starts_at, "now": now}
    return client_may_move(**known), client_may_cancel(**known)  # type: ignore[arg-type]
