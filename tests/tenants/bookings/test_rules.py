"""States and windows, as a table and as properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.bookings.rules import (
    NotNow,
    PolicyTerms,
    client_may_cancel,
    client_may_move,
    lapsed,
    may,
    require,
    sayable,
)

NOON = datetime(2026, 3, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
STATES = ("held", "confirmed", "arrived", "completed", "no_show", "cancelled", "expired")

ALLOWED = {
    "confirm": {"held"},
    "expire": {"held"},
    "retake": {"held", "expired"},
    "move": {"held", "expired", "confirmed"},
    "cancel": {"held", "confirmed"},
    "arrive": {"confirmed"},
    "complete": {"confirmed", "arrived"},
    "no_show": {"confirmed"},
}


@pytest.mark.parametrize("verb", list(ALLOWED))
@pytest.mark.parametrize("status", STATES)
def test_every_verb_in_every_state(verb: str, status: str) -> None:
    assert may(verb, status) is (status in ALLOWED[verb])  # type: ignore[arg-type]
    if status in ALLOWED[verb]:
        require(verb, status)  # type: ignore[arg-type]
    else:
        with pytest.raises(NotNow):
            require(verb, status)  # type: ignore[arg-type]


def test_what_is_said_of_a_session_follows_the_clock_and_the_state() -> None:
    def at(status: str, minutes: int, zone: str = "Europe/London") -> tuple[str, ...]:
        return sayable(status, starts_at=NOON, zone=zone, now=NOON + timedelta(minutes=minutes))

    assert at("confirmed", -1) == at("confirmed", -720) == ("arrive",)
    assert at("confirmed", 0) == ("arrive", "complete", "no_show")
    assert (at("arrived", -1), at("arrived", 5)) == ((), ("complete",))
    assert at("completed", 5) == at("no_show", 5) == at("cancelled", 5) == ()
    # The clinic's day, not UTC's: in Auckland that session is at one in the morning of the next day.
    assert at("confirmed", -721) == at("confirmed", -61, "Pacific/Auckland") == ()


def test_a_hold_lapses_at_its_very_end_and_never_while_somebody_pays() -> None:
    known = {"status": "held", "hold_expires_at": NOON, "paying": False}
    assert not lapsed(**known, now=NOON - timedelta(microseconds=1))  # type: ignore[arg-type]
    assert lapsed(**known, now=NOON)  # type: ignore[arg-type]
    assert not lapsed(**{**known, "paying": True}, now=NOON + HOUR)  # type: ignore[arg-type]
    assert not lapsed(**{**known, "status": "confirmed"}, now=NOON + HOUR)  # type: ignore[arg-type]


def test_free_until_is_exclusive() -> None:
    terms = PolicyTerms(1, 24, 50, 100)
    start = NOON + 48 * HOUR
    assert terms.free_until(start) == NOON + 24 * HOUR
    assert terms.is_free(starts_at=start, now=NOON + 24 * HOUR - timedelta(microseconds=1))
    assert not terms.is_free(starts_at=start, now=NOON + 24 * HOUR)


def test_moving_late_does_not_buy_a_new_free_time() -> None:
    terms = PolicyTerms(1, 24, 50, 100)
    soon, far = NOON + 5 * HOUR, NOON + 500 * HOUR
    moved = terms.after_move(starts_at=soon, now=NOON)
    assert not moved.is_free(starts_at=far, now=NOON)
    assert terms.after_move(starts_at=far, now=NOON).is_free(starts_at=far, now=NOON)


@given(
    st.integers(0, 200),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
    st.one_of(st.none(), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))),
)
def test_terms_survive_their_snapshot(hours: int, start: datetime, since: datetime | None) -> None:
    terms = PolicyTerms(3, hours, 20, 80, late_since=since)
    again = PolicyTerms.from_snapshot(terms.snapshot())
    assert again == terms
    assert again.free_until(start) <= start - hours * HOUR


def test_clients_move_and_cancel_until_the_start() -> None:
    for allowed in (client_may_move, client_may_cancel):
        assert allowed(status="confirmed", starts_at=NOON, now=NOON - HOUR)
        assert not allowed(status="confirmed", starts_at=NOON, now=NOON)
        assert not allowed(status="completed", starts_at=NOON, now=NOON - HOUR)
