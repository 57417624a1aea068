"""What is said of hours that cannot be."""

from __future__ import annotations

import pytest

from tenants.availability.hours import Week
from tenants.availability.rules import week_faults, windows_faults


@pytest.mark.parametrize(
    "week, said",
    [
        ({"tue": [("09:00", "14:00"), ("13:30", "15:00")]}, {"tue-1": "Tuesday: 13:30 falls inside 09:00 to 14:00"}),
        (
            {"sun": [("22:00", "02:00")], "mon": [("01:00", "03:00")]},
            {"mon-0": "Monday: 01:00 falls inside 22:00 to 02:00 of Sunday"},
        ),
        ({"wed": [("9 o", "12:00")]}, {"wed-0": "Wednesday: enter times like 09:00 and 17:30"}),
        (
            {"thu": [("09:00", "09:00")]},
            {"thu-0": "Thursday: 09:00 to 09:00 is no time at all. Choose a later end"},
        ),
        ({"fri": [(f"{h:02}:00", f"{h:02}:30") for h in range(13)]}, {"fri-12": "Use at most 12 in a day"}),
        ({"sat": [("17:00", "09:00")]}, {"sat-0": "Saturday: 09:00 is before 17:00. Choose a later end"}),
        (
            {"sat": [("22:00", "02:00")], "sun": [("00:00", "24:00")]},
            {"sun-0": "Sunday: 00:00 falls inside 22:00 to 02:00 of Saturday"},
        ),
        ({"sat": [("20:00", "08:00")], "mon": [("00:00", "24:00")]}, {}),
    ],
)
def test_a_fault_names_the_window_and_what_it_meets(week: Week, said: dict[str, str]) -> None:
    assert week_faults(week) == said


def test_the_windows_of_a_date_are_told_without_a_weekday() -> None:
    found = windows_faults({"mon": [("09:00", "14:00"), ("13:30", "15:00"), ("x", "")]}, show_as="at")
    assert found == {
        "at-1": "13:30 falls inside 09:00 to 14:00",
        "at-2": "Enter times like 09:00 and 17:30",
    }
