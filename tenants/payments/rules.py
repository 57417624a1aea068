"""The rules of money: what comes back, our fee, the clocks of paying, and what to make of a session at Stripe.

Pure: amounts are `Money`, times are passed in. What is due when booking is the service's rule (`services/rules.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from saas.money import Money

SESSION_LIFE = timedelta(minutes=31)
"""How long Stripe's page can be paid; Stripe's own least is 30 minutes, counted on its clock."""
PAY_HOLD = timedelta(minutes=35)
"""How long the place is kept from the press of Pay: always longer than the session lives."""
CLOCKS_DIFFER = timedelta(minutes=1)
"""By how much Stripe's clock and ours may disagree before we call a session over without asking."""
MAX_ATTEMPTS = 10
"""Attempts to pay a booking may see; after that somebody holds a place by pressing Pay."""
REUSE_LEFT = timedelta(minutes=5)
"""A session with less time than this is not offered again: typing a card number must not be a race."""
ASK_PAUSE = timedelta(seconds=10)
"""The return page has Stripe asked once a booking in this time."""
RECONCILE_AFTER = tuple(timedelta(minutes=m) for m in (2, 5, 15, 35))
"""When the worker asks Stripe by itself how an attempt ended: webhooks get lost."""
DESK_METHODS = ("cash", "card", "transfer")
"""How people pay at the clinic. `card` is the clinic's own terminal: that money never passes Stripe."""
GIVEN_UP = frozenset(("goodwill", "mistake", "outside"))
"""Reasons of refunds that lower what the client owes; after any other the price is still to be paid, another way."""

# What Stripe's page can be shown in, by language alone (docs.stripe.com/js/appendix/supported_locales).
_STRIPE_SPEAKS = frozenset(
    "bg cs da de el en es et fi fil fr hr hu id it ja ko lt lv ms mt nb nl pl pt ro ru sk sl sv th tr vi zh".split()
)

Verdict = Literal["wait", "known", "close", "confirm", "retake", "record", "return", "mismatch"]


@dataclass(frozen=True)
class Settlement:
    """How the money of a booking that ends is divided: `refund` + `kept` = what was paid."""

    refund: Money
    kept: Money


def settlement(*, price: Money, paid: Money, percent: int) -> Settlement:
    """`percent` of the *price* is kept, never more than was `paid`; the rest of what was paid comes back."""
    kept = min(price.percent(percent), paid, key=lambda money: money.minor)
    return Settlement(refund=paid - kept, kept=kept)


def platform_fee(amount: Money, percent: int) -> Money:
    """Our fee on a card payment (`percent`: what the clinic's is), rounded half up."""
    return amount.percent(percent)


def fee_back(*, fee: Money, paid: Money, refunded: Money, refund: Money, returned: Money) -> Money:
    """What of our `fee` goes back with `refund`, when `refunded` of `paid` and `returned` of the fee went back before.

    Counted from the sums, so that refunds in many parts return exactly the whole fee, even after one that left it where
    it was (made at Stripe itself). Stripe counts so, too.
    """
    due = fee.share(refunded + refund, paid) - returned
    return due if due.minor > 0 else Money.zero(fee.currency)


def lowered(*, reason: str, refund: Money, owed: Money) -> Money:
    """By how much less is owed once `refund` is back, when the ledger then says `owed`: never more than that."""
    if reason not in GIVEN_UP or owed.minor <= 0:
        return Money.zero(refund.currency)
    return min(refund, owed, key=lambda money: money.minor)


Stage = Literal["asked", "held", "won", "lost"]
_STAGES: dict[str, Stage] = {"needs_response": "held", "under_review": "held", "lost": "lost", "won": "won"}


def dispute_stage(status: str) -> Stage:
    """What a dispute's status at Stripe means for the money: only `asked` about, `held`, back (`won`) or `lost`.

    An inquiry (`warning_…`) holds nothing; `prevented` ended before anything was lost
    (docs.stripe.com/api/disputes/object). A status we have never heard of moves no money.
    """
    return "won" if status == "prevented" else _STAGES.get(status, "asked")


def is_news(*, known: Stage, known_at: datetime, told: Stage, told_at: datetime) -> bool:
    """Whether what is told now is newer than what is known. Events come twice and in any order; a decision stays."""
    if known in ("won", "lost"):
        return False
    order = ("asked", "held", "won", "lost")
    return (told_at, order.index(told)) > (known_at, order.index(known)) or told in ("won", "lost")


def session_over(*, expires_at: datetime, now: datetime) -> bool:
    """Whether a session can certainly not be paid any more, even if Stripe cannot be asked."""
    return now >= expires_at + CLOCKS_DIFFER


def reusable(*, number: int, seen: int | None, expires_at: datetime, now: datetime) -> bool:
    """Whether a press of Pay goes to the attempt that is open already.

    `seen`: how many attempts there were when the page with the button was made. A double click has seen fewer than
    there are now; who comes back from Stripe by "cancel" has seen them all and gets a new one. None: nobody counted.
    """
    return (seen is None or seen < number) and expires_at - now >= REUSE_LEFT


def spread(amount: Money, left: Sequence[Money]) -> list[tuple[int, Money]] | None:
    """From which payments (place in `left`, part) `amount` is given back: from the first that is large enough by
    itself, else from each in turn. None when all of them are too little."""
    for place, one in enumerate(left):
        if not one < amount:
            return [(place, amount)]
    parts, missing = [], amount
    for place, one in enumerate(left):
        part = min(one, missing)
        if part:
            parts.append((place, part))
            missing -= part
    return None if missing else parts


