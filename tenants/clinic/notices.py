"""When a clinic's mails go out, and what a stranger may read on their outside. Pure: values and times in, times out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from saas.text import Cleaner
from saas.words import _

REMINDER = "booking.reminder"
"""The effect that reminds a client."""
MOST_HOURS = 7 * 24
PRESSING = timedelta(hours=3)
"""A mail does not wait when its session begins this soon after the quiet hours."""
USELESS = timedelta(hours=1)
"""A reminder later than this before its session goes out before the quiet hours instead of after them."""
# What would tell whoever sees a list of mails what kind of clinic this is. Folded, in the languages we write.
_TELLING = re.compile(
    r"\w*(?:therap|terap|cranio|craneo|sacral|sacro|somato|emotion|emocion|trauma|treatment|tratamiento|massage|masaje)\w*"
    r"|\b(?:cst|ser|sers|health|salud|pain|dolor|clinic|clinica|release|liberacion|bodywork)\b"
)


@dataclass(frozen=True)
class Notices:
    """Hours before a session at which its client is reminded (None: not), and the quiet hours as "HH:MM" on the
    clinic's clock (both empty: none)."""

    remind_hours: int | None = 24
    remind_again_hours: int | None = None
    quiet_from: str = ""
    quiet_to: str = ""


@dataclass(frozen=True)
class Envelope:
    """The outside of mails to clients: who they are from (empty: the clinic's name), and how each subject begins."""

    sender_name: str = ""
    subject_words: str = ""

    def subject(self, said: str) -> str:
        """The whole subject of a mail whose own is `said`."""
        return f"{self.subject_words}: {said}" if self.subject_words else said


def remind_at(which: int, starts_at: datetime, notices: Notices, zone: str) -> datetime | None:
    """When the first or second (`which`: 1, 2) reminder of a session is due, in UTC; None: there is none.

    What falls into the quiet hours goes out at their end; where that is of no use any more, at their beginning.
    """
    hours = notices.remind_hours if which == 1 else notices.remind_again_hours
    if hours is None:
        return None
    at = (starts_at - timedelta(hours=hours)).astimezone(UTC)
    quiet = _quiet(at, notices, zone)
    if quiet is None:
        return at
    return quiet[1] if quiet[1] <= starts_at - USELESS else quiet[0]


def wait_until(now: datetime, session: datetime, notices: Notices, zone: str) -> datetime | None:
    """Until when a mail about this session that does not press waits, in UTC; None: it goes out now."""
    quiet = _quiet(now.astimezone(UTC), notices, zone)
    if quiet is None or now <= session < quiet[1] + PRESSING:
        return None
    return quiet[1]


def _quiet(at: datetime, notices: Notices, zone: str) -> tuple[datetime, datetime] | None:
    """The quiet hours that hold at `at`, in UTC; None outside of them. Half-open."""
    if not notices.quiet_from:
        return None
    here = ZoneInfo(zone)
    local = at.astimezone(here)
    start, end = time.fromisoformat(notices.quiet_from), time.fromisoformat(notices.quiet_to)
    over_night = start > end
    clock, day = local.time(), local.date()
    if over_night and clock >= start:
        first, last = day, day + timedelta(days=1)
    elif over_night and clock < end:
        first, last = day - timedelta(days=1), day
    elif not over_night and start <= clock < end:
        first = last = day
    else:
        return None
    until = _instant(last, end, here)
    # In the hour that the clock shows twice, the end may be the second of two.
    return _instant(first, start, here), until if until > at else _instant(last, end.replace(fold=1), here)


def _instant(day: date, clock: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def clean_notices(notices: Notices) -> Notices:
    """The times as they are kept; `Invalid` with a sentence for every field that needs another look."""
    cleaner = Cleaner()
    for name in ("remind_hours", "remind_again_hours"):
        if (hours := getattr(notices, name)) is not None:
            cleaner.whole(name, hours, 1, MOST_HOURS)
    first, second = notices.remind_hours, notices.remind_again_hours
    if second is not None and first is None:
        cleaner.refuse("remind_again_hours", _("Say when the first reminder goes out, or leave this one empty"))
    elif first is not None and second is not None and second >= first:
        cleaner.refuse("remind_again_hours", _("The second reminder comes after the first: choose fewer hours"))
    start, end = (_clock(cleaner, name, getattr(notices, name)) for name in ("quiet_from", "quiet_to"))
    if bool(start) != bool(end):
        missing = "quiet_to" if start else "quiet_from"
        cleaner.refuse(missing, _("Quiet hours need a beginning and an end, or neither"))
    elif start and start == end:
        cleaner.refuse("quiet_to", _("Choose an end that is not the beginning: no mail would ever go out"))
    cleaner.check()
    return Notices(first, second, start, end)


def _clock(cleaner: Cleaner, field: str, text: str) -> str:
    typed = text.strip()
    found = re.fullmatch(r"([01]?\d|2[0-3])[:.]([0-5]\d)(?::00)?", typed, re.ASCII)
    if typed and not found:
        cleaner.refuse(field, _("Enter a time such as 21:00"))
    return f"{int(found[1]):02}:{found[2]}" if found else ""


def clean_envelope(envelope: Envelope, *, services: Iterable[str]) -> Envelope:
    """The outside as it is kept; `Invalid` where it would tell a stranger what is done here. `services`: the names of
    what the clinic offers."""
    cleaner = Cleaner()
    cleaned = Envelope(
        cleaner.line("sender_name", envelope.sender_name, 60),
        cleaner.line("subject_words", envelope.subject_words, 40),
    )
    offered = [name for name in map(_fold, services) if name]
    for field in ("sender_name", "subject_words"):
        word = _telling(_fold(getattr(cleaned, field)), offered)
        if word:
            cleaner.refuse(field, _("Choose words that tell nothing of what you do: without “%(word)s”", word=word))
    cleaner.check()
    return cleaned


def _telling(text: str, offered: Iterable[str]) -> str:
    found = _TELLING.search(text)
    if found:
        return found[0]
    return next((name for name in offered if re.search(rf"\b{re.escape(name)}\b", text)), "")


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
