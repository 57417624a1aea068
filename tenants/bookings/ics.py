"""A session as a calendar file (RFC 5545, 5546). Pure: the words and the stamp are passed in.

`PUBLISH`, not `REQUEST`: the file says what is booked and asks nobody to answer. With `REQUEST` mail programs show
"accept" and "decline", which would look like booking and cancelling and do neither. `CANCEL` takes an entry out again.
The link to the booking page stays out of the file: calendars are shared, and whoever has the link may cancel.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vText

Method = Literal["PUBLISH", "CANCEL"]
CONTENT_TYPE = "text/calendar; method={method}; charset=utf-8"
_PRODUCT = "-//Longtide//Longtide//EN"
_ZERO, _ONE = timedelta(0), timedelta(seconds=1)


@dataclass(frozen=True)
class CalendarEvent:
    """One session. Instants in UTC, `zone` an IANA name, `sequence` rising with every change; the words discreet."""

    uid: str
    sequence: int
    stamp: datetime
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    location: str = ""
    description: str = ""
    organizer_name: str = ""
    organizer_email: str = ""
    cancelled: bool = False


def uid_for(booking_id: UUID) -> str:
    """The entry's name in every calendar, for ever. Not made from the clinic's host: a clinic may move to its own."""
    return f"{booking_id}@longtide"


def calendar(event: CalendarEvent, *, method: Method) -> bytes:
    """The file: one event in local time with its zone's rules beside it, lines folded at 75 octets, CRLF."""
    zone = ZoneInfo(event.zone)
    starts, ends = event.starts_at.astimezone(zone), event.ends_at.astimezone(zone)
    file = _file(method)
    if event.zone != "UTC":
        file.add_component(_timezone(event.zone, starts, ends))
    file.add_component(_entry(event))
    return bytes(file.to_ical())


def feed(events: Iterable[CalendarEvent], *, name: str) -> bytes:
    """A calendar that is asked for again and again: its entries in the order given, its `name` for the program that
    shows it. The same entries make the same bytes."""
    file = _file("PUBLISH")
    file.add("x-wr-calname", _text(name))
    for event in events:
        file.add_component(_entry(event))
    return bytes(file.to_ical())


def _file(method: Method) -> Calendar:
    file = Calendar()
    file.add("version", "2.0")
    file.add("prodid", _PRODUCT)
    file.add("calscale", "GREGORIAN")
    file.add("method", method)
    return file


def _entry(event: CalendarEvent) -> Event:
    zone = ZoneInfo(event.zone)
    starts, ends = event.starts_at.astimezone(zone), event.ends_at.astimezone(zone)
    entry = Event()
    entry.add("uid", event.uid)
    entry.add("sequence", event.sequence)
    entry.add("dtstamp", event.stamp.astimezone(UTC).replace(microsecond=0))
    entry.add("dtstart", starts)
    entry.add("dtend", ends)
    entry.add("summary", _text(event.summary))
    entry.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    entry.add("class", "PRIVATE")
    for name, words in (("location", event.location), ("description", event.description)):
        if words.strip():
            entry.add(name, _text(words))
    if event.organizer_email.isascii() and "@" in event.organizer_email:
        organizer = vCalAddress("mailto:" + _param(event.organizer_email))
        organizer.params["cn"] = vText(_param(event.organizer_name))
        entry.add("organizer", organizer)
    return entry


def _text(words: str) -> str:
    """Lines stay lines (the library escapes them), everything else invisible goes: it could end a calendar's line."""
    lines = words.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(_visible(line) for line in lines).strip()


def _visible(line: str) -> str:
    return "".join(c for c in line if unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp")).rstrip()


def _param(words: str) -> str:
    # A parameter has no way to escape a quote (RFC 5545, 3.2).
    return _visible(words.replace("\n", " ").replace("\r", " ")).replace('"', "'")


def _timezone(name: str, starts: datetime, ends: datetime) -> Timezone:
    """The zone's rules around this event, each change of the clocks spelled out.

    Made here and not by `add_missing_timezones`: icalendar 7.3 writes the spring onset on the clock after the change,
    where RFC 5545 (3.6.5) wants the one before it, an hour earlier.
    """
    zone = ZoneInfo(name)
    first = datetime(starts.year - 1, 1, 1, tzinfo=UTC)
    last = datetime(ends.year + 1, 12, 31, tzinfo=UTC)
    component = Timezone()
    component.add("tzid", name)
    component.add_component(_observance(zone, first, first))
    for change in _changes(name, first, last):
        component.add_component(_observance(zone, change, change - _ONE))
    return component


def _observance(zone: ZoneInfo, at: datetime, before: datetime) -> TimezoneStandard | TimezoneDaylight:
    after, came_from = at.astimezone(zone), before.astimezone(zone).utcoffset() or _ZERO
    offset = after.utcoffset() or _ZERO
    # By which way the clock moves, not by the flag: Dublin's flag says that winter is the exception.
    ahead = offset > came_from or (offset == came_from and (after.dst() or _ZERO) > _ZERO)
    part = TimezoneDaylight() if ahead else TimezoneStandard()
    part.add("dtstart", (at + came_from).replace(tzinfo=None))
    part.add("tzoffsetfrom", came_from)
    part.add("tzoffsetto", offset)
    part.add("tzname", after.tzname())
    return part


@lru_cache(maxsize=256)
def _changes(name: str, first: datetime, last: datetime) -> tuple[datetime, ...]:
    """The instants (UTC) at which the clocks of this zone change, to the second."""
    zone = ZoneInfo(name)
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    offsets = [day.astimezone(zone).utcoffset() for day in days]
    return tuple(
        _change_between(zone, days[number], days[number + 1])
        for number in range(len(days) - 1)
        if offsets[number] != offsets[number + 1]
    )


def _change_between(zone: ZoneInfo, low: datetime, high: datetime) -> datetime:
    was = low.astimezone(zone).utcoffset()
    while high - low > _ONE:
        middle = low + timedelta(seconds=(high - low) // _ONE // 2)
        if middle.astimezone(zone).utcoffset() == was:
            low = middle
        else:
            high = middle
    return high
