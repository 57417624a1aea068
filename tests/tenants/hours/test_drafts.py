"""What each button of the editor makes of the week that was typed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.availability.hours import DAYS, check_week
from tenants.hours import drafts
from tenants.hours.drafts import Day
from tests.tenants.availability.strategies import PROOF

WEEK = {"mon": [("09:00", "17:00")], "tue": [("14:00", "24:00"), ("08:00", "12:00")]}
TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))


def test_a_week_goes_into_the_editor_and_comes_back() -> None:
    draft = drafts.draft_of(WEEK)
    assert [day.key for day in draft] == list(DAYS)
    assert [day.key for day in draft if day.open] == ["mon", "tue"]
    assert draft[1].ranges == (("08:00", "12:00"), ("14:00", "00:00"))
    assert drafts.week_of(draft) == {"mon": [("09:00", "17:00")], "tue": [("08:00", "12:00"), ("14:00", "24:00")]}


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("9", "09:00"), ("9.30", "09:30"), ("0930", "09:30"), ("9:30 pm", "21:30"), ("12 am", "00:00"),
        ("21:30:00", "21:30"), ("noon", "noon"), (" 7:05 ", "07:05"), ("", ""), ("25:99", "25:99"),
    ],
)  # fmt: skip
def test_times_are_read_as_people_type_them(typed: str, kept: str) -> None:
    assert drafts.normal_time(typed) == kept


@pytest.mark.parametrize(
    "ranges, broken",
    [
        ((("09:00", "17:00"),), (("09:00", "12:30"), ("13:30", "17:00"))),
        ((("09:00", "11:00"),), (("09:00", "09:45"), ("10:15", "11:00"))),
        ((("09:00", "10:00"), ("12:00", "17:00")), (("09:00", "10:00"), ("12:00", "14:00"), ("15:00", "17:00"))),
        ((("09:00", "10:00"),), (("09:00", "10:00"), ("", ""))),
        ((("22:00", "02:00"),), (("22:00", "22:45"), ("23:15", "02:00"))),
        ((("x", "10:00"),), (("x", "10:00"), ("", ""))),
        ((), (("", ""),)),
    ],
)
def test_a_break_parts_the_longest_range(ranges: drafts.Ranges, broken: drafts.Ranges) -> None:
    assert drafts.broken(ranges) == broken


@PROOF
@given(st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=2))
def test_a_break_never_makes_a_right_day_wrong(ranges: list[tuple[str, str]]) -> None:
    before = {"wed": drafts.kept(tuple(ranges))}
    after = [pair for pair in drafts.broken(tuple(ranges)) if pair != ("", "")]
    if not check_week(before):
        assert not check_week({"wed": drafts.kept(tuple(after))})


def test_a_day_opens_with_what_was_there_or_with_the_day_before() -> None:
    draft = drafts.draft_of(WEEK)
    assert drafts.opened(draft, "thu")[3].ranges == draft[1].ranges
    assert drafts.opened(draft, "mon")[0] == draft[0]
    assert drafts.opened(drafts.draft_of({}), "sun")[6] == Day("sun", open=True, ranges=(("09:00", "17:00"),))
    typed = (*draft[:6], Day("sun", open=False, ranges=(("07:00", "08:00"),)))
    assert drafts.opened(typed, "sun")[6].ranges == (("07:00", "08:00"),)


def test_the_last_range_that_goes_closes_the_day() -> None:
    draft = drafts.draft_of(WEEK)
    assert drafts.without(draft, "tue", 0)[1] == Day("tue", open=True, ranges=(("14:00", "00:00"),))
    assert drafts.without(draft, "mon", 0)[0] == Day("mon", open=False)
    assert drafts.without(draft, "mon", 7) == draft


def test_hours_are_copied_onto_other_days_and_onto_no_others() -> None:
    draft = drafts.copied(drafts.draft_of(WEEK), "mon", ["wed", "mon", "noday"])
    assert [day.key for day in draft if day.ranges == (("09:00", "17:00"),)] == ["mon", "wed"]
    assert draft[2].open


def test_an_open_day_without_hours_is_told_and_what_was_typed_on_a_closed_one_is_not_judged() -> None:
    draft = (Day("mon", open=True), Day("tue", open=False, ranges=(("x", "y"),)), *drafts.draft_of({})[2:])
    assert drafts.faults(draft) == {"mon-on": "Monday: enter its hours, or take the tick away"}
    assert drafts.week_of(draft) == {}
