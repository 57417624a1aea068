"""Why a time is not offered, in words. Pure: a sentence for every code of the engine, and for what stands before it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from saas import formats
from saas.words import _
from tenants.availability.slots import Reason

Before: TypeAlias = Literal[
    "paused", "not_offered", "not_with", "retired", "passed", "skipped", "no_room", "rooms_taken"
]
"""What keeps a time from being offered before, or beside, the engine's own rules."""


def sentence_before(code: Before, *, who: str = "") -> str:
    """One of the reasons that the engine is not asked about."""
    return {
        "paused": _("Your page takes no bookings at the moment."),
        "not_offered": _("This session is not offered any more."),
        "not_with": _("%(name)s does not offer this session.", name=who),
        "retired": _("%(name)s gives no sessions at the moment.", name=who),
        "passed": _("This time has passed."),
        "skipped": _("The clocks go forward then: this time does not exist on that day."),
        "no_room": _("This session needs a room, and no room is in use."),
        "rooms_taken": _("Every room is taken:"),
    }[code]


def sentence(reason: Reason, *, zone: str, locale: str) -> str:
    """What the engine says, on the clinic's clock."""
    start, end = _at(reason.start, zone, locale, reason.end), _at(reason.end, zone, locale, reason.start)
    if reason.code == "off_grid":
        return _off_grid(start, end)
    if reason.code == "horizon":
        return _horizon(reason, zone, locale)
    said = {
        "outside_hours": _("%(start)s to %(end)s lies outside the opening hours.", start=start, end=end),
        "on_break": _("There is a break from %(start)s to %(end)s.", start=start, end=end),
        "time_off": _("There is time off from %(start)s to %(end)s.", start=start, end=end),
        "booked": _("A booking takes %(start)s to %(end)s, with the gaps around it.", start=start, end=end),
        "buffer": _(
            "It is too close to a booking: that one takes %(start)s to %(end)s, with the gaps around it.",
            start=start, end=end,
        ),
        "notice": _("It is too soon: clients can book from %(end)s on.", end=end),
    }  # fmt: skip
    return said[reason.code]


def _off_grid(start: str, end: str) -> str:
    if start and end:
        return _("Sessions begin at %(start)s and at %(end)s, not in between.", start=start, end=end)
    if start:
        return _("The last session of these hours begins at %(start)s.", start=start)
    return _("No opening hours run at this minute.")


def _horizon(reason: Reason, zone: str, locale: str) -> str:
    if reason.start is None:
        return _("It is too far ahead.")
    last = (reason.start - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
    return _("It is too far ahead: the last day that can be booked is %(day)s.", day=formats.long_date(last, locale))


def _at(moment: datetime | None, zone: str, locale: str, other: datetime | None) -> str:
    """The clock time, with its date when the two ends are on different dates or stand alone."""
    if moment is None:
        return ""
    local = moment.astimezone(ZoneInfo(zone))
    clock = formats.clock(local, locale)
    if other is not None and other.astimezone(ZoneInfo(zone)).date() == local.date():
        return clock
    return _("%(day)s, %(time)s", day=formats.short_date(local, locale), time=clock)
