"""gettext with types: flask-babel has none, and an untyped `_` makes every sentence an Any."""

from __future__ import annotations

import flask_babel


def _(text: str, **values: object) -> str:
    """`text` in the reader's language, with `values` put in (`%(name)s`)."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """`one` or `many` in the reader's language, by `num` and that language's plural rules."""
    return str(flask_babel.ngettext(one, many, num, **values))
