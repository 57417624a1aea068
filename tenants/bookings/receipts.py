"""The receipt of a booking: what its pages know, as a PDF. For the client on the booking page, and for staff."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from werkzeug.wrappers import Response

from saas import formats
from saas.money import Money
from saas.shell import locale
from saas.words import _
from tenants.bookings.models import Booking
from tenants.bookings.places import NoSuchBooking
from tenants.bookings.queries import client_of, practitioner_of
from tenants.clinic.queries import clinic_view
from tenants.payments.queries import BookingMoney, Movement, find_payment, money_of, movements_of
from tenants.payments.receipts import Receipt, ReceiptLine, pdf


def receipt_file(booking: Booking) -> Response:
    """The PDF as an answer; `NoSuchBooking` when nothing was paid yet."""
    made = receipt_of(booking)
    response = Response(pdf(made), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="receipt-{made.number}.pdf"'
    return response


def has_receipt(money: BookingMoney) -> bool:
    """Whether there is something to write one about."""
    return bool(money.paid)


def receipt_of(booking: Booking) -> Receipt:
    """What the receipt says, in the reader's language; `NoSuchBooking` when nothing was paid yet."""
    payment, money = find_payment(booking.id), money_of(booking.id)
    moved = [one for one in movements_of(booking.id) if one.kind != "coming"]
    if payment is None or not moved:
        raise NoSuchBooking
    clinic, zone, tag = clinic_view(), ZoneInfo(booking.zone), locale()
    client = client_of(booking)
    last: datetime = max(one.at for one in moved)
    day = formats.full_date(booking.starts_at.astimezone(zone), tag)
    return Receipt(
        title=_("Receipt"),
        clinic=clinic.name,
        address=tuple(clinic.address_lines),
        number_label=_("Number"),
        number=f"{payment.created_at.astimezone(zone):%Y%m%d}-{payment.id.hex[-8:].upper()}",
        name_label=_("For"),
        name=client.name if client else "",
        unwritten=_("The name is on the booking page: this file has no letters for it."),
        about=_("Session on %(day)s with %(person)s", day=day, person=practitioner_of(booking).name),
        lines=tuple(
            ReceiptLine(_words(one), formats.full_date(one.at.astimezone(zone), tag), _signed(one, tag))
            for one in moved
        ),
        sums=_sums(money, booking, tag),
        language=tag.replace("_", "-"),
        made=last,
    )


def _words(one: Movement) -> str:
    if one.kind == "card":
        return _("Card ending %(last4)s", last4=one.how) if one.how else _("Card")
    if one.kind == "refund":
        return _("Sent back to your card")
    how = {"cash": _("Cash at the clinic"), "card": _("Card at the clinic"), "transfer": _("Bank transfer")}
    return how.get(one.how, _("Paid at the clinic"))


def _signed(one: Movement, tag: str) -> str:
    return formats.money(-one.amount if one.kind == "refund" else one.amount, tag)


def _sums(money: BookingMoney, booking: Booking, tag: str) -> tuple[tuple[str, str], ...]:
    paid: Money = money.paid - money.refunded
    found = [(_("Price"), booking.price), (_("Paid in all"), paid)]
    if money.owed:
        found.append((_("Still to pay"), money.owed))
    return tuple((words, formats.money(amount, tag)) for words, amount in found)
