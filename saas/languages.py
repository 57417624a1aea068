"""Which language a page speaks, decided once a request.

Only a language that the clinic offers counts (`offered`). In this order: what the address asks for (`?lang=es`, kept in
every link of the public pages, so that no cookie is needed); what is known of the reader (`read_as`: the booking's own
language, an account's); what the browser asks for; the clinic's own. Staff read as their account says or as their
clinic does, whatever an address or a browser says; so do the pages that ask them who they are, once they know it. There
an address counts that the log-in page was asked for, for an account without a language of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from babel import localedata
from flask import g, has_request_context, request
from flask_babel import force_locale, refresh

from saas.tenancy import current_or_none, current_tenant

# The languages we write in, by their own names. English is in the source, the others in `TRANSLATIONS`.
LANGUAGES = {"en": "English", "es": "Español"}
TRANSLATIONS = Path(__file__).parent / "translations"
_NOBODYS = "en"
# Where its own people log in, a clinic cannot know yet what they read.
_TEAMS = frozenset({"accounts", "security"})
# What speaks to visitors, by blueprint or endpoint: links there carry the language that was asked for.
_SPEAKING = frozenset(
    {"start", "bookings", "embed", "intake", "clinic.privacy", "clinic.imprint", "accounts", "security"}
)  # fmt: skip


@dataclass(frozen=True)
class Tongue:
    """A language this page can be read in: its code, its own name for itself, and the address of the page in it."""

    code: str
    name: str
    href: str


def locale() -> str:
    """The locale of this page; outside of a request the entered tenant's."""
    tenant = current_or_none()
    own, country = (tenant.locale, tenant.country) if tenant else (_NOBODYS, "")
    if not has_request_context():
        return own
    found: tuple[str, str] | None = g.get("reads")
    if found is None or found[0] != own:
        found = g.reads = (own, _wanted(own, country))
    return found[1]


def asked() -> str:
    """The language the address asks for, if it is offered; else empty."""
    lang = request.args.get("lang", "")
    return lang if lang and lang in offered() else ""


def offered() -> tuple[str, ...]:
    """The languages in which this page can be read: the clinic's choice among ours, all of them for its team."""
    tenant = current_or_none()
    if tenant is None or tenant.is_platform or (has_request_context() and request.blueprint in _TEAMS):
        return tuple(LANGUAGES)
    own = _code(tenant.locale)
    return tuple(code for code in LANGUAGES if code == own or code in tenant.languages.split())


def for_client(*tags: str) -> str:
    """The locale in which the entered clinic writes to a client: the first of these whose language it has not left
    out, else its own."""
    left_out = set(LANGUAGES).difference(offered())
    return next((tag for tag in tags if tag and _code(tag) not in left_out), current_tenant().locale)


def _wanted(own: str, country: str) -> str:
    if asked():
        return spoken(asked(), own, country)
    for tag, quality in request.accept_languages:
        code = tag.replace("_", "-").partition("-")[0].lower()
        if quality > 0 and (code in offered() or code == _code(own)):
            return spoken(code, own, country)
    return own


def _code(tag: str) -> str:
    return tag.replace("-", "_").partition("_")[0].lower()


@lru_cache(maxsize=256)
def spoken(code: str, own: str, country: str) -> str:
    """The locale in which a clinic of this country, whose own locale is `own`, speaks the language `code`: its own
    where that is the language, else the country's way to write dates and sums where the CLDR has one."""
    if _code(own) == code:
        return own
    if localedata.exists(f"{code}_{country}"):
        return f"{code}_{country}"
    return "en_150" if code == "en" else code  # English as Europe writes it: days before months, 24 hours


def read_as(tag: str, *, staff: bool = False) -> None:
    """Speak to this reader: `tag` is a language or a locale, empty for the clinic's own where it is `staff`, and for
    nothing known of a visitor. What the address asks for comes first, except for staff."""
    if not staff and (not tag or asked()):
        return
    g.for_staff = staff
    tenant = current_or_none()
    own, country = (tenant.locale, tenant.country) if tenant else (_NOBODYS, "")
    if not staff and tenant is not None:
        tag = for_client(tag)
    if tag in LANGUAGES:
        chosen = spoken(tag, own, country)
    else:
        chosen = tag if tag and localedata.exists(tag.replace("-", "_")) else own
    if g.get("reads") != (own, chosen):
        g.reads = (own, chosen)
        refresh()


def keep(endpoint: str, values: dict[str, Any]) -> None:
    """Flask's `url_defaults`: a link to a page that speaks carries the language that was asked for."""
    if has_request_context() and "lang" not in values:
        blueprint = endpoint.partition(".")[0]
        if (blueprint in _SPEAKING or endpoint in _SPEAKING) and asked():
            values["lang"] = asked()


def kept(path: str) -> str:
    """`path` (without a query) with the language that was asked for."""
    return f"{path}?lang={asked()}" if has_request_context() and asked() else path


def in_each(words: Any) -> tuple[str, ...]:
    """Words that are looked up when they are shown (`later`), in each of our languages: so that what was written down
    in any of them is found again."""
    found = []
    for code in LANGUAGES:
        with force_locale(code):
            found.append(str(words))
    return tuple(found)


def tongues() -> list[Tongue]:
    """The other languages that this page can be read in; none for staff, and none for what answers a form: a link would
    lose it."""
    if not has_request_context() or request.method not in ("GET", "HEAD") or g.get("for_staff"):
        return []
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "lang" and name[:1] != "_"]
    return [
        Tongue(code, name, "?" + urlencode([*query, ("lang", code)]))
        for code, name in LANGUAGES.items()
        if code in offered() and code != _code(locale())
    ]
