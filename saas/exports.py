"""Cells that are safe to open in a spreadsheet. Pure.

A text that begins like a formula is run by the program that opens it, so it gets an apostrophe in front
(OWASP, "CSV Injection").
"""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff0b", "\uff0d", "\uff1d", "\uff20")
_DROPPED = dict.fromkeys(range(32))  # what neither CSV readers nor XML carry; line breaks become spaces


def safe_cell(value: object) -> str | int | float:
    """`value` as a cell: numbers stay numbers, None is empty, texts lose control characters and cannot be a formula."""
    if value is None:
        return ""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    text = str(value)
    risky = text.lstrip(" ").startswith(_FORMULA)
    plain = " ".join(text.splitlines()) if len(text.splitlines()) > 1 else text
    plain = plain.translate(_DROPPED).replace("\x7f", "")
    return f"'{plain}" if risky or plain.lstrip(" ").startswith(_FORMULA) else plain
