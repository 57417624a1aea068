"""Questionnaires, answers and consents as FHIR R4. Pure.

Our own form goes along whole, as canonical JSON in an extension, so that bringing it back loses nothing; everything
else is for programs that do not know us. Flags never leave here, and scores only in what a practitioner asks for.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tenants.intake.fhir_conditions import write_when
from tenants.intake.fhir_file import attachment
from tenants.intake.fhir_item import LINK
from tenants.intake.fhir_options import ABSENT_REASONS
from tenants.intake.fhir_response import ABSENT_REASON, NOTE, OPT_OUTS, ROW, SKIPPED
from tenants.intake.questions import (
    Answer,
    Answers,
    Coding,
    Item,
    Option,
    Questionnaire,
    Section,
    Texts,
    skip_key,
)
from tenants.intake.reading import choices
from tenants.intake.registry import INSTRUMENT, INSTRUMENTS, LOINC, SCALE
from tenants.intake.scores import Score
from tenants.intake.sent import Upload

OWN_FORM = "urn:longtide:form"
_SUBJECT = "Patient"  # FHIR's word for whom a resource is about
CHAIN = "urn:longtide:consent-hash"
OPTION = "urn:longtide:option"
_SYSTEMS = {"yn4": "urn:longtide:answer", "bodymap": "urn:longtide:body-area"}
_BASE = "http://hl7.org/fhir/StructureDefinition/"
_TYPES = {
    "display": "display", "group": "group", "bool": "boolean", "yn4": "choice", "single": "choice", "multi": "choice",
    "scale": "integer", "number": "decimal", "date": "date", "monthyear": "date", "short": "string", "long": "text",
    "bodymap": "choice", "file": "attachment", "consent": "boolean", "signature": "string",
}  # fmt: skip
_CHOSEN = ("yn4", "single", "multi", "bodymap")
_OWN_SYSTEMS = (LINK, INSTRUMENT, SCALE)
_ABSENT = {"declined": (ABSENT_REASONS, "asked-declined"), "not-asked": (ABSENT_REASONS, "not-asked"),
           "in-person": (OPT_OUTS, "in-person")}  # fmt: skip
_STATUS = {"given": "active", "refused": "rejected", "withdrawn": "inactive"}
Resource = dict[str, Any]


@dataclass(frozen=True)
class Named:
    """What a form is known by outside: its address, version and hash, and whether it can still be sent out."""

    url: str
    version: str = ""
    hash: str = ""
    status: str = "active"


@dataclass(frozen=True)
class Receipt:
    """A consent as it was given. `words`: the exact text that was shown; `hash`: its place in the clinic's chain."""

    id: str
    client_id: str
    purpose: str
    choice: str
    at: datetime
    name: str
    words: str
    words_hash: str
    locale: str
    hash: str


def questionnaire(form: Questionnaire, named: Named, *, whole: str) -> Resource:
    """`form` as a Questionnaire. `whole`: its canonical JSON, which brings it back as it was."""
    main = form.languages[0]
    found: Resource = {
        "resourceType": "Questionnaire",
        "url": named.url,
        "version": named.version or None,
        "name": "".join(c for c in form.key.title() if c.isalnum()) or "Form",
        "title": form.title.get(main, form.key),
        "status": named.status,
        "language": main,
        "subjectType": [_SUBJECT],
        "extension": [{"url": OWN_FORM, "valueString": whole}],
        "copyright": form.texts.get("licence", {}).get(main),
        "item": [_part(form, n, main) for n in range(len(form.parts))],
    }
    if named.hash:
        found["identifier"] = [{"system": "urn:longtide:form-hash", "value": named.hash}]
    return {key: value for key, value in found.items() if value}


def _part(form: Questionnaire, n: int, main: str) -> Resource:
    part = form.parts[n]
    sections = [_section(section, form, main) for section in part.sections if section.items]
    return _worded({"linkId": f"part/{part.id}", "type": "group", "item": sections}, part.title, main)


def _section(section: Section, form: Questionnaire, main: str) -> Resource:
    group: Resource = {"linkId": f"section/{section.id}", "type": "group"}
    if section.when is not None:
        group |= write_when(section.when, form)
    if not section.enabled:
        group["extension"] = [*group.get("extension", []), _hidden()]
    return _worded({**group, "item": [_item(item, form, main) for item in section.items]}, section.title, main)


