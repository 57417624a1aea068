"""A day as its page shows it, in words and on the clinic's clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import url_for

from saas import formats
from saas.money import Money
from saas.shell import locale
from saas.words import _, ngettext
from saas.words import later as _l
from tenants.bookings.rules import Verb, sayable
from tenants.bookings.words import PILLS, STATUS_WORDS
from tenants.intake.review_words import SPEAK_WORDS, STATE_WORDS
from tenants.today.queries import News, Visit
from tenants.today.rules import due

VERB_WORDS = {
    "arrive": _l("Has arrived"),
    "complete": _l("Session took place"),
    "no_show": _l("Did not come"),
}
_NEWS_WORDS = {
    "new": _l("New"),
    "moved": _l("Moved"),
    "cancelled": _l("Cancelled"),
}


@dataclass(frozen=True)
class Mark:
    """Something that is due for a session, and where it is done."""

    words: str
    href: str = ""
    deed: str = ""


@dataclass(frozen=True)
class Line:
    """A session of the day. Times are the clinic's."""

    id: UUID
    start: datetime
    end: datetime
    client: str
    known_as: str
    about: str
    href: str
    state: str
    pill: str
    marks: tuple[Mark, ...]
    verbs: tuple[tuple[Verb, str], ...]


@dataclass(frozen=True)
class Change:
    """One booking that is new, moved or cancelled."""

    kind: str
    words: str
    when: str
    client: str
    about: str
    href: str


def line_of(visit: Visit, *, zone: ZoneInfo, now: datetime, role: str) -> Line:
    """One session as it is shown to this role."""
    cancelling = visit.facts.cancelling
    start, end = visit.starts_at.astimezone(zone), visit.ends_at.astimezone(zone)
    verbs = () if cancelling else sayable(visit.status, starts_at=visit.starts_at, zone=visit.zone, now=now)
    about = [visit.service, *([visit.practitioner] if role != "practitioner" else []), visit.room]
    return Line(
        id=visit.id, start=start, end=end, client=visit.client, known_as=visit.known_as,
        about=", ".join(filter(None, about)),
        href=url_for("week_booking.index", id=visit.id), state=str(STATUS_WORDS[visit.status]),
        pill=PILLS.get(visit.status, "off"),
        marks=tuple(_MARKS[name](visit, role) for name in due(visit.facts, now) if may_know(name, role)),
        verbs=tuple((verb, str(VERB_WORDS[verb])) for verb in verbs),
    )  # fmt: skip


def _cancelling(visit: Visit, _role: str) -> Mark:
    return Mark(
        _("It is being cancelled; nobody has been told yet."),
        url_for("week_booking.index", id=visit.id),
        _("Look at it"),
    )


def _open(_visit: Visit, _role: str) -> Mark:
    return Mark(_("The time is over: did the session take place?"))


def may_know(name: str, role: str) -> bool:
    """Whether this role is told so: the front desk knows of an intake only whether it is complete."""
    return name != "speak" or role != "front_desk"


def _speak(visit: Visit, _role: str) -> Mark:
    return Mark(f"{SPEAK_WORDS}.", url_for("intakes.summary", id=visit.intake_id), _("Why"))


def _review(visit: Visit, role: str) -> Mark:
    words = f"{STATE_WORDS['open']}."
    if role == "front_desk":
        return Mark(words)
    return Mark(words, url_for("intakes.summary", id=visit.intake_id), _("Read it"))


def _unanswered(_visit: Visit, _role: str) -> Mark:
    return Mark(f"{STATE_WORDS['missing']}.")


def _differs(visit: Visit, _role: str) -> Mark:
    there = url_for("client.details_view", id=visit.client_id)
    return Mark(_("The details differ from what you know."), there, _("Compare them"))


def _owed(visit: Visit, role: str) -> Mark:
    words = _("%(amount)s to pay at the clinic", amount=formats.money(visit.owed, locale()))
    if role == "practitioner":
        return Mark(words)
    return Mark(words, url_for("money_desk.take", id=visit.id), _("Take payment"))


def _first(_visit: Visit, _role: str) -> Mark:
    return Mark(_("First visit"))


# By the names of `rules.due`: a new reason has its words here.
_MARKS: dict[str, Callable[[Visit, str], Mark]] = {
    "cancelling": _cancelling,
    "open": _open,
    "speak": _speak,
    "review": _review,
    "unanswered": _unanswered,
    "differs": _differs,
    "owed": _owed,
    "first": _first,
}


def held_words(visit: Visit, *, zone: ZoneInfo) -> str:
    """A time that somebody is booking just now."""
    said: dict[str, Any] = {
        "time": formats.clock(visit.starts_at.astimezone(zone), locale()),
        "who": visit.practitioner,
        "service": visit.service,
    }
    if visit.held_until is None:
        return _("%(time)s, %(service)s with %(who)s: somebody is paying for it.", **said)
    until = formats.clock(visit.held_until.astimezone(zone), locale())
    return _("%(time)s, %(service)s with %(who)s: held until %(until)s, then it is free again.", until=until, **said)


def change_of(one: News, *, zone: ZoneInfo, role: str) -> Change:
    """One line of what has changed."""
    start = one.starts_at.astimezone(zone)
    said = _("%(day)s, %(time)s", day=formats.short_date(start, locale()), time=formats.clock(start, locale()))
    about = [one.service, *([one.practitioner] if role != "practitioner" else [])]
    return Change(
        one.kind, str(_NEWS_WORDS[one.kind]), said, one.client, ", ".join(about),
        url_for("week_booking.index", id=one.booking_id),
    )  # fmt: skip


def count_words(visits: Sequence[Visit], *, role: str) -> str:
    """The day in a sentence or two."""
    sessions = [visit for visit in visits if visit.status != "held"]
    first = sum(visit.facts.first for visit in sessions)
    if not sessions:
        return _("You have no sessions.") if role == "practitioner" else _("No sessions.")
    said = [ngettext("%(num)d session.", "%(num)d sessions.", len(sessions))]
    if first:
        said.append(ngettext("%(num)d first visit.", "%(num)d first visits.", first))
    return " ".join(said)


def day_words(day: date, today: date) -> str:
    """What a day is called from here."""
    near = {-1: _("Yesterday"), 0: _("Today"), 1: _("Tomorrow")}
    return near.get((day - today).days, formats.long_date(day, locale()))


def still_to_take(visits: Sequence[Visit], currency: str) -> Money:
    """What these clients still have to pay at the clinic."""
    return sum((visit.owed for visit in visits), Money.zero(currency))
