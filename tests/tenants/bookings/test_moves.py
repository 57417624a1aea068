"""Move, cancel, arrive, complete, no-show, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from saas.money import Money
from tenants.bookings.moves import arrive, cancel, complete, no_show, reschedule
from tenants.bookings.places import SlotTaken
from tenants.bookings.rules import CHANGE_GRACE, NotNow
from tenants.payments.queries import balance_of_booking, money_of
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import CLEO, DORA, HOUR, TUESDAY_TEN, booked, effects, fresh, held


def test_a_move_keeps_all_but_the_time(at_rowan: Clinic) -> None:
    before = booked(at_rowan)
    to = TUESDAY_TEN + timedelta(days=1)
    after = fresh(reschedule(booking_id=before.id, starts_at=to, practitioner_id=None, who="client", now=NOW).id)
    assert (after.starts_at, after.sequence, after.status) == (to, 1, "confirmed")
    assert (after.price_minor, after.client_id, after.link_hash) == (6000, before.client_id, before.link_hash)
    assert [e.run_at for e in effects("booking.changed")] == [NOW + CHANGE_GRACE]
    assert effects("booking.reminder")[-1].payload["sequence"] == 1
    held(at_rowan)


def test_a_move_onto_its_own_old_time_overlapping_is_possible(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    to = TUESDAY_TEN + HOUR / 2
    assert reschedule(booking_id=booking.id, starts_at=to, practitioner_id=None, who="client", now=NOW).starts_at == to


def test_a_move_to_where_it_is_changes_nothing(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    reschedule(booking_id=booking.id, starts_at=TUESDAY_TEN, practitioner_id=None, who="client", now=NOW)
    assert fresh(booking.id).sequence == 0
    assert effects("booking.changed") == []


def test_a_move_to_a_taken_or_closed_time_is_refused_and_changes_nothing(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    booked(at_rowan, at=TUESDAY_TEN + 2 * HOUR, who=DORA)
    for to in (TUESDAY_TEN + 2 * HOUR, TUESDAY_TEN.replace(hour=3), TUESDAY_TEN + timedelta(minutes=7)):
        with pytest.raises(SlotTaken):
            reschedule(booking_id=booking.id, starts_at=to, practitioner_id=None, who="client", now=NOW)
    assert fresh(booking.id).starts_at == TUESDAY_TEN


def test_a_client_does_not_move_onto_their_own_other_booking(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    booked(at_rowan, at=TUESDAY_TEN + 3 * HOUR, who=CLEO, person="iris")
    with pytest.raises(SlotTaken):
        reschedule(booking_id=booking.id, starts_at=TUESDAY_TEN + 3 * HOUR, practitioner_id=None, who="client", now=NOW)


def test_a_hold_moves_and_begins_its_time_anew(at_rowan: Clinic) -> None:
    booking = held(at_rowan)
    later = NOW + 2 * HOUR
    moved = reschedule(
        booking_id=booking.id, starts_at=TUESDAY_TEN + HOUR, practitioner_id=None, who="client", now=later
    )
    assert (moved.status, moved.hold_expires_at) == ("held", later + timedelta(minutes=15))
    assert effects("booking.changed") == []


def test_a_client_moves_until_the_start_and_staff_too(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    to = TUESDAY_TEN + timedelta(days=1)
    with pytest.raises(NotNow):
        reschedule(booking_id=booking.id, starts_at=to, practitioner_id=None, who="client", now=TUESDAY_TEN)
    reschedule(booking_id=booking.id, starts_at=to, practitioner_id=None, who="staff", now=TUESDAY_TEN)


def test_to_another_practitioner(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    iris = at_rowan.practitioners["iris"]
    moved = reschedule(booking_id=booking.id, starts_at=TUESDAY_TEN, practitioner_id=iris, who="client", now=NOW)
    assert moved.practitioner_id == iris


def test_cancel_frees_the_time_tells_everybody_and_owes_nothing(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    assert balance_of_booking(booking.id) == Money(6000, "GBP")
    cancel(booking_id=booking.id, who="client", click="c", now=NOW)
    cancel(booking_id=booking.id, who="client", click="c", now=NOW)
    after = fresh(booking.id)
    assert (after.status, after.sequence, after.ended_by) == ("cancelled", 1, "client")
    assert [len(effects(k)) for k in ("booking.cancelled", "refund.send")] == [1, 0]
    assert balance_of_booking(booking.id) == Money(0, "GBP")
    assert money_of(booking.id).kept == Money(0, "GBP")
    held(at_rowan)


def test_a_client_cannot_cancel_what_has_begun(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    with pytest.raises(NotNow):
        cancel(booking_id=booking.id, who="client", click="c", now=TUESDAY_TEN)


def test_arrive_complete_and_no_show(at_rowan: Clinic) -> None:
    first = booked(at_rowan)
    arrive(booking_id=first.id, now=TUESDAY_TEN)
    assert complete(booking_id=first.id, now=TUESDAY_TEN + HOUR).status == "completed"
    second = booked(at_rowan, at=TUESDAY_TEN + 2 * HOUR, who=DORA)
    for early in (arrive, no_show):  # the day before
        with pytest.raises(NotNow):
            early(booking_id=second.id, now=NOW)
    for early in (complete, no_show):  # an hour before
        with pytest.raises(NotNow):
            early(booking_id=second.id, now=TUESDAY_TEN + HOUR)
    for _twice in range(2):
        assert no_show(booking_id=second.id, now=TUESDAY_TEN + 3 * HOUR).status == "no_show"
    with pytest.raises(NotNow):
        cancel(booking_id=second.id, who="staff", click="c", now=TUESDAY_TEN + 3 * HOUR)
