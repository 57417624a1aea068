"""What every template may rely on: the clinic's face, addresses of our files, dates and money as the reader says."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from babel import Locale
from flask import Flask, g
from flask_babel import Babel
from jinja2 import StrictUndefined

from saas import formats, tide
from saas.config import settings
from saas.tenancy import current_or_none
from saas.web import csp_nonce
from saas.words import catalogue as words_of

STATIC = Path(__file__).parent / "static"


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


def locale() -> str:
    """The locale of this page: the clinic's, until clients can choose."""
    tenant = current_or_none()
    return tenant.locale if tenant else "en"


def region() -> str:
    """The country whose telephone numbers are written without a prefix."""
    tenant = current_or_none()
    return tenant.country if tenant else ""


@lru_cache(maxsize=64)
def _direction(tag: str) -> str:
    return str(Locale.parse(tag).text_direction)


def init_app(app: Flask, *, face: Callable[[], Face]) -> None:
    """Give the templates their globals and filters. `face` is asked at most once a request."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    Babel(app, locale_selector=locale)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda text: words_of().ugettext(text),
        ngettext=lambda one, many, num: words_of().ungettext(one, many, num),
        newstyle=True,
    )
    app.jinja_env.filters.update(formats.filters(locale, region))
    app.jinja_env.globals.update(asset=asset, tide=tide)

    def words() -> dict[str, Any]:
        if "face" not in g:
            g.face = face()
        tag = locale()
        shown: Face = g.face
        return {
            "clinic": shown.clinic,
            "site": shown.site,
            "theme_url": shown.theme_url,
            "lang": tag.replace("_", "-"),
            "dir": _direction(tag),
            "demo_banner": settings().payments == "sandbox",
            "webfonts": has_webfonts(),
            "csp_nonce": csp_nonce(),
        }

    app.context_processor(words)
