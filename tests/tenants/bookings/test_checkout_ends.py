"""How paying ends: by itself, too late, at the clinic, with the wrong money, or seen from the return page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import select

from saas.audit import Audit
from saas.db import action, db
from saas.stripe_gateway import gateway
from tenants.bookings.checkout import (
    PaymentsDown,
    give_up,
    pay_at_clinic,
    returned,
    settle_attempt,
    start_payment,
    stop_paying,
)
from tenants.bookings.checkout_steps import apply_session
from tenants.bookings.places import SlotTaken, keep_until, lock_booking
from tenants.payments.models import Payment
from tenants.payments.queries import NoSuchPayment, money_of
from tenants.practitioners.models import Practitioner
from tenants.services.models import Service
from tests.cast import Clinic
from tests.till import Till, attempts, balance, book, held, ledger_of, open_till, outbox_rows, run_due, status_of

Inside = Callable[[Clinic], AbstractContextManager[Clinic]]
PAYING = ("payment.reconcile", "hold.end", "refund.send")


@pytest.fixture
def till(app: Flask, tmp_path: Path, now: datetime) -> Iterator[Till]:
    with open_till(app, tmp_path, now=now) as made:
        yield made


def deeds(booking_id: UUID) -> list[str]:
    wanted = select(Audit.deed).where(Audit.target_id == booking_id).order_by(Audit.id)
    return list(db.session.execute(wanted).scalars())


def notices() -> list[str]:
    return sorted(str(row.payload["what"]) for row in outbox_rows(("booking.notice",)))


def test_an_unpaid_hold_ends_at_stripe_first_and_then_frees_its_place(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    booking = book(at_rowan, now=now)
    start_payment(booking_id=booking, now=now)
    # Stripe's clock is slow: the session would still be open.
    till.at(now)
    over = now + timedelta(minutes=35)
    run_due(("hold.end",), now=over)
    assert [one["status"] for one in till.sessions()] == ["expired"]
    assert status_of(booking) == "expired"
    assert status_of(held(at_rowan, now=over)) == "held"


def test_a_hold_paid_without_our_hearing_of_it_is_booked_at_its_end(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now))
    run_due(("hold.end",), now=till.at(now + timedelta(minutes=35)))
    assert status_of(booking) == "confirmed"


def test_while_stripe_is_silent_the_place_stays_until_the_sessions_own_end(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    booking = book(at_rowan, now=now)
    start_payment(booking_id=booking, now=now)
    (attempt,) = attempts(booking)
    db.session.rollback()
    _set_hold_end(booking, now + timedelta(minutes=16))
    till.break_down(status_429=1000)
    assert run_due(("hold.end",), now=till.at(now + timedelta(minutes=17))) == []
    assert status_of(booking) == "held"
    with pytest.raises(SlotTaken):
        held(at_rowan, now=now + timedelta(minutes=17))
    run_due(("hold.end",), now=till.at(now + timedelta(minutes=33)))
    assert status_of(booking) == "expired"
    assert attempts(booking)[0].state == "open"  # Stripe has not said so yet
    till.mend()
    run_due(PAYING, now=till.at(now + timedelta(minutes=40)))
    assert attempts(booking)[0].state == "expired"
    assert attempts(booking)[0].id == attempt.id


def _set_hold_end(booking_id: UUID, until: datetime) -> None:
    @action
    def change() -> None:
        keep_until(lock_booking(booking_id), until)

    change()


def _paid_too_late(till: Till, booking: UUID, now: datetime) -> datetime:
    """The session is paid at its last minute, Stripe is silent from then on, and the place is freed by the clock."""
    till.press(start_payment(booking_id=booking, now=now))
    till.break_down(status_429=1000)
    over = till.at(now + timedelta(minutes=35))
    run_due(("hold.end",), now=over)
    assert status_of(booking) == "expired"
    till.mend()
    return over


def test_late_money_takes_the_place_again_if_it_is_free(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    over = _paid_too_late(till, booking, now)
    for event in till.events():
        till.deliver(event, now=over)
    assert status_of(booking) == "confirmed"
    assert till.refunds() == []


def test_late_money_for_a_place_that_is_gone_goes_back_and_both_are_told(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    booking = book(at_rowan, now=now)
    over = _paid_too_late(till, booking, now)
    other = held(at_rowan, now=over)
    for event in till.events():
        till.deliver(event, now=over)
    assert (status_of(booking), status_of(other)) == ("expired", "held")
    run_due(("refund.send",), now=over)
    assert [one["amount"] for one in till.refunds()] == [8000]
    assert [row.payload for row in outbox_rows(("booking.lost",))] == [{"booking_id": str(booking)}]
    assert outbox_rows(("booking.refunded",)) == []
    assert "lost" in notices()
    assert balance(ledger_of(booking)) == 0
    assert returned(booking_id=booking, now=over) == "lost"
    assert {"payment.paid", "payment.returned", "refund.done"} <= set(deeds(booking))


def test_giving_up_ends_the_session_and_frees_the_place(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    url = start_payment(booking_id=booking, now=now)
    assert give_up(booking_id=booking, now=now)
    assert give_up(booking_id=booking, now=now)
    till.press(url)
    assert till.charges() == []
    for event in till.events():
        till.deliver(event, now=now)
    assert status_of(booking) == "expired"
    assert returned(booking_id=booking, now=now) == "expired"
    assert status_of(held(at_rowan, now=now)) == "held"


def test_giving_up_what_was_paid_meanwhile_books_it(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now))
    assert not give_up(booking_id=booking, now=now)
    assert status_of(booking) == "confirmed"


def test_giving_up_while_stripe_is_silent_keeps_the_place(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    start_payment(booking_id=booking, now=now)
    till.break_down(status_429=1)
    with pytest.raises(PaymentsDown):
        give_up(booking_id=booking, now=now)
    assert status_of(booking) == "held"
    assert give_up(booking_id=booking, now=now)


def test_a_client_back_from_stripe_may_pay_at_the_clinic(
    till: Till, app: Flask, at_rowan: Clinic, now: datetime
) -> None:
    _allow_desk(at_rowan.services["full"])
    booking = book(at_rowan, now=now)
    url = start_payment(booking_id=booking, now=now)
    till.press(url, "cancel")
    pay_at_clinic(booking_id=booking, now=now)
    assert status_of(booking) == "confirmed"
    till.press(url)
    assert till.charges() == []
    assert money_of(booking).owed.minor == 8000
    stop_paying(booking_id=booking, now=now)


def _allow_desk(service_id: UUID) -> None:
    @action
    def change() -> None:
        db.session.get_one(Service, service_id).or_at_clinic = True

    change()


def test_the_return_page_asks_stripe_once_in_ten_seconds(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    assert returned(booking_id=booking, now=now) == "unpaid"
    url = start_payment(booking_id=booking, now=now)
    assert returned(booking_id=booking, now=now) == "pending"
    till.press(url)
    assert returned(booking_id=booking, now=now + timedelta(seconds=9)) == "pending"
    assert returned(booking_id=booking, now=now + timedelta(seconds=10)) == "booked"
    assert returned(booking_id=booking, now=now + timedelta(seconds=30)) == "booked"


def test_the_return_page_is_patient_while_stripe_is_silent(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now))
    till.break_down(status_429=1)
    assert returned(booking_id=booking, now=now) == "pending"


@pytest.mark.parametrize(
    "change", [{"amount": 7999}, {"amount": 1}, {"currency": "EUR"}, {"account": "acct_other"}], ids=str
)
def test_money_that_is_not_what_was_asked_for_confirms_nothing(
    till: Till, at_rowan: Clinic, now: datetime, change: dict[str, Any]
) -> None:
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now))
    (attempt,) = attempts(booking)
    session = gateway().retrieve_checkout(account="acct_rowan", session_id=str(attempt.session_id))
    values = {"account": "acct_rowan", **change}
    account = values.pop("account")
    other = replace(session, id="cs_somebody_made", **values)
    for _ in range(2):
        assert apply_session(attempt_id=attempt.id, session=other, account=account, now=now) == "mismatch"
    assert status_of(booking) == "held"
    assert ledger_of(booking) == {}
    assert notices() == ["payment-mismatch"]
    assert "payment.mismatch" in deeds(booking)
    # The true session still counts.
    assert settle_attempt(attempt_id=attempt.id, now=now) == "confirmed"


def test_a_session_that_stripe_changed_is_closed_as_failed(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now))
    (attempt,) = attempts(booking)
    session = gateway().retrieve_checkout(account="acct_rowan", session_id=str(attempt.session_id))
    apply_session(attempt_id=attempt.id, session=replace(session, amount=1), account="acct_rowan", now=now)
    assert attempts(booking)[0].state == "failed"
    run_due(("hold.end",), now=till.at(now + timedelta(minutes=35)))
    assert status_of(booking) == "expired"


def test_an_attempt_of_the_clinic_next_door_is_nobodys(
    till: Till, rowan: Clinic, thornfield: Clinic, inside: Inside, now: datetime
) -> None:
    with inside(rowan):
        booking = book(rowan, now=now)
        till.press(start_payment(booking_id=booking, now=now))
        (attempt,) = attempts(booking)
        session = gateway().retrieve_checkout(account="acct_rowan", session_id=str(attempt.session_id))
        attempt_id = attempt.id
    with inside(thornfield), pytest.raises(NoSuchPayment):
        apply_session(attempt_id=attempt_id, session=session, account="acct_thornfield", now=now)
    with inside(rowan):
        assert status_of(booking) == "held"
        with pytest.raises(NoSuchPayment):
            apply_session(attempt_id=uuid4(), session=session, account="acct_rowan", now=now)


def test_two_paid_attempts_leave_one_payment(till: Till, at_rowan: Clinic, now: datetime) -> None:
    """An attempt that we had given up turns out to be paid after another one was."""
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now, seen=0))
    (first,) = attempts(booking)
    session = gateway().retrieve_checkout(account="acct_rowan", session_id=str(first.session_id))
    unheard = replace(session, status="expired", payment_status="unpaid")
    apply_session(attempt_id=first.id, session=unheard, account="acct_rowan", now=now)
    till.press(start_payment(booking_id=booking, now=now, seen=1))
    for event in till.events():
        till.deliver(event, now=now)
    run_due(PAYING, now=till.at(now + timedelta(minutes=36)))
    assert status_of(booking) == "confirmed"
    assert len(till.charges()) == 2
    assert [one["amount"] for one in till.refunds()] == [8000]
    money = money_of(booking)
    assert (money.by_card.minor, money.refunded.minor, money.refundable.minor) == (16000, 8000, 8000)
    assert balance(ledger_of(booking)) == 0


def test_the_row_of_a_payment_keeps_its_sums(till: Till, at_rowan: Clinic, now: datetime) -> None:
    booking = book(at_rowan, now=now)
    till.press(start_payment(booking_id=booking, now=now))
    settle_attempt(attempt_id=attempts(booking)[0].id, now=now)
    payment = db.session.execute(select(Payment).where(Payment.booking_id == booking)).scalar_one()
    assert (payment.paid_minor, payment.refunded_minor, payment.online_minor) == (8000, 0, 8000)


def test_late_money_for_somebody_who_has_left_goes_back_and_leaves_its_trace(
    till: Till, at_rowan: Clinic, now: datetime
) -> None:
    booking = book(at_rowan, now=now)
    over = _paid_too_late(till, booking, now)
    _retire(at_rowan.practitioners["ben"])
    for event in till.events():
        till.deliver(event, now=over)
    assert status_of(booking) == "expired"
    run_due(("refund.send",), now=over)
    assert {"payment.paid", "payment.returned", "refund.done"} <= set(deeds(booking))
    assert balance(ledger_of(booking)) == 0


def _retire(practitioner_id: UUID) -> None:
    @action
    def change() -> None:
        db.session.get_one(Practitioner, practitioner_id).active = False

    change()
