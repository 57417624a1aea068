"""What was owed, paid and given back: by booking, client and day. And the locked rows that actions begin with."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, bindparam, case, func, literal_column, select

from saas.db import db, line
from saas.errors import NotFound
from saas.money import Money
from saas.tenancy import current_tenant
from tenants.payments.models import LedgerEntry, Payment, PaymentAttempt, Refund
from tenants.payments.rules import DESK_METHODS


class NoSuchPayment(NotFound):
    """Nothing was ever owed for this booking, or there is no such attempt or refund."""

    code = "no-such-payment"


@dataclass(frozen=True)
class BookingMoney:
    """The money of one booking. `by_card` and `at_clinic`: what was paid, refunds not taken off. `owed`: what the
    client still has to pay at the clinic (nothing until it is confirmed); `coming_back`: refunds on their way;
    `disputed`: held by the client's bank, or lost to it.

    The card's brand, last digits and receipt are Stripe's, and None before they are known. `attempts`: how many tries
    there were (the page's Pay button hands it to `start_payment` as `seen`).
    """

    by_card: Money
    at_clinic: Money
    refunded: Money
    coming_back: Money
    kept: Money
    owed: Money
    disputed: Money
    card_brand: str | None = None
    card_last4: str | None = None
    receipt_url: str | None = None
    attempts: int = 0

    @property
    def paid(self) -> Money:
        """All that was paid, refunds not taken off."""
        return self.by_card + self.at_clinic

    @property
    def refundable(self) -> Money:
        """What can still be given back to the card."""
        return _not_below_zero(self.by_card - self.refunded - self.coming_back - self.disputed)


@dataclass(frozen=True)
class Totals:
    """What happened to money between two instants, as the ledger has it.

    `cash`, `reader` (the clinic's own card terminal) and `transfer` are the desk's, what was undone taken off;
    `refunded`: what went back, bounces taken off; `disputed`: what banks took, less what they gave back; `fees`: what
    went to the platform, returns taken off; `kept`: of late cancellations and no-shows; `waived`: let go.
    """

    by_card: Money
    cash: Money
    reader: Money
    transfer: Money
    refunded: Money
    disputed: Money
    fees: Money
    kept: Money
    waived: Money

    @property
    def at_clinic(self) -> Money:
        """All of the desk."""
        return self.cash + self.reader + self.transfer

    @property
    def received(self) -> Money:
        """Card and desk together."""
        return self.by_card + self.at_clinic

    @property
    def net(self) -> Money:
        """What is left: exactly what the accounts `card` and `till` grew by."""
        return self.received - self.refunded - self.disputed - self.fees


def has_payment(booking_id: UUID) -> bool:
    """Whether the booking has a payment: a cheaper question than asking for it, and mostly the answer is no."""
    asked = {"mine": current_tenant().id, "booking": booking_id}
    return line().execute(_payment_of(), asked).first() is not None


@lru_cache(maxsize=1)
def _payment_of() -> Any:
    payment = Payment.__table__.c
    mine = payment.tenant_id == bindparam("mine", type_=Uuid())
    return select(payment.id).where(mine, payment.booking_id == bindparam("booking", type_=Uuid()))


def lock_payment(booking_id: UUID) -> Payment:
    """Inside an action: the booking's payment, fresh and locked; `NoSuchPayment` when there is none."""
    wanted = select(Payment).where(Payment.booking_id == booking_id).with_for_update()
    found = db.session.execute(wanted.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None:
        raise NoSuchPayment
    return found


def find_payment(booking_id: UUID) -> Payment | None:
    """The booking's payment as it is now, if anything was ever owed."""
    wanted = select(Payment).where(Payment.booking_id == booking_id).execution_options(populate_existing=True)
    return db.session.execute(wanted).scalar_one_or_none()


def attempts_of(payment_id: UUID, *, fresh: bool = False) -> list[PaymentAttempt]:
    """A payment's attempts, oldest first."""
    wanted = select(PaymentAttempt).where(PaymentAttempt.payment_id == payment_id).order_by(PaymentAttempt.number)
    return list(db.session.execute(wanted.execution_options(populate_existing=fresh)).scalars())


def booking_of_attempt(attempt_id: UUID) -> UUID | None:
    """The booking an attempt pays for; None when this clinic has no such attempt."""
    wanted = select(Payment.booking_id).join(PaymentAttempt, PaymentAttempt.payment_id == Payment.id)
    return db.session.execute(wanted.where(PaymentAttempt.id == attempt_id)).scalar_one_or_none()


def attempt_of_intent(payment_intent: str) -> PaymentAttempt | None:
    """The attempt that a Stripe payment belongs to."""
    wanted = select(PaymentAttempt).where(PaymentAttempt.payment_intent == payment_intent)
    return db.session.execute(wanted).scalars().first()


def pending_refunds(payment_id: UUID) -> list[Refund]:
    """Refunds that Stripe has not answered for yet."""
    wanted = select(Refund).where(Refund.payment_id == payment_id, Refund.state == "asked")
    return list(db.session.execute(wanted).scalars())


def is_open() -> ColumnElement[bool]:
    """Something is owed, one way or the other: said as the index of such payments says it (a bound 0 would not find
    it)."""
    return Payment.owed_minor != literal_column("0")


def was_asked(click: str) -> bool:
    """Whether this press of a button has asked for a refund already."""
    return db.session.execute(select(Refund.id).where(Refund.click == click[:80])).first() is not None


def refunds_of_attempt(attempt_id: UUID) -> list[Refund]:
    """An attempt's refunds that happened or may yet, oldest first."""
    wanted = select(Refund).where(Refund.attempt_id == attempt_id, Refund.state != "failed").order_by(Refund.id)
    return list(db.session.execute(wanted).scalars())


def money_of(booking_id: UUID) -> BookingMoney:
    """The money of one booking; all nothing when there never was any."""
    return money_of_many([booking_id])[booking_id]


def money_of_many(booking_ids: Collection[UUID]) -> dict[UUID, BookingMoney]:
    """The money of each of these bookings, in three queries however many they are."""
    zero = Money.zero(current_tenant().currency)
    found = {one: BookingMoney(zero, zero, zero, zero, zero, zero, zero) for one in booking_ids}
    if not found:
        return found
    by_booking = _ledger_sums(select(LedgerEntry.booking_id), LedgerEntry.booking_id.in_(found))
    for booking_id, sums in by_booking.items():
        found[booking_id] = replace(
            found[booking_id],
            by_card=sums.get(("card", "card"), zero),
            at_clinic=_balance(sums, zero, "till"),
            kept=-sums.get(("kept", "kept"), zero),
            owed=_not_below_zero(_balance(sums, zero)),
            disputed=_balance(sums, zero, "disputed") + sums.get(("dispute-lost", "client"), zero),
        )
    _add_refunds(found)
    _add_cards(found)
    return found


Sums = dict[tuple[str, str], Money]
UNDOABLE = frozenset(("waived", *(f"till-{method}" for method in DESK_METHODS)))
"""The kinds of postings that the desk makes, and may take back by a contrary one."""


def _ledger_sums(who: Select[tuple[UUID]], *where: object) -> dict[UUID, Sums]:
    """(kind, account) → sum, for each key that `who` selects."""
    (key,) = who.selected_columns
    total = func.sum(LedgerEntry.amount_minor)
    wanted = who.add_columns(LedgerEntry.kind, LedgerEntry.account, LedgerEntry.currency, total)
    grouped = wanted.where(*where).group_by(key, LedgerEntry.kind, LedgerEntry.account, LedgerEntry.currency)  # type: ignore[arg-type]
    found: dict[UUID, Sums] = {}
    for one, kind, account, currency, minor in db.session.execute(grouped):
        found.setdefault(one, {})[kind, account] = Money(int(minor), currency)
    return found


def _balance(sums: Sums, zero: Money, account: str = "client") -> Money:
    return sum((money for (_, name), money in sums.items() if name == account), zero)


def _not_below_zero(money: Money) -> Money:
    return money if money.minor > 0 else Money.zero(money.currency)


def _add_refunds(found: dict[UUID, BookingMoney]) -> None:
    wanted = (
        select(Payment.booking_id, Refund.state, Payment.currency, func.sum(Refund.amount_minor))
        .join(Refund, Refund.payment_id == Payment.id)
        .where(Payment.booking_id.in_(found), Refund.state != "failed")
        .group_by(Payment.booking_id, Refund.state, Payment.currency)
    )
    for booking_id, state, currency, minor in db.session.execute(wanted):
        money, amount = found[booking_id], Money(int(minor), currency)
        done = state == "done"
        found[booking_id] = replace(money, refunded=amount) if done else replace(money, coming_back=amount)


def _add_cards(found: dict[UUID, BookingMoney]) -> None:
    wanted = (
        select(
            Payment.booking_id,
            PaymentAttempt.number,
            PaymentAttempt.state,
            PaymentAttempt.card_brand,
            PaymentAttempt.card_last4,
            PaymentAttempt.receipt_url,
        )
        .join(PaymentAttempt, PaymentAttempt.payment_id == Payment.id)
        .where(Payment.booking_id.in_(found))
        .order_by(PaymentAttempt.number)
    )
    for booking_id, number, state, brand, last4, receipt in db.session.execute(wanted):
        money = replace(found[booking_id], attempts=number)
        if state == "paid":
            money = replace(money, card_brand=brand, card_last4=last4, receipt_url=receipt)
        found[booking_id] = money


def balance_of_booking(booking_id: UUID) -> Money:
    """What is owed for a booking: plus, the client owes; minus, the clinic does (a refund on its way)."""
    return _balance_where(LedgerEntry.booking_id == booking_id)


def _balance_where(where: ColumnElement[bool], *, account: str = "client") -> Money:
    wanted = select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0)).where(LedgerEntry.account == account, where)
    return Money(int(db.session.execute(wanted).scalar_one()), current_tenant().currency)


def waived_of(booking_id: UUID) -> Money:
    """How much of a booking's price was let go, or came down with a refund."""
    return _balance_where(LedgerEntry.booking_id == booking_id, account="waived")


def day_totals(*, since: datetime, until: datetime) -> Totals:
    """What happened to money in `[since, until)`."""
    return totals_between([since, until])[0]


def totals_between(edges: Sequence[datetime]) -> list[Totals]:
    """The totals of each span between two neighbouring `edges` (rising), in one query."""
    span = case(*((LedgerEntry.at < edge, number) for number, edge in enumerate(edges[1:])), else_=-1)
    total = func.sum(LedgerEntry.amount_minor)
    wanted = (
        select(span, LedgerEntry.kind, LedgerEntry.account, LedgerEntry.currency, total)
        .where(LedgerEntry.at >= edges[0], LedgerEntry.at < edges[-1])
        .group_by(literal_column("1"), LedgerEntry.kind, LedgerEntry.account, LedgerEntry.currency)
    )
    found: list[Sums] = [{} for _ in edges[1:]]
    for number, kind, account, currency, minor in db.session.execute(wanted):
        found[number][kind, account] = Money(int(minor), currency)
    zero = Money.zero(current_tenant().currency)
    return [_totals(sums, zero) for sums in found]


def _totals(sums: Sums, zero: Money) -> Totals:
    def of(account: str, *kinds: str) -> Money:
        return sum((sums.get((kind, account), zero) for kind in kinds), zero)

    return Totals(
        by_card=of("card", "card"),
        cash=of("till", "till-cash", "till-cash-undo"),
        reader=of("till", "till-card", "till-card-undo"),
        transfer=of("till", "till-transfer", "till-transfer-undo"),
        refunded=-of("card", "refund", "bounced"),
        disputed=-of("card", "dispute", "dispute-won"),
        fees=of("platform", "fee", "fee-back"),
        kept=-of("kept", "kept"),
        waived=_balance(sums, zero, "waived"),
    )


@dataclass(frozen=True)
class Movement:
    """Money that moved: `kind` is card, clinic, refund (it is back) or coming (on its way back). `how`: the last digits
    of the card, or the desk's method."""

    kind: str
    amount: Money
    at: datetime
    how: str = ""


def movements_of(booking_id: UUID) -> list[Movement]:
    """Every payment and refund of a booking, in order."""
    payment = find_payment(booking_id)
    if payment is None:
        return []
    found = [
        Movement("card", Money(a.amount_minor, payment.currency), a.paid_at, a.card_last4 or "")
        for a in attempts_of(payment.id)
        if a.state == "paid" and a.paid_at is not None
    ]
    refunds = db.session.execute(select(Refund).where(Refund.payment_id == payment.id)).scalars()
    for refund in refunds:
        if refund.state != "failed":
            kind = "refund" if refund.state == "done" else "coming"
            amount = Money(refund.amount_minor, payment.currency)
            found.append(Movement(kind, amount, refund.done_at or refund.created_at))
    found += [
        Movement("clinic", entry.amount, entry.at, entry.kind.removeprefix("till-"))
        for entry in desk_lines(booking_id)
        if entry.account == "till" and entry.undoable
    ]
    return sorted(found, key=lambda m: m.at)


@dataclass(frozen=True)
class DeskLine:
    """A line that the desk wrote: money taken or a sum waived. `undoable`: nobody has undone it, and it undoes none."""

    posting_id: UUID
    kind: str
    account: str
    amount: Money
    at: datetime
    undoable: bool


def desk_lines(booking_id: UUID) -> list[DeskLine]:
    """What was taken at the desk or waived for a booking, and what was undone of it, oldest first."""
    wanted = (
        select(LedgerEntry)
        .where(LedgerEntry.booking_id == booking_id, LedgerEntry.account.in_(("till", "waived")))
        .order_by(LedgerEntry.at, LedgerEntry.id)
    )
    rows = list(db.session.execute(wanted).scalars())
    undone = {row.reference for row in rows}
    return [
        DeskLine(
            row.posting_id, row.kind, row.account, Money(row.amount_minor, row.currency), row.at,
            row.kind in UNDOABLE and f"undo-{row.posting_id}" not in undone,
        )
        for row in rows
    ]  # fmt: skip
