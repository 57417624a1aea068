"""Whom somebody can turn to right now, by country: numbers, with the day on which they were last checked. Pure.

Only numbers with a source stand here. Where none is known the list still says what to do: the local emergency number,
and a directory of helplines that the clinic is asked to verify. A clinic adds its own and may leave out what does not
fit, but never the emergency line: the list is never empty.

Sources: 988 and 741741 familyandcaregivertoolkit.org/988-crisis-lifeline; 116 123 and 85258
kickstherapy.com/blog/mental-health-crisis-resources-uk; NHS 111 option 2 pendeensurgery.nhs.uk; Ireland's 116 123
samaritans.org, 1800 247 247 pieta.ie; Canada's 988 988.ca; Spain's 024 Ministerio de Sanidad (BOE of 20 December 2021);
112 as the one emergency number of the European Union: its directive 98/10/EC.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from saas.words import _
from saas.words import later as _l

Way = Literal["call", "text", "visit"]
CHECKED = date(2026, 11, 23)
CHECK_AFTER_MONTHS = 6
FALLBACK = "emergency"
"""The id of the line that every list has."""
_EUROPE = frozenset("AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split())


@dataclass(frozen=True)
class HelpNumber:
    """One line of the list. `name`: who answers. `number`: as people write it ("" where there is only the name).
    `checked`: by us or by the clinic; None: the clinic has yet to verify it. `emergency`: for danger now."""

    id: str
    name: str
    number: str = ""
    way: Way = "call"
    note: str = ""
    emergency: bool = False
    own: bool = False
    checked: date | None = None

    @property
    def href(self) -> str:
        """The address behind the number; "" where there is none."""
        if not self.number:
            return ""
        if self.way == "visit":
            return f"https://{self.number}"
        digits = re.sub(r"[^\d+]", "", self.number)
        return f"{'sms' if self.way == 'text' else 'tel'}:{digits}"

    @property
    def say(self) -> str:
        """What to do, in the reader's language: "Call 988"; the name alone where there is no number."""
        if not self.number:
            return self.name
        if self.way == "text":
            return _("Text %(number)s", number=self.number)
        return _("Call %(number)s", number=self.number) if self.way == "call" else self.number


@dataclass(frozen=True)
class OwnNumber:
    """A line that the clinic adds, checked by the clinic on that day."""

    name: str
    number: str
    way: Way = "call"
    checked: date | None = None


@dataclass(frozen=True)
class _Known:
    id: str
    name: Any
    number: str
    way: Way = "call"
    note: Any = ""
    emergency: bool = False


_ANY_TIME = _l("Any time of day")
_SAMARITANS = _Known("samaritans", "Samaritans", "116 123", note=_l("Free, any time of day"))
_EU = _Known("112", _l("Emergency services"), "112", emergency=True)
_KNOWN: dict[str, tuple[_Known, ...]] = {
    "US": (
        _Known("911", _l("Emergency services"), "911", emergency=True),
        _Known("988-call", "988 Suicide & Crisis Lifeline", "988", note=_l("Any time of day, also in Spanish")),
        _Known("988-text", "988 Suicide & Crisis Lifeline", "988", "text", _ANY_TIME),
        _Known("988-chat", "988 Suicide & Crisis Lifeline", "988lifeline.org", "visit"),
        _Known("741741", "Crisis Text Line", "741741", "text", _ANY_TIME),
    ),
    "CA": (
        _Known("911", _l("Emergency services"), "911", emergency=True),
        _Known("988-call", "9-8-8 Suicide Crisis Helpline", "988", note=_ANY_TIME),
        _Known("988-text", "9-8-8 Suicide Crisis Helpline", "988", "text", _ANY_TIME),
    ),
    "GB": (
        _Known("999", _l("Emergency services"), "999", emergency=True),
        _SAMARITANS,
        _Known("nhs-111", "NHS 111", "111", note=_l("Choose option 2, any time of day")),
        _Known("shout", "Shout", "85258", "text", _ANY_TIME),
    ),
    "IE": (_EU, _SAMARITANS, _Known("pieta", "Pieta", "1800 247 247", note=_l("Free, any time of day"))),
    "ES": (_EU, _Known("024", _l("Helpline 024"), "024", note=_l("Free, any time of day"))),
}
DIRECTORY = HelpNumber("directory", "Find A Helpline", "findahelpline.com", "visit")


def help_for(
    country: str, *, own: Iterable[OwnNumber] = (), hidden: Collection[str] = (), checked: date | None = None
) -> tuple[HelpNumber, ...]:
    """The list for somebody in `country` (two letters), for danger now first, then the clinic's own. Never empty.

    `own` and `hidden` (ids) are the clinic's; an emergency line cannot be hidden. `checked`: the day on which the
    clinic last went through the list. Names and notes are in the reader's language.
    """
    built_in = [_line(one) for one in _known_in(country)]
    if not any(one.emergency for one in built_in):
        built_in.insert(0, HelpNumber(FALLBACK, _("Your local emergency number"), emergency=True))
    if country.upper() not in _KNOWN:
        built_in.append(replace(DIRECTORY, note=_("Helplines in many countries")))
    added = [
        HelpNumber(f"own-{number}", one.name, one.number, one.way, own=True, checked=one.checked)
        for number, one in enumerate(own)
    ]
    kept = [one for one in built_in if one.emergency or one.id not in hidden]
    first = [one for one in kept if one.emergency]
    listed = (*first, *added, *(one for one in kept if not one.emergency))
    return tuple(_later(one, checked) for one in listed)


def _known_in(country: str) -> tuple[_Known, ...]:
    here = country.upper()
    return _KNOWN.get(here, (_EU,) if here in _EUROPE else ())


def _line(one: _Known) -> HelpNumber:
    return HelpNumber(one.id, str(one.name), one.number, one.way, str(one.note), one.emergency, checked=CHECKED)


def _later(one: HelpNumber, checked: date | None) -> HelpNumber:
    days = [day for day in (one.checked, checked) if day is not None]
    return replace(one, checked=max(days)) if days else one


def last_checked(numbers: Iterable[HelpNumber]) -> date | None:
    """The oldest check in the list; None when one of its numbers was never checked."""
    days = [one.checked for one in numbers if one.number]
    return None if not days or None in days else min(day for day in days if day is not None)


def check_is_due(numbers: Iterable[HelpNumber], *, today: date) -> bool:
    """Whether the clinic is asked to go through the list: half a year after the oldest check, or when one lacks it."""
    oldest = last_checked(numbers)
    if oldest is None:
        return True
    months = oldest.month - 1 + CHECK_AFTER_MONTHS
    first = date(oldest.year + months // 12, months % 12 + 1, 1)
    return today >= first.replace(day=min(oldest.day, 28))
