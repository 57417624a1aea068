"""A FHIR QuestionnaireResponse as answers to a questionnaire of ours. Pure.

What does not fit (a question that is not in the form, a value outside its options) is remarked and left out, never
bent. Totals that the file states are read, to be shown beside ours; they are never taken for one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
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
    all_of,
    any_value,
    check_size,
    children,
    coding,
    first_of,
    line,
    node,
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
    Coding,
    Item,
    Option,
    Questionnaire,
    Value,
    item_index,
    skip_key,
)
from tenants.intake.reading import choices
from tenants.intake.registry import INSTRUMENTS, code_in_link_id, loinc_codes
from tenants.intake.sent import Upload
from tenants.intake.showing import visible

OPT_OUTS = "urn:longtide:opt-out"
ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ROW, NOTE, SKIPPED = "urn:longtide:row", "urn:longtide:note", "urn:longtide:skipped"
_SECTION = "section/"
_ABSENT: Mapping[str, Absent] = {
    "asked-declined": "declined", "declined": "declined", "in-person": "in-person", "not-asked": "not-asked",
    "LA30122-8": "declined",
}  # fmt: skip
_UNSURE = ("asked-unknown", NOT_SURE)
_LONG, _SHORT = 4_000, 300
_OLDEST = 1900
_SKIP = skip_key("")
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
    return _form_of(top).split("|")[0]


def read_response(data: bytes, form: Questionnaire, *, known_as: str = "") -> ReadResponse:
    """The answers in a file to `form`. `NotReadable` for a file without a response, or none that is FHIR.

    `known_as`: the address and the version of the form ("url|2"): answers to another one are remarked."""
    root = parse(data)
    tops = all_of(root, "QuestionnaireResponse")
    if not tops:
        raise NotReadable(_("This file holds no answers. It needs a FHIR resource of the type QuestionnaireResponse"))
    top, status = tops[0], line(raw_text(tops[0], "status"), 40)
    if status == "entered-in-error":
        raise NotReadable(_("The file says that these answers were entered by mistake. They stay out"))
    check_size(top)
    found = _Answers(_by_link(form))
    for raw, row in _lines(top, ""):
        found.take(raw, row)
    _note_whole(tops, status, found.remarks)
    _note_form(named := _form_of(top), known_as, found.remarks)
    _note_unseen(form, found.answers, found.remarks)
    for seen in all_of(root, "Observation") if len(tops) == 1 else ():
        _note_seen_total(seen, found.stated)
    return ReadResponse(
        found.answers, found.remarks.sorted(), found.stated, named, status, _day(raw_text(top, "authored")), found.files
    )


class _Answers:
    """The answers as they are found, line by line, with what is remarked, stated and handed in on the way."""

    def __init__(self, known: Mapping[str, Item]) -> None:
        self.known = known
        self.remarks = Remarks()
        self.answers: dict[str, Answer] = {}
        self.stated: dict[str, float] = {}
        self.files: dict[str, Upload] = {}

    def take(self, raw: Node, row: str) -> None:
        link = raw_text(raw, "linkId")
        decided = own_text(raw, SKIPPED)
        if decided and link.startswith(_SECTION):
            self.answers[skip_key(link.removeprefix(_SECTION))] = Answer(decided == "skipped")
        item = self.known.get(link)
        _note_total(raw, link, item, self.stated)
        if _is_total(link, item):
            return
        if item is None or item.kind in ("display", "group"):
            if any(any_value(one)[0] for one in nodes(raw, "answer")):
                self.remarks.add("look", "unknown-question", link, _said(raw))
            return
        answer = _answer(raw, item, self.remarks, self.files)
        if answer is None:
            return
        id_ = f"{item.id}@{row}" if row else item.id
        if not item.enabled:
            self.remarks.add("look", "not-asked", link, _said(raw))
        elif id_ in self.answers:
            self.remarks.add("look", "answered-twice", link)
        else:
            self.answers[id_] = answer


def _note_whole(tops: Sequence[Node], status: str, remarks: Remarks) -> None:
    if status not in ("completed", "amended"):
        remarks.add("look", "not-completed", said=status or "–")
    if len(tops) > 1:
        remarks.add("look", "more-answers", known=str(len(tops)))


def _form_of(top: Node) -> str:
    """The form that the answers are to, as the file names it: R4 writes an address, STU3 a reference."""
    reference = top.get("questionnaire")
    return line(reference if isinstance(reference, str) else raw_text(node(top, "questionnaire"), "reference"), 300)


def _note_form(named: str, known_as: str, remarks: Remarks) -> None:
    """Say when the answers are to another form, or to another version of it, as far as both are told."""
    url, _bar, version = named.partition("|")
    own, _bar, kept = known_as.partition("|")
    if own and url and own != url:
        remarks.add("look", "other-form", said=url, known=own)
    elif own and version and kept and version != kept:
        remarks.add("look", "other-version", said=version, known=kept)


def _note_unseen(form: Questionnaire, answers: Answers, remarks: Remarks) -> None:
    """Say which answers count for nothing, since their question would not have been shown."""
    shown = frozenset(visible(form, answers))
    for key in answers:
        if not key.startswith(_SKIP) and key not in shown:
            remarks.add("note", "not-shown", key)


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


def _note_seen_total(seen: Node, stated: dict[str, float]) -> None:
    """The total that an Observation beside the answers states."""
    codes = [code.code for code in map(coding, nodes(node(seen, "code"), "coding")) if code is not None]
    key = next((_TOTALS[code] for code in codes if code in _TOTALS), None)
    value = number(seen, "valueInteger", "valueDecimal", "valueString")
    value = number(node(seen, "valueQuantity"), "value") if value is None else value
    if key is not None and value is not None:
        stated.setdefault(key, value)


def _answer(raw: Node, item: Item, remarks: Remarks, files: dict[str, Upload]) -> Answer | None:
    note = plain((own_text(raw, NOTE) or "")[:_LONG])[0]
    given = nodes(raw, "answer")
    handed = [found for one in given if (found := read_attachment(one.get("valueAttachment")))]
    if item.kind == "file" and len(handed) == 1 == len(given):
        id_, upload = handed[0]
        files[id_] = upload
        return Answer(upload.name, note=note, file=id_)
    values, told = [], [note] if note else []
    for one in given:
        kind, said = any_value(one)
        absent = _absent(said) or _why_absent(one)
        if absent:
            return Answer(absent=absent, note=note)
        value = _value(item, kind, said)
        if value is not None:
            values.append(value)
            told += _unit(said)
            _note_cut(item, said, raw, remarks)
        elif item.note and isinstance(said, str) and line(said, _SHORT):
            told.append(line(said, _SHORT))
        elif kind:
            remarks.add("look", "outside", raw_text(raw, "linkId"), _shown(said))
    note = "; ".join(told)
    if item.kind in ("multi", "bodymap"):
        codes = tuple(dict.fromkeys(str(value) for value in values))
        return Answer(codes or None, note=note) if codes or note else None
    if len(values) > 1 and item.kind == "long":
        return Answer("\n".join(str(value) for value in values)[:_LONG], note=note)
    if len(values) > 1:
        remarks.add("look", "several-answers", raw_text(raw, "linkId"), _said(raw))
        return None
    return Answer(values[0] if values else None, note=note) if values or note else None


def _unit(said: Any) -> list[str]:
    """The unit of a quantity, kept beside its number: 70 kg are not 70 lb."""
    found = (
        line(raw_text(said, "unit") or raw_text(said, "code"), 40) if isinstance(said, dict) and "value" in said else ""
    )
    return [found] if found and "{" not in found else []


def _note_cut(item: Item, said: Any, raw: Node, remarks: Remarks) -> None:
    most = {"long": _LONG, "short": _SHORT}.get(item.kind)
    if most is not None and isinstance(said, str) and len(plain(said[: _LONG * 2])[0]) > most:
        remarks.add("look", "answer-cut", raw_text(raw, "linkId"), known=str(most))


def _absent(said: Any) -> Absent:
    found = coding(said)
    if found is None or found.system not in (ABSENT_REASONS, OPT_OUTS, "http://loinc.org"):
        return ""
    return _ABSENT.get(found.code, "")


def _why_absent(answer: Node) -> Absent:
    """Why there is no value, where it stands beside the answer instead of in it."""
    beside = [answer, *(node(answer, key) for key in answer if key.startswith("_value"))]
    for ext in (ext for where in beside for ext in nodes(where, "extension")):
        if ext.get("url") in (ABSENT_REASON, OPT_OUTS):
            return _ABSENT.get(raw_text(ext, "valueCode"), "")
    return ""


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
    return f"{value:f}".rstrip("0").removesuffix(".") if item.kind == "number" else None


def _date(item: Item, said: Any) -> str | None:
    if not isinstance(said, str) or not re.match(r"\d{4}(-\d{2}(-\d{2})?)?", said):
        return None
    if item.kind == "monthyear":
        return said[:7]
    found = _day(said)
    return found.isoformat() if found else None


def _day(said: str) -> date | None:
    try:
        found = date.fromisoformat(said[:10])
    except ValueError:
        return None
    return found if found.year >= _OLDEST else None


def _code(item: Item, kind: str, said: Any) -> str | None:
    """The code of an option: by the code in the file, else by its words where the file gives no code."""
    options = choices(item)
    found = coding(said)
    if found is not None and found.code in _UNSURE and item.kind == "yn4":
        return NOT_SURE
    if kind == "Boolean" and item.kind == "yn4":
        return YES if said else NO
    if found is not None:
        return _coded(options, found, named="code" in said)
    words = str(said).strip() if isinstance(said, (str, int)) and not isinstance(said, bool) else ""
    return next((one.code for one in options if words and words in one.text.values()), None)


def _coded(options: Sequence[Option], found: Coding, *, named: bool) -> str | None:
    """The option that a coding means: by code where it has one (`named`), and no other system says otherwise; else by
    its words."""
    for option in options:
        own = option.coding
        other = own is not None and own.system and found.system and own.system != found.system
        if named and found.code == (own.code if own else option.code):
            return option.code if not other or found.display in option.text.values() else None
    # An option of another system has its own code: words alone would not make it this one.
    free = (one for one in options if not (named and one.coding and one.coding.system))
    by_words = (one.code for one in free if found.display in one.text.values())
    return next(by_words, None) if found.display else None
