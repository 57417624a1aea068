import copy
import pickle
from datetime import date

import pytest

from tenants.availability.slots import DAYS, Break, Schedule, Week, WeekProblem, check_week

MONDAY = date(2024, 3, 4)


def test_a_sound_week_has_no_problems() -> None:
    week: Week = {
        "mon": [("09:00", "12:00"), ("12:00", "17:00")],
        "sat": [("22:00", "02:00")],
        "sun": [("02:00", "24:00")],
    }
    assert check_week(week) == []
    assert check_week({}) == []


@pytest.mark.parametrize(
    "week, expected",
    [
        ({"mon": [("09:00", "12:00"), ("11:59", "13:00")]}, [WeekProblem("mon", 1, "overlap", ("mon", 0))]),
        ({"mon": [("11:00", "13:00"), ("09:00", "12:00")]}, [WeekProblem("mon", 0, "overlap", ("mon", 1))]),
        (
            {"mon": [("08:00", "18:00"), ("09:00", "10:00"), ("11:00", "12:00")]},
            [WeekProblem("mon", 1, "overlap", ("mon", 0)), WeekProblem("mon", 2, "overlap", ("mon", 0))],
        ),
        ({"mon": [("22:00", "03:00")], "tue": [("02:00", "05:00")]}, [WeekProblem("tue", 0, "overlap", ("mon", 0))]),
        ({"sun": [("22:00", "03:00")], "mon": [("02:00", "05:00")]}, [WeekProblem("mon", 0, "overlap", ("sun", 0))]),
        ({"tue": [("09:00", "09:00")]}, [WeekProblem("tue", 0, "empty")]),
        ({"tue": [("9:00", "12:00"), ("10:00", "")]}, [WeekProblem("tue", i, "bad_time") for i in (0, 1)]),
        ({"tue": [("24:00", "02:00")]}, [WeekProblem("tue", 0, "bad_time")]),
        (
            {"wed": [("10:00", "25:00")], "tue": [("10:60", "12:00")]},
            [WeekProblem(d, 0, "bad_time") for d in ("tue", "wed")],
        ),
        ({"monday": [("10:00", "12:00")]}, [WeekProblem("monday", 0, "unknown_day")]),
    ],
)
def test_check_week_names_the_window(week: Week, expected: list[WeekProblem]) -> None:
    assert check_week(week) == expected


def test_a_schedule_does_not_follow_what_it_was_made_of() -> None:
    monday = [("09:00", "12:00")]
    week = {"mon": monday}
    overrides: dict[date, list[tuple[str, str]]] = {}
    schedule = Schedule("UTC", week, overrides)
    untouched = schedule.windows(MONDAY.toordinal(), MONDAY.toordinal())
    monday.append(("14:00", "18:00"))
    week["mon"] = []
    overrides[MONDAY] = []
    assert schedule.windows(MONDAY.toordinal(), MONDAY.toordinal()) == untouched
    assert schedule == Schedule("UTC", {"mon": [("09:00", "12:00")]})


def test_schedules_that_mean_the_same_are_one_key() -> None:
    one = Schedule("UTC", {"mon": [("09:00", "12:00")], "tue": []}, {MONDAY: []}, [Break("12:00", "13:00")])
    same = Schedule("UTC", {"mon": (("09:00", "12:00"),)}, {MONDAY: ()}, (Break("12:00", "13:00"),))
    assert one == same
    assert len({one, same}) == 1
    assert one != Schedule("Europe/London", one.weekly, one.overrides, one.breaks)
    assert one != Schedule("UTC", one.weekly, {}, one.breaks)
    assert one != Schedule("UTC", one.weekly, one.overrides)


@pytest.mark.parametrize("weekly", [{"mon": [("09:00", "12:00")]}, ((MONDAY, {"mon": [("09:00", "12:00")]}),)])
def test_a_schedule_can_be_copied_and_sent_to_another_process(weekly: Week | tuple[tuple[date, Week], ...]) -> None:
    schedule = Schedule("Europe/London", weekly, {MONDAY: []}, [Break("12:00", "13:00")])
    assert pickle.loads(pickle.dumps(schedule)) == schedule  # noqa: S301 - our own value, a moment ago
    assert copy.deepcopy(schedule) == schedule


@pytest.mark.parametrize(
    "tz, weekly, breaks, message",
    [
        ("Mars/Olympus", {}, [], "no time zone"),
        ("../etc/passwd", {}, [], "no time zone"),
        ("UTC", {"montag": []}, [], "mon, tue"),
        ("UTC", {"mon": [("9", "12:00")]}, [], "HH:MM"),
        ("UTC", {"mon": [("٠٩:٠٠", "12:00")]}, [], "HH:MM"),
        ("UTC", {}, [Break("12:00", "24:01")], "HH:MM"),
        ("UTC", {}, [Break("12:00", "13:00", day="noday")], "mon, tue"),
    ],
)
def test_nonsense_is_refused_with_a_sentence(tz: str, weekly: Week, breaks: list[Break], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Schedule(tz, weekly, {}, breaks)


def test_days_are_monday_to_sunday() -> None:
    assert DAYS == ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
