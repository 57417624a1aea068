"""The last weeks played again under another policy. Pure: what happened comes in, nothing is changed by it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from saas.money import Money
from tenants.bookings.rules import PolicyTerms
from tenants.clinic.rules import PolicyRequest
from tenants.payments.rules import Settlement, settlement

LOOK_BACK = timedelta(days=90)


@dataclass(frozen=True)
class Ended:
    """A booking that did not take place. `ended_at`: when the client cancelled; for a no-show it does not count.
    `paid`: what they had paid by card. `terms`: what they were promised."""

    id: UUID
    how: Literal["cancelled", "no_show"]
    starts_at: datetime
    ended_at: datetime
    price: Money
    paid: Money
    terms: PolicyTerms


@dataclass(frozen=True)
class Played:
    """One of them: how its money was divided by the policy of its day, and how another would have divided it."""

    ended: Ended
    before: Settlement
    after: Settlement

    @property
    def differs(self) -> bool:
        """Whether the other policy makes a difference here."""
        return self.before != self.after


@dataclass(frozen=True)
class Sums:
    """The totals of a replay."""

    kept_before: Money
    kept_after: Money
    refunded_before: Money
    refunded_after: Money
    different: int


def replay(endings: Iterable[Ended], policy: PolicyRequest) -> list[Played]:
    """Each ending under the policy it was promised and under `policy`, in the order given. Refund and kept add up to
    what was paid, in both."""
    return [Played(one, _divided(one, one.terms), _divided(one, _under(one.terms, policy))) for one in endings]


def sums_of(played: Sequence[Played], currency: str) -> Sums:
    """What `played` comes to."""
    zero = Money.zero(currency)
    return Sums(
        kept_before=sum((one.before.kept for one in played), zero),
        kept_after=sum((one.after.kept for one in played), zero),
        refunded_before=sum((one.before.refund for one in played), zero),
        refunded_after=sum((one.after.refund for one in played), zero),
        different=sum(one.differs for one in played),
    )


def short_name(name: str) -> str:
    """Like Cleo M.: enough for whoever gives the session, too little for a stranger who sees the calendar."""
    first, *rest = name.split() or [""]
    return f"{first} {rest[-1][0]}." if rest else first


def _divided(ended: Ended, terms: PolicyTerms) -> Settlement:
    if ended.how == "no_show":
        percent = terms.no_show_percent
    else:
        free = terms.is_free(starts_at=ended.starts_at, now=ended.ended_at)
        percent = 0 if free else terms.late_fee_percent
    return settlement(price=ended.price, paid=ended.paid, percent=percent)


def _under(terms: PolicyTerms, policy: PolicyRequest) -> PolicyTerms:
    """`policy` in place of `terms`. A booking that was moved late keeps the start it was late for: the moment from
    which a fee was due lies `free_hours` before that one."""
    since = terms.late_since
    if since is not None:
        since += timedelta(hours=terms.free_hours - policy.free_hours)
    return replace(
        terms,
        free_hours=policy.free_hours,
        late_fee_percent=policy.late_fee_percent,
        no_show_percent=policy.no_show_percent,
        late_since=since,
    )