def _item(item: Item, form: Questionnaire, main: str) -> Resource:
    kind = _TYPES[item.kind]
    found: Resource = {"linkId": item.id, "type": "display" if kind == "group" and not item.items else kind}
    extensions = []
    if item.when is not None:
        found |= write_when(item.when, form)
        extensions += found.pop("extension", [])
    codes = [code for code in item.codes if code.system not in _OWN_SYSTEMS]
    if codes and found["type"] != "display":
        found["code"] = [_coding(code) for code in codes]
    if item.required and found["type"] != "display":
        found["required"] = True
    if item.kind in ("multi", "bodymap") or item.rows_of:
        found["repeats"] = True
    if item.kind == "scale":
        edges = {"minValue": item.lo, "maxValue": item.hi}
        extensions += [
            {"url": f"{_BASE}{name}", "valueInteger": edge} for name, edge in edges.items() if edge is not None
        ]
    if not item.enabled:
        extensions.append(_hidden())
    if extensions:
        found["extension"] = extensions
    if item.kind in _CHOSEN:
        found["answerOption"] = _options(item, main)
    if item.items:
        found["item"] = [_item(one, form, main) for one in item.items]
    return _worded(found, item.text, main)


def _hidden() -> Resource:
    return {"url": f"{_BASE}questionnaire-hidden", "valueBoolean": True}


def _worded(found: Resource, texts: Texts, main: str) -> Resource:
    text = texts.get(main) or next(iter(texts.values()), "")
    beside = [_translated(language, words) for language, words in texts.items() if language != main and words]
    more = {"_text": {"extension": beside}} if beside else {}
    return {**found, **({"text": text} if text else {}), **more}


