"""What a clinic may say of itself, checked and cleaned. Pure: values in, values out."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import nh3
from PIL import Image, UnidentifiedImageError

from saas.contact import BadEmail, BadPhone, normal_email, normal_phone
from saas.errors import Invalid
from saas.text import Cleaner
from saas.theme import is_colour
from saas.words import _
from saas.words import later as _l

LOGO_BYTES = 512 * 1024
LOGO_PIXELS = 4096
TEXT_LIMIT = 40_000
SET_UP_STEPS = ("brand", "service", "hours", "payments")
"""What the guided set-up of a new clinic asks, in order."""
_NOTICE_LIMIT_MIN = 60 * 24 * 60
_HORIZON_LIMIT_DAYS = 730
MOST_ORIGINS = 10
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])")
_LOOPBACK = ("localhost", "127.0.0.1")
MAIL_KINDS = ("confirmed", "changed", "cancelled", "reminder", "refunded")
_LOGO_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_TAGS = set("h2 h3 h4 p br ul ol li strong em b i a blockquote dl dt dd hr table thead tbody tr th td address".split())


LOGO_TOO_LARGE = _l("Choose an image of at most 512 kB")


class BadLogo(Invalid):
    """A file that cannot be the clinic's logo."""

    code = "bad-logo"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, fields={"logo": sentence})


@dataclass(frozen=True)
class Note:
    """A promise or a fact on the landing page: a few words, then a sentence or two."""

    title: str
    text: str


@dataclass(frozen=True)
class Profile:
    """What clients read of a clinic. `phone` as people write it, `address` in lines."""

    headline: str = ""
    lead: str = ""
    person: str = ""
    first_name: str = ""
    place: str = ""
    address: str = ""
    map_url: str = ""
    phone: str = ""
    email: str = ""
    promises: tuple[Note, ...] = ()
    facts: tuple[Note, ...] = ()


@dataclass(frozen=True)
class PolicyRequest:
    """A policy as somebody wants it kept: until when cancelling is free of charge (hours before the start), and what is
    kept otherwise (per cent of the price). What a booking was promised is `bookings/rules.py: PolicyTerms`."""

    free_hours: int
    late_fee_percent: int
    no_show_percent: int
    terms: str = ""


@dataclass(frozen=True)
class Logo:
    """An image whose content was looked at: its bytes, MIME type and 16 hex digits that name them."""

    content: bytes
    type: str
    hash: str


def clean_profile(profile: Profile, *, country: str) -> Profile:
    """The profile as it is kept; `Invalid` with a sentence for every field that needs another look."""
    cleaner = Cleaner()
    cleaned = Profile(
        headline=cleaner.line("headline", profile.headline, 160),
        lead=cleaner.line("lead", profile.lead, 600),
        person=cleaner.line("person", profile.person, 120),
        first_name=cleaner.line("first_name", profile.first_name, 60),
        place=cleaner.line("place", profile.place, 80),
        address=cleaner.block("address", profile.address, 400),
        map_url=_clean_url(cleaner, profile.map_url),
        phone=_clean_phone(cleaner, profile.phone, country),
        email=_clean_email(cleaner, profile.email),
        promises=_clean_notes(cleaner, "promises", profile.promises),
        facts=_clean_notes(cleaner, "facts", profile.facts),
    )
    cleaner.check()
    return cleaned


def profile_values(profile: Profile, only: Iterable[str]) -> list[Any]:
    """What the mark of these fields is made of (`saas/stale.py`)."""
    values = (getattr(profile, name) for name in only)
    return [[[n.title, n.text] for n in value] if isinstance(value, tuple) else value for value in values]


def check_booking_rules(min_notice_min: int, horizon_days: int | None) -> None:
    """`Invalid` for a notice (minutes) and a horizon (days; None: no end) that nobody could mean, or that together
    leave no time to book: a clinic that wants none says so by not taking bookings."""
    cleaner = Cleaner()
    cleaner.whole("min_notice_min", min_notice_min, 0, _NOTICE_LIMIT_MIN)
    if horizon_days is not None:
        cleaner.whole("horizon_days", horizon_days, 1, _HORIZON_LIMIT_DAYS)
        if not cleaner.fields and min_notice_min >= horizon_days * 24 * 60:
            cleaner.refuse(
                "horizon_days",
                _("Nobody could book: clients must book earlier than they may. Choose more days, or less notice"),
            )
    cleaner.check()


def clean_brand(colour: str) -> str:
    """`#rrggbb` in lower case, or `Invalid`."""
    brand = colour.strip().lower()
    if not is_colour(brand):
        sentence = _("Enter a colour as # and six digits or letters from a to f, such as #2f6f6b")
        raise Invalid(sentence, fields={"brand": sentence})
    return brand


