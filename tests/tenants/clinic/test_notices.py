from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saas.errors import Invalid
from tenants.clinic.notices import (
    MOST_HOURS,
    PRESSING,
    USELESS,
    Envelope,
    Notices,
    clean_envelope,
    clean_notices,
    remind_at,
    wait_until,
)

LEEDS = "Europe/London"
HOUR = timedelta(hours=1)
NIGHT = Notices(24, 2, "21:00", "08:00")


def at(day: int, hour: int, minute: int = 0, month: int = 1) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_reminder_is_due_as_many_hours_before() -> None:
    assert remind_at(1, at(10, 10), Notices(), LEEDS) == at(9, 10)
    assert remind_at(2, at(10, 10), Notices(), LEEDS) is None
    assert remind_at(1, at(10, 10), Notices(None), LEEDS) is None
    assert remind_at(2, at(10, 10), Notices(24, 2), LEEDS) == at(10, 8)


@pytest.mark.parametrize(
    "starts, which, due",
    [
        (at(10, 10), 2, at(10, 8)),  # the end is outside
        (at(10, 9, 30), 2, at(10, 8)),
        (at(10, 8, 30), 2, at(9, 21)),  # at eight it would be of no use
        (at(10, 22), 1, at(10, 8)),
        (at(10, 20, 59), 1, at(9, 20, 59)),
        (at(10, 7), 1, at(9, 8)),
    ],
)
def test_a_reminder_keeps_the_quiet_hours(starts: datetime, which: int, due: datetime) -> None:
    assert remind_at(which, starts, NIGHT, LEEDS) == due


def test_quiet_hours_are_on_the_clinics_clock_also_when_it_changes() -> None:
    summer = at(1, 7, 30, month=7)  # half past eight in Leeds
    assert wait_until(summer, summer + 72 * HOUR, NIGHT, LEEDS) is None
    assert wait_until(summer - HOUR, summer + 72 * HOUR, NIGHT, LEEDS) == at(1, 7, month=7)
    # In the night of 25 October half past one comes twice; quiet is over at the second for who asks after the first.
    early = Notices(24, None, "23:00", "01:30")
    first, second = at(25, 0, 30, month=10), at(25, 1, 30, month=10)
    far = second + 72 * HOUR
    assert wait_until(first - HOUR, far, early, LEEDS) == first
    assert wait_until(first + HOUR / 2, far, early, LEEDS) == second
    assert wait_until(second, far, early, LEEDS) is None


def test_what_presses_does_not_wait() -> None:
    night = at(10, 2)
    assert wait_until(night, at(10, 8) + PRESSING, NIGHT, LEEDS) == at(10, 8)
    assert wait_until(night, at(10, 8) + PRESSING - HOUR / 60, NIGHT, LEEDS) is None
    assert wait_until(night, at(9, 10), NIGHT, LEEDS) == at(10, 8), "over: nothing presses"
    assert wait_until(night, at(9, 10), Notices(), LEEDS) is None


@given(
    start=st.integers(0, 1439), end=st.integers(0, 1439), hours=st.integers(1, MOST_HOURS),
    minute=st.integers(0, 366 * 1440), zone=st.sampled_from((LEEDS, "America/St_Johns", "Asia/Kathmandu")),
)  # fmt: skip
def test_no_reminder_falls_into_quiet_hours_or_after_its_use(
    start: int, end: int, hours: int, minute: int, zone: str
) -> None:
    if start == end:
        return
    quiet = Notices(hours, None, *(f"{m // 60:02}:{m % 60:02}" for m in (start, end)))
    session = at(1, 0) + timedelta(minutes=minute)
    due = remind_at(1, session, quiet, zone)
    assert due is not None
    assert due <= max(session - USELESS, session - hours * HOUR)
    waits = wait_until(due, session + timedelta(days=9), quiet, zone)
    # Either outside of the quiet hours, or at the very moment they begin.
    assert waits is None or wait_until(due - timedelta(seconds=1), session + timedelta(days=9), quiet, zone) is None


@pytest.mark.parametrize(
    "typed, field",
    [
        (Notices(0), "remind_hours"),
        (Notices(MOST_HOURS + 1), "remind_hours"),
        (Notices(None, 2), "remind_again_hours"),
        (Notices(24, 24), "remind_again_hours"),
        (Notices(24, None, "21:00"), "quiet_to"),
        (Notices(24, None, "", "08:00"), "quiet_from"),
        (Notices(24, None, "21:00", "9pm"), "quiet_to"),
        (Notices(24, None, "21:00", "21.00"), "quiet_to"),
    ],
)
def test_times_nobody_could_mean_are_refused(typed: Notices, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        clean_notices(typed)
    assert field in refused.value.fields


def test_times_are_kept_in_one_form() -> None:
    assert clean_notices(Notices(48, 1, " 9.05", "8:00:00")) == Notices(48, 1, "09:05", "08:00")


@pytest.mark.parametrize(
    "words",
    [
        "CST with Ben",
        "Your TherapyRoom",
        "Cranio-Sacral",
        "Terapia",
        "Craneosacral",
        "Ben, SER",
        "Quiet  HOUR now",
    ],
)
def test_no_word_outside_tells_what_is_done_here(words: str) -> None:
    for outside, field in ((Envelope(words), "sender_name"), (Envelope("", words), "subject_words")):
        with pytest.raises(Invalid) as refused:
            clean_envelope(outside, services=["Quiet hour"])
        assert list(refused.value.fields) == [field]


def test_neutral_words_are_kept() -> None:
    assert clean_envelope(Envelope(" Ben  Ashby ", "Sergeant Lane"), services=["Quiet hour"]) == Envelope(
        "Ben Ashby", "Sergeant Lane"
    )
    assert Envelope().subject("Friday") == "Friday"
