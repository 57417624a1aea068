"""What a clinic may be called in addresses, and where in the world it may be. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from babel import Locale, UnknownLocaleError

from saas.errors import Invalid
from saas.text import Cleaner
from saas.words import _
from saas.zones import is_zone

PLATFORM_SLUG = "platform"
MOST_FEE_PERCENT = 20
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9]|-(?!-)){1,61}[a-z0-9]", re.ASCII)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
# Names that people would take for ours, that mail and name servers expect, or that our own addresses use.
RESERVED = frozenset(
    "about account accounts admin api app assets auth autoconfig autodiscover billing blog book booking bookings cdn "
    "clinic clinics demo dev docs email ftp healthz help imprint intake internal legal localhost log-in login logout "
    "longtide mail mailbox manage metrics news ns ns1 ns2 operator ops payments platform pop pricing privacy readyz "
    "register root sandbox secure security signup smtp ssl staging static status stripe support system team test theme "
    "webhooks webmail www".split()
)


@dataclass(frozen=True)
class ClinicRequest:
    """A clinic as somebody wants it made: its address, name, IANA zone, ISO currency and country, locale (en_IE)."""

    slug: str
    name: str
    zone: str
    currency: str
    country: str
    locale: str = "en"


@dataclass(frozen=True)
class ClinicEdit:
    """What may change later: name, IANA zone, ISO country, and our share of each card payment in whole per cent."""

    name: str
    zone: str
    country: str
    fee_percent: int


def clean_edit(wish: ClinicEdit) -> ClinicEdit:
    """The change as it is kept; `Invalid` with a sentence for every field that needs another look."""
    cleaner = Cleaner()
    name = cleaner.line("name", wish.name, 120, missing=_("Enter the clinic's name"))
    country = _place(cleaner, wish.zone, wish.country)
    fee = cleaner.whole("fee_percent", wish.fee_percent, 0, MOST_FEE_PERCENT)
    cleaner.check()
    return ClinicEdit(name, wish.zone, country, fee)


def _place(cleaner: Cleaner, zone: str, country: str) -> str:
    if not is_zone(zone) or "/" not in zone:
        cleaner.refuse("zone", _("Enter a time zone like Europe/Dublin"))
    code = country.strip().upper()
    if code not in _countries():
        cleaner.refuse("country", _("Enter a country like IE"))
    return code


def clean_clinic(request: ClinicRequest) -> ClinicRequest:
    """The clinic as it is kept; `Invalid` with a sentence for every field that needs another look."""
    cleaner = Cleaner()
    slug = request.slug.strip().lower()
    if not _SLUG.fullmatch(slug):
        cleaner.refuse("slug", _("Use 3 to 63 of a to z, 0 to 9 and single hyphens, not at the ends"))
    elif slug in RESERVED:
        cleaner.refuse("slug", _("This address is kept for ourselves"))
    name = cleaner.line("name", request.name, 120, missing=_("Enter the clinic's name"))
    country, currency = _place(cleaner, request.zone, request.country), request.currency.strip().upper()
    if currency not in _currencies():
        cleaner.refuse("currency", _("Enter a currency like EUR"))
    try:
        locale = str(Locale.parse(request.locale.replace("-", "_")))
    except (UnknownLocaleError, ValueError):
        locale = ""
        cleaner.refuse("locale", _("Enter a language and country like en_IE"))
    cleaner.check()
    return ClinicRequest(slug, name, request.zone, currency, country, locale)


def clean_host(text: str) -> str:
    """A host name in the form in which requests carry it (lower case, IDNA, no port), or `Invalid`."""
    sentence = _("Enter a host name like book.clinic.example")
    host = text.strip().lower().rstrip(".")
    try:
        host = host.encode("idna").decode()
    except UnicodeError:
        raise Invalid(sentence, fields={"host": sentence}) from None
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
        raise Invalid(sentence, fields={"host": sentence})
    return host


@lru_cache(maxsize=1)
def _currencies() -> frozenset[str]:
    return frozenset(Locale("en").currencies)


@lru_cache(maxsize=1)
def _countries() -> frozenset[str]:
    codes = (str(code) for code in Locale("en").territories)
    return frozenset(code for code in codes if len(code) == 2 and code.isalpha())
