"""Paying for a hold, over loopback with the real library: from the press of Pay to the booking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from tenants.bookings.checkout import PaymentsDown, settle_attempt, start_payment
from tenants.bookings.checkout_steps import CardUnavailable, DetailsMissing, NothingToPay
from tenants.bookings.moves import cancel
from tenants.bookings.places import NoSuchBooking, SlotTaken
from tenants.bookings.rules import Details
from tenants.payments.attempts import TooManyTries
from tenants.payments.queries import money_of
from tests.cast import Clinic
from tests.till import Till, attempts, balance, book, held, ledger_of, open_till, outbox_rows, run_due, status_of

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]


@pytest.fixture
def till(app: Flask, tmp_path: Path, now: datetime) -> Iterator[Till]:
    with open_till(app, tmp_path, now=now) as made:
        yield made


def test_a_client_pays_and_is_booked(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    url = start_payment(booking_id=booking, now=now)
    assert url.startswith(till.address)
    assert status_of(booking) == "held"
    assert till.press(url) == 303
    for event in till.events():
        till.deliver(event, now=now)
    assert status_of(booking) == "confirmed"
    money = money_of(booking)
    assert (money.by_card.minor, money.owed.minor, money.attempts) == (8000, 0, 1)
    sums = ledger_of(booking)
    assert balance(sums) == 0
    assert balance(sums, "card") == 8000 - 80
    assert [row.kind for row in outbox_rows(("booking.confirmed",))] == ["booking.confirmed"]
    run_due(("payment.reconcile", "hold.end"), now=till.at(now + timedelta(minutes=36)))
    money = money_of(booking)
    assert (money.card_brand, money.card_last4) == ("visa", "4242")
    assert money.receipt_url


def test_a_deposit_leaves_the_rest_to_be_paid_at_the_clinic(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now, service="deposit")
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    money = money_of(booking)
    assert (money.by_card.minor, money.owed.minor) == (2700, 6300)
    assert till.charges()[0]["application_fee_amount"] == 27


def test_stripe_is_told_where_and_when_but_never_what_for(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    start_payment(booking_id=booking, now=now)
    (attempt,) = attempts(booking)
    (line,) = attempt.request["line_items"]
    assert line["price_data"]["product_data"] == {"name": "Session at Rowan, 24 March 2026"}
    assert attempt.request["metadata"] == {
        "payment_attempt": str(attempt.id),
        "booking": str(booking),
        "tenant": str(at_rowan.ref.id),
        "purpose": "online",
    }
    assert till.sessions()[0]["customer_email"] == "cleo@example.com"
    assert "cleo" not in str(attempt.request)
    assert attempt.request["locale"] == "en"
    assert attempt.request["expires_at"] == int((now + timedelta(minutes=31)).timestamp())
    assert attempt.request["cancel_url"].startswith("http://localhost/c/rowan/b/")
    assert "Full session" not in str(attempt.request)


def test_stripe_gets_no_address_of_a_client_who_wants_no_mail(till: Till, at_rowan: Clinic, now: datetime) -> None:
    details = Details(name="Cleo Hart", email="cleo@example.com", phone="+441132000001", reach="phone")
    booking = book(at_rowan, now=now, details=details)
    start_payment(booking_id=booking, now=now)
    assert till.sessions()[0]["customer_email"] is None


def test_a_double_click_leads_to_one_session(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    first = start_payment(booking_id=booking, now=now, seen=0)
    assert start_payment(booking_id=booking, now=now, seen=0) == first
    assert start_payment(booking_id=booking, now=now) == first
    assert len(till.sessions()) == 1


def test_back_by_cancel_and_pay_again_ends_the_first_session(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    first = start_payment(booking_id=booking, now=now, seen=0)
    assert till.press(first, "cancel") == 303
    again = start_payment(booking_id=booking, now=now, seen=money_of(booking).attempts)
    assert again != first
    assert [one.state for one in attempts(booking)] == ["expired", "open"]
    till.press(first)
    till.press(again)
    for event in till.events():
        till.deliver(event, now=now)
    assert status_of(booking) == "confirmed"
    assert len(till.charges()) == 1
    assert [one.state for one in attempts(booking)] == ["expired", "paid"]


def test_a_session_with_little_time_left_is_not_offered_again(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    first = start_payment(booking_id=booking, now=now)
    later = till.at(now + timedelta(minutes=27))
    assert start_payment(booking_id=booking, now=later) != first
    assert [one["status"] for one in till.sessions()] == ["open", "expired"]


def test_a_lost_answer_is_asked_for_again_under_the_same_key(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.break_down(path="/v1/checkout/sessions", lost_answers=1)
    url = start_payment(booking_id=booking, now=now)
    assert len(till.sessions()) == len(attempts(booking)) == 1
    till.press(url)
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    assert status_of(booking) == "confirmed"


@pytest.mark.parametrize("kind", ["status_500", "status_500_after_work"])
def test_a_replayed_500_then_cancel_then_a_new_try_end_in_one_payment(
    till: Till, at_rowan: Clinic, now: datetime, kind: str
) -> None:
    booking = book(at_rowan, now=now)
    till.break_down(path="/v1/checkout/sessions", **{kind: 1})
    first = start_payment(booking_id=booking, now=now, seen=0)
    assert [one.state for one in attempts(booking)] == ["failed", "open"]
    assert attempts(booking)[0].key != attempts(booking)[1].key
    till.press(first, "cancel")
    second = start_payment(booking_id=booking, now=now, seen=2)
    till.press(second)
    for event in reversed(till.events()):
        till.deliver(event, now=now)
    run_due(("payment.reconcile", "hold.end", "refund.send"), now=till.at(now + timedelta(minutes=36)))
    assert status_of(booking) == "confirmed"
    assert len(till.charges()) == 1
    assert money_of(booking).by_card.minor == 8000


def test_silent_stripe_is_said_calmly_and_the_next_press_asks_under_the_same_key(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    booking = book(at_rowan, now=now)
    till.break_down(status_429=2)
    with pytest.raises(PaymentsDown):
        start_payment(booking_id=booking, now=now, seen=0)
    (attempt,) = attempts(booking)
    assert (attempt.state, attempt.session_id) == ("open", None)
    url = start_payment(booking_id=booking, now=now, seen=0)
    (attempt,) = attempts(booking)
    assert (attempt.session_url, attempt.number) == (url, 1)


def test_after_a_kill_the_reconciling_finds_the_session_again(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.break_down(lost_answers=2)
    with pytest.raises(PaymentsDown):
        start_payment(booking_id=booking, now=now)
    assert len(till.sessions()) == 1
    later = till.at(now + timedelta(minutes=2))
    assert run_due(("payment.reconcile",), now=later) == ["payment.reconcile"]
    (attempt,) = attempts(booking)
    assert attempt.session_id == till.sessions()[0]["id"]
    assert start_payment(booking_id=booking, now=later) == attempt.session_url


def test_a_refused_expiry_proves_that_the_first_call_never_arrived(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.break_down(status_429=2)
    with pytest.raises(PaymentsDown):
        start_payment(booking_id=booking, now=now)
    later = till.at(now + timedelta(minutes=5))
    url = start_payment(booking_id=booking, now=later)
    assert [one.state for one in attempts(booking)] == ["failed", "open"]
    assert attempts(booking)[1].session_url == url
    assert len(till.sessions()) == 1


def test_a_clinic_whose_account_is_refused_cannot_take_cards(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    with till.sandbox.world.store.transaction() as books:
        books.db.execute("DELETE FROM thing WHERE id = 'acct_rowan'")
    with pytest.raises(CardUnavailable):
        start_payment(booking_id=booking, now=now)
    assert [one.state for one in attempts(booking)] == ["failed"]


def test_eleven_tries_are_too_many(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    for seen in range(10):
        start_payment(booking_id=booking, now=now, seen=seen)
    with pytest.raises(TooManyTries):
        start_payment(booking_id=booking, now=now, seen=10)
    assert sum(one["status"] == "open" for one in till.sessions()) == 0


def test_pay_needs_a_client_and_something_to_pay(till: Till, at_rowan: Clinic, now: datetime) -> None:
    with pytest.raises(DetailsMissing):
        start_payment(booking_id=held(at_rowan, now=now, hour=11), now=now)
    with pytest.raises(NothingToPay):
        start_payment(booking_id=book(at_rowan, now=now, service="desk"), now=now)


def test_a_booked_session_is_not_paid_twice(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    assert start_payment(booking_id=booking, now=now).startswith("http://localhost/c/rowan/b/")
    assert len(till.sessions()) == 1


def test_a_lapsed_hold_is_taken_again_by_pay_or_refused(till: Till, at_rowan: Clinic, now: datetime) -> None:
    free, gone = book(at_rowan, now=now), book(at_rowan, now=now, hour=14)
    later = till.at(now + timedelta(minutes=16))
    run_due(("hold.end",), now=later)
    assert status_of(free) == status_of(gone) == "expired"
    held(at_rowan, now=later, hour=14)
    assert start_payment(booking_id=free, now=later).startswith(till.address)
    assert status_of(free) == "held"
    with pytest.raises(SlotTaken):
        start_payment(booking_id=gone, now=later)
    assert attempts(gone) == []


def test_the_clinic_next_door_cannot_pay_or_ask_for_it(
    till: Till, rowan: Clinic, thornfield: Clinic, inside: Inside, now: datetime
) -> None:
    with inside(rowan):
        booking = book(rowan, now=now)
        url = start_payment(booking_id=booking, now=now)
        attempt = attempts(booking)[0].id
        till.press(url)
    with inside(thornfield):
        with pytest.raises(NoSuchBooking):
            start_payment(booking_id=booking, now=now)
        assert settle_attempt(attempt_id=attempt, now=now) is None
    with inside(rowan):
        assert status_of(booking) == "held"


def test_cancelling_gives_back_by_the_policy_and_the_books_agree(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now, day=4)
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    cancel(booking_id=booking, who="client", click="one", now=now)
    cancel(booking_id=booking, who="client", click="two", now=now)
    assert money_of(booking).coming_back.minor == 8000
    run_due(("refund.send",), now=now)
    money = money_of(booking)
    assert (money.refunded.minor, money.coming_back.minor, money.kept.minor) == (8000, 0, 0)
    assert [one["amount"] for one in till.refunds()] == [8000]
    sums = ledger_of(booking)
    assert {account: balance(sums, account) for account in ("client", "card", "platform", "income")} == {
        "client": 0, "card": 0, "platform": 0, "income": 0,
    }  # fmt: skip
    assert len(outbox_rows(("booking.refunded",))) == 1


def test_a_late_cancellation_keeps_the_policys_fee(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now, day=4)
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    late = till.at((now + timedelta(days=4)).replace(hour=8))
    cancel(booking_id=booking, who="client", click="one", now=late)
    run_due(("refund.send",), now=late)
    sums = ledger_of(booking)
    money = money_of(booking)
    assert money.refunded + money.kept == money.by_card
    assert balance(sums) == 0
    assert -sums.get(("kept", "kept"), 0) == money.kept.minor == 8000 - sum(one["amount"] for one in till.refunds())
