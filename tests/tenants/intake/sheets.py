"""Instruments as forms with invented wording: the facts are the registry's, no published text is here."""

from __future__ import annotations

from collections.abc import Sequence

from tenants.intake.questions import Answer, Answers, Coding, Item, Option, Part, Questionnaire, Section
from tenants.intake.registry import INSTRUMENTS, LOINC, Instrument


def form_of(*items: Item) -> Questionnaire:
    section = Section("k", {"en": "More"}, items)
    return Questionnaire("made", {"en": "Made"}, ("en",), (Part("one", {"en": "One"}, (section,)),))


def options_of(known: Instrument, *, scored: bool = True) -> tuple[Option, ...]:
    return tuple(
        Option(
            str(choice.value),
            {"en": f"Choice {choice.value}"},
            score=choice.value if scored else None,
            coding=Coding(LOINC, choice.codes[0]) if choice.codes else None,
        )
        for choice in known.choices
    )


def sheet(key: str, *, scored: bool = True, leave_out: Sequence[int] = (), prefix: str = "") -> Item:
    """The instrument `key` as a group; items `key.1`, `key.2` …, the gate `key.0`."""
    known = INSTRUMENTS[key]
    options = options_of(known, scored=scored)
    items = [
        Item(f"{prefix}{key}.{n}", "single", {"en": f"Invented {n}"}, options=options, codes=_codes(codes))
        for n, codes in enumerate(known.items, 1)
        if n not in leave_out
    ]
    if known.gate and 0 not in leave_out:
        items.insert(
            0, Item(f"{prefix}{key}.0", "single", {"en": "Gate"}, options=options, codes=_codes((known.gate,)))
        )
    return Item(f"{prefix}{key}", "group", {"en": known.name}, items=tuple(items), codes=_codes(known.panels))


def _codes(codes: Sequence[str]) -> tuple[Coding, ...]:
    return tuple(Coding(LOINC, code) for code in codes)


def said(key: str, *values: int | None, start: int = 1) -> Answers:
    """Answers to items `start` …; None leaves one out."""
    given = enumerate(values, start)
    return {f"{key}.{n}": Answer(str(value)) for n, value in given if value is not None}
