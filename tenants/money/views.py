"""The money pages' words and lines: rows turned into sentences, local dates and sums."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from saas.admin import current_account
from saas.money import Money
from saas.words import _
from saas.words import later as _l
from tenants.money.queries import Story
from tenants.money.rules import Standing, state_of
from tenants.payments.queries import UNDOABLE
from tenants.payments.rules import dispute_stage

STATE_WORDS = {
    "disputed": _l("Disputed"),
    "owed": _l("Owed"),
    "later": _l("To pay at the session"),
    "give_back": _l("To give back"),
    "lost": _l("Lost in a dispute"),
    "refunded": _l("Sent back"),
    "part_refunded": _l("Part sent back"),
    "paid": _l("Paid"),
    "nothing": _l("Nothing to pay"),
}
STATE_PILLS = {"disputed": "warn", "owed": "warn", "give_back": "warn", "later": "info", "paid": "ok"}
FILTERED = ("owed", "later", "paid", "refunded", "disputed", "lost", "give_back")
_ATTEMPT_WORDS = {
    "open": _l("Not finished"),
    "paid": _l("Paid"),
    "expired": _l("Not paid"),
    "failed": _l("Stripe did not answer"),
}
_REFUND_WORDS = {
    "asked": _l("On its way"),
    "done": _l("Sent back"),
    "failed": _l("Could not be sent back"),
}
REASON_WORDS = {
    "cancelled": _l("The booking was cancelled"),
    "lost": _l("Paid after the time was given away"),
    "duplicate": _l("Paid twice"),
    "goodwill": _l("As a kindness"),
    "mistake": _l("Taken by mistake"),
    "otherwise": _l("Paid another way"),
    "outside": _l("Made at Stripe"),
    "staff": _l("By the clinic"),
}
_DISPUTE_WORDS = {
    "warning_needs_response": _l("The bank asks. Please answer"),
    "warning_under_review": _l("The bank looks at your answer"),
    "warning_closed": _l("Closed, nothing was taken"),
    "needs_response": _l("The bank holds the money. Please answer"),
    "under_review": _l("The bank looks at your answer"),
    "won": _l("Decided for you, the money is back"),
    "lost": _l("Decided for the client"),
    "prevented": _l("Closed, nothing was taken"),
}
_CAUSE_WORDS = {
    "fraudulent": _l("“I did not pay this”"),
    "duplicate": _l("“I was charged twice”"),
    "product_not_received": _l("“I did not get it”"),
    "product_unacceptable": _l("“It was not as described”"),
    "credit_not_processed": _l("“I did not get my money back”"),
    "unrecognized": _l("“I do not know this charge”"),
}
_ENTRY_WORDS = {
    "charge": _l("Price of the session"),
    "uncharge": _l("The booking ended, its price is not owed"),
    "kept": _l("Kept by the cancellation policy"),
    "card": _l("Paid by card when booking"),
    "fee": _l("Longtide’s fee"),
    "fee-back": _l("Longtide’s fee, returned"),
    "till-cash": _l("Paid at the clinic, cash"),
    "till-card": _l("Paid at the clinic, card"),
    "till-transfer": _l("Paid by bank transfer"),
    "till-cash-undo": _l("Taken back: cash"),
    "till-card-undo": _l("Taken back: card at the clinic"),
    "till-transfer-undo": _l("Taken back: bank transfer"),
    "waived": _l("Waived"),
    "waived-undo": _l("Taken back: waived"),
    "refund": _l("Sent back to the card"),
    "bounced": _l("The bank did not take what was sent back"),
    "forgiven": _l("The price was lowered by what was sent back"),
    "unforgiven": _l("The price stands again"),
    "dispute": _l("Held by the client’s bank"),
    "dispute-won": _l("Given back by the client’s bank"),
    "dispute-lost": _l("Lost to the client’s bank"),
}


def dispute_words(status: str) -> str:
    """How a dispute stands."""
    return str(_DISPUTE_WORDS.get(status) or _("See at Stripe"))


def cause_words(reason: str) -> str:
    """What the client told the bank, as far as the bank says it."""
    return str(_CAUSE_WORDS.get(reason) or _("Another reason"))


@dataclass(frozen=True)
class Entry:
    """A line of what happened. `owed`: how it changes what the client owes, if it does; `undo` leads to a page."""

    at: datetime
    kind: str
    words: str
    amount: Money
    owed: Money | None
    undo: str | None


@dataclass(frozen=True)
class Try:
    """An attempt to pay by card."""

    at: datetime
    number: int
    words: str
    amount: Money
    card: str
    receipt: str | None


@dataclass(frozen=True)
class Sent:
    """A refund."""

    at: datetime
    words: str
    reason: str
    amount: Money


@dataclass(frozen=True)
class Asked:
    """A dispute of this payment."""

    opened: datetime
    words: str
    cause: str
    amount: Money
    answer_by: datetime | None


@dataclass(frozen=True)
class PaymentPage:
    """One payment whole, with times on the clinic's clock."""

    starts: datetime
    state: str
    state_words: str
    pill: str
    entries: list[Entry]
    tries: list[Try]
    refunds: list[Sent]
    disputes: list[Asked]


