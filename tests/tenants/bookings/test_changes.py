"""Staff's moves and cancels, and three minutes to take them back, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from saas.db import db
from saas.jobs import drain
from saas.mail import outgoing
from saas.money import Money
from saas.stale import ChangedMeanwhile, mark_of
from saas.tenancy import tenant_scope
from tenants.bookings.at_desk import DeskWish, book_at_desk
from tenants.bookings.change_effects import HANDLERS
from tenants.bookings.changes import (
    JustMoved,
    TooLate,
    cancel_by_staff,
    marked,
    move_by_staff,
    settle_change,
    undo,
)
from tenants.bookings.desk import WHY_CODES, Asked, TimeRefused, Why, openings_on, why_not
from tenants.bookings.effects import HANDLERS as MAILS
from tenants.bookings.models import Booking, BookingChange
from tenants.bookings.moves import arrive, cancel, reschedule
from tenants.bookings.pending import KEPT, BeingCancelled
from tenants.bookings.places import SlotTaken
from tenants.bookings.reasons import sentence
from tenants.bookings.rules import UNDO, Place, pieces_to_keep
from tenants.payments.queries import balance_of_booking
from tests.cast import NOW, Clinic
from tests.tenants.bookings.scenes import CLEO, DORA, HOUR, TUESDAY_TEN, booked, effects, fresh, held, only_sqlite

WEDNESDAY_TEN = TUESDAY_TEN + timedelta(days=1)
UNTIL = NOW + UNDO


def moved(booking: Booking, to: datetime = WEDNESDAY_TEN, **more: object) -> BookingChange:
    asked = {"practitioner_id": None, "seen": None, "now": NOW, **more}
    found = move_by_staff(booking_id=booking.id, starts_at=to, **asked)  # type: ignore[arg-type]
    assert found is not None
    return db.session.get_one(BookingChange, found, populate_existing=True)


def cancelled(booking: Booking, *, keep_fee: bool = False, now: datetime = NOW) -> BookingChange:
    found = cancel_by_staff(booking_id=booking.id, reason="client", keep_fee=keep_fee, seen=None, now=now)
    return db.session.get_one(BookingChange, found, populate_existing=True)


def kept() -> list[Booking]:
    return list(db.session.execute(select(Booking).where(Booking.source == KEPT)).scalars())


def work(app: Flask, now: datetime) -> list[str]:
    """The worker runs all that is due: the subjects of the mails that went out."""
    before = len(outgoing())
    drain(app, {**HANDLERS, **MAILS, "hold.end": lambda _effect, *, now: None}, now)
    return [mail.subject for mail in outgoing()[before:]]


def test_a_move_is_there_at_once_and_told_when_it_is_final(at_rowan: Clinic, app: Flask) -> None:
    booking = booked(at_rowan)
    work(app, NOW)
    change = moved(booking)
    assert fresh(booking.id).starts_at == WEDNESDAY_TEN
    assert work(app, UNTIL - timedelta(seconds=1)) == []
    with pytest.raises(SlotTaken):
        held(at_rowan)  # the old place is kept
    told = work(app, UNTIL)
    assert len(told) == 3  # the client, the clinic, the practitioner
    assert db.session.get_one(BookingChange, change.id, populate_existing=True).state == "done"
    assert kept() == []
    assert held(at_rowan, now=UNTIL).starts_at == TUESDAY_TEN
    with pytest.raises(TooLate):
        undo(change_id=change.id, now=UNTIL)


def test_a_move_that_is_taken_back_is_never_told(at_rowan: Clinic, app: Flask) -> None:
    booking = booked(at_rowan)
    work(app, NOW)
    before = fresh(booking.id)
    was = (before.starts_at, before.ends_at, before.busy_to, before.wall_start, before.practitioner_id, before.policy)
    change = moved(booking, practitioner_id=at_rowan.practitioners["iris"])
    undo(change_id=change.id, now=UNTIL - timedelta(seconds=1))
    undo(change_id=change.id, now=UNTIL - timedelta(seconds=1))
    after = fresh(booking.id)
    assert (
        after.starts_at,
        after.ends_at,
        after.busy_to,
        after.wall_start,
        after.practitioner_id,
        after.policy,
    ) == was
    assert kept() == []
    assert work(app, UNTIL + HOUR / 2) == []
    held(at_rowan, at=WEDNESDAY_TEN, person="iris")


def test_a_cancel_waits_and_the_booking_stands_meanwhile(at_rowan: Clinic, app: Flask) -> None:
    booking = booked(at_rowan)
    work(app, NOW)
    change = cancelled(booking)
    assert cancelled(booking).id == change.id
    assert fresh(booking.id).status == "confirmed"
    assert balance_of_booking(booking.id) == Money(6000, "GBP")
    with pytest.raises(SlotTaken):
        held(at_rowan)
    for verb in (
        lambda: arrive(booking_id=booking.id, now=NOW),
        lambda: moved(booking),
    ):
        with pytest.raises(BeingCancelled):
            verb()
    assert len(work(app, UNTIL)) == 3
    after = fresh(booking.id)
    assert (after.status, after.ended_by, after.ended_at) == ("cancelled", "staff", UNTIL)
    assert balance_of_booking(booking.id) == Money(0, "GBP")
    held(at_rowan, now=UNTIL)


def test_a_cancel_that_is_taken_back_leaves_no_trace_for_the_client(at_rowan: Clinic, app: Flask) -> None:
    booking = booked(at_rowan)
    work(app, NOW)
    change = cancelled(booking)
    undo(change_id=change.id, now=NOW + timedelta(minutes=1))
    assert work(app, UNTIL + HOUR / 2) == []
    assert (fresh(booking.id).status, fresh(booking.id).sequence) == ("confirmed", 0)
    arrive(booking_id=booking.id, now=TUESDAY_TEN)


def test_what_the_client_does_meanwhile_wins_and_is_immediate(at_rowan: Clinic, app: Flask) -> None:
    first = booked(at_rowan)
    change = moved(first)
    cancel(booking_id=first.id, who="client", click="c", now=NOW + timedelta(minutes=1))
    second = booked(at_rowan, at=TUESDAY_TEN + 2 * HOUR, who=DORA)
    going = cancelled(second)
    reschedule(booking_id=second.id, starts_at=TUESDAY_TEN, practitioner_id=None, who="client", now=NOW)
    for one in (change, going):
        with pytest.raises(TooLate):
            undo(change_id=one.id, now=NOW + timedelta(minutes=2))
        settle_change(change_id=one.id, now=UNTIL)
        assert db.session.get_one(BookingChange, one.id, populate_existing=True).state == "void"
    assert (fresh(first.id).status, fresh(second.id).status) == ("cancelled", "confirmed")
    assert kept() == []


def test_a_second_move_goes_back_to_the_first_place_and_tells_what_the_client_knew(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    moved(booking)
    again = moved(booking, TUESDAY_TEN + 4 * HOUR)
    assert (again.told_at, again.from_starts_at) == (TUESDAY_TEN, WEDNESDAY_TEN)
    moved(booking, TUESDAY_TEN)  # onto the place that the first move kept
    assert [row.starts_at for row in kept()] == [TUESDAY_TEN + 4 * HOUR]
    with pytest.raises(JustMoved):
        cancelled(booking)


def test_a_clients_own_untold_move_is_told_after_an_undo(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    reschedule(booking_id=booking.id, starts_at=WEDNESDAY_TEN, practitioner_id=None, who="client", now=NOW)
    change = moved(booking, WEDNESDAY_TEN + 2 * HOUR)
    assert change.told_at == TUESDAY_TEN
    undo(change_id=change.id, now=NOW)
    newest = effects("booking.changed")[-1].payload
    assert (newest["sequence"], newest["was"]) == (3, int(TUESDAY_TEN.timestamp()))


def test_a_move_stays_when_the_client_is_elsewhere_by_now(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    change_id = moved(booking).id
    booked(at_rowan, person="iris")  # the same client, at the old time
    with pytest.raises(SlotTaken):
        undo(change_id=change_id, now=NOW)
    assert (fresh(booking.id).starts_at, len(kept())) == (WEDNESDAY_TEN, 1)
    assert db.session.get_one(BookingChange, change_id, populate_existing=True).state == "open"


def test_a_stale_page_and_a_refused_time_change_nothing(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    seen = mark_of(*marked(booking))
    booked(at_rowan, at=WEDNESDAY_TEN, who=DORA)
    with pytest.raises(TimeRefused) as refused:
        moved(booking, seen=seen)
    assert refused.value.whys == (Why("booked", WEDNESDAY_TEN, WEDNESDAY_TEN + HOUR),)
    reschedule(booking_id=booking.id, starts_at=TUESDAY_TEN + HOUR, practitioner_id=None, who="client", now=NOW)
    with pytest.raises(ChangedMeanwhile):
        moved(booking, WEDNESDAY_TEN + HOUR, seen=seen)
    with pytest.raises(ChangedMeanwhile):
        cancel_by_staff(booking_id=booking.id, reason="client", keep_fee=False, seen=seen, now=NOW)
    assert db.session.execute(select(BookingChange.id)).first() is None


def test_rooms_move_along_and_come_back(at_rowan: Clinic) -> None:
    booking = booked(at_rowan, "room")
    room = booking.room_id
    assert room is not None
    change = moved(booking, TUESDAY_TEN + HOUR / 2)
    assert [(row.room_id, row.busy_from, row.busy_to) for row in kept()] == [
        (room, TUESDAY_TEN, TUESDAY_TEN + HOUR / 2)
    ]
    undo(change_id=change.id, now=NOW)
    assert (fresh(booking.id).room_id, fresh(booking.id).starts_at) == (room, TUESDAY_TEN)
    asked = Asked(at_rowan.services["room"], at_rowan.practitioners["iris"], TUESDAY_TEN)
    with pytest.raises(TimeRefused) as refused:
        book_at_desk(wish=DeskWish(asked, None, DORA, "", "click"), now=NOW)
    assert refused.value.whys == (Why("no_room"),)


def both_at_once(app: Flask, clinic: Clinic, change_id: UUID) -> list[str]:
    """Undo and the final step from two threads; who came too late. The page's clock stands a moment before the end,
    the worker's at it: as near as two machines can be."""
    together, said = threading.Barrier(2), []

    def run(what: Callable[[], object], name: str) -> None:
        with app.app_context(), tenant_scope(clinic.ref):
            together.wait()
            try:
                what()
            except TooLate:
                said.append(name)

    racers: dict[str, Callable[[], object]] = {
        "undo": lambda: undo(change_id=change_id, now=UNTIL - timedelta(milliseconds=1)),
        "final": lambda: settle_change(change_id=change_id, now=UNTIL),
    }
    threads = [threading.Thread(target=run, args=(what, name)) for name, what in racers.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


@pytest.mark.parametrize("kind", ["moved", "cancelled"])
def test_of_undo_and_the_final_step_at_once_exactly_one_happens(app: Flask, at_rowan: Clinic, kind: str) -> None:
    for number in range(4):
        at = TUESDAY_TEN + number * timedelta(days=1)
        booking_id = booked(at_rowan, at=at).id
        change = moved(fresh(booking_id), at + 3 * HOUR) if kind == "moved" else cancelled(fresh(booking_id))
        change_id = change.id
        db.session.rollback()
        late = both_at_once(app, at_rowan, change_id)
        db.session.rollback()
        state = db.session.get_one(BookingChange, change_id, populate_existing=True).state
        told = [one for one in effects("booking.changed" if kind == "moved" else "booking.cancelled")
                if one.payload["booking_id"] == str(booking_id)]  # fmt: skip
        assert (state, len(told), late) in [("undone", 0, []), ("done", 1, ["undo"])]
        assert fresh(booking_id).status == ("cancelled" if (kind, state) == ("cancelled", "done") else "confirmed")
        assert (fresh(booking_id).starts_at == at) == (kind == "cancelled" or state == "undone")
        assert kept() == []


def test_one_form_sent_twice_at_once_is_one_booking_for_both(app: Flask, at_rowan: Clinic) -> None:
    asked = Asked(at_rowan.services["desk"], at_rowan.practitioners["ben"], TUESDAY_TEN)
    wish = DeskWish(asked, None, CLEO, "", "one click")
    together, said = threading.Barrier(3), []

    def press() -> None:
        with app.app_context(), tenant_scope(at_rowan.ref):
            together.wait()
            try:
                said.append(str(book_at_desk(wish=wish, now=NOW)))
            except TimeRefused:
                said.append("refused")

    db.session.rollback()
    hands = [threading.Thread(target=press) for _ in range(3)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    (booking,) = db.session.execute(select(Booking.id)).scalars()
    assert said == [str(booking)] * 3


def test_the_late_fee_is_kept_only_when_staff_say_so(at_rowan: Clinic) -> None:
    booking = booked(at_rowan)
    late = TUESDAY_TEN - HOUR
    assert cancelled(booking, keep_fee=False, now=late).fee_percent == 0
    other = booked(at_rowan, at=TUESDAY_TEN + HOUR, who=DORA)
    change = cancelled(other, keep_fee=True, now=late)
    assert change.fee_percent == fresh(other.id).policy["late_fee_percent"]


def test_the_desk_books_any_free_minute_for_anybody_and_once(at_rowan: Clinic) -> None:
    asked = Asked(at_rowan.services["desk"], None, TUESDAY_TEN + timedelta(minutes=7))
    wish = DeskWish(asked, None, CLEO, "ring first", "click-1")
    booking = fresh(book_at_desk(wish=wish, now=NOW))
    assert book_at_desk(wish=wish, now=NOW) == booking.id
    assert (booking.status, booking.source, booking.payment_mode, booking.note) == (
        "confirmed",
        "staff",
        "at_clinic",
        "ring first",
    )
    assert balance_of_booking(booking.id) == Money(6000, "GBP")
    again = replace(wish, client_id=booking.client_id, details=None, click="click-2")
    with pytest.raises(TimeRefused) as refused:
        book_at_desk(wish=again, now=NOW)
    assert refused.value.whys == (Why("client_busy"),)
    # A service that clients pay online is paid at the clinic when the desk books it.
    paid = replace(again, asked=replace(asked, service_id=at_rowan.services["full"], starts_at=WEDNESDAY_TEN))
    assert fresh(book_at_desk(wish=paid, now=NOW)).online_minor == 0


def test_every_rule_that_binds_the_desk_says_why(at_rowan: Clinic) -> None:
    ben, full = at_rowan.practitioners["ben"], at_rowan.services["full"]
    held(at_rowan, "full", TUESDAY_TEN)
    asked = {
        "outside_hours": TUESDAY_TEN.replace(hour=3),
        "booked": TUESDAY_TEN + HOUR / 2,
        "buffer": TUESDAY_TEN - HOUR,
        "past": NOW - timedelta(days=1),
    }
    for code, at in asked.items():
        assert [why.code for why in why_not(Asked(full, ben, at), now=NOW)] == [code]
    # Earlier today and far ahead are the desk's to choose; a client is offered neither.
    earlier = DeskWish(Asked(full, ben, NOW), None, DORA, "", "earlier")
    assert fresh(book_at_desk(wish=earlier, now=NOW.replace(hour=12))).starts_at == NOW
    assert openings_on(full, NOW.date(), practitioners=[ben], moving=None, now=NOW)[0].starts_at == NOW + 1.5 * HOUR
    assert openings_on(full, NOW.date() + timedelta(days=301), practitioners=[ben], moving=None, now=NOW)


@only_sqlite
def test_every_reason_has_its_words(at_rowan: Clinic) -> None:
    spans = [(None, None), (NOW, NOW + HOUR), (NOW, NOW + timedelta(days=2))]
    for code in WHY_CODES:
        for start, end in spans:
            words = sentence(Why(code, start, end), zone="Europe/London", locale="en_GB")
            assert words.endswith("."), code
            assert "None" not in words


@given(
    old=st.tuples(st.integers(0, 40), st.integers(1, 20)),
    new=st.tuples(st.integers(0, 40), st.integers(1, 20)),
    person=st.sampled_from([8, 9]),
    rooms=st.sampled_from([(None, None), (1, 1), (1, 2)]),
)
def test_kept_pieces_are_all_of_the_old_place_that_can_be_kept(
    old: tuple[int, int], new: tuple[int, int], person: int, rooms: tuple[int | None, int | None]
) -> None:
    def place(who: int, room: int | None, span: tuple[int, int]) -> Place:
        start = NOW + timedelta(minutes=span[0])
        return Place(UUID(int=who), UUID(int=room) if room else None, start, start + timedelta(minutes=span[1]))

    was, now = place(9, rooms[0], old), place(person, rooms[1], new)
    pieces = pieces_to_keep(was, now)
    for minute in range(old[0], sum(old)):
        at = NOW + timedelta(minutes=minute)
        here = [piece for piece in pieces if piece.start <= at < piece.end]
        shared = now.start <= at < now.end
        assert len(here) == (0 if shared and person == 9 else 1)
        assert all(piece.practitioner == was.practitioner for piece in here)
        if not shared:
            assert here[0].room == was.room
        elif was.room == now.room:
            assert not [piece for piece in here if piece.room is not None]
