"""gettext with types, and without asking flask-babel everything again for every sentence of a page.

flask-babel looks up application, locale and catalogue at each call: 15 microseconds, a hundred times a page.
"""

from __future__ import annotations

from typing import Any

from flask import g
from flask_babel import get_translations, lazy_gettext


def catalogue() -> Any:
    """The reader's translations, by the locale flask-babel keeps for this context (`force_locale` changes it there)."""
    try:
        context: Any = g._flask_babel  # noqa: SLF001 - one look through the proxy instead of three
    except (AttributeError, RuntimeError):  # nobody asked for words here yet, or there is no application
        context = None
    chosen = getattr(context, "babel_locale", None)
    if chosen is None:
        return get_translations()
    known = getattr(context, "longtide_catalogue", None)
    if known is not None and known[0] is chosen:
        return known[1]
    found = get_translations()
    context.longtide_catalogue = (chosen, found)
    return found


def _(text: str, **values: object) -> str:
    """`text` in the reader's language, with `values` put in (`%(name)s`)."""
    said = str(catalogue().ugettext(text))
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """`one` or `many` in the reader's language, by `num` and that language's plural rules."""
    return str(catalogue().ungettext(one, many, num)) % {"num": num, **values}


def later(text: str, **values: object) -> Any:
    """`text`, looked up each time it is shown: for labels that are written down once, when the program starts."""
    return lazy_gettext(text, **values)
