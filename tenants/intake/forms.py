"""What the pages of an intake send: the values of each question that was shown, with a mark of what was shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from werkzeug.datastructures import FileStorage, MultiDict

from tenants.intake.asking import Paper, Typed
from tenants.intake.files import MOST_BYTES, looked_at
from tenants.intake.sent import Fault, Upload

SHOWN, NOTE, ABSENT, FILE, AWAY, DECIDE = "k", "~n", "~a", "~f", "~x", "decide"
_BESIDE = (NOTE, ABSENT, FILE, AWAY)
MOST_SENT = 64 * 1024 * 1024
"""Of one part with its files: more than is kept, so that who sends too much is told beside the field."""
_DRAWN = re.compile(r"[ML0-9 ]{0,1000}")


def typed_in(
    form: MultiDict[str, str], *, own: Iterable[str] = (), files: Mapping[str, Upload | Fault] | None = None
) -> dict[str, Typed]:
    """What was sent, by key. `k` names each question that was on the page, as `key|mark`; a script sends the key alone.

    What came without it is taken too, so that it can be put aside. `own`: names that are the form's. `files`: what was
    handed in, by key (`files_sent`).
    """
    given = files or {}
    marks = dict(_split(one) for one in form.getlist(SHOWN))
    names = {_base(name) for name in form} | given.keys()
    keys = [*marks, *sorted(names - marks.keys() - {SHOWN, DECIDE, *own})]
    return {
        key: Typed(
            values=tuple(form.getlist(key)),
            absent=form.get(f"{key}{ABSENT}", ""),
            note=form.get(f"{key}{NOTE}", ""),
            mark=marks.get(key),
            file=given.get(key),
            away=bool(form.get(f"{key}{AWAY}")),
        )
        for key in keys
    }


def files_sent(paper: Paper, files: MultiDict[str, FileStorage]) -> dict[str, Upload | Fault]:
    """The files that were chosen for questions that ask for one, looked at, by key. A field left empty sends one
    without a name."""
    found: dict[str, Upload | Fault] = {}
    for name, sent in files.items():
        place = paper.place(name.removesuffix(FILE)) if name.endswith(FILE) else None
        if place is not None and place.item.kind == "file" and sent.filename:
            found[name.removesuffix(FILE)] = looked_at(sent.filename, sent.stream.read(MOST_BYTES + 1))
    return found


def _base(name: str) -> str:
    return next((name.removesuffix(mark) for mark in _BESIDE if name.endswith(mark)), name)


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
