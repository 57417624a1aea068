"""A receipt as a PDF: the same values give the same bytes. Discreet: it says when and with whom, never what for.

A name of which nothing could be written (`saas/paper.py` says which letters there are) stands as its receipt's number
alone, and the receipt says where the name is to be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from saas.paper import Sheets, writable


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


def pdf(receipt: Receipt) -> bytes:
    """The receipt on one page of A4 (more when very much has moved)."""
    paper = Sheets(
        title=f"{receipt.title} {receipt.number}", author=receipt.clinic, language=receipt.language, made=receipt.made
    )
    paper.text(receipt.clinic, size=16, bold=True)
    for line in receipt.address:
        paper.text(line, grey=True)
    paper.gap(12)
    paper.text(receipt.title, size=22)
    paper.gap(3)
    paper.text(f"{receipt.number_label} {receipt.number}", grey=True)
    name = writable(receipt.name)
    paper.text(f"{receipt.name_label} {name}" if name else receipt.unwritten, grey=not name)
    paper.text(receipt.about)
    paper.gap(8)
    for moved in receipt.lines:
        paper.row(moved.words, moved.day, moved.amount)
    paper.gap(4)
    for words, amount in receipt.sums:
        paper.row(words, "", amount, bold=True)
    return paper.file()
