"""Sheets of paper as PDF files: the same values give the same bytes.

PDF readers bring one typeface without being sent it, and that one has the letters of Western Europe. A line with other
letters is set in Source Sans, which has those of all of Europe, Greek, Cyrillic and Vietnamese; what is used of it is
in the file. A letter that neither has is written as its nearest; what has none is left out of a name (`writable`), or
stands as a mark in a record (`marked`), which then says so.
"""

from __future__ import annotations

import unicodedata
from datetime import datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpdf import FPDF

_NEAREST = str.maketrans({"\u2009": " ", "\u2010": "-", "\u2011": "-"})
_ALIKE = frozenset("\u2009\u2010\u2011")  # what is written for them looks the same
_WEST, _WIDE = "helvetica", "wide"
_CUTS = {"": "Regular", "B": "Bold"}
_LEFT, _WIDTH = 22, 166
_INK, _GREY, _RULE = (25, 25, 25), (95, 95, 95), (190, 190, 190)
MARK = "¿"
"""Stands for a letter that cannot be written."""


def writable(text: str) -> str:
    """`text` in the letters that there are, on one line; what has no near letter is left out."""
    return " ".join(_written(text, "").split())


def marked(text: str) -> str:
    """`text` in the letters that there are, its lines kept; what has no near letter stands as `MARK`."""
    return "\n".join(" ".join(line.split()) for line in _written(text, MARK).splitlines())


def is_whole(text: str) -> bool:
    """Whether every letter of `text` can be written as it is."""
    return all(_has(letter) or letter in _ALIKE for letter in unicodedata.normalize("NFC", text))


def _written(text: str, instead: str) -> str:
    found = []
    for letter in unicodedata.normalize("NFC", text).translate(_NEAREST):
        if _has(letter):
            found.append(letter)
            continue
        base = [part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)]
        found += [part for part in base if _has(part)] or [instead]
    return "".join(found)


def _has(letter: str) -> bool:
    return _is_western(letter) or ord(letter) in _wide_letters()


def _is_western(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _wide_file(cut: str) -> Path:
    return Path(str(files("font_source_sans_pro") / "files" / f"SourceSansPro-{cut}.ttf"))


@cache
def _wide_letters() -> frozenset[int]:
    """The code points that every cut of the wide typeface has."""
    from fontTools.ttLib import TTFont

    def letters(cut: str) -> frozenset[int]:
        with TTFont(_wide_file(cut), lazy=True) as font:
            return frozenset(font.getBestCmap())

    return frozenset.intersection(*map(letters, _CUTS.values()))


def set_face(page: FPDF, text: str, *, size: float, bold: bool = False) -> None:
    """The typeface that has every letter of `text`, in points; the wide one comes into the file when it is needed."""
    cut = "B" if bold else ""
    if _is_western(text):
        page.set_font(_WEST, cut, size)
        return
    if f"{_WIDE}{cut}" not in page.fonts:
        page.add_font(_WIDE, cut, _wide_file(_CUTS[cut]))
    page.set_font(_WIDE, cut, size)


class Sheets:
    """A4 sheets, written from top to bottom; a new one begins when one is full.

    `foot`: beside the number of each sheet. `marks`: it is a record, where a letter that cannot be written is marked.
    """

    def __init__(
        self, *, title: str, author: str, language: str, made: datetime, foot: str = "", marks: bool = False
    ) -> None:
        from fpdf import FPDF  # it takes a quarter of a second to come in, and most processes never write one

        class Numbered(FPDF):
            def footer(self) -> None:
                if foot:
                    self.set_y(-16)
                    line = f"{writable(foot)} · {self.page_no()} / {{nb}}"
                    set_face(self, line, size=8)
                    self.set_text_color(*_GREY)
                    self.cell(0, 5, line)

        self._letters = marked if marks else writable
        page = self.page = Numbered(format="A4")
        page.core_fonts_encoding = "cp1252"
        page.set_creation_date(made)
        page.set_title(writable(title))
        page.set_author(writable(author))
        page.set_lang(language)
        page.set_margins(_LEFT, 24)
        page.set_auto_page_break(auto=True, margin=24)
        page.add_page()

    def text(self, text: str, *, size: float = 11, bold: bool = False, grey: bool = False) -> None:
        """One line, or as many as it needs."""
        words = self._letters(text)
        set_face(self.page, words, size=size, bold=bold)
        self.page.set_text_color(*(_GREY if grey else _INK))
        self.page.multi_cell(_WIDTH, size * 0.5, words, new_x="LMARGIN", new_y="NEXT", align="L")

    def gap(self, height: float) -> None:
        """Nothing, so many millimetres of it."""
        self.page.ln(height)

    def row(self, words: str, middle: str, right: str, *, bold: bool = False) -> None:
        """A line of a table of three columns, the last one to the right."""
        page = self.page
        page.set_draw_color(*_RULE)
        cells = [writable(text) for text in (words, middle, right)]
        set_face(page, "".join(cells), size=11, bold=bold)
        page.set_text_color(*_INK)
        page.cell(88, 9, cells[0], border="B")
        page.cell(40, 9, cells[1], border="B")
        page.cell(38, 9, cells[2], border="B", align="R", new_x="LMARGIN", new_y="NEXT")

    def file(self) -> bytes:
        """The file."""
        return bytes(self.page.output())
