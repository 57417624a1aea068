"""From what a form or a script sent for one item to an answer, or to a sentence about what to change. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import cast

from saas.text import TooLong, clean_block, clean_line
from saas.words import _
from tenants.intake.asking import OPT_OUTS
from tenants.intake.questions import Absent, Answer, Item, Option, Value
from tenants.intake.sent import Fault
from tenants.intake.standard import BODY_OPTIONS, YES_NO_OPTIONS, YN4_OPTIONS

SHORT, LONG, NOTE = 200, 4000, 1000
_MOST = 999_999_999
_CHOICES = ("single", "yn4", "multi", "bodymap", "bool", "consent", "scale")
_MONTH = re.compile(r"([0-9]{4})(?:-([0-9]{1,2}))?(?:-([0-9]{1,2}))?")
_YEAR = re.compile(r"\d{4}")
_OLDEST, _NEWEST = 1900, 2200


class _Refused(Exception):
    """The sentence of a fault, on its way out."""


def choices(item: Item) -> tuple[Option, ...]:
    """What can be chosen, with the choices that its kind brings along; empty for free answers."""
    if item.kind == "bodymap":
        return (*BODY_OPTIONS, *item.options)
    if item.kind in ("yn4", "bool") and not item.options:
        return YN4_OPTIONS if item.kind == "yn4" else YES_NO_OPTIONS
    return item.options


def read_answer(item: Item, raw: str | Sequence[str], *, absent: str = "", note: str = "") -> Answer | Fault:
    """The answer as it is kept. `raw`: the values of the field as text; nothing at all is no answer yet.

    The two opt-outs come in `absent`, or among the values where the item has choices. What was typed is never cut:
    what is too long, outside the choices or no date is a fault.
    """
    values = [raw] if isinstance(raw, str) else list(raw)
    try:
        out = _opt_out(item, values, absent)
        told = [value for value in values if value.strip() and not (_by_code(item) and value in OPT_OUTS)]
        if out and told:
            raise _Refused(_("Choose an answer, or one of the two last choices, not both"))
        answer = Answer(absent=out) if out else Answer(_value(item, told)) if told else Answer()
        return replace(answer, note=_words(note, NOTE)) if note.strip() else answer
    except _Refused as refused:
        return Fault(str(refused))


def _by_code(item: Item) -> bool:
    return item.kind in _CHOICES


def _opt_out(item: Item, values: Sequence[str], absent: str) -> Absent:
    said = {absent} - {""} | ({value for value in values if value in OPT_OUTS} if _by_code(item) else set())
    if not said:
        return ""
    if len(said) > 1:
        raise _Refused(_("Choose one of the two"))
    if not item.may_decline or not said <= set(OPT_OUTS):
        raise _Refused(_("Choose one of the answers shown"))
    return cast("Absent", said.pop())


def _value(item: Item, told: Sequence[str]) -> Value:
    if item.kind in ("multi", "bodymap"):
        return _several(item, told)
    if len(told) != 1:
        raise _Refused(_("Choose one answer"))
    return _one(item, told[0])


def _one(item: Item, said: str) -> Value:
    match item.kind:
        case "single" | "yn4":
            return _code(item, said)
        case "bool" | "consent":
            if said not in ("yes", "no", "true", "false"):
                raise _Refused(_("Choose one of the answers shown"))
            return said in ("yes", "true")
        case "scale":
            return _whole(item, said)
        case "number":
            return _number(item, said)
        case "date" | "monthyear":
            return _day(said, whole=item.kind == "date")
        case "long":
            return _words(said, LONG)
        case "short" | "signature":
            return _words(said, SHORT, line=True)
    raise _Refused(_("There is nothing to answer here"))


def _code(item: Item, said: str) -> str:
    if said not in {option.code for option in choices(item)}:
        raise _Refused(_("Choose one of the answers shown"))
    return said


def _several(item: Item, told: Sequence[str]) -> tuple[str, ...]:
    """The codes in the order of the choices; "none of these" stands alone."""
    wanted = {_code(item, said) for said in told}
    found = [option for option in choices(item) if option.code in wanted]
    if len(found) > 1 and any(option.exclusive for option in found):
        raise _Refused(_("Choose what fits, or the last answer alone"))
    return tuple(option.code for option in found)


def _whole(item: Item, said: str) -> int:
    lo, hi = item.lo or 0, 10 if item.hi is None else item.hi
    if not re.fullmatch(r"-?[0-9]{1,6}", said.strip()) or not lo <= int(said) <= hi:
        raise _Refused(_("Choose a number from %(lo)d to %(hi)d", lo=lo, hi=hi))
    return int(said)


def _number(item: Item, said: str) -> int | str:
    """A whole number as one, any other as decimal text with a point."""
    tidy = said.strip().replace(",", ".")
    if re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", tidy) is None:
        raise _Refused(_("Enter a number"))
    number = Decimal(tidy)
    lo, hi = item.lo or 0, _MOST if item.hi is None else item.hi
    if not lo <= number <= hi:
        raise _Refused(_("Enter a number from %(lo)d to %(hi)d", lo=lo, hi=hi))
    return int(number) if number == int(number) else str(number.normalize())


def _day(said: str, *, whole: bool) -> str:
    """ISO text. A month or a year alone will do unless the `whole` day is asked for."""
    found = _MONTH.fullmatch(in_order(said.strip()))
    sentence = _("Enter a date such as 2024-03-31") if whole else _("Enter a month such as 2024-03, or a year")
    if found is None or not _OLDEST <= int(found[1]) <= _NEWEST or (whole and found[3] is None):
        raise _Refused(sentence)
    try:
        day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1))
    except ValueError:
        raise _Refused(sentence) from None
    return day.isoformat()[: 10 if found[3] else 7 if found[2] else 4]


def in_order(value: str) -> str:
    """Months and days as people write them (3/2024, 31.3.2024) in the order in which they are kept."""
    parts = re.split(r"\s*[./]\s*|\s+", value.strip())
    if not 2 <= len(parts) <= 3 or not all(part.isascii() and part.isdigit() for part in parts):
        return value
    year = parts[-1] if _YEAR.fullmatch(parts[-1]) else ""
    rest = parts[:-1]
    if not year or any(len(part) > 2 for part in rest):
        return value
    return "-".join([year, *(part.zfill(2) for part in reversed(rest))])


def _words(said: str, limit: int, *, line: bool = False) -> str:
    try:
        return clean_line(said, limit) if line else clean_block(said, limit)
    except TooLong as error:
        raise _Refused(error.message) from None
