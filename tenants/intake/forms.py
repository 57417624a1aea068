"""What the pages of an intake send: the values of each question that was shown, with a mark of what was shown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from werkzeug.datastructures import MultiDict

from tenants.intake.asking import Typed

SHOWN, NOTE, ABSENT, DECIDE = "k", "~n", "~a", "decide"
_DRAWN = re.compile(r"[ML0-9 ]{0,1000}")


def typed_in(form: MultiDict[str, str], *, own: Iterable[str] = ()) -> dict[str, Typed]:
    """What was sent, by key. `k` names each question that was on the page, as `key|mark`; a script sends the key alone.

    What came without it is taken too, so that it can be put aside. `own`: names that are the form's.
    """
    marks = dict(_split(one) for one in form.getlist(SHOWN))
    names = {name.removesuffix(NOTE).removesuffix(ABSENT) for name in form}
    keys = [*marks, *sorted(names - marks.keys() - {SHOWN, DECIDE, *own})]
    return {
        key: Typed(
            values=tuple(form.getlist(key)),
            absent=form.get(f"{key}{ABSENT}", ""),
            note=form.get(f"{key}{NOTE}", ""),
            mark=marks.get(key),
        )
        for key in keys
    }


def decision_in(form: MultiDict[str, str]) -> tuple[str, str] | None:
    """(section id, what) when a button of a notice was pressed."""
    section, colon, what = form.get(DECIDE, "").partition(":")
    return (section, what) if colon else None


def drawn_of(note: str) -> str:
    """A drawn signature as the path of an SVG; "" for anything else."""
    return note if _DRAWN.fullmatch(note) else ""


def _split(shown: str) -> tuple[str, str | None]:
    key, bar, mark = shown.partition("|")
    return key, mark if bar else None
