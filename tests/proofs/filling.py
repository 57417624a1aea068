"""Filling in every field of a form, whatever stands there: each word that can be typed is a canary of its own."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from werkzeug.datastructures import MultiDict

Attrs = dict[str, str]
_SONG = "zanquilbrome"
"""What every canary begins with; no word of any language here does."""


class Canaries:
    """Gives out words that stand nowhere else, and remembers where each was typed."""

    def __init__(self) -> None:
        self.typed: dict[str, str] = {}

    def word(self, place: str) -> str:
        """A canary for this field."""
        made = f"{_SONG}{len(self.typed):03d}"
        self.typed[made] = place
        return made

    def heard(self, text: str | bytes) -> list[str]:
        """Where the canaries that stand in this text were typed: plainly, as a dump writes bytes, or in base64."""
        data = text.encode() if isinstance(text, str) else text
        if not any(shape in data.lower() for shape in _SHAPES) and not any(shape in data for shape in _BASE64):
            return []
        found = {word.decode() for word in re.findall(rf"{_SONG}\d\d\d".encode(), data.lower())}
        return sorted(self.typed.get(word, word) for word in found) or ["in another spelling"]


_SHAPES = (_SONG.encode(), _SONG.encode().hex().encode())
_BASE64 = tuple(base64.b64encode(b" " * shift + _SONG.encode())[4 if shift else 0 : 16] for shift in range(3))


@dataclass
class Sheet:
    """A form as it stands on a page. `choices`: by name the kind and the values that can be ticked, alone or with
    others; `words`: by name what an input is like."""

    action: str
    hidden: MultiDict[str, str] = field(default_factory=MultiDict)
    choices: dict[str, tuple[str, list[str], set[str]]] = field(default_factory=dict)
    words: dict[str, Attrs] = field(default_factory=dict)
    buttons: list[Attrs] = field(default_factory=list)


class _Sheets(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.sheets: list[Sheet] = []
        self._open: Sheet | None = None
        self._off = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Sheet(known.get("action", ""))
            self.sheets.append(self._open)
        elif tag == "fieldset":
            self._off = "disabled" in known
        elif self._open is not None and not self._off:
            self._control(self._open, tag, known)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        elif tag == "fieldset":
            self._off = False

    @staticmethod
    def _control(sheet: Sheet, tag: str, known: Attrs) -> None:
        name, kind = known.get("name", ""), known.get("type", "text")
        if tag == "button":
            sheet.buttons.append(known)
        elif tag not in ("input", "textarea") or not name:
            return
        elif tag == "input" and kind == "hidden":
            sheet.hidden.add(name, known.get("value", ""))
        elif tag == "input" and kind in ("radio", "checkbox"):
            _kind, values, alone = sheet.choices.setdefault(name, (kind, [], set()))
            values.append(known.get("value", "on"))
            alone |= {known.get("value", "on")} if "data-alone" in known else set()
        else:
            sheet.words[name] = known


def sheet_to(html: str, action: str) -> Sheet:
    """The form of this page that goes to an address ending so."""
    reader = _Sheets()
    reader.feed(html)
    return next(one for one in reader.sheets if one.action.partition("?")[0].endswith(action))


def filled_in(sheet: Sheet, canaries: Canaries, chosen: Mapping[str, str]) -> MultiDict[str, Any]:
    """What somebody sends who answers everything: `chosen` where it is named, "yes" where that can be said, else all
    that may be ticked; a date in a field for dates; a file with a word in it and in its name; a word in every other.
    """
    sent: MultiDict[str, Any] = MultiDict(sheet.hidden)
    for name, said in _ticked(sheet, chosen):
        sent.add(name, said)
    for name, known in sheet.words.items():
        sent.setlist(name, [_typed(name, known, canaries)])
    for name in [one for one in sheet.hidden if one.endswith("~n")]:  # what a script would draw
        sent.setlist(name, [sheet.hidden[name]])
    return sent


def _ticked(sheet: Sheet, chosen: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, (kind, values, alone) in sheet.choices.items():
        free = [one for one in values if one not in alone]
        if not free or name.endswith("~a"):
            continue
        if kind == "radio":
            wanted = chosen.get(name, "yes")
            yield name, wanted if wanted in free else free[0]
        else:
            yield from ((name, one) for one in free)


def _typed(name: str, known: Attrs, canaries: Canaries) -> str | tuple[io.BytesIO, str]:
    if known.get("type") == "file":
        paper = f"%PDF-1.4\n% {canaries.word(name)}\n%%EOF\n"
        return io.BytesIO(paper.encode()), f"{canaries.word(f'{name} called')}.pdf"
    if known.get("type") == "date":
        return "1980-03-31"
    if known.get("inputmode") == "numeric":
        return "12"
    return "3/2025" if "in--tel" in known.get("class", "") else canaries.word(name)
