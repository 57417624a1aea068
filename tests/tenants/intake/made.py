"""FHIR files made by hand, with invented wording: what a published file would hold, and what a hostile one would."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tenants.intake.registry import INSTRUMENTS, LOINC

ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
WEIGHT = "http://hl7.org/fhir/StructureDefinition/itemWeight"
FHIR = dict[str, Any]


def packed(resource: Any) -> bytes:
    return json.dumps(resource).encode()


def coded(*codes: str) -> list[FHIR]:
    return [{"system": LOINC, "code": code} for code in codes]


def question(link: str, text: str = "Invented?", **more: Any) -> FHIR:
    return {"linkId": link, "text": text, "type": "string", **more}


def choices(key: str, *, scored: str = ORDINAL) -> list[FHIR]:
    """The options of an instrument: numbers by extension `scored`, none for ""."""
    found = []
    for n, choice in enumerate(INSTRUMENTS[key].choices):
        code = choice.codes[0] if choice.codes else f"made-{n}"
        option: FHIR = {"valueCoding": {"system": LOINC, "code": code, "display": f"Choice {choice.value}"}}
        if scored:
            option["extension"] = [{"url": scored, "valueDecimal": choice.value}]
        found.append(option)
    return found


def sheet_file(key: str, *, scored: str = ORDINAL, leave_out: Sequence[int] = (), **more: Any) -> FHIR:
    """The instrument `key` as a published file would have it; link ids are "/code"."""
    known = INSTRUMENTS[key]
    options = choices(key, scored=scored)
    items = [
        question(f"/{codes[0]}", f"Invented {n}", type="choice", code=coded(*codes), answerOption=options)
        for n, codes in enumerate(known.items, 1)
        if n not in leave_out
    ]
    if known.gate:
        items.insert(0, question(f"/{known.gate}", "Gate", type="choice", answerOption=options))
    items.append(question(f"/{known.totals[0]}", "Total", type="decimal", code=coded(*known.totals)))
    return form_file(items, code=coded(*known.panels), title=known.name, **more)


def form_file(items: list[Any], **more: Any) -> FHIR:
    return {"resourceType": "Questionnaire", "status": "active", "url": "http://made.example/q", "item": items, **more}


def response_file(key: str, *values: int | None, total: float | None = None, **more: Any) -> FHIR:
    """Answers to `sheet_file`: by the value of the option."""
    known = INSTRUMENTS[key]
    codes = {
        choice.value: option["valueCoding"]
        for choice, option in zip(known.choices, choices(key, scored=""), strict=True)
    }
    items: list[FHIR] = [
        {"linkId": f"/{item[0]}", "answer": [{"valueCoding": codes[value]}]}
        for item, value in zip(known.items, values, strict=False)
        if value is not None
    ]
    if total is not None:
        items.append({"linkId": f"/{known.totals[0]}", "answer": [{"valueDecimal": total}]})
    return {
        "resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": "http://made.example/q|1",
        "authored": "2026-03-02T10:00:00Z", "item": items, **more,
    }  # fmt: skip