def payment_page(story: Story, *, now: datetime) -> PaymentPage:
    """The page of `story`."""
    zone = ZoneInfo(story.booking.zone)
    paid = story.payment
    standing = Standing(
        got=paid.paid_minor + paid.desk_minor, refunded=paid.refunded_minor, held=paid.held_minor,
        lost=paid.lost_minor, owed=paid.owed_minor,
    )  # fmt: skip
    state = state_of(standing, status=story.booking.status, starts_at=story.booking.starts_at, now=now)
    return PaymentPage(
        starts=story.booking.starts_at.astimezone(zone),
        state=state,
        state_words=str(STATE_WORDS[state]),
        pill=STATE_PILLS.get(state, "off"),
        entries=entries_of(story, zone),
        tries=[
            Try(
                (one.paid_at or one.created_at).astimezone(zone), one.number, str(_ATTEMPT_WORDS[one.state]),
                story.money(one.amount_minor), card_words(one.card_brand, one.card_last4), one.receipt_url,
            )
            for one in story.attempts
        ],
        refunds=[
            Sent(
                (one.done_at or one.created_at).astimezone(zone), str(_REFUND_WORDS[one.state]),
                str(REASON_WORDS.get(one.reason, one.reason)), story.money(one.amount_minor),
            )
            for one in story.refunds
        ],
        disputes=[
            Asked(
                one.opened_at.astimezone(zone), dispute_words(one.status), cause_words(one.reason),
                story.money(one.amount_minor), due_of(one, zone),
            )
            for one in story.disputes
        ],
    )  # fmt: skip


def due_of(dispute: Any, zone: ZoneInfo) -> datetime | None:
    """Until when the clinic may answer; None when there is nothing to answer any more."""
    waits = dispute.status in ("needs_response", "warning_needs_response")
    return dispute.answer_by.astimezone(zone) if waits and dispute.answer_by else None


def is_open(status: str) -> bool:
    """Whether a dispute is still to be decided."""
    return dispute_stage(status) in ("asked", "held") and status != "warning_closed"


def card_words(brand: str | None, last4: str | None) -> str:
    """Like "Visa ending 4242"."""
    return _("%(brand)s ending %(last4)s", brand=(brand or "").title(), last4=last4) if last4 else ""


def entries_of(story: Story, zone: ZoneInfo, *, only: UUID | None = None) -> list[Entry]:
    """A line for each posting (or for this one), oldest first, with what it did to what is owed."""
    undone = {one.reference for one in story.entries}
    gone = f"uncharge-{story.booking.id}" in undone
    found: dict[UUID, Entry] = {}
    for one in story.entries:
        words = str(_ENTRY_WORDS.get(one.kind, one.kind))
        known = found.get(one.posting_id)
        owed = story.money(one.amount_minor) if one.account == "client" else known.owed if known else None
        undo = None
        if one.kind in UNDOABLE and f"undo-{one.posting_id}" not in undone and not (one.kind == "waived" and gone):
            undo = url_for("money_desk.undo", id=story.booking.id, posting=one.posting_id)
        found[one.posting_id] = Entry(
            one.at.astimezone(zone), one.kind, words, story.money(abs(one.amount_minor)), owed, undo
        )
    chosen = [entry for posting, entry in found.items() if only in (None, posting)]
    return sorted(chosen, key=lambda entry: entry.at)


def tabs(here: str) -> list[tuple[str, str, bool]]:
    """The money pages that the reader may open: name, address, whether we are there."""
    account = current_account()
    pages = [("money", _("Payments"), "money.index_view"), ("owed", _("Who owes what"), "money_owed.index")]
    if account is not None and account.role == "owner":
        pages += [
            ("totals", _("Totals"), "money_totals.index"),
            ("disputes", _("Disputes"), "money_disputes.index"),
            ("payouts", _("Payouts"), "money_payouts.index"),
        ]
    return [(name, url_for(endpoint), key == here) for key, name, endpoint in pages]
