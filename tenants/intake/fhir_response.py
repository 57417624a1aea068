"""A FHIR QuestionnaireResponse as answers to a questionnaire of ours. Pure.

What does not fit (a question that is not in the form, a value outside its options) is remarked and left out, never
bent. Totals that the file states are read, to be shown beside ours; they are never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from saas.words import _
from tenants.intake.fhir_file import read_attachment
from tenants.intake.fhir_item import LINK
from tenants.intake.fhir_json import (
    Node,
    NotReadable,
    Remark,
    Remarks,
    any_value,
    check_size,
    children,
    coding,
    first_of,
    line,
    nodes,
    number,
    own_text,
    parse,
    plain,
    raw_text,
)
from tenants.intake.fhir_options import ABSENT_REASONS
from tenants.intake.questions import (
    NO,
    NOT_SURE,
    YES,
    Absent,
    Answer,
    Answers,
    Item,
    Questionnaire,
    Value,
    item_index,
    skip_key,
)
from tenants.intake.reading import choices
from tenants.intake.registry import INSTRUMENTS, code_in_link_id, loinc_codes
from tenants.intake.sent import Upload

OPT_OUTS = "urn:longtide:opt-out"
ROW, NOTE, SKIPPED = "urn:longtide:row", "urn:longtide:note", "urn:longtide:skipped"
_SECTION = "section/"
_ABSENT: Mapping[str, Absent] = {
    "asked-declined": "declined", "declined": "declined", "in-person": "in-person", "not-asked": "not-asked",
    "LA30122-8": "declined",
}  # fmt: skip
_UNSURE = ("asked-unknown", NOT_SURE)
_LONG, _SHORT = 4_000, 300
_TOTALS = {code: one.key for one in INSTRUMENTS.values() for code in one.totals}


@dataclass(frozen=True)
class ReadResponse:
    """What a file holds. `stated`: the totals it states, by instrument. `form_url`: the questionnaire it is to.
    `files`: those handed in with the answers, by the id that their answers name, as they came."""

    answers: Answers
    remarks: tuple[Remark, ...]
    stated: Mapping[str, float] = field(default_factory=dict)
    form_url: str = ""
    status: str = ""
    authored: date | None = None
    files: Mapping[str, Upload] = field(default_factory=dict)


def form_url(data: bytes) -> str:
    """The address of the questionnaire that the response in a file is to, without its version; "" for none."""
    top = first_of(parse(data), "QuestionnaireResponse") or {}
    reference = top.get("questionnaire")
    named = reference if isinstance(reference, str) else raw_text(reference or {}, "reference")
    return line(named.split("|")[0], 300)


def read_response(data: bytes, form: Questionnaire) -> ReadResponse:
    """The answers in a file to `form`. `NotReadable` for a file without a response, or none that is FHIR."""
    root = parse(data)
    top = first_of(root, "QuestionnaireResponse")
    if top is None:
        raise NotReadable(_("This file holds no answers. It needs a FHIR resource of the type QuestionnaireResponse"))
    check_size(top)
    remarks, answers, stated, files = Remarks(), dict[str, Answer](), dict[str, float](), dict[str, Upload]()
    known = _by_link(form)
    for raw, row in _lines(top, ""):
        link = raw_text(raw, "linkId")
        decided = own_text(raw, SKIPPED)
        if decided and link.startswith(_SECTION):
            answers[skip_key(link.removeprefix(_SECTION))] = Answer(decided == "skipped")
        item = known.get(link)
        _note_total(raw, link, item, stated)
        if item is None:
            if nodes(raw, "answer") and not _is_total(link, item):
                remarks.add("look", "unknown-question", link, _said(raw))
            continue
        id_ = f"{item.id}@{row}" if row else item.id
        answer = _answer(raw, item, remarks, files)
        if answer is None or not item.enabled:
            continue
        if id_ in answers:
            remarks.add("look", "answered-twice", link)
            continue
        answers[id_] = answer
    status = line(raw_text(top, "status"), 40)
    if status not in ("completed", "amended"):
        remarks.add("look", "not-completed", said=status or "–")
    reference = top.get("questionnaire")
    return ReadResponse(
        answers, remarks.sorted(), stated,
        line(reference, 300) if isinstance(reference, str) else "", status, _day(raw_text(top, "authored")),
        files,
    )  # fmt: skip


def _by_link(form: Questionnaire) -> dict[str, Item]:
    found: dict[str, Item] = {}
    for item in item_index(form).values():
        for link in (*(code.code for code in item.codes if code.system == LINK), item.id):
            found.setdefault(link, item)
    return found


def _lines(top: Node, row: str) -> Iterator[tuple[Node, str]]:
    for raw in children(top):
        own = own_text(raw, ROW)
        here = row if own is None else line(own, 60)
        yield raw, here
        yield from _lines(raw, here)


def _said(raw: Node) -> str:
    return "; ".join(_shown(any_value(answer)[1]) for answer in nodes(raw, "answer")[:5])


def _shown(value: Any) -> str:
    found = coding(value)
    if found is not None:
        return found.display or found.code
    return line(value, 100) if isinstance(value, str) else str(value)[:100] if not isinstance(value, dict) else ""


# --- totals ---


def _is_total(link: str, item: Item | None) -> bool:
    return code_in_link_id(link) in _TOTALS or bool(item and set(loinc_codes(item.codes)) & set(_TOTALS))


def _note_total(raw: Node, link: str, item: Item | None, stated: dict[str, float]) -> None:
    codes = [*(loinc_codes(item.codes) if item else ()), code_in_link_id(link)]
    key = next((_TOTALS[code] for code in codes if code in _TOTALS), None)
    for answer in nodes(raw, "answer") if key else ():
        value = number(answer, "valueDecimal", "valueInteger", "valueString")
        if value is None:
            quantity = answer.get("valueQuantity")
            value = number(quantity, "value") if isinstance(quantity, dict) else None
        if value is not None and key is not None:
            stated.setdefault(key, value)


# --- one answer ---


def _answer(raw: Node, item: Item, remarks: Remarks, files: dict[str, Upload]) -> Answer | None:
    note = plain((own_text(raw, NOTE) or "")[:_LONG])[0]
    given = nodes(raw, "answer")
    handed = [found for one in given if (found := read_attachment(one.get("valueAttachment")))]
    if item.kind == "file" and len(handed) == 1 == len(given):
        id_, upload = handed[0]
        files[id_] = upload
        return Answer(upload.name, note=note, file=id_)
    values = []
    for one in given:
        kind, said = any_value(one)
        absent = _absent(said)
        if absent:
            return Answer(absent=absent, note=note)
        value = _value(item, kind, said)
        if value is None:
            remarks.add("look", "outside", raw_text(raw, "linkId"), _shown(said))
        else:
            values.append(value)
    if item.kind in ("multi", "bodymap"):
        codes = tuple(dict.fromkeys(str(value) for value in values))
        return Answer(codes, note=note) if codes or (not given and note) else None
    if len(values) > 1:
        remarks.add("look", "several-answers", raw_text(raw, "linkId"), _said(raw))
        return None
    return Answer(values[0] if values else None, note=note) if values or note else None


def _absent(said: Any) -> Absent:
    found = coding(said)
    if found is None or found.system not in (ABSENT_REASONS, OPT_OUTS, "http://loinc.org"):
        return ""
    return _ABSENT.get(found.code, "")


def _value(item: Item, kind: str, said: Any) -> Value:
    if item.kind in ("single", "multi", "yn4", "bodymap"):
        return _code(item, kind, said)
    if item.kind in ("bool", "consent"):
        return said if isinstance(said, bool) else None
    if item.kind in ("scale", "number"):
        return _number(item, said)
    if item.kind in ("date", "monthyear"):
        return _date(item, said)
    if not isinstance(said, str) or item.kind == "file":
        return None
    text = plain(said[: _LONG * 2])[0][:_LONG] if item.kind in ("long", "signature") else line(said, _SHORT)
    return text or None


def _number(item: Item, said: Any) -> int | str | None:
    """A whole number as one; any other as decimal text, where the item takes them."""
    value = number({"value": said.get("value") if isinstance(said, dict) else said}, "value")
    if value is None or (item.lo is not None and value < item.lo) or (item.hi is not None and value > item.hi):
        return None
    if isinstance(value, int):
        return value
    return f"{value:f}".rstrip("0") if item.kind == "number" else None


def _date(item: Item, said: Any) -> str | None:
    if not isinstance(said, str) or not re.match(r"\d{4}(-\d{2}(-\d{2})?)?", said):
        return None
    if item.kind == "monthyear":
        return said[:7]
    found = _day(said)
    return found.isoformat() if found else None


def _day(said: str) -> date | None:
    try:
        return date.fromisoformat(said[:10])
    except ValueError:
        return None


def _code(item: Item, kind: str, said: Any) -> str | None:
    """The code of an option: by the code in the file, else by its words where the file gives no code."""
    options = choices(item)
    found = coding(said)
    if found is not None and found.code in _UNSURE and item.kind == "yn4":
        return NOT_SURE
    if kind == "Boolean" and item.kind == "yn4":
        return YES if said else NO
    if found is not None:
        for option in options:
            if found.code == (option.coding.code if option.coding else option.code):
                return option.code
        return next((one.code for one in options if not one.coding and found.display in one.text.values()), None)
    words = str(said).strip() if isinstance(said, (str, int)) and not isinstance(said, bool) else ""
    return next((one.code for one in options if words and words in one.text.values()), None)
