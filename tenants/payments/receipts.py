"""A receipt as a PDF: the same values give the same bytes. Discreet: it says when and with whom, never what for.

PDF readers bring one typeface without being sent it, and that one has the letters of Western Europe. Letters beyond
them are written as their nearest (ł as l, ş as s); a name of which nothing could be written stands as its receipt's
number alone, and the receipt says where the name is to be read.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fpdf import FPDF

_NEAREST = str.maketrans(
    {
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ħ": "h", "Ħ": "H", "ı": "i", "ŧ": "t", "Ŧ": "T", "ŋ": "n", "Ŋ": "N",
        "ə": "e", "Ə": "E", "ĸ": "k", "ŀ": "l", "ẞ": "SS", "ʻ": "‘", "ʼ": "’", "−": "-", "\u202f": " ", "\u2009": " ",
    }
)  # fmt: skip
_LEFT, _WIDTH = 22, 166


@dataclass(frozen=True)
class ReceiptLine:
    """What moved: words, the day as text, the amount as text."""

    words: str
    day: str
    amount: str


@dataclass(frozen=True)
class Receipt:
    """All that a receipt says, in the reader's language. `made` is the last time anything moved, never the clock."""

    title: str
    clinic: str
    address: tuple[str, ...]
    number_label: str
    number: str
    name_label: str
    name: str
    unwritten: str
    about: str
    lines: tuple[ReceiptLine, ...]
    sums: tuple[tuple[str, str], ...]
    language: str
    made: datetime


def writable(text: str) -> str:
    """`text` in the letters that a receipt has; what has no near letter is left out."""
    found = []
    for letter in unicodedata.normalize("NFC", text).translate(_NEAREST):
        if _has(letter):
            found.append(letter)
            continue
        base = [part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part)]
        found += [part for part in base if _has(part)]
    return " ".join("".join(found).split())


def _has(letter: str) -> bool:
    try:
        letter.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def pdf(receipt: Receipt) -> bytes:
    """The receipt on one page of A4 (more when very much has moved)."""
    from fpdf import FPDF  # it takes a quarter of a second to come in, and most processes never write one

    page = FPDF(format="A4")
    page.core_fonts_encoding = "cp1252"
    page.set_creation_date(receipt.made)
    page.set_title(writable(f"{receipt.title} {receipt.number}"))
    page.set_author(writable(receipt.clinic))
    page.set_lang(receipt.language)
    page.set_margins(_LEFT, 24)
    page.set_auto_page_break(auto=True, margin=24)
    page.add_page()
    _head(page, receipt)
    _table(page, receipt)
    return bytes(page.output())


def _text(page: FPDF, text: str, *, size: float = 11, bold: bool = False, grey: bool = False) -> None:
    page.set_font("helvetica", "B" if bold else "", size)
    page.set_text_color(*((95, 95, 95) if grey else (25, 25, 25)))
    page.multi_cell(_WIDTH, size * 0.5, writable(text), new_x="LMARGIN", new_y="NEXT", align="L")


def _head(page: FPDF, receipt: Receipt) -> None:
    _text(page, receipt.clinic, size=16, bold=True)
    for line in receipt.address:
        _text(page, line, grey=True)
    page.ln(12)
    _text(page, receipt.title, size=22)
    page.ln(3)
    _text(page, f"{receipt.number_label} {receipt.number}", grey=True)
    name = writable(receipt.name)
    _text(page, f"{receipt.name_label} {name}" if name else receipt.unwritten, grey=not name)
    _text(page, receipt.about)
    page.ln(8)


def _table(page: FPDF, receipt: Receipt) -> None:
    page.set_draw_color(190, 190, 190)
    for line in receipt.lines:
        _row(page, line.words, line.day, line.amount)
    page.ln(4)
    for words, amount in receipt.sums:
        _row(page, words, "", amount, bold=True)


def _row(page: FPDF, words: str, day: str, amount: str, *, bold: bool = False) -> None:
    page.set_font("helvetica", "B" if bold else "", 11)
    page.set_text_color(25, 25, 25)
    page.cell(88, 9, writable(words), border="B")
    page.cell(40, 9, writable(day), border="B")
    page.cell(38, 9, writable(amount), border="B", align="R", new_x="LMARGIN", new_y="NEXT")
