"""What people type, made fit to keep: no control characters, no invisible tricks, bounded lengths. Pure.

A text that is too long is refused with a sentence, never cut: whoever wrote it keeps it and decides what to leave out.
`clean_line` and `clean_block` work as WTForms filters: `TooLong` is a ValueError.
"""

from __future__ import annotations

import re
import unicodedata

from saas.errors import Invalid
from saas.words import _

# Zero width joiners spell words in Persian and Hindi, and emoji: they stay. Everything else that is invisible goes:
# bidirectional overrides and isolates turn a line around, tags and zero-width spaces hide what was typed.
_KEPT_FORMAT = frozenset("\u200c\u200d")
_DROPPED = frozenset(("Cc", "Cf", "Cs", "Co"))
_BLANK_LINES = re.compile(r"\n{3,}")


class TooLong(Invalid, ValueError):
    """A text has more characters than its place allows."""

    code = "too-long"

    def __init__(self, limit: int) -> None:
        super().__init__(_("Use at most %(limit)d characters", limit=limit))
        self.limit = limit


def _visible(text: str) -> str:
    composed = unicodedata.normalize("NFC", text)
    return "".join(c for c in composed if unicodedata.category(c) not in _DROPPED or c in _KEPT_FORMAT)


def _line(text: str) -> str:
    return " ".join(_visible(" ".join(text.split())).split())


def _bounded(text: str, limit: int) -> str:
    if len(text) > limit:
        raise TooLong(limit)
    return text


def clean_line(text: str | None, limit: int) -> str:
    """`text` as one line: composed (NFC), white space collapsed, nothing invisible. TooLong above `limit`."""
    return _bounded(_line(text or ""), limit)


def clean_block(text: str | None, limit: int) -> str:
    """`text` as paragraphs: like `clean_line` for each line, at most one empty line in a row. TooLong above `limit`."""
    lines = "\n".join(_line(line) for line in (text or "").splitlines())
    return _bounded(_BLANK_LINES.sub("\n\n", lines).strip(), limit)


class Cleaner:
    """Cleans the texts of one request and collects what is wrong, a sentence a field."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}

    def line(self, field: str, text: str | None, limit: int, *, missing: str = "") -> str:
        """The cleaned line; an empty one is refused with the sentence `missing`, if there is one."""
        try:
            line = clean_line(text, limit)
        except TooLong as error:
            self.refuse(field, error.message)
            return ""
        if not line and missing:
            self.refuse(field, missing)
        return line

    def block(self, field: str, text: str | None, limit: int) -> str:
        """The cleaned paragraphs."""
        try:
            return clean_block(text, limit)
        except TooLong as error:
            self.refuse(field, error.message)
            return ""

    def whole(self, field: str, number: int, low: int, high: int) -> int:
        """`number`, refused outside `low`..`high`."""
        if not low <= number <= high:
            self.refuse(field, _("Enter a whole number from %(low)d to %(high)d", low=low, high=high))
        return number

    def refuse(self, field: str, sentence: str) -> None:
        """Note what is wrong with a field; the first sentence stays."""
        self.fields.setdefault(field, sentence)

    def check(self) -> None:
        """Raise `Invalid` with everything that was noted, if anything was."""
        if self.fields:
            raise Invalid(_("Some answers need another look"), fields=self.fields)
