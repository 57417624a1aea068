from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, vDDDTypes, vUTCOffset

from tenants.bookings.ics import CalendarEvent, calendar, uid_for

MANY = 2000 if os.environ.get("LONGTIDE_PROVE") else 60
ZONES = (
    "Europe/London", "Europe/Dublin", "Europe/Lisbon", "America/Los_Angeles", "America/New_York",
    "Australia/Lord_Howe", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia", "UTC",
)  # fmt: skip
ID = UUID("0195c1f0-0000-7000-8000-000000000001")
EVENT = CalendarEvent(
    uid=uid_for(ID),
    sequence=3,
    stamp=datetime(2026, 3, 23, 9, 0, 0, 5, tzinfo=UTC),
    starts_at=datetime(2026, 3, 30, 9, 0, tzinfo=UTC),
    ends_at=datetime(2026, 3, 30, 10, 0, tzinfo=UTC),
    zone="Europe/London",
    summary="Session at Rowan",
    location="1 Rowan Lane, Leeds; LS1 1AA",
    description="Call 0113 200 0000.",
    organizer_name="Rowan",
    organizer_email="hello@rowan.example",
)


def parse(data: bytes) -> Calendar:
    found = Calendar.from_ical(data)
    assert isinstance(found, Calendar)
    return found


def lines(data: bytes) -> list[str]:
    return data.decode().replace("\r\n ", "").split("\r\n")


def test_the_file_says_what_is_booked_on_the_clinics_clock() -> None:
    said = lines(calendar(EVENT, method="PUBLISH"))
    for wanted in (
        "METHOD:PUBLISH",
        f"UID:{ID}@longtide",
        "SEQUENCE:3",
        "DTSTAMP:20260323T090000Z",
        "STATUS:CONFIRMED",
        "SUMMARY:Session at Rowan",
        "DTSTART;TZID=Europe/London:20260330T100000",
        "DTEND;TZID=Europe/London:20260330T110000",
        r"LOCATION:1 Rowan Lane\, Leeds\; LS1 1AA",
        "ORGANIZER;CN=Rowan:mailto:hello@rowan.example",
    ):
        assert wanted in said
    assert said[0] == "BEGIN:VCALENDAR"
    assert said[-2:] == ["END:VCALENDAR", ""]


def test_a_cancellation_takes_the_same_entry_out() -> None:
    said = lines(calendar(replace(EVENT, cancelled=True, sequence=4), method="CANCEL"))
    assert {"METHOD:CANCEL", "STATUS:CANCELLED", "SEQUENCE:4", f"UID:{ID}@longtide"} <= set(said)


def test_the_same_event_makes_the_same_file() -> None:
    assert calendar(EVENT, method="PUBLISH") == calendar(EVENT, method="PUBLISH")


def test_an_unknown_organizer_is_left_out() -> None:
    data = calendar(replace(EVENT, organizer_email="", location=" \n ", description=""), method="PUBLISH")
    assert not {"ORGANIZER", "LOCATION", "DESCRIPTION"} & set(parse(data).events[0])


@pytest.mark.parametrize("zone", ZONES)
def test_the_rules_written_into_the_file_agree_with_the_zone_at_every_change(zone: str) -> None:
    """Reads VTIMEZONE as RFC 5545 (3.6.5) says: an onset is on the clock before it."""
    if zone == "UTC":
        assert b"VTIMEZONE" not in calendar(replace(EVENT, zone=zone), method="PUBLISH")
        return
    file = parse(calendar(replace(EVENT, zone=zone), method="PUBLISH"))
    rules: list[tuple[datetime, timedelta]] = []
    for part in file.timezones[0].subcomponents:
        came_from, to = (cast(vUTCOffset, part[name]).td for name in ("TZOFFSETFROM", "TZOFFSETTO"))
        onset = cast(vDDDTypes, part["DTSTART"]).dt
        assert isinstance(onset, datetime)
        rules.append((onset - came_from, to))
    rules.sort()
    moments = {since + timedelta(minutes=step) for since, _ in rules[1:] for step in range(-180, 181, 30)}
    moments |= {datetime(2025, 1, 2) + timedelta(days=day) for day in range(1090)}
    for moment in moments:
        in_force = [to for since, to in rules if since <= moment][-1]
        assert in_force == moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset(), moment


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2031, 1, 1), timezones=st.just(UTC)),
    minutes=st.integers(5, 600),
    zone=st.sampled_from(ZONES),
)
@settings(max_examples=MANY, deadline=None)
def test_every_program_reads_the_instants_that_were_meant(at: datetime, minutes: int, zone: str) -> None:
    starts = at.replace(second=0, microsecond=0)
    event = replace(EVENT, starts_at=starts, ends_at=starts + timedelta(minutes=minutes), zone=zone)
    entry = parse(calendar(event, method="PUBLISH")).events[0]
    wall = starts.astimezone(ZoneInfo(zone))
    assert isinstance(entry.start, datetime)
    assert entry.start.replace(tzinfo=None) == wall.replace(tzinfo=None)
    if wall.fold == 0:
        assert entry.start.astimezone(UTC) == starts


@given(
    words=st.text(max_size=300),
    more=st.sampled_from(["\r\nATTENDEE:x", "\nBEGIN:VALARM", "\x00\x0b\x1f", "\ud800", "\u2028", '";X=":']),
)
@settings(max_examples=MANY, deadline=None)
def test_no_text_can_end_a_line_or_begin_another(words: str, more: str) -> None:
    odd = words + more + words
    event = replace(EVENT, summary=odd, location=odd, description=odd, organizer_name=odd)
    data = calendar(event, method="PUBLISH")
    assert data.decode()
    physical = data.split(b"\r\n")
    assert all(len(line) <= 75 for line in physical)
    assert all(byte >= 32 for line in physical for byte in line)
    for line in physical:
        line.decode()  # folding never cuts a character in two
    names = {line.partition(":")[0].partition(";")[0] for line in lines(data) if line}
    assert names <= {
        "BEGIN", "END", "VERSION", "PRODID", "CALSCALE", "METHOD", "TZID", "TZNAME", "TZOFFSETFROM", "TZOFFSETTO",
        "DTSTART", "DTEND", "DTSTAMP", "UID", "SEQUENCE", "SUMMARY", "LOCATION", "DESCRIPTION", "ORGANIZER", "CLASS",
        "STATUS",
    }  # fmt: skip
    assert [line for line in lines(data) if line.startswith("BEGIN:")].count("BEGIN:VEVENT") == 1
    entry = parse(data).events[0]
    assert entry["UID"] == EVENT.uid


def test_lines_of_an_address_stay_lines() -> None:
    data = calendar(replace(EVENT, location="1 Rowan Lane\r\nLeeds, LS1"), method="PUBLISH")
    assert str(parse(data).events[0]["LOCATION"]) == "1 Rowan Lane\nLeeds, LS1"
    assert rb"LOCATION:1 Rowan Lane\nLeeds\, LS1" in data


def test_ten_thousand_letters_of_many_bytes_are_folded_between_letters() -> None:
    data = calendar(replace(EVENT, summary="Śródmieście 🌊 " * 700), method="PUBLISH")
    assert all(len(line) <= 75 and line.decode() is not None for line in data.split(b"\r\n"))
