"""Money back: once a click, never more than was paid, under one key until Stripe has said yes or no."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import event, select

from saas.db import db
from saas.money import Money
from saas.tenancy import tenant_scope
from tenants.bookings.checkout import settle_attempt, start_payment
from tenants.payments.actions import BadAmount, RefundTooLarge, ask_refund
from tenants.payments.desk import MoreThanOwed, take_at_clinic
from tenants.payments.models import Payment, Refund
from tenants.payments.queries import (
    NoSuchPayment,
    balance_of_booking,
    day_totals,
    money_of,
    money_of_many,
)
from tenants.payments.refunds import refund_done, refund_failed
from tests.cast import Clinic
from tests.till import Till, attempts, balance, book, client_of, ledger_of, open_till, outbox_rows, run_due

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
SEND = ("refund.send",)


@pytest.fixture
def till(app: Flask, tmp_path: Path, now: datetime) -> Iterator[Till]:
    with open_till(app, tmp_path, now=now) as made:
        yield made


def gbp(minor: int) -> Money:
    return Money(minor, "GBP")


def paid(till: Till, clinic: Clinic, *, now: datetime, hour: int = 10) -> UUID:
    booking = book(clinic, now=now, hour=hour)
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    return booking


def refunds(booking_id: UUID) -> list[Refund]:
    wanted = select(Refund).join(Payment, Payment.id == Refund.payment_id).where(Payment.booking_id == booking_id)
    return list(db.session.execute(wanted.execution_options(populate_existing=True)).scalars())


def test_one_click_is_one_refund(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = paid(till, at_rowan, now=now)
    for _ in range(2):
        ask_refund(booking_id=booking, amount=gbp(3000), reason="staff", click="button", now=now)
    run_due(SEND, now=now)
    ask_refund(booking_id=booking, amount=gbp(3000), reason="staff", click="button", now=now)
    run_due(SEND, now=now)
    assert [one["amount"] for one in till.refunds()] == [3000]
    assert (money_of(booking).refunded, money_of(booking).refundable) == (gbp(3000), gbp(5000))
    assert len(outbox_rows(("booking.refunded",))) == 1


def test_two_clicks_at_once_never_give_back_more_than_was_paid(
    till: Till, app: Flask, at_rowan: Clinic, now: datetime
) -> None:
    booking = paid(till, at_rowan, now=now)
    ref, ended = at_rowan.ref, []
    start = threading.Barrier(6)

    def press(number: int) -> None:
        with app.app_context(), tenant_scope(ref):
            start.wait()
            try:
                ask_refund(booking_id=booking, amount=gbp(5000), reason="staff", click=f"tab {number % 3}", now=now)
                ended.append("asked")
            except RefundTooLarge:
                ended.append("refused")

    threads = [threading.Thread(target=press, args=(number,)) for number in range(6)]
    db.session.rollback()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == ["asked", "asked", "refused", "refused", "refused", "refused"]
    assert [one.amount_minor for one in refunds(booking)] == [5000]


@pytest.mark.parametrize("minor, error", [(8001, RefundTooLarge), (0, BadAmount), (-5, BadAmount)])
def test_refused_amounts(till: Till, at_rowan: Clinic, now: datetime, minor: int, error: type[Exception]) -> None:
    booking = paid(till, at_rowan, now=now)
    with pytest.raises(error):
        ask_refund(booking_id=booking, amount=gbp(minor), reason="staff", click="a", now=now)
    with pytest.raises(BadAmount):
        ask_refund(booking_id=booking, amount=Money(5, "EUR"), reason="staff", click="a", now=now)
    with pytest.raises(NoSuchPayment):
        ask_refund(booking_id=uuid4(), amount=gbp(5), reason="staff", click="a", now=now)


def test_what_is_asked_for_counts_before_it_is_sent(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = paid(till, at_rowan, now=now)
    ask_refund(booking_id=booking, amount=gbp(8000), reason="staff", click="a", now=now)
    with pytest.raises(RefundTooLarge):
        ask_refund(booking_id=booking, amount=gbp(1), reason="staff", click="b", now=now)


@pytest.mark.parametrize("parts", [[8000], [1, 7999], [3333, 3333, 1334], [4000, 5000, 4000], [50, 49, 1]], ids=str)
def test_partial_refunds_bring_our_fee_back_in_proportion(
    till: Till, at_rowan: Clinic, now: datetime, parts: list[int]
) -> None:
    booking = paid(till, at_rowan, now=now)
    back = 0
    for number, part in enumerate(parts):
        if back + part > 8000:
            with pytest.raises(RefundTooLarge):
                ask_refund(booking_id=booking, amount=gbp(part), reason="staff", click=str(number), now=now)
            continue
        ask_refund(booking_id=booking, amount=gbp(part), reason="staff", click=str(number), now=now)
        back += part
    run_due(SEND, now=now)
    sums = ledger_of(booking)
    assert -sums.get(("refund", "card"), 0) == back
    (fee,) = till.fees()
    assert balance(sums, "platform") == fee["amount"] - fee["amount_refunded"]


def test_a_lost_answer_is_asked_again_under_the_same_key(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = paid(till, at_rowan, now=now)
    ask_refund(booking_id=booking, amount=gbp(8000), reason="staff", click="a", now=now)
    till.break_down(path="/v1/refunds", lost_answers=1)
    assert run_due(SEND, now=now) == []
    assert refunds(booking)[0].state == "asked"
    assert run_due(SEND, now=till.at(now + timedelta(seconds=31))) == ["refund.send"]
    assert [one["amount"] for one in till.refunds()] == [8000]
    assert refunds(booking)[0].stripe_refund_id == till.refunds()[0]["id"]


@pytest.mark.parametrize("kind, renewals", [("status_500", 1), ("status_500_after_work", 0)])
def test_a_replayed_500_is_looked_into_and_never_sent_twice(
    till: Till, at_rowan: Clinic, now: datetime, kind: str, renewals: int
) -> None:
    booking = paid(till, at_rowan, now=now)
    ask_refund(booking_id=booking, amount=gbp(8000), reason="staff", click="a", now=now)
    till.break_down(path="/v1/refunds", **{kind: 1})
    run_due(SEND, now=now)
    run_due(SEND, now=till.at(now + timedelta(seconds=31)))
    run_due(SEND, now=till.at(now + timedelta(seconds=62)))
    assert [one["amount"] for one in till.refunds()] == [8000]
    (refund,) = refunds(booking)
    assert (refund.state, refund.renewals) == ("done", renewals)


def test_a_refused_refund_frees_its_amount_and_tells_the_clinic(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = paid(till, at_rowan, now=now)
    with till.sandbox.world.store.transaction() as books:
        (charge,) = books.of_kind("charge", account="acct_rowan")
        books.save({**charge, "amount_refunded": 8000, "refunded": True})
    ask_refund(booking_id=booking, amount=gbp(8000), reason="staff", click="a", now=now)
    run_due(SEND, now=now)
    assert [one.state for one in refunds(booking)] == ["failed"]
    assert money_of(booking).refundable == gbp(8000)
    assert "refund-failed" in [row.payload["what"] for row in outbox_rows(("booking.notice",))]


def test_a_refund_that_bounces_goes_back_into_the_books(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = paid(till, at_rowan, now=now)
    ask_refund(booking_id=booking, amount=gbp(8000), reason="staff", click="a", now=now)
    run_due(SEND, now=now)
    (refund,) = refunds(booking)
    assert balance_of_booking(booking) == gbp(8000)
    for _ in range(2):
        refund_failed(refund_id=refund.id, code="bounced", now=now)
        refund_done(refund_id=refund.id, stripe_id="re_late", now=now)
    assert balance_of_booking(booking) == gbp(0)
    assert money_of(booking).refundable == gbp(8000)


def test_money_at_the_desk_counts_once_a_click(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now, service="deposit")
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    client = client_of(booking)
    assert balance_of_booking(booking) == gbp(6300)
    for _ in range(2):
        take_at_clinic(booking_id=booking, client_id=client, amount=gbp(6300), method="cash", click="desk", now=now)
    for minor, error in ((0, BadAmount), (1, MoreThanOwed)):
        with pytest.raises(error):
            take_at_clinic(
                booking_id=booking, client_id=client, amount=gbp(minor), method="cash", click="none", now=now
            )
    assert balance_of_booking(booking) == gbp(0)
    totals = day_totals(since=now, until=now + timedelta(days=1))
    assert (totals.by_card, totals.at_clinic, totals.refunded, totals.fees) == (gbp(2700), gbp(6300), gbp(0), gbp(27))


def test_the_money_of_many_bookings_takes_as_many_queries_as_of_one(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    bookings = [paid(till, at_rowan, now=now, hour=hour) for hour in (10, 12, 14)]
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        found = money_of_many(bookings)
        many = len(asked)
        money_of(bookings[0])
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    assert [one.by_card for one in found.values()] == [gbp(8000)] * 3
    assert len(asked) - many <= many <= 4
    assert money_of_many([]) == {}


def test_the_clinic_next_door_sees_no_money(
    till: Till, rowan: Clinic, thornfield: Clinic, inside: Inside, now: datetime
) -> None:
    with inside(rowan):
        booking = paid(till, rowan, now=now)
        refund = ask_refund(booking_id=booking, amount=gbp(10), reason="staff", click="a", now=now).id
    with inside(thornfield):
        assert money_of(booking).by_card == gbp(0)
        assert day_totals(since=now, until=now + timedelta(days=1)).by_card == gbp(0)
        with pytest.raises(NoSuchPayment):
            ask_refund(booking_id=booking, amount=gbp(10), reason="staff", click="b", now=now)
        told = {
            "id": "evt_x", "object": "event", "type": "refund.failed", "account": "acct_thornfield", "created": 1,
            "data": {
                "object": {"id": "re_1", "amount": 10, "currency": "gbp", "metadata": {"refund": str(refund)}}
            },
        }  # fmt: skip
        assert till.deliver(told, now=now) == "foreign"
    with inside(rowan):
        assert [one.state for one in refunds(booking)] == ["asked"]
