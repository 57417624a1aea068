"""One item of a FHIR Questionnaire as an item of ours, with a remark for whatever is odd about it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from saas.words import _
from tenants.intake.fhir_json import (
    Node,
    NotReadable,
    Remarks,
    children,
    coding,
    extension,
    extensions,
    flag,
    line,
    name_of,
    node,
    nodes,
    number,
    plain,
    raw_text,
)
from tenants.intake.fhir_options import Library, options, translations
from tenants.intake.questions import Coding, Item, Kind, Option, Texts
from tenants.intake.registry import INSTRUMENTS, LOINC, SELF_HARM, code_in_link_id, loinc_codes

LINK = "urn:longtide:link-id"  # on an item whose id is not the file's link id: that link id
_TEXT_LENGTH = 900
_MOST_OPTIONS = 3_000
_EXPRESSION_LENGTH = 300
_WIDE = 20
_KINDS: Mapping[str, Kind] = {
    "group": "group", "display": "display", "boolean": "bool", "decimal": "number", "integer": "number",
    "quantity": "number", "date": "date", "dateTime": "date", "time": "short", "string": "short", "text": "long",
    "url": "short", "choice": "single", "open-choice": "single", "coding": "single", "attachment": "file",
}  # fmt: skip
_RESULT = re.compile(r"\bscore\b|\bpuntuación total\b", re.IGNORECASE)
_TOTALS = frozenset(code for one in INSTRUMENTS.values() for code in one.totals)
_KNOWN_EXTENSIONS = frozenset(
    (
        "ordinalValue", "itemWeight", "questionnaire-optionPrefix", "questionnaire-itemControl", "minValue", "maxValue",
        "questionnaire-hidden", "questionnaire-unit", "translation", "rendering-xhtml", "rendering-markdown", "xhtml",
        "questionnaire-displayCategory", "artifact-versionAlgorithm", "questionnaire-optionExclusive",
    )
)  # fmt: skip


class ItemReader:
    """Reads the items of one file. What is taken, kept aside and remarked is gathered on the way.

    `ids`: the first id of each link id; `raws`: what each id was read from; `expressions`: what the file would have
    run, by link id.
    """

    def __init__(self, known: Library, language: str) -> None:
        self.known = known
        self.language = language
        self.remarks = Remarks()
        self.ids: dict[str, str] = {}
        self.raws: dict[str, Node] = {}
        self.expressions: dict[str, str] = {}
        self.stu3 = False
        self._taken: set[str] = set()
        self._options = 0

    def items(self, raw: Node) -> list[Item]:
        """An item, and what the file keeps below a question, which we show after it."""
        link = raw_text(raw, "linkId")
        id_ = self._take_id(link)
        kind = self._kind(raw, link)
        below = [item for child in children(raw) if not _is_help(child) for item in self.items(child)]
        made = self._made(raw, link, id_, kind)
        self.raws[id_] = raw
        self.note_expressions(raw, link)
        self._note_extensions(raw, link)
        if kind == "group":
            return [replace(made, items=tuple(below))]
        if below:
            self.remarks.add("note", "nested-question", link)
        return [made, *below]

    def _made(self, raw: Node, link: str, id_: str, kind: Kind) -> Item:
        chosen: tuple[Option, ...] = ()
        if kind in ("single", "multi"):
            chosen = options(raw, self.known, self.language, link, self.remarks)
            self._options += len(chosen)
            if self._options > _MOST_OPTIONS:
                raise NotReadable(
                    _(
                        "This file has more than %(most)d answers to choose from. Bring it in in parts",
                        most=_MOST_OPTIONS,
                    )
                )
            if not chosen and not any(one.where == link and one.level == "stop" for one in self.remarks.found):
                self.remarks.add("stop", "no-options", link)
        low, high = _edges(raw)
        if kind == "number" and low is not None and high is not None and 0 < high - low <= _WIDE:
            kind = "scale"
        asked = kind not in ("display", "group")
        codes = self._codes(raw, link, id_)
        total = self._is_total(raw, codes, kind)
        if total:
            self.remarks.add("note", "total-is-ours", link)
        if flag(raw, "required") and asked:
            self.remarks.add("note", "required-dropped")
        if nodes(raw, "initial") or any(key.startswith("initial") for key in raw):
            self.remarks.add("note", "initial-dropped", link)
        return Item(
            id=id_,
            kind="number" if total else kind,
            text=self._texts(raw, link),
            help=self._help(raw, link),
            options=() if total else chosen,
            sensitive=asked,
            acute=any(code.code == SELF_HARM and code.system == LOINC for code in codes),
            enabled=not total and not _is_hidden(raw),
            lo=low if kind == "scale" else None,
            hi=high if kind == "scale" else None,
            note=kind in ("single", "multi") and _is_open(raw),
            codes=codes,
        )

    def _take_id(self, link: str) -> str:
        if not link:
            self.remarks.add("look", "no-link-id")
        plain_id = re.sub(r"[^A-Za-z0-9._-]+", "-", line(link, 100)).strip("-._").lower()[:60] or "q"
        id_, n = plain_id, 2
        while id_ in self._taken:
            id_, n = f"{plain_id}-{n}", n + 1
        self._taken.add(id_)
        if link and link in self.ids:
            self.remarks.add("look", "double-link-id", link)
        self.ids.setdefault(link, id_)
        return id_

    def _kind(self, raw: Node, link: str) -> Kind:
        said = raw_text(raw, "type")
        if said == "coding" or raw_text(raw, "answerConstraint"):
            self.remarks.add("note", "r5")
        if nodes(raw, "option") or "options" in raw or any("hasAnswer" in one for one in nodes(raw, "enableWhen")):
            self.stu3 = True
            self.remarks.add("note", "stu3")
        kind = _KINDS.get(said)
        if kind is None:
            self.remarks.add("look", "unknown-type", link, said or "–")
            kind = "single" if nodes(raw, "answerOption") else ("group" if nodes(raw, "item") else "short")
        if said in ("dateTime", "time", "url", "quantity", "attachment"):
            self.remarks.add("note", "type-simplified", link, said)
        return "multi" if kind == "single" and flag(raw, "repeats") else kind

    def _texts(self, raw: Node, link: str) -> Texts:
        rich = extension(node(raw, "_text"), "rendering-xhtml", "xhtml")
        said = raw_text(raw, "text") or (raw_text(rich, "valueString") if rich else "")
        found = {self.language: self._clean(said, link)}
        for code, words in translations(raw, "text").items():
            found.setdefault(code, self._clean(words, link))
        if not found[self.language]:
            first = next((one for one in map(coding, nodes(raw, "code")) if one is not None), None)
            found[self.language] = (first.display if first else "") or line(raw_text(raw, "prefix"), 100)
            if not found[self.language] and raw_text(raw, "type") != "group":
                self.remarks.add("look", "no-text", link)
        return {code: words for code, words in found.items() if words} or {self.language: line(link, 100) or "–"}

    def _clean(self, said: str, link: str) -> str:
        text, had_markup = plain(said[: _TEXT_LENGTH * 4])
        if had_markup:
            self.remarks.add("note", "markup", link)
        if len(text) > _TEXT_LENGTH:
            self.remarks.add("look", "long-text", link, known=str(_TEXT_LENGTH))
        return text[:_TEXT_LENGTH]

    def _help(self, raw: Node, link: str) -> Texts:
        said = [raw_text(child, "text") for child in nodes(raw, "item") if _is_help(child)]
        text = self._clean("\n".join(said), link) if said else ""
        return {self.language: text} if text else {}

    def _codes(self, raw: Node, link: str, id_: str) -> tuple[Coding, ...]:
        found = [one for one in map(coding, nodes(raw, "code")) if one is not None]
        hidden = code_in_link_id(link)
        if hidden and not loinc_codes(found):
            self.remarks.add("note", "code-in-link-id", link)
            found.append(Coding(LOINC, hidden))
        if link and link != id_:
            found.append(Coding(LINK, link[:200]))
        return tuple(found[:20])

    def _is_total(self, raw: Node, codes: tuple[Coding, ...], kind: Kind) -> bool:
        """Whether it is a result and no question: those we compute ourselves, and no client is shown one."""
        calculated = any("valueExpression" in ext and "alcul" in name_of(ext) for ext in extensions(raw))
        named = _RESULT.search(raw_text(raw, "text")) is not None
        return bool(_TOTALS & set(loinc_codes(codes))) or (
            (kind in ("number", "short") and (calculated or flag(raw, "readOnly"))) or (kind == "number" and named)
        )

    def note_expressions(self, raw: Node, link: str) -> None:
        for ext in extensions(raw):
            found = node(ext, "valueExpression")
            said = raw_text(found, "expression") or (
                raw_text(ext, "valueString") if "xpression" in name_of(ext) or "alculated" in name_of(ext) else ""
            )
            if said:
                name = f"{link} {name_of(ext)}".strip()
                kept = f"{line(raw_text(found, 'language'), 40)}: {line(said, _EXPRESSION_LENGTH)}".removeprefix(": ")
                self.expressions[name[:200]] = kept
                self.remarks.add("look", "expression", link, f"{name_of(ext)} {kept}")

    def _note_extensions(self, raw: Node, link: str) -> None:
        for ext in nodes(raw, "modifierExtension")[:1]:
            self.remarks.add("look", "modifier", link, name_of(ext))
        for ext in extensions(raw):
            if "valueExpression" not in ext and name_of(ext) not in _KNOWN_EXTENSIONS:
                self.remarks.add("note", "extension", link, name_of(ext))


def _edges(raw: Node) -> tuple[int | None, int | None]:
    def edge(name: str) -> int | None:
        found = number(extension(raw, name) or {}, "valueInteger", "valueDecimal")
        return int(found) if found is not None and found == int(found) else None

    return edge("minValue"), edge("maxValue")


def _control(raw: Node) -> str:
    ext = extension(raw, "questionnaire-itemControl")
    found = coding(ext.get("valueCodeableConcept")) if ext else None
    return found.code if found else ""


def _is_help(raw: Node) -> bool:
    return raw_text(raw, "type") == "display" and _control(raw) in ("help", "flyover")


def _is_hidden(raw: Node) -> bool:
    ext = extension(raw, "questionnaire-hidden")
    return ext is not None and flag(ext, "valueBoolean")


def _is_open(raw: Node) -> bool:
    return raw_text(raw, "type") == "open-choice" or raw_text(raw, "answerConstraint") in (
        "optionsOrType",
        "optionsOrString",
    )