def read_logo(content: bytes) -> Logo:
    """The logo in `content`, decoded once to see that it is what it says. `BadLogo` for anything else.

    PNG, JPEG or WebP of at most 512 kB and 4,096 pixels a side. SVG is a program and is refused. The type comes from
    the content, never from a file's name.
    """
    if len(content) > LOGO_BYTES:
        raise BadLogo(str(LOGO_TOO_LARGE))
    unreadable = _("Choose a PNG, JPEG or WebP image")
    try:
        with Image.open(io.BytesIO(content), formats=tuple(_LOGO_TYPES)) as image:
            if max(image.size) > LOGO_PIXELS:
                raise BadLogo(_("Choose an image of at most 4096 pixels a side"))
            kind = _LOGO_TYPES[str(image.format)]
            image.load()
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Warning, Image.DecompressionBombError):
        raise BadLogo(unreadable) from None
    return Logo(content, kind, hashlib.sha256(content).hexdigest()[:16])


def safe_html(text: str) -> str:
    """`text` with nothing left but the simple marks of a document: no script, style, image or frame."""
    return nh3.clean(
        text,
        tags=_TAGS,
        attributes={"a": {"href"}},
        url_schemes={"https", "http", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    ).strip()


def clean_html(cleaner: Cleaner, field: str, text: str) -> str:
    """A document the clinic wrote (privacy notice, imprint, terms), cleaned and then made safe."""
    return safe_html(cleaner.block(field, text, TEXT_LIMIT))


def clean_origins(text: str, *, loopback: bool) -> list[str]:
    """The sites named in `text`, one a line, each once and as browsers write an origin: `https://www.rowan.example`.

    An address of a page stands for its site, and without a scheme for https. Nothing but https, except `http` on this
    very machine where `loopback` allows it (the demo). `Invalid` names the first that is none, or too many.
    """
    cleaner = Cleaner()
    found: list[str] = []
    for line in text.split():
        origin = _origin(line, loopback=loopback)
        if origin is None:
            sentence = _(
                "%(name)s is no address of a website. Write one like https://www.rowan.example", name=line[:80]
            )
            cleaner.refuse("origins", sentence)
            break
        if origin not in found:
            found.append(origin)
        if len(found) > MOST_ORIGINS:
            cleaner.refuse("origins", _("Name at most %(limit)d websites", limit=MOST_ORIGINS))
            break
    cleaner.check()
    return found


def _origin(address: str, *, loopback: bool) -> str | None:
    try:
        parts = urlsplit(address if "://" in address else f"https://{address}")
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
    except (ValueError, UnicodeError):  # a port that is no number; a name that cannot be one
        return None
    here = loopback and parts.scheme == "http" and host in _LOOPBACK
    if parts.username is not None or not (
        here or (parts.scheme == "https" and _HOST.fullmatch(host) and len(host) < 254)
    ):
        return None
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def clean_policy(policy: PolicyRequest) -> PolicyRequest:
    """The policy as it is kept; `Invalid` with a sentence for every field that needs another look."""
    cleaner = Cleaner()
    cleaned = PolicyRequest(
        free_hours=cleaner.whole("free_hours", policy.free_hours, 0, 8760),
        late_fee_percent=cleaner.whole("late_fee_percent", policy.late_fee_percent, 0, 100),
        no_show_percent=cleaner.whole("no_show_percent", policy.no_show_percent, 0, 100),
        terms=clean_html(cleaner, "terms", policy.terms),
    )
    cleaner.check()
    return cleaned


def _clean_notes(cleaner: Cleaner, field: str, notes: tuple[Note, ...]) -> tuple[Note, ...]:
    if len(notes) > 8:
        cleaner.refuse(field, _("Keep at most eight"))
    return tuple(
        Note(
            cleaner.line(f"{field}-{number}-title", note.title, 80, missing=_("Give it a few words")),
            cleaner.line(f"{field}-{number}-text", note.text, 300),
        )
        for number, note in enumerate(notes[:8])
    )


def _clean_url(cleaner: Cleaner, text: str) -> str:
    address = cleaner.line("map_url", text, 500)
    try:
        parts = urlsplit(address)
        good = not address or (parts.scheme == "https" and bool(parts.hostname) and " " not in address)
    except ValueError:
        good = False
    if not good:
        cleaner.refuse("map_url", _("Enter an address that begins with https://"))
    return address


def _clean_phone(cleaner: Cleaner, text: str, country: str) -> str:
    try:
        return normal_phone(text, country)
    except BadPhone as error:
        cleaner.refuse("phone", error.message)
        return ""


def _clean_email(cleaner: Cleaner, text: str) -> str:
    try:
        return normal_email(text)
    except BadEmail as error:
        cleaner.refuse("email", error.message)
        return ""
