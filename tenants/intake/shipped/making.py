"""Short ways to write down a questionnaire in two languages. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tenants.intake.questions import NOT_SURE, YES, Item, Option, Some, Test, Texts

LANGUAGES = ("en", "es")


def say(en: str, es: str) -> Texts:
    """One text in both languages."""
    return {"en": en, "es": es}


def pick(code: str, en: str, es: str, *, alone: bool = False) -> Option:
    """A choice; `alone`: it excludes the others, as "none of these" does."""
    return Option(code, say(en, es), exclusive=alone)


def note(id: str, en: str, es: str, **more: Any) -> Item:
    """A text with nothing to answer."""
    return Item(id, "display", say(en, es), **more)


def one(id: str, en: str, es: str, options: Sequence[Option], **more: Any) -> Item:
    """A question with one answer of these."""
    return Item(id, "single", say(en, es), options=tuple(options), **more)


def several(id: str, en: str, es: str, options: Sequence[Option], **more: Any) -> Item:
    """A question with any number of these."""
    return Item(id, "multi", say(en, es), options=tuple(options), **more)


def yes_no(id: str, en: str, es: str, **more: Any) -> Item:
    """Yes, no, not sure."""
    return Item(id, "yn4", say(en, es), **more)


def check(id: str, en: str, es: str, **more: Any) -> Item:
    """A question of the health check: it asks for an answer, and every opt-out is one."""
    return Item(id, "yn4", say(en, es), required=True, sensitive=True, safety=True, **more)


def line(id: str, en: str, es: str, **more: Any) -> Item:
    """A few words."""
    return Item(id, "short", say(en, es), **more)


def lines(id: str, en: str, es: str, **more: Any) -> Item:
    """Some sentences."""
    return Item(id, "long", say(en, es), **more)


def when(id: str, en: str, es: str, **more: Any) -> Item:
    """A month or a year."""
    return Item(id, "monthyear", say(en, es), **more)


def scale(id: str, en: str, es: str, lo: Texts, hi: Texts, **more: Any) -> Item:
    """A number from 0 to 10."""
    return Item(id, "scale", say(en, es), lo=0, hi=10, lo_text=lo, hi_text=hi, **more)


def agree(id: str, document: str, en: str, es: str, **more: Any) -> Item:
    """A consent to the text `document`."""
    return Item(id, "consent", say(en, es), document=document, **more)


def is_one_of(id: str, *codes: str) -> Test:
    """The answer is one of these choices."""
    return Test(id, "in", codes)


def has(id: str, *codes: str) -> Test:
    """One of these was ticked."""
    return Test(id, "has", codes)


def yes_or_unsure(id: str) -> Test:
    """Yes, or not sure."""
    return Test(id, "in", (YES, NOT_SURE))


def said_or_declined(id: str, *codes: str) -> Some:
    """One of these choices, or an opt-out: whoever would rather not say is asked on as gently."""
    return Some((Test(id, "in", codes), Test(id, "declined")))
