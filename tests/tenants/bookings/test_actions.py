"""Hold, extend, details, confirm: each rule once, on both databases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from saas.audit import Audit
from saas.db import db
from tenants.availability.actions import add_time_off
from tenants.bookings.actions import KeyReused, NoLonger, confirm, extend_hold, give_details, hold
from tenants.bookings.models import Booking
from tenants.bookings.openings import NoSuchService, find_service, list_openings, load
from tenants.bookings.places import NoSuchBooking, SlotTaken, find_by_token, lock_booking
from tenants.bookings.rules import HOLD, NotNow
from tenants.clients.models import Client
from tenants.services.actions import retire_service
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import CLEO, DORA, HOUR, TUESDAY_TEN, booked, effects, fresh, held


def test_a_hold_keeps_the_time_with_all_that_was_promised(at_rowan: Clinic) -> None:
    booking = fresh(held(at_rowan, "full").id)
    assert (booking.status, booking.client_id, booking.hold_expires_at) == ("held", None, NOW + HOLD)
    assert booking.ends_at - booking.starts_at == HOUR
    assert booking.busy_to - booking.ends_at == timedelta(minutes=15)
    assert booking.wall_start == datetime(2026, 3, 24, 10, 0)
    assert (booking.zone, booking.price_minor, booking.online_minor) == ("Europe/London", 8000, 8000)
    assert booking.policy["free_hours"] == 24
    assert [e.run_at for e in effects("hold.end")] == [NOW + HOLD]


@pytest.mark.parametrize(
    "at",
    [
        TUESDAY_TEN.replace(hour=8),
        TUESDAY_TEN.replace(minute=10),
        TUESDAY_TEN.replace(second=30),
        TUESDAY_TEN - timedelta(days=2),
        TUESDAY_TEN + timedelta(days=4),
        TUESDAY_TEN + timedelta(days=400),
        TUESDAY_TEN.replace(hour=16, minute=30),
    ],
    ids=["closed", "off the grid", "seconds", "past", "weekend", "beyond the horizon", "too late in the day"],
)
def test_hold_refuses_what_is_not_offered(at_rowan: Clinic, at: datetime) -> None:
    with pytest.raises(SlotTaken):
        held(at_rowan, at=at)
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 0


def test_hold_refuses_a_start_taken_meanwhile_and_takes_its_neighbour(at_rowan: Clinic) -> None:
    held(at_rowan, "full")
    for minutes in (-30, 0, 30, 60):
        with pytest.raises(SlotTaken):
            held(at_rowan, "full", TUESDAY_TEN + timedelta(minutes=minutes))
    held(at_rowan, "full", TUESDAY_TEN + timedelta(minutes=90))


def test_anyone_means_the_least_booked_who_is_free(at_rowan: Clinic) -> None:
    booked(at_rowan, at=TUESDAY_TEN - HOUR, person="ben")
    first = held(at_rowan, person=None)
    second = held(at_rowan, person=None)
    assert first.practitioner_id == at_rowan.practitioners["iris"]
    assert second.practitioner_id == at_rowan.practitioners["ben"]
    with pytest.raises(SlotTaken):
        held(at_rowan, person=None)


def test_a_room_is_given_once_at_a_time(at_rowan: Clinic) -> None:
    first = held(at_rowan, "room", person="ben")
    assert first.room_id == at_rowan.rooms["quiet"]
    with pytest.raises(SlotTaken):
        held(at_rowan, "room", person="iris")
    held(at_rowan, "desk", person="iris")


def test_a_lapsed_hold_stands_in_nobodys_way(at_rowan: Clinic) -> None:
    first = held(at_rowan)
    later = NOW + HOLD
    with pytest.raises(SlotTaken):
        held(at_rowan, now=later - timedelta(seconds=1))
    second = held(at_rowan, now=later)
    assert (fresh(first.id).status, fresh(second.id).status) == ("expired", "held")


def test_a_hold_that_may_still_be_paid_is_not_given_away(at_rowan: Clinic) -> None:
    from saas.db import action

    first = held(at_rowan, "full")

    @action
    def at_the_till() -> None:
        lock_booking(first.id).paying = True

    at_the_till()
    with pytest.raises(SlotTaken):
        held(at_rowan, "full", now=NOW + timedelta(hours=3))


def test_the_same_key_answers_the_same_booking(at_rowan: Clinic) -> None:
    def once(request_hash: str) -> Booking:
        return hold(
            service_id=at_rowan.services["desk"], practitioner_id=None, starts_at=TUESDAY_TEN, source="api",
            client_zone="", locale="", now=NOW, idempotency_key="k", request_hash=request_hash,
        )  # fmt: skip

    assert once("a").id == once("a").id
    with pytest.raises(KeyReused):
        once("b")


def test_extend_adds_a_quarter_of_an_hour_ten_times(at_rowan: Clinic) -> None:
    booking = held(at_rowan)
    for times in range(1, 11):
        extended = extend_hold(booking_id=booking.id, now=NOW)
        assert extended.hold_expires_at == NOW + HOLD * (1 + times)
    with pytest.raises(NoLonger):
        extend_hold(booking_id=booking.id, now=NOW)


def test_extending_a_lapsed_hold_takes_it_again_or_says_that_it_is_gone(at_rowan: Clinic) -> None:
    booking = held(at_rowan)
    later = NOW + HOUR
    assert (extend_hold(booking_id=booking.id, now=later).hold_expires_at or NOW) > later
    other = held(at_rowan, at=TUESDAY_TEN + 2 * HOUR)
    held(at_rowan, at=TUESDAY_TEN + 2 * HOUR, now=later)
    with pytest.raises(SlotTaken):
        extend_hold(booking_id=other.id, now=later)


def test_details_make_a_client_and_keep_what_is_known(at_rowan: Clinic) -> None:
    first = booked(at_rowan)
    second = held(at_rowan, at=TUESDAY_TEN + 2 * HOUR)
    give_details(
        booking_id=second.id,
        details=CLEO.__class__(name="Cleo Marsh", email="CLEO@example.com", phone="+441132000099"),
        now=NOW,
    )
    second = fresh(second.id)
    assert second.client_id == first.client_id
    client = db.session.get_one(Client, first.client_id)
    assert client.phone == CLEO.phone
    assert second.typed["phone"] == "+441132000099"


def test_details_of_a_lapsed_hold_take_it_again_silently(at_rowan: Clinic) -> None:
    booking = held(at_rowan)
    given = give_details(booking_id=booking.id, details=CLEO, now=NOW + HOUR)
    assert given.status == "held"
    assert given.hold_expires_at == NOW + HOUR + HOLD


def test_details_are_kept_when_the_time_has_gone(at_rowan: Clinic) -> None:
    booking = held(at_rowan)
    held(at_rowan, now=NOW + HOUR)
    with pytest.raises(SlotTaken):
        give_details(booking_id=booking.id, details=CLEO, now=NOW + HOUR)
    assert fresh(booking.id).typed["name"] == "Cleo Marsh"


def test_one_client_is_never_in_two_places(at_rowan: Clinic) -> None:
    booked(at_rowan, person="ben")
    booking = held(at_rowan, person="iris")
    with pytest.raises(SlotTaken):
        give_details(booking_id=booking.id, details=CLEO, now=NOW)
    assert fresh(booking.id).client_id is None
    give_details(booking_id=booking.id, details=DORA, now=NOW)


def test_a_lapsed_hold_of_the_same_client_is_no_obstacle(at_rowan: Clinic) -> None:
    first = held(at_rowan, person="ben")
    give_details(booking_id=first.id, details=CLEO, now=NOW)
    second = held(at_rowan, person="iris", now=NOW + HOUR)
    give_details(booking_id=second.id, details=CLEO, now=NOW + HOUR)
    assert fresh(first.id).status == "expired"


def test_confirm_books_once_and_asks_for_its_effects_once(at_rowan: Clinic) -> None:
    booking = booked(at_rowan, at=TUESDAY_TEN + timedelta(days=1))
    confirm(booking_id=booking.id, how="at_clinic", now=NOW)
    booking = fresh(booking.id)
    assert (booking.status, booking.hold_expires_at) == ("confirmed", None)
    assert [len(effects(kind)) for kind in ("booking.confirmed", "booking.notice", "booking.reminder")] == [1, 1, 2]
    # The second sleeps until the session: the clinic reminds once, and may decide otherwise.
    assert [one.run_at for one in effects("booking.reminder")] == [booking.starts_at - 24 * HOUR, booking.starts_at]


def test_no_reminder_is_due_when_booked_within_a_day(at_rowan: Clinic) -> None:
    booking = booked(at_rowan, at=NOW + 2 * HOUR)
    assert {one.run_at for one in effects("booking.reminder")} == {booking.starts_at}


def test_what_must_be_paid_online_is_not_confirmed_without(at_rowan: Clinic) -> None:
    booking = held(at_rowan, "full")
    give_details(booking_id=booking.id, details=CLEO, now=NOW)
    for how in ("free", "at_clinic"):
        with pytest.raises(NotNow):
            confirm(booking_id=booking.id, how=how, now=NOW)


def test_nothing_is_confirmed_without_a_client(at_rowan: Clinic) -> None:
    with pytest.raises(NotNow):
        confirm(booking_id=held(at_rowan).id, how="at_clinic", now=NOW)


def test_confirming_a_lapsed_hold_needs_its_time_free(at_rowan: Clinic) -> None:
    booking = held(at_rowan)
    give_details(booking_id=booking.id, details=CLEO, now=NOW)
    held(at_rowan, now=NOW + HOUR)
    with pytest.raises(SlotTaken):
        confirm(booking_id=booking.id, how="at_clinic", now=NOW + HOUR)


def test_a_retired_service_is_not_held_but_its_holds_go_on(at_rowan: Clinic) -> None:
    booking = held(at_rowan)
    retire_service(service_id=at_rowan.services["desk"], now=NOW)
    with pytest.raises(NoSuchService):
        held(at_rowan, at=TUESDAY_TEN + 2 * HOUR)
    give_details(booking_id=booking.id, details=CLEO, now=NOW + HOUR)
    assert confirm(booking_id=booking.id, how="at_clinic", now=NOW + HOUR).status == "confirmed"


def test_time_off_is_not_offered_and_not_held(at_rowan: Clinic) -> None:
    add_time_off(
        practitioner_id=at_rowan.practitioners["ben"], starts_at=TUESDAY_TEN, ends_at=TUESDAY_TEN + HOUR, now=NOW
    )
    with pytest.raises(SlotTaken):
        held(at_rowan)
    service = find_service(slug="desk")
    day = date(2026, 3, 24)
    offer = load(service, date_from=day, date_to=day + timedelta(days=1), now=NOW, practitioner="ben")
    starts = [o.starts_at for o in list_openings(offer, date_from=day, date_to=day + timedelta(days=1), now=NOW)]
    assert TUESDAY_TEN - HOUR in starts
    assert TUESDAY_TEN - HOUR / 2 not in starts
    assert TUESDAY_TEN + HOUR in starts


def test_unknown_links_and_ids_are_nobodys(at_rowan: Clinic) -> None:
    for token in ("", "x", "x" * 5000, "\ud800", "%00"):
        with pytest.raises(NoSuchBooking):
            find_by_token(token)
    with pytest.raises(NoSuchBooking):
        confirm(booking_id=uuid4(), how="free", now=NOW)


def test_every_step_is_in_the_audit_without_a_word_of_the_client(at_rowan: Clinic) -> None:
    booked(at_rowan)
    rows = db.session.execute(select(Audit).where(Audit.target == "booking").order_by(Audit.id)).scalars().all()
    assert [row.deed for row in rows] == ["booking.held", "booking.details", "booking.confirmed"]
    assert not any("cleo" in str(row.facts).lower() for row in rows)
