"""What every template may rely on: the clinic's face, addresses of our files, dates and money as the reader says."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from babel import Locale
from flask import Flask, g
from flask_babel import Babel
from jinja2 import StrictUndefined, pass_eval_context
from jinja2.nodes import EvalContext
from jinja2.runtime import Macro
from markupsafe import Markup

from saas import formats, tide
from saas.config import settings
from saas.languages import TRANSLATIONS, keep, locale, tongues
from saas.tenancy import current_or_none
from saas.web import csp_nonce
from saas.words import catalogue as words_of

STATIC = Path(__file__).parent / "static"
_PIECES = 16_384
__all__ = [
    "Face",
    "NoticeFor",
    "OfficeNotice",
    "Site",
    "Someone",
    "asset",
    "has_webfonts",
    "init_app",
    "locale",
    "region",
    "remembering",
]


@dataclass(frozen=True)
class Site:
    """The addresses every page links to; None where there is no such page."""

    home: str | None
    privacy: str | None
    imprint: str | None


@dataclass(frozen=True)
class Face:
    """How a tenant looks: `clinic` is its own view for the templates (None on the platform)."""

    clinic: Any
    theme_url: str
    site: Site


class Someone(Protocol):
    """What a console knows of who is logged in."""

    id: Any
    name: str
    role: str
    has_second: bool
    locale: str


@dataclass(frozen=True)
class OfficeNotice:
    """What stands on every page of a console until it is dealt with: words, and the address where that is done."""

    words: str
    href: str
    deed: str


NoticeFor = Callable[[Someone], OfficeNotice | None]
"""What this account is told on every page, if anything."""


@lru_cache(maxsize=512)
def asset(path: str) -> str:
    """The address of one of our static files; it changes when the file does, so browsers keep it for a year."""
    file = STATIC / path
    if not file.is_file():
        return f"/static/{path}"
    return f"/static/{path}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:10]}"


@lru_cache(maxsize=1)
def has_webfonts() -> bool:
    """Whether `make setup` could bring the fonts; without them the metric-matched system fonts serve."""
    return (STATIC / "font" / "fonts.css").is_file()


def region() -> str:
    """The country whose telephone numbers are written without a prefix."""
    tenant = current_or_none()
    return tenant.country if tenant else ""


@lru_cache(maxsize=64)
def _direction(tag: str) -> str:
    return str(Locale.parse(tag).text_direction)


def remembering(reader: Callable[[], object]) -> Callable[..., Markup]:
    """The template function `remembered(macro, *values)`: what an imported macro makes of plain values, made once for
    each `reader()`: their locale, and the very catalogue their words come from.

    The days of a month and the times of a day are the same words on every clinic's page; asking each again is half the
    work of drawing one. Keyed by all the macro is given, so nothing can be out of date. Instants are told apart by what
    their own clock shows: Python finds 10:00 in London and 11:00 in Paris equal.
    """
    kept: dict[tuple[object, ...], Markup] = {}

    def make(key: tuple[object, ...], macro: Macro, values: Sequence[object]) -> Markup:
        if len(kept) >= _PIECES:
            kept.clear()
        made = kept[key] = Markup(macro(*values))  # noqa: S704 - a macro escapes what it is given
        return made

    def remembered(macro: Macro, *values: object) -> Markup:
        key = (macro, reader(), *(v.isoformat() if isinstance(v, dt.datetime) else v for v in values))
        return kept.get(key) or make(key, macro, values)

    def each(macro: Macro, items: Sequence[tuple[object, ...]]) -> Markup:
        """The same for many, one after the other; they hold no instants."""
        tag = reader()
        keys = [((macro, tag, *item), item) for item in items]
        return Markup("".join([kept.get(key) or make(key, macro, item) for key, item in keys]))  # noqa: S704 - as above

    remembered.each = each  # type: ignore[attr-defined]
    return remembered


@lru_cache(maxsize=4096)
def _marked(catalogue: Any, text: str) -> Markup:
    return Markup(catalogue.ugettext(text))  # noqa: S704 - our own sentences


@pass_eval_context
def _said(context: EvalContext, text: str, **values: object) -> str:
    """What Jinja's own gettext says, without putting nothing into a sentence that has no place for it."""
    said = _marked(words_of(), text) if context.autoescape else str(words_of().ugettext(text))
    return said % values if values or "%%" in said else said


@pass_eval_context
def _counted(context: EvalContext, one: str, many: str, num: int, **values: object) -> str:
    said = str(words_of().ungettext(one, many, num))
    known = {"num": num, **values}
    return Markup(said) % known if context.autoescape else said % known  # noqa: S704 - our own sentences


def init_app(app: Flask, *, face: Callable[[], Face]) -> None:
    """Give the templates their globals and filters. `face` is asked at most once a request."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    Babel(app, locale_selector=locale, default_translation_directories=str(TRANSLATIONS))
    app.url_defaults(keep)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: words_of().ugettext(text),
        ngettext=lambda one, many, num: words_of().ungettext(one, many, num),
        newstyle=True,
    )
    app.jinja_env.filters.update(formats.filters(locale, region))
    app.jinja_env.globals.update(gettext=_said, _=_said, ngettext=_counted)
    app.jinja_env.globals.update(asset=asset, tide=tide, remembered=remembering(lambda: (locale(), words_of())))

    def words() -> dict[str, Any]:
        if "face" not in g:
            g.face = face()
        tag = locale()
        shown: Face = g.face
        return {
            "clinic": shown.clinic,
            "site": shown.site,
            "theme_url": shown.theme_url,
            "tongues": tongues(),
            "lang": tag.replace("_", "-"),
            "dir": _direction(tag),
            "demo_banner": settings().payments == "sandbox",
            "webfonts": has_webfonts(),
            "csp_nonce": csp_nonce(),
        }

    app.context_processor(words)