def checkout_language(locale: str) -> str | None:
    """Stripe's name for the language of `locale` (en-IE → en), or None to let the browser say."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in _STRIPE_SPEAKS else None


@dataclass(frozen=True)
class SessionFacts:
    """A session as Stripe tells it, beside what we asked for. `account` is the one the news came from."""

    status: str
    payment_status: str
    amount: Money
    account: str
    asked_amount: Money
    asked_account: str

    @property
    def paid(self) -> bool:
        """Whether the money is there. Cards only: what is not paid at completion never will be."""
        return self.status == "complete" and self.payment_status == "paid"

    @property
    def as_asked(self) -> bool:
        """Whether amount, currency and account are what we asked for."""
        return self.amount == self.asked_amount and self.account == self.asked_account


def settle(facts: SessionFacts, *, attempt: str, booking: str, paid_before: bool) -> Verdict:
    """What the news about one attempt (its state) means for its booking (its status). The same news twice is `known`.

    `paid_before`: the booking holds money of another attempt. The verdicts: `confirm` a held booking; `retake` the
    place of an expired one, else give the money back; `record` money for a booking that stands already; `return` money
    that nobody owes; `close` an attempt that ended unpaid; `mismatch`: somebody must look; `wait`: not over.
    """
    if not facts.paid:
        if facts.status != "expired":
            return "wait" if attempt == "open" else "known"
        return "close" if attempt == "open" else "known"
    if not facts.as_asked:
        return "mismatch"
    if attempt == "paid":
        return "known"
    if paid_before:
        return "return"
    verdicts: dict[str, Verdict] = {
        "held": "confirm",
        "expired": "retake",
        "confirmed": "record",
        "arrived": "record",
        "completed": "record",
    }
    return verdicts.get(booking, "return")


@dataclass(frozen=True)
class Posting:
    """One event of money. `lines`: (account, amount), plus = debit; they add up to nothing. `reference` makes it happen
    once.

    Accounts: `client` (what the client owes: plus), `income` and `kept` (what the clinic has earned: minus), `waived`
    (what it let go), `card` (its balance at Stripe), `till` (its money at the desk), `disputed` (what a client's bank
    holds), `platform` (our fee, its cost).
    """

    kind: str
    reference: str
    lines: tuple[tuple[str, Money], ...]


def _posting(kind: str, reference: object, debit: str, credit: str, amount: Money) -> Posting:
    return Posting(kind, f"{kind}-{reference}", ((debit, amount), (credit, -amount)))


def charged(booking: object, price: Money) -> Posting:
    """The booking stands: the client owes the price."""
    return _posting("charge", booking, "client", "income", price)


def uncharged(booking: object, price: Money) -> Posting:
    """The booking has ended before its session: the price is owed no more."""
    return _posting("uncharge", booking, "income", "client", price)


def fee_kept(booking: object, kept: Money) -> Posting:
    """What the policy lets the clinic keep of a cancelled or missed session."""
    return _posting("kept", booking, "client", "kept", kept)


def paid_by_card(attempt: object, amount: Money) -> Posting:
    """A card payment arrived at the clinic's account."""
    return _posting("card", attempt, "card", "client", amount)


def fee_taken(attempt: object, fee: Money) -> Posting:
    """Our fee left the clinic's account with that payment."""
    return _posting("fee", attempt, "platform", "card", fee)


def paid_at_clinic(click: object, method: str, amount: Money) -> Posting:
    """Money at the desk. One click is one payment, whatever else was chosen with it."""
    return Posting(f"till-{method}", f"till-{click}", (("till", amount), ("client", -amount)))


def waived(click: object, amount: Money) -> Posting:
    """The clinic lets go of what is owed."""
    return _posting("waived", click, "waived", "client", amount)


def undone(posting: object, kind: str, lines: tuple[tuple[str, Money], ...]) -> Posting:
    """The contrary of a posting of the desk: nothing in the ledger is ever changed."""
    return Posting(f"{kind}-undo", f"undo-{posting}", tuple((account, -amount) for account, amount in lines))


def forgiven(refund: object, amount: Money) -> Posting:
    """With a refund the price comes down."""
    return _posting("forgiven", refund, "waived", "client", amount)


def unforgiven(refund: object, amount: Money) -> Posting:
    """That refund bounced: the price stands again."""
    return _posting("unforgiven", refund, "client", "waived", amount)


def dispute_postings(dispute: object, amount: Money, *, stage: Stage, was_held: bool, won: bool) -> list[Posting]:
    """All that has happened to a disputed amount by this stage; the ledger takes each once.

    `was_held`: the bank had the money before; `won`: it was decided for the clinic, so it must have had it.
    """
    held = _posting("dispute", dispute, "disputed", "card", amount)
    if stage == "held":
        return [held]
    if stage == "lost":
        return [held, _posting("dispute-lost", dispute, "client", "disputed", amount)]
    if stage == "won" and (was_held or won):
        return [held, _posting("dispute-won", dispute, "card", "disputed", amount)]
    return []


def refunded(refund: object, amount: Money) -> Posting:
    """Money went back to the card."""
    return _posting("refund", refund, "client", "card", amount)


def fee_returned(refund: object, fee: Money) -> Posting:
    """Our fee came back with it, in proportion."""
    return _posting("fee-back", refund, "card", "platform", fee)


def refund_bounced(refund: object, amount: Money) -> Posting:
    """The bank did not take the refund: the money is with the clinic again, and still owed."""
    return _posting("bounced", refund, "card", "client", amount)
