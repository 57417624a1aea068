"""The rules of money, pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.money import Money
from tenants.payments import rules

NOW = datetime(2026, 3, 23, 9, 0, tzinfo=UTC)
AMOUNTS = st.integers(0, 10_000_000).map(lambda minor: Money(minor, "GBP"))


def gbp(minor: int) -> Money:
    return Money(minor, "GBP")


def test_a_late_fee_is_of_the_price_and_never_above_what_was_paid() -> None:
    full = rules.settlement(price=gbp(9000), paid=gbp(9000), percent=50)
    deposit = rules.settlement(price=gbp(9000), paid=gbp(2700), percent=50)
    small = rules.settlement(price=gbp(9000), paid=gbp(2700), percent=20)
    assert (full.refund, full.kept) == (gbp(4500), gbp(4500))
    assert (deposit.refund, deposit.kept) == (gbp(0), gbp(2700))
    assert (small.refund, small.kept) == (gbp(900), gbp(1800))


@given(price=AMOUNTS, paid=AMOUNTS, percent=st.integers(0, 100))
def test_refund_and_fee_add_up_to_what_was_paid(price: Money, paid: Money, percent: int) -> None:
    divided = rules.settlement(price=price, paid=paid, percent=percent)
    assert divided.refund + divided.kept == paid
    assert divided.refund.minor >= 0 <= divided.kept.minor


def test_our_fee_is_a_percent_rounded_half_up() -> None:
    assert [rules.platform_fee(gbp(minor), 1).minor for minor in (49, 50, 8000, 8049, 8050)] == [0, 1, 80, 80, 81]


@given(paid=st.integers(1, 1_000_000), cuts=st.lists(st.integers(1, 1_000_000), max_size=8))
def test_refunds_in_parts_return_exactly_the_whole_fee(paid: int, cuts: list[int]) -> None:
    whole, fee = gbp(paid), rules.platform_fee(gbp(paid), 1)
    parts = [*cuts, paid]
    back, returned = gbp(0), gbp(0)
    for part in parts:
        refund = min(gbp(part), whole - back, key=lambda money: money.minor)
        share = rules.fee_back(fee=fee, paid=whole, refunded=back, refund=refund, returned=returned)
        assert share.minor >= 0
        back, returned = back + refund, returned + share
    assert back == whole
    assert returned == fee


def test_a_session_is_over_only_when_both_clocks_must_agree() -> None:
    assert not rules.session_over(expires_at=NOW, now=NOW + timedelta(seconds=59))
    assert rules.session_over(expires_at=NOW, now=NOW + timedelta(minutes=1))
    assert rules.PAY_HOLD > rules.SESSION_LIFE + rules.CLOCKS_DIFFER


def test_which_press_goes_to_the_open_session() -> None:
    soon = NOW + timedelta(minutes=4)
    late = NOW + timedelta(minutes=20)
    assert rules.reusable(number=1, seen=0, expires_at=late, now=NOW)
    assert rules.reusable(number=1, seen=None, expires_at=late, now=NOW)
    assert not rules.reusable(number=1, seen=1, expires_at=late, now=NOW)
    assert not rules.reusable(number=1, seen=0, expires_at=soon, now=NOW)


@pytest.mark.parametrize(
    "locale, spoken", [("en-IE", "en"), ("pt_BR", "pt"), ("de", "de"), ("ga-IE", None), ("", None)]
)
def test_stripe_is_spoken_to_in_a_language_it_knows(locale: str, spoken: str | None) -> None:
    assert rules.checkout_language(locale) == spoken


def facts(
    status: str = "complete", payment: str = "paid", amount: Money | None = None, account: str = "acct_1"
) -> rules.SessionFacts:
    return rules.SessionFacts(status, payment, amount or gbp(100), account, gbp(100), "acct_1")


@pytest.mark.parametrize(
    "booking, verdict",
    [
        ("held", "confirm"),
        ("expired", "retake"),
        ("confirmed", "record"),
        ("arrived", "record"),
        ("completed", "record"),
        ("cancelled", "return"),
        ("no_show", "return"),
    ],
)
def test_what_paid_means_for_each_state_of_a_booking(booking: str, verdict: str) -> None:
    for attempt in ("open", "expired", "failed"):
        assert rules.settle(facts(), attempt=attempt, booking=booking, paid_before=False) == verdict
        assert rules.settle(facts(), attempt=attempt, booking=booking, paid_before=True) == "return"
    assert rules.settle(facts(), attempt="paid", booking=booking, paid_before=False) == "known"


@pytest.mark.parametrize("wrong", [{"amount": gbp(99)}, {"amount": Money(100, "EUR")}, {"account": "acct_2"}])
def test_other_money_than_was_asked_for_never_confirms(wrong: dict[str, object]) -> None:
    for attempt in ("open", "paid", "expired", "failed"):
        told = facts(**wrong)  # type: ignore[arg-type]
        assert rules.settle(told, attempt=attempt, booking="held", paid_before=False) == "mismatch"


def test_unpaid_sessions_close_once_or_wait() -> None:
    gone, open_ = facts("expired", "unpaid"), facts("open", "unpaid")
    assert rules.settle(gone, attempt="open", booking="held", paid_before=False) == "close"
    assert rules.settle(gone, attempt="expired", booking="held", paid_before=False) == "known"
    assert rules.settle(gone, attempt="paid", booking="confirmed", paid_before=False) == "known"
    assert rules.settle(open_, attempt="open", booking="held", paid_before=False) == "wait"
    assert rules.settle(facts("complete", "unpaid"), attempt="open", booking="held", paid_before=False) == "wait"


@given(amount=AMOUNTS)
def test_every_posting_adds_up_to_nothing(amount: Money) -> None:
    makers = (
        rules.charged, rules.uncharged, rules.fee_kept, rules.paid_by_card, rules.fee_taken,
        rules.refunded, rules.fee_returned, rules.refund_bounced, rules.waived, rules.forgiven, rules.unforgiven,
    )  # fmt: skip
    postings = [make("x", amount) for make in makers]
    postings.append(rules.paid_at_clinic("x", "transfer", amount))
    postings.append(rules.undone("x", "till-transfer", postings[-1].lines))
    postings += rules.dispute_postings("x", amount, stage="lost", was_held=False, won=False)
    postings += rules.dispute_postings("x", amount, stage="won", was_held=False, won=True)[1:]
    assert all(sum(money.minor for _, money in posting.lines) == 0 for posting in postings)
    assert len({posting.reference for posting in postings}) == len(postings)
    assert all(len(posting.kind) <= 20 and len(account) <= 20 for posting in postings for account, _ in posting.lines)
