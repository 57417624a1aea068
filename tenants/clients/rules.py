"""Who is who: when two names may be one person, what differs, how somebody may be reached. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass

from saas.contact import BadEmail, BadPhone, normal_email, normal_phone
from saas.text import Cleaner
from saas.words import _

REACH = ("email", "text", "phone")
COMPARED = ("name", "known_as", "email", "phone", "reach")


@dataclass(frozen=True)
class Person:
    """What somebody types of themselves, cleaned. `reach`: email, text, or phone (by telephone only)."""

    name: str
    known_as: str = ""
    email: str = ""
    phone: str = ""
    reach: str = "email"


def clean_person(person: Person, *, country: str) -> Person:
    """The person as kept; `Invalid` with a sentence for every field that needs another look.

    Numbers without + are read as ones of `country`. Whoever may be reached by text or telephone gives a number; the
    e-mail is needed by whoever asks for e-mail only.
    """
    cleaner = Cleaner()
    name = cleaner.line("name", person.name, 200, missing=_("Enter your name"))
    known_as = cleaner.line("known_as", person.known_as, 80)
    email, phone = clean_contact(cleaner, person.email, person.phone, country)
    if person.reach not in REACH:
        cleaner.refuse("reach", _("Choose how we may reach you"))
    elif person.reach == "email" and not email:
        cleaner.refuse("email", _("Enter an email address like name@example.com, so we can send your confirmation"))
    elif person.reach != "email" and not phone:
        cleaner.refuse("phone", _("Enter a phone number, so we can reach you the way you chose"))
    cleaner.check()
    return Person(name, known_as, email, phone, person.reach)


@dataclass(frozen=True)
class Record:
    """What the clinic keeps of a client, as its people edit it.

    `discreet_name` is used where somebody else may read or hear it; `no_calls`: do not ring; `locale` "" is the
    clinic's own language.
    """

    name: str
    known_as: str = ""
    email: str = ""
    phone: str = ""
    reach: str = "email"
    discreet_name: str = ""
    no_calls: bool = False
    locale: str = ""


def clean_record(record: Record, *, country: str, locales: Collection[str]) -> Record:
    """The record as kept; `Invalid` with a sentence for every field that needs another look.

    Unlike `clean_person` it speaks to the clinic's people. Whoever is reached by telephone only may be rung.
    """
    cleaner = Cleaner()
    name = cleaner.line("name", record.name, 200, missing=_("Enter their name"))
    known_as = cleaner.line("known_as", record.known_as, 80)
    discreet = cleaner.line("discreet_name", record.discreet_name, 80)
    email, phone = clean_contact(cleaner, record.email, record.phone, country)
    if record.reach not in REACH:
        cleaner.refuse("reach", _("Choose how they may be reached"))
    elif record.reach == "email" and not email:
        cleaner.refuse("email", _("Enter an email address, or choose another way to reach them"))
    elif record.reach != "email" and not phone:
        cleaner.refuse("phone", _("Enter a phone number, or choose another way to reach them"))
    if record.no_calls and record.reach == "phone":
        cleaner.refuse("no_calls", _("They can only be reached by telephone: choose another way first"))
    if record.locale and record.locale not in locales:
        cleaner.refuse("locale", _("Choose a language from the list"))
    cleaner.check()
    return Record(name, known_as, email, phone, record.reach, discreet, record.no_calls, record.locale)


def clean_contact(cleaner: Cleaner, email: str, phone: str, country: str) -> tuple[str, str]:
    """(e-mail, telephone) in their kept form; what is wrong with either is noted at `cleaner`, and is then ""."""
    address = number = ""
    try:
        address = normal_email(email)
    except BadEmail as error:
        cleaner.refuse("email", error.message)
    try:
        number = normal_phone(phone, country)
    except BadPhone as error:
        cleaner.refuse("phone", error.message)
    return address, number


def called(name: str, known_as: str, discreet_name: str) -> str:
    """What to call somebody in a message: the discreet name before all, then the one they go by, then the first."""
    return discreet_name or known_as or name.partition(" ")[0]


def name_key(name: str) -> str:
    """A name as lists search and sort it: small letters, no accents, no apostrophes, at most 200 characters."""
    return " ".join(_folded(name))[:200]


def similar_names(one: str, other: str) -> bool:
    """Whether two names may well be one person's: the same words, or all of the shorter one's words in the longer.

    Accents, case, order, hyphens and apostrophes do not count. Anything looser would take sisters who share a
    telephone for one another.
    """
    a, b = _words(one), _words(other)
    return bool(a) and bool(b) and (a <= b or b <= a)


def _words(name: str) -> frozenset[str]:
    return frozenset(_folded(name))


def _folded(name: str) -> list[str]:
    folded = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in folded if not unicodedata.combining(c))
    return re.findall(r"\w+", re.sub(r"['’ʼ]", "", plain))


def differences(known: Person, typed: Person) -> dict[str, str]:
    """What was typed where it is not what we know; what was left empty is no difference."""
    return {
        field: str(getattr(typed, field))
        for field in COMPARED
        if getattr(typed, field) and getattr(typed, field) != getattr(known, field)
    }


def reach_for(known: str, typed: str | None) -> str:
    """How they may be reached about a booking, when what they typed for it (None: nothing else) differs from what we
    know: the more discreet of the two. Nobody who merely knows an address can make us write to it again."""
    return max((known, typed or known), key=REACH.index)
