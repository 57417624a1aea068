"""Whatever order Stripe's news comes in, however often, and whoever asks meanwhile: one end, and the books agree.

Each example plays one story at the sandbox (paid, cancelled and paid again, paid too late, place lost, never paid),
then lets webhooks, return pages, reconciling, hold ends and refunds happen in any order and number, then lets all that
is still due happen once, and looks.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from saas.db import action, db
from saas.outbox import Outbox
from saas.tenancy import current_tenant
from tenants.bookings.actions import confirm
from tenants.bookings.checkout import PaymentsDown, returned, start_payment
from tenants.bookings.models import Booking
from tenants.bookings.rules import Details
from tenants.payments.models import Payment
from tenants.payments.queries import balance_of_booking, money_of
from tests.cast import Clinic
from tests.till import Till, attempts, balance, book, ledger_of, open_till, outbox_rows, run_due, status_of

PROVE = os.environ.get("LONGTIDE_PROVE") == "1"
EXAMPLES = 400 if PROVE else 12
PAYING = ("payment.reconcile", "hold.end", "refund.send")
STORIES = ("paid", "cancelled, then paid", "500, cancelled, then paid", "unheard, then paid", "late", "lost", "unpaid")

_people = count()


@pytest.fixture
def till(app: Flask, tmp_path: Path, now: datetime) -> Iterator[Till]:
    with open_till(app, tmp_path, now=now) as made:
        yield made


@dataclass(frozen=True)
class End:
    """What must be the same in every order."""

    status: str
    charged: int
    refunded: int
    balance: int
    mails: dict[str, int]


ENDS = {
    "unpaid": End("expired", 0, 0, 0, {}),
    "lost": End("expired", 8000, 8000, 0, {"booking.lost": 1, "booking.notice": 1}),
}
BOOKED = End("confirmed", 8000, 0, 0, {"booking.confirmed": 1, "booking.notice": 1, "booking.reminder": 2})


def play(story: str, till: Till, clinic: Clinic, now: datetime) -> tuple[UUID, datetime]:
    """The story up to the moment at which news begins to travel."""
    details = Details(name="Cleo Hart", email=f"cleo{next(_people)}@example.com")
    booking = book(clinic, now=now, day=2, details=details)
    if story == "500, cancelled, then paid":
        till.break_down(path="/v1/checkout/sessions", status_500_after_work=1)
    if story == "unheard, then paid":
        till.break_down(path="/v1/checkout/sessions", lost_answers=2)
        with pytest.raises(PaymentsDown):
            start_payment(booking_id=booking, now=now, seen=0)
        till.press(till.sessions()[0]["url"])
        return booking, now
    url = start_payment(booking_id=booking, now=now, seen=0)
    if "cancelled" in story:
        till.press(url, "cancel")
        url = start_payment(booking_id=booking, now=now, seen=money_of(booking).attempts)
    if story != "unpaid":
        till.press(url)
    if story not in ("late", "lost"):
        return booking, now
    till.break_down(status_429=1000)
    over = till.at(now + timedelta(minutes=35))
    run_due(("hold.end",), now=over)
    till.mend()
    assert status_of(booking) == "expired"
    if story == "lost":
        neighbour = Details(name="Dora Lind", email=f"dora{next(_people)}@example.com")
        other = book(clinic, now=over, day=2, service="desk", details=neighbour)
        confirm(booking_id=other, how="at_clinic", now=over)
    return booking, over


def happen(deed: tuple[str, int], till: Till, booking: UUID, events: list[dict[str, Any]], now: datetime) -> None:
    """One thing of the many that may happen."""
    name, number = deed
    if name in ("webhook", "webhook again"):
        event = events[number % len(events)] if events else None
        if event is not None:
            # Stripe repeats an event under its id; a second event with the same news has an id of its own.
            event = event if name == "webhook" else {**event, "id": f"evt_{uuid4().hex}"}
            till.deliver(event, now=now)
    elif name == "return page":
        returned(booking_id=booking, now=now + timedelta(seconds=number))
    else:
        run_due((name,), now=now + timedelta(minutes=number))


DEEDS = st.tuples(
    st.sampled_from(("webhook", "webhook again", "return page", "payment.reconcile", "hold.end", "refund.send")),
    st.integers(0, 36),
)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not PROVE,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=st.sampled_from(STORIES), deeds=st.lists(DEEDS, max_size=8))
def test_every_order_of_news_ends_in_the_same_state(
    till: Till, at_rowan: Clinic, now: datetime, story: str, deeds: list[tuple[str, int]]
) -> None:
    till.at(now)
    _clear_the_day()
    known = {event["id"] for event in till.events()}
    before = Counter(one["payment_intent"] for one in till.charges())
    booking, at = play(story, till, at_rowan, now)
    for deed in deeds:
        happen(deed, till, booking, [event for event in till.events() if event["id"] not in known], at)
    over = till.at(now + timedelta(minutes=75))
    for event in [event for event in till.events() if event["id"] not in known]:
        till.deliver(event, now=over)
    run_due(PAYING, now=over)
    for event in [event for event in till.events() if event["id"] not in known]:
        assert till.deliver(event, now=over) in ("repeated", "known", "closed", "done")

    sums = ledger_of(booking)
    end = End(
        status=status_of(booking),
        charged=sums.get(("card", "card"), 0),
        refunded=-sums.get(("refund", "card"), 0),
        balance=balance(sums),
        mails=_mails(booking),
    )
    assert end == ENDS.get(story, BOOKED)
    assert len(till.charges()) - sum(before.values()) == (0 if story == "unpaid" else 1)
    payment = db.session.execute(select(Payment).where(Payment.booking_id == booking)).scalar_one()
    assert (payment.paid_minor, payment.refunded_minor) == (end.charged, end.refunded)
    assert balance_of_booking(booking).minor == end.balance
    assert [one.state for one in attempts(booking)].count("open") == 0
    assert all(one.charge and one.receipt_url for one in attempts(booking) if one.state == "paid")
    run_due(PAYING, now=till.at(over + timedelta(hours=1)))
    assert [row.kind for row in outbox_rows(PAYING)] == []
    assert status_of(booking) == end.status


def _mails(booking_id: UUID) -> dict[str, int]:
    wanted = ("booking.confirmed", "booking.notice", "booking.reminder", "booking.lost", "booking.refunded")
    rows = outbox_rows(wanted)
    return dict(Counter(row.kind for row in rows if row.payload["booking_id"] == str(booking_id)))


@action
def _clear_the_day() -> None:
    """Forget the last example: its place is free again and nothing of it is due."""
    db.session.execute(update(Booking).values(status="cancelled"), execution_options={"synchronize_session": False})
    db.session.execute(
        update(Outbox)
        .where(Outbox.tenant_id == current_tenant().id, Outbox.done_at.is_(None))
        .values(done_at=Outbox.run_at),
        execution_options={"synchronize_session": False},
    )