def _translated(language: str, words: str) -> Resource:
    parts = [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": words}]
    return {"url": f"{_BASE}translation", "extension": parts}


def _options(item: Item, main: str) -> list[Resource]:
    opt_outs = [
        {"valueCoding": {"system": system, "code": code}}
        for system, code in (_ABSENT["declined"], _ABSENT["in-person"])
    ]
    return [*(_option(item, option, main) for option in choices(item)), *(opt_outs if item.sensitive else [])]


def _option(item: Item, option: Option, main: str) -> Resource:
    coding = option_coding(item, option, main)
    beside = [_translated(language, words) for language, words in option.text.items() if language != main and words]
    if beside and "display" in coding:
        coding["_display"] = {"extension": beside}
    extensions = []
    if option.score is not None:
        # The newer name and the older one: readers know one or the other.
        names = (f"{_BASE}ordinalValue", f"{_BASE}itemWeight")
        extensions += [{"url": name, "valueDecimal": option.score} for name in names]
    if option.exclusive:
        extensions.append({"url": f"{_BASE}questionnaire-optionExclusive", "valueBoolean": True})
    return {"valueCoding": coding, **({"extension": extensions} if extensions else {})}


def option_coding(item: Item, option: Option, main: str) -> Resource:
    """An option of `item` as the coding that answers carry: its published one, else our own."""
    display = option.text.get(main) or next(iter(option.text.values()), "")
    own = _SYSTEMS.get(item.kind, OPTION)
    system, code = (option.coding.system, option.coding.code) if option.coding else (own, option.code)
    found = {"system": system or own, "code": code, "display": display}
    return {key: value for key, value in found.items() if value}


def _coding(code: Coding) -> Resource:
    found = {"system": code.system, "code": code.code, "display": code.display}
    return {key: value for key, value in found.items() if value}


@dataclass(frozen=True)
class _Said:
    """All answers, in which language their choices are named, and the files among them."""

    answers: Answers
    main: str
    files: Mapping[str, Upload]


def response(
    form: Questionnaire, answers: Answers, named: Named, *, client_id: str, id_: str, at: datetime, status: str,
    files: Mapping[str, Upload] | None = None,
) -> Resource:  # fmt: skip
    """`answers` as a QuestionnaireResponse in the shape of the form; what has no answer is left out. `files`: by id."""
    said = _Said(answers, form.languages[0], files or {})
    parts = []
    for part in form.parts:
        sections = [one for section in part.sections if len(one := _answered_section(section, said)) > 1]
        if sections:
            parts.append({"linkId": f"part/{part.id}", "item": sections})
    return {
        "resourceType": "QuestionnaireResponse",
        "id": id_,
        "questionnaire": f"{named.url}|{named.version}" if named.version else named.url,
        "status": status,
        "subject": {"reference": f"{_SUBJECT}/{client_id}"},
        "authored": at.isoformat(),
        **({"item": parts} if parts else {}),
    }


def _answered_section(section: Section, said: _Said) -> Resource:
    found: Resource = {"linkId": f"section/{section.id}"}
    decided = said.answers.get(skip_key(section.id))
    if decided is not None:
        found["extension"] = [{"url": SKIPPED, "valueString": "skipped" if decided.value else "opened"}]
    inner = _answered(section.items, said)
    return {**found, "item": inner} if inner else found


def _answered(items: Iterable[Item], said: _Said, row: str = "") -> list[Resource]:
    found: list[Resource] = []
    for item in items:
        if item.kind == "group" and item.rows_of:
            found += [
                {"linkId": item.id, "extension": [{"url": ROW, "valueString": one}], "item": inner}
                for one in rows_in(item, said.answers)
                if (inner := _answered(item.items, said, one))
            ]
        elif item.kind == "group":
            inner = _answered(item.items, said, row)
            found += [{"linkId": item.id, "item": inner}] if inner else []
        elif (answer := said.answers.get(f"{item.id}@{row}" if row else item.id)) is not None:
            found.append(_answer(item, answer, said))
    return found


def rows_in(group: Item, answers: Answers) -> list[str]:
    """The rows of a repeating group that have an answer, in the order they were given."""
    below = {item.id for item in group.items}
    return list(
        dict.fromkeys(key.partition("@")[2] for key in answers if key.partition("@")[0] in below and "@" in key)
    )


def _answer(item: Item, answer: Answer, said: _Said) -> Resource:
    given: list[Resource]
    if answer.absent:
        given = [_opt_out(item, *_ABSENT[answer.absent])]
    elif answer.file in said.files:
        given = [{"valueAttachment": attachment(answer.file, said.files[answer.file])}]
    elif isinstance(answer.value, tuple):
        given = [_value(item, one, said.main) for one in answer.value]
    else:
        given = [_value(item, answer.value, said.main)] if answer.value is not None else []
    note = {"extension": [{"url": NOTE, "valueString": answer.note}]} if answer.note else {}
    return {"linkId": item.id, **note, **({"answer": given} if given else {})}


def _opt_out(item: Item, system: str, code: str) -> Resource:
    """A coded answer where the item takes codes; elsewhere no value, and why there is none beside it."""
    if item.kind in _CHOSEN:
        return {"valueCoding": {"system": system, "code": code}}
    return {"extension": [{"url": ABSENT_REASON if system == ABSENT_REASONS else OPT_OUTS, "valueCode": code}]}


def _value(item: Item, value: str | int | bool, main: str) -> Resource:  # noqa: FBT001 - an answer is one of these
    if isinstance(value, bool):
        return {"valueBoolean": value}
    if item.kind == "number":
        return {"valueDecimal": value if isinstance(value, int) else float(value)}
    if isinstance(value, int):
        return {"valueInteger": value}
    option = next((one for one in choices(item) if one.code == value), None) if item.kind in _CHOSEN else None
    if option is not None:
        return {"valueCoding": option_coding(item, option, main)}
    return {"valueDate" if item.kind in ("date", "monthyear") else "valueString": value}


def observations(scores: Sequence[Score], *, client_id: str, response_id: str, at: datetime) -> list[Resource]:
    """The totals of published instruments, for a practitioner's bundle: never in one for the client."""
    survey = "http://terminology.hl7.org/CodeSystem/observation-category"
    return [
        {
            "resourceType": "Observation",
            "status": "final",
            "category": [{"coding": [{"system": survey, "code": "survey"}]}],
            "code": {
                "coding": [{"system": LOINC, "code": INSTRUMENTS[score.instrument].totals[0]}],
                "text": score.name,
            },
            "subject": {"reference": f"{_SUBJECT}/{client_id}"},
            "effectiveDateTime": at.isoformat(),
            "derivedFrom": [{"reference": f"QuestionnaireResponse/{response_id}"}],
            "valueInteger": int(score.total),
        }
        for score in scores
        if score.total is not None and score.instrument in INSTRUMENTS and INSTRUMENTS[score.instrument].totals
    ]


def consent(receipt: Receipt) -> Resource:
    """A receipt as a Consent, with the words that were shown and its place in the chain."""
    scopes = "http://terminology.hl7.org/CodeSystem/consentscope"
    scope = "patient-privacy" if "privacy" in receipt.purpose else "treatment"
    return {
        "resourceType": "Consent",
        "id": receipt.id,
        "status": _STATUS.get(receipt.choice, "inactive"),
        "scope": {"coding": [{"system": scopes, "code": scope}]},
        "category": [{"coding": [{"system": LOINC, "code": "59284-0"}], "text": receipt.purpose}],
        "patient": {"reference": f"{_SUBJECT}/{receipt.client_id}"},
        "dateTime": receipt.at.isoformat(),
        "performer": [{"display": receipt.name}],
        "policy": [{"uri": f"urn:sha256:{receipt.words_hash}"}],
        "sourceAttachment": {
            "contentType": "text/plain; charset=utf-8",
            "language": receipt.locale.replace("_", "-") or "en",
            "data": base64.b64encode(receipt.words.encode()).decode(),
        },
        "provision": {"type": "permit" if receipt.choice == "given" else "deny"},
        "extension": [{"url": CHAIN, "valueString": receipt.hash}],
    }


def bundle(resources: Iterable[Mapping[str, Any]], *, at: datetime) -> Resource:
    """Several resources as one file."""
    entries = [{**_named(one), "resource": dict(one)} for one in resources]
    return {"resourceType": "Bundle", "type": "collection", "timestamp": at.isoformat(), "entry": entries}


def _named(resource: Mapping[str, Any]) -> Resource:
    return {"fullUrl": f"urn:uuid:{resource['id']}"} if "id" in resource else {}
