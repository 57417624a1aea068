"""Why a time cannot be, in words: one sentence for each rule of `desk.Why` (and of the slot engine's `Reason`)."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from saas import formats
from saas.words import _
from tenants.bookings.desk import Why


def sentences(whys: list[Why] | tuple[Why, ...], *, zone: str, locale: str) -> list[str]:
    """Each rule in words, on the clock of `zone`; the same sentence once."""
    return list(dict.fromkeys(sentence(why, zone=zone, locale=locale) for why in whys))


def sentence(why: Why, *, zone: str, locale: str) -> str:
    """One rule in words. Nobody is named: the calendar beside it shows who it is."""
    span = _span(why, zone, locale)
    plain = {
        "off_grid": _("It isn’t one of the usual starts."),
        "outside_hours": _("It is outside the hours."),
        "notice": _("It is sooner than the clinic takes bookings."),
        "horizon": _("It is further ahead than the clinic takes bookings."),
        "past": _("The day has passed. Choose today or later."),
        "not_offered": _("They don’t offer this session."),
        "no_room": _("No room is free then."),
        "client_busy": _("This client has another booking then."),
        "taken": _("It has just been taken."),
        "on_break": _("It meets a break."),
        "time_off": _("It meets time off."),
        "booked": _("Something else is booked then."),
        "buffer": _("It is too close to another booking."),
    }
    if span is None:
        return plain[why.code]
    known = {
        "outside_hours": _("%(from)s to %(to)s is outside the hours.", **span),
        "on_break": _("It meets the break from %(from)s to %(to)s.", **span),
        "time_off": _("It meets time off from %(from)s to %(to)s.", **span),
        "booked": _("%(from)s to %(to)s is booked.", **span),
        "buffer": _("It is too close to a booking: with the time around it, %(from)s to %(to)s is taken.", **span),
    }
    return known.get(why.code, plain[why.code])


def _span(why: Why, zone: str, locale: str) -> dict[str, str] | None:
    if why.start is None or why.end is None:
        return None
    start, end = (moment.astimezone(ZoneInfo(zone)) for moment in (why.start, why.end))
    return {"from": _moment(start, None, locale), "to": _moment(end, start, locale)}


def _moment(moment: datetime, beside: datetime | None, locale: str) -> str:
    time = formats.clock(moment, locale)
    if beside is None or beside.date() == moment.date():
        return time
    return _("%(day)s, %(time)s", day=formats.short_date(moment, locale), time=time)
