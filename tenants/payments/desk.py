"""Money at the clinic: taken, waived, and taken back by a contrary entry. Nothing in the ledger is ever changed."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from saas import audit
from saas.db import action, db
from saas.errors import Conflict, Invalid
from saas.money import Money
from saas.stale import unchanged
from tenants.payments import rules
from tenants.payments.actions import BadAmount, PressUsed, ask_refund, left_of
from tenants.payments.ledger import is_written, post
from tenants.payments.models import LedgerEntry, Payment, Refund
from tenants.payments.queries import UNDOABLE, NoSuchPayment, balance_of_booking, lock_payment, was_asked


class MoreThanOwed(Invalid):
    """More was to be taken, or waived, than the client owes for this booking."""

    code = "more-than-owed"


class NotUndone(Conflict):
    """The entry is not one of the desk's, or it was taken back before."""

    code = "not-undone"


@action
def take_at_clinic(
    *, booking_id: UUID, client_id: UUID | None, amount: Money, method: str, click: str, now: datetime
) -> None:
    """Money at the desk, once per `click`; `method` is one of `rules.DESK_METHODS`.

    Raises `BadAmount`, `MoreThanOwed`, `NoSuchPayment`; `PressUsed` for a click of another deed.
    """
    payment = _checked(booking_id, amount, click)
    if method not in rules.DESK_METHODS:
        raise BadAmount
    _write(payment, rules.paid_at_clinic(_short(click), method, amount), client_id, "payment.at_clinic", now)


@action
def waive(*, booking_id: UUID, client_id: UUID | None, amount: Money, click: str, now: datetime) -> None:
    """Let go of `amount` of what is owed, once per `click`. Raises what `take_at_clinic` raises."""
    payment = _checked(booking_id, amount, click)
    _write(payment, rules.waived(_short(click), amount), client_id, "payment.waived", now)


def _checked(booking_id: UUID, amount: Money, click: str) -> Payment:
    payment = lock_payment(booking_id)
    if not click:
        raise PressUsed
    if amount.minor <= 0 or amount.currency != payment.currency:
        raise BadAmount
    return payment


def _write(payment: Payment, posting: rules.Posting, client_id: UUID | None, deed: str, now: datetime) -> None:
    if _is_known(payment, posting):
        return
    amount = posting.lines[0][1]
    if balance_of_booking(payment.booking_id) < amount:
        raise MoreThanOwed
    post(posting, booking_id=payment.booking_id, client_id=client_id, now=now)
    audit.record(deed, target="booking", target_id=payment.booking_id, now=now, amount=amount.minor, kind=posting.kind)


def _is_known(payment: Payment, posting: rules.Posting) -> bool:
    """Whether this very deed is in the ledger; `PressUsed` when another one has its click."""
    row = (LedgerEntry.booking_id, LedgerEntry.kind, LedgerEntry.account, LedgerEntry.amount_minor)
    found = db.session.execute(select(*row).where(LedgerEntry.reference == posting.reference)).all()
    meant = {(payment.booking_id, posting.kind, account, amount.minor) for account, amount in posting.lines}
    if found and {tuple(one) for one in found} != meant:
        raise PressUsed
    return bool(found)


def _short(click: str) -> str:
    return hashlib.sha256(click.encode("utf-8", "surrogatepass")).hexdigest()[:40]


@action
def give_back(*, booking_id: UUID, amount: Money, reason: str, click: str, seen: str | None, now: datetime) -> Refund:
    """Staff's refund to the card, once per `click`. `seen`: the mark of the `refund_facts` that its page showed.

    Raises `ChangedMeanwhile` when something moved since then, and what `ask_refund` raises.
    """
    payment = lock_payment(booking_id)
    if not was_asked(click):
        unchanged(seen, *refund_facts(payment))
    return ask_refund(booking_id=booking_id, amount=amount, reason=reason, click=click, now=now)


def refund_facts(payment: Payment) -> tuple[int, ...]:
    """What a page that offers a refund shows of its payment."""
    return (payment.paid_minor, payment.refunded_minor, payment.held_minor, payment.lost_minor, left_of(payment).minor)


@action
def take_back(*, booking_id: UUID, posting_id: UUID, now: datetime) -> None:
    """Undo what the desk wrote for this booking. Raises `NotUndone`, `NoSuchPayment`."""
    payment = lock_payment(booking_id)
    wanted = select(LedgerEntry).where(LedgerEntry.booking_id == booking_id, LedgerEntry.posting_id == posting_id)
    entries = list(db.session.execute(wanted).scalars())
    if not entries:
        raise NoSuchPayment
    first = entries[0]
    # After the end of the booking its price is gone, waived or not: to undo the waiver would charge it again.
    if first.kind not in UNDOABLE or (first.kind == "waived" and is_written(f"uncharge-{booking_id}")):
        raise NotUndone
    lines = tuple((entry.account, Money(entry.amount_minor, entry.currency)) for entry in entries)
    posting = rules.undone(posting_id, first.kind, lines)
    if not post(posting, booking_id=payment.booking_id, client_id=first.client_id, now=now):
        raise NotUndone
    amount = abs(first.amount_minor)
    audit.record("payment.undone", target="booking", target_id=booking_id, now=now, amount=amount, kind=first.kind)
