"""Mails about bookings. Each handler looks at the booking as it is now and may find that there is nothing to say.

Who asked for text messages or for the telephone gets no mail at all, whatever the kind: the clinic's people read in
their notice that they must ring.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from saas import mail
from saas.db import action, db
from saas.jobs import Handler
from saas.languages import for_client
from saas.mail import Attachment, Mail
from saas.outbox import Effect, Later, emit
from saas.tenancy import current_tenant
from saas.words import _
from tenants.bookings import letters
from tenants.bookings.ics import CONTENT_TYPE, Method
from tenants.bookings.models import Booking
from tenants.bookings.rest import PAY_LINK
from tenants.bookings.rules import STANDING
from tenants.clients.models import Client
from tenants.clients.rules import reach_for
from tenants.clinic import queries as clinic_queries
from tenants.clinic.notices import REMINDER, Envelope, remind_at, wait_until
from tenants.payments import queries as payment_queries
from tenants.practitioners.models import Practitioner

LATE = timedelta(hours=1)
"""A second reminder that the worker comes to later than this is left out."""


@dataclass(frozen=True)
class _Letter:
    """What differs from mail to mail. `own` names the clinic's own paragraph for this kind."""

    template: str
    own: str = ""
    method: Method | None = None


CONFIRMED = _Letter("booking_confirmed", "confirmed", "PUBLISH")
CHANGED = _Letter("booking_changed", "changed", "PUBLISH")
CANCELLED = _Letter("booking_cancelled", "cancelled", "CANCEL")
REMINDED = _Letter("booking_reminder", "reminder")
REFUNDED = _Letter("booking_refunded", "refunded")
LOST = _Letter("payment_late_refunded")
ASKED = _Letter("booking_pay_link")


def _booking(effect: Effect) -> Booking | None:
    return db.session.get(Booking, UUID(str(effect.payload["booking_id"])))


def _is_old(effect: Effect, booking: Booking) -> bool:
    """Whether the booking has changed again since: the newer change has an effect of its own."""
    return int(effect.payload.get("sequence", booking.sequence)) != booking.sequence


def confirmed(effect: Effect, *, now: datetime) -> None:
    booking = _booking(effect)
    if booking is not None and booking.status == "confirmed":
        _to_client(effect, booking, CONFIRMED, now, free_until_local=letters.free_until(booking, now=now))


def changed(effect: Effect, *, now: datetime) -> None:
    booking = _booking(effect)
    if booking is not None and booking.status == "confirmed" and not _is_old(effect, booking):
        was = _was(effect, booking)
        if effect.payload.get("by") == "staff":
            _after_quiet_hours(now, min(was or booking.starts_at, booking.starts_at))
        free = letters.free_until(booking, now=now)
        _to_client(effect, booking, CHANGED, now, free_until_local=free, was_local=was)


def _was(effect: Effect, booking: Booking) -> datetime | None:
    """The start that the client knew of; None when it is that again, or only the person has changed."""
    was = effect.payload.get("was")
    if was is None or int(was) == int(booking.starts_at.timestamp()):
        return None
    return datetime.fromtimestamp(int(was), UTC).astimezone(ZoneInfo(booking.zone))


def cancelled(effect: Effect, *, now: datetime) -> None:
    booking = _booking(effect)
    if booking is not None and booking.status == "cancelled":
        if booking.ended_by != "client":
            _after_quiet_hours(now, booking.starts_at)
        kept = payment_queries.money_of(booking.id).kept
        _to_client(effect, booking, CANCELLED, now, refund=letters.sent_back(booking) or None, kept=kept or None)


def reminder(effect: Effect, *, now: datetime) -> None:
    booking = _booking(effect)
    if booking is None or booking.status != "confirmed" or _is_old(effect, booking) or now >= booking.starts_at:
        return
    which, since = int(effect.payload.get("which", 1)), int(effect.payload.get("since", 0))
    at = remind_at(which, booking.starts_at, clinic_queries.notices(), current_tenant().zone)
    if at is None or at.timestamp() <= since:
        raise Later(booking.starts_at)  # unless the clinic decides otherwise until then
    if now < at:
        raise Later(at)
    if which == 1 or now - at <= LATE:
        _to_client(effect, booking, REMINDED, now, free_until_local=letters.free_until(booking, now=now))


def _after_quiet_hours(now: datetime, session: datetime) -> None:
    """What the clinic did, and not the client, is told when the quiet hours are over, if the session leaves time."""
    until = wait_until(now, session, clinic_queries.notices(), current_tenant().zone)
    if until is not None:
        raise Later(until)


def refunded(effect: Effect, *, now: datetime) -> None:
    booking = _booking(effect)
    if booking is None:
        return
    named = effect.payload.get("refund_id")
    amount = letters.refund_of(UUID(str(named))) if named else letters.sent_back(booking)
    if amount:
        if booking.ended_by != "client":
            _after_quiet_hours(now, booking.starts_at)
        _to_client(effect, booking, REFUNDED, now, refund=amount)


def pay_link(effect: Effect, *, now: datetime) -> None:
    booking = _booking(effect)
    if booking is None or booking.status not in STANDING:
        return
    owed = payment_queries.money_of(booking.id).owed
    if owed:
        _after_quiet_hours(now, booking.starts_at)
        _to_client(effect, booking, ASKED, now, owed=owed)


