"""What a cancel by staff does with money that was paid by card: said before, waited for, and only then sent back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask

from saas.money import Money
from tenants.bookings.changes import settle_change
from tenants.bookings.checkout import start_payment
from tenants.bookings.rules import UNDO
from tenants.clinic.actions import save_policy
from tenants.clinic.rules import PolicyRequest
from tenants.payments.actions import ask_refund
from tenants.payments.queries import money_of
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import TUESDAY_TEN, fresh, only_sqlite
from tests.tenants.week.scenes import WEEK, fields, fresh_changes, said
from tests.till import Till, book, open_till

pytestmark = only_sqlite


@pytest.fixture
def till(app: Flask, tmp_path: Path) -> Iterator[Till]:
    with open_till(app, tmp_path, now=NOW) as made:
        yield made


def test_what_went_back_already_is_not_said_to_be_kept(app: Flask, rowan: Clinic, inside: Enter, till: Till) -> None:
    with inside(rowan):
        save_policy(policy=PolicyRequest(free_hours=24, late_fee_percent=50, no_show_percent=100), now=NOW)
        booking_id = book(rowan, now=NOW, service="full", day=1)
        till.press(start_payment(booking_id=booking_id, now=NOW))
        for event in till.events():
            till.deliver(event, now=NOW)
        ask_refund(booking_id=booking_id, amount=Money(7000, "GBP"), reason="goodwill", click="a", now=NOW)
    with time_machine.travel(TUESDAY_TEN - timedelta(hours=2), tick=False):
        desk = app.test_client()
        log_in(desk, rowan, "alma")
        assert "The clinic keeps £10," in said(desk.get(f"{WEEK}/booking/cancel/?id={booking_id}"))
        with inside(rowan):
            ask_refund(booking_id=booking_id, amount=Money(1000, "GBP"), reason="goodwill", click="b", now=NOW)
        page = desk.get(f"{WEEK}/booking/cancel/?id={booking_id}")
        assert "The clinic keeps" not in said(page)
        assert "What was paid by card goes back" not in said(page)


@pytest.mark.parametrize("choice", [("keep", 4000), ("back", 8000)], ids=["kept", "all back"])
def test_late_money_is_kept_or_sent_back_as_staff_say(
    app: Flask, rowan: Clinic, inside: Enter, till: Till, choice: tuple[str, int]
) -> None:
    money, back = choice
    with inside(rowan):
        save_policy(policy=PolicyRequest(free_hours=24, late_fee_percent=50, no_show_percent=100), now=NOW)
        booking_id = book(rowan, now=NOW, service="full", day=1)
        till.press(start_payment(booking_id=booking_id, now=NOW))
        for event in till.events():
            till.deliver(event, now=NOW)
        assert fresh(booking_id).status == "confirmed"
    late = TUESDAY_TEN - timedelta(hours=2)
    with time_machine.travel(late, tick=False):
        desk = app.test_client()
        log_in(desk, rowan, "alma")
        page = desk.get(f"{WEEK}/booking/cancel/?id={booking_id}")
        assert "The clinic keeps £40, as its policy says for a late cancellation" in said(page)
        form = {**fields(page), "reason": "client", "money": money}
        assert desk.post(f"{WEEK}/booking/cancel/", data=form).status_code == 303
    with inside(rowan):
        assert money_of(booking_id).coming_back == Money(0, "GBP")
        (change,) = fresh_changes()
        settle_change(change_id=change, now=late + UNDO)
        assert money_of(booking_id).coming_back == Money(back, "GBP")
        assert fresh(booking_id).status == "cancelled"
