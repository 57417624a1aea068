"""The last 90 days under another policy: against the rule written out again, and against what a real cancel did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from saas.money import Money
from tenants.bookings.changes import cancel_by_staff, settle_change
from tenants.bookings.moves import cancel, no_show
from tenants.bookings.rules import CancelReason, PolicyTerms
from tenants.clinic.rules import PolicyRequest
from tenants.payments.queries import money_of
from tenants.settings.queries import endings
from tenants.settings.rules import Ended, replay, sums_of
from tests.cast import NOW, Clinic
from tests.saas.accounts.pages import Enter, log_in
from tests.tenants.bookings.scenes import fresh, later, only_sqlite
from tests.tenants.hours.pages import fields_of, said, send
from tests.tenants.money.till_scenes import by_card
from tests.till import Till, open_till
from tests.walls.belongings import everything

HOURS = st.integers(0, 8760)
PERCENT = st.integers(0, 100)


@st.composite
def ended(draw: st.DrawFn) -> Ended:
    price = draw(st.integers(0, 20_000))
    return Ended(
        id=UUID(int=draw(st.integers(0, 2**32))),
        how=draw(st.sampled_from(("cancelled", "no_show"))),
        starts_at=NOW,
        ended_at=NOW - timedelta(minutes=draw(st.integers(0, 600_000))),
        price=Money(price, "GBP"),
        paid=Money(draw(st.integers(0, price)), "GBP"),
        terms=PolicyTerms(1, draw(HOURS), draw(PERCENT), draw(PERCENT)),
    )


@given(st.lists(ended(), max_size=8), HOURS, PERCENT, PERCENT)
def test_every_ending_is_divided_by_the_rule_and_nothing_is_lost(
    found: list[Ended], free: int, late: int, missed: int
) -> None:
    played = replay(found, PolicyRequest(free, late, missed))
    assert [one.ended for one in played] == found
    for one in played:
        was = one.ended
        hours = (was.starts_at - was.ended_at) / timedelta(hours=1)
        percent = missed if was.how == "no_show" else 0 if hours > free else late
        kept = min((2 * was.price.minor * percent + 100) // 200, was.paid.minor)
        assert one.after.kept.minor == kept
        for divided in (one.before, one.after):
            assert divided.kept + divided.refund == was.paid
        same = (was.terms.free_hours, was.terms.late_fee_percent, was.terms.no_show_percent) == (free, late, missed)
        assert not (same and one.differs)
    sums = sums_of(played, "GBP")
    paid = sum(one.paid.minor for one in found)
    assert sums.kept_before.minor + sums.refunded_before.minor == paid == (sums.kept_after + sums.refunded_after).minor
    assert sums.different == sum(one.before != one.after for one in played)


def test_a_late_move_stays_late_for_the_start_it_was_late_for() -> None:
    first_start = NOW + timedelta(hours=10)
    terms = PolicyTerms(1, 24, 50, 100, late_since=first_start - timedelta(hours=24))
    paid = Money(8000, "GBP")
    moved = Ended(UUID(int=1), "cancelled", NOW + timedelta(days=9), NOW, paid, paid, terms)
    late, early = (replay([moved], PolicyRequest(hours, 50, 100))[0] for hours in (24, 8))
    assert (late.before.kept.minor, late.after.kept.minor) == (4000, 4000)
    assert early.after.kept.minor == 0  # eight hours before its first start it was not moved late


@pytest.fixture
def till(app: Flask, rowan: Clinic, tmp_path: Path, now: datetime) -> Iterator[Till]:
    with open_till(app, tmp_path, now=now) as opened:
        yield opened


def _endings(till: Till, clinic: Clinic) -> dict[str, UUID]:
    """Tomorrow's five: late, early enough, asked at the desk, the clinic's own, nobody came."""
    names = ("Lara Late", "Edda Early", "Dina Desk", "Clint Clinic", "Nora Noshow")
    made = {
        name: by_card(till, clinic, name, now=NOW, hour=hour)
        for name, hour in zip(names, range(9, 17, 2), strict=False)
    }
    made["Nora Noshow"] = by_card(till, clinic, "Nora Noshow", now=till.at(NOW + timedelta(hours=25)), hour=11)
    cancel(booking_id=made["Lara Late"], who="client", click="a", now=NOW + timedelta(hours=20))
    cancel(booking_id=made["Edda Early"], who="client", click="b", now=NOW + timedelta(hours=1))
    reasons: dict[str, CancelReason] = {"Dina Desk": "client", "Clint Clinic": "clinic"}
    asked = NOW + timedelta(hours=22)
    for name, reason in reasons.items():
        keep = reason == "client"
        change = cancel_by_staff(booking_id=made[name], reason=reason, keep_fee=keep, seen=None, now=asked)
        settle_change(change_id=change, now=asked + timedelta(minutes=3))
    no_show(booking_id=made["Nora Noshow"], now=NOW + timedelta(days=2, hours=3))
    return made


@only_sqlite
def test_what_was_promised_is_what_happened_and_playing_changes_nothing(
    client: FlaskClient, rowan: Clinic, till: Till, inside: Enter
) -> None:
    with inside(rowan):
        made = _endings(till, rowan)
        found = {one.client: one.ended for one in endings(now=NOW + timedelta(days=4))}
        assert set(found) == {"Lara Late", "Edda Early", "Dina Desk", "Nora Noshow"}
        for played in replay(found.values(), PolicyRequest(24, 50, 100)):
            assert not played.differs
            assert played.before.kept == money_of(played.ended.id).kept, fresh(played.ended.id).status
        assert endings(now=NOW + timedelta(days=95)) == []
        before = everything(but=("audit", "account"))
    address = "/c/rowan/manage/settings/policy/"
    with later(days=4):
        log_in(client, rowan, "alma")
        answer = send(client, address, client.get(address), "replay", free_hours="48", late_fee_percent="25")
        page = said(answer)
    assert answer.status_code == 200
    assert "4 sessions did not take place." in page
    # Price 80: 40 + 0 + 40 + 80 by the old rule; 20 + 20 + 20 + 80 by the new.
    assert "Kept £160 £140" in page
    assert "Sent back £160 £180" in page
    assert "3 would have ended differently" in page
    assert fields_of(answer)["late_fee_percent"] == "25"
    assert f"id={made['Lara Late']}" in answer.text
    assert str(made["Clint Clinic"]) not in answer.text
    with inside(rowan):
        assert everything(but=("audit", "account")) == before