def lost(effect: Effect, *, now: datetime) -> None:
    booking = _booking(effect)
    if booking is not None and booking.status != "confirmed":
        paid = payment_queries.money_of(booking.id).paid
        _to_client(effect, booking, LOST, now, refund=letters.sent_back(booking) or paid)


def _to_client(effect: Effect, booking: Booking, letter: _Letter, now: datetime, **more: Any) -> None:
    client = db.session.get(Client, booking.client_id) if booking.client_id else None
    address = letters.mail_address(booking, client)
    if client is None or not address:
        return
    locale = for_client(booking.locale, client.locale)
    more["words"] = clinic_queries.mail_text(letter.own) if letter.own else ""
    outside = clinic_queries.envelope()
    paper = _Paper(letter.template, locale, client.discreet_name or client.name, address, outside)
    written = _write(effect, booking, client, paper, more)
    if letter.method is not None:
        with mail.written_for(locale):
            data = letters.calendar_file(booking, now=now, method=letter.method)
        file = Attachment("session.ics", CONTENT_TYPE.format(method=letter.method), data)
        written = replace(written, attachments=(file,))
    _send(written, now=now)


@dataclass(frozen=True)
class _Paper:
    template: str
    locale: str
    to_name: str
    to_email: str
    outside: Envelope = field(default_factory=Envelope)


def _write(effect: Effect, booking: Booking, client: Client | None, paper: _Paper, more: Mapping[str, Any]) -> Mail:
    clinic = clinic_queries.clinic_view()
    with mail.written_for(paper.locale):
        said = letters.words_of(booking, client, place=clinic.place, locale=paper.locale)
    context = {"clinic": clinic, "booking": said, "links": letters.links_of(booking), **more}
    subject, text, html = mail.render(paper.template, paper.locale, region=clinic.country, **context)
    return Mail(
        to_name=paper.to_name,
        to_email=paper.to_email,
        subject=paper.outside.subject(subject),
        text=text,
        html=html,
        message_id=mail.message_id(effect.id),
        reply_to=clinic.email or None,
        from_name=paper.outside.sender_name or clinic.name,
    )


def _send(written: Mail, *, now: datetime) -> None:
    # Nothing of the database is held while the mail goes out: the other side may take a minute.
    db.session.rollback()
    mail.send(written, now=now)


_STILL_TRUE = {"new": ("confirmed",), "changed": ("confirmed",), "cancelled": ("cancelled",)}


def notice(effect: Effect, *, now: datetime) -> None:
    """Tell the practitioner and the clinic. Two addresses are two effects: one that fails is tried again alone."""
    booking = _booking(effect)
    what = str(effect.payload["what"])
    if booking is None or booking.status not in _STILL_TRUE.get(what, (booking.status,)) or _is_old(effect, booking):
        return
    addresses = _staff_addresses(booking)
    to = effect.payload.get("to")
    if to is None and len(addresses) > 1:
        _fan_out(effect, sorted(addresses), now=now)
        return
    chosen = addresses.get(str(to)) if to is not None else next(iter(addresses.values()), None)
    if chosen is not None:
        _to_staff(effect, booking, what, chosen, now)


def _staff_addresses(booking: Booking) -> dict[str, str]:
    person = db.session.get(Practitioner, booking.practitioner_id)
    found = {"clinic": clinic_queries.clinic_view().email, "practitioner": person.email if person else ""}
    if found["clinic"].casefold() == found["practitioner"].casefold():
        found["practitioner"] = ""
    return {name: email for name, email in found.items() if email}


@action
def _fan_out(effect: Effect, names: list[str], *, now: datetime) -> None:
    ids = {name: value for name, value in effect.payload.items() if name != "to"}
    for name in names:
        emit(effect.kind, run_at=now, dedupe=f"to-{name}:{effect.id}", to=name, **ids)


def _to_staff(effect: Effect, booking: Booking, what: str, email: str, now: datetime) -> None:
    client = db.session.get(Client, booking.client_id) if booking.client_id else None
    locale = current_tenant().locale
    with mail.written_for(locale):
        more = {"what": what, "who": letters.first_name_and_initial(client), "reach": _how_to_reach(booking, client)}
    paper = _Paper("booking_notice", locale, current_tenant().name, email)
    _send(_write(effect, booking, client, paper, more), now=now)


def _how_to_reach(booking: Booking, client: Client | None) -> str | None:
    if client is None or letters.mail_address(booking, client):
        return None
    if client.no_calls:
        return _no_calls(reach_for(client.reach, booking.typed.get("reach")))
    words: dict[str, str] = {
        "phone": _("Phone only: please ring. No email was sent."),
        "text": _("Text messages only: please text or ring. No email was sent."),
        "email": _("There is no email address: please ring."),
    }
    return words[reach_for(client.reach, booking.typed.get("reach"))]


def _no_calls(reach: str) -> str:
    """For whoever must not be rung: what is left."""
    if reach == "text":
        return _("Text messages only, and do not ring. No email was sent.")
    return _("They asked not to be rung, and no email was sent: look at their record.")


HANDLERS: dict[str, Handler] = {
    "booking.confirmed": confirmed,
    "booking.changed": changed,
    "booking.cancelled": cancelled,
    REMINDER: reminder,
    "booking.refunded": refunded,
    "booking.lost": lost,
    PAY_LINK: pay_link,
    "booking.notice": notice,
}
