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
    any_value,
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
from tenants.intake.fhir_options import Library, has_options, list_elsewhere, options, translations
from tenants.intake.questions import Coding, Item, Kind, Option, Texts
from tenants.intake.registry import INSTRUMENTS, LOINC, SELF_HARM, code_in_link_id, is_known_code, loinc_codes

LINK = "urn:longtide:link-id"  # on an item whose id is not the file's link id: that link id
_TEXT_LENGTH = 900
_MOST_OPTIONS = 3_000
_EXPRESSION_LENGTH = 300
_WIDE = 20
_FARTHEST = 1_000_000
_KINDS: Mapping[str, Kind] = {
    "group": "group", "display": "display", "boolean": "bool", "decimal": "number", "integer": "number",
    "quantity": "number", "date": "date", "dateTime": "date", "time": "short", "string": "short", "text": "long",
    "url": "short", "choice": "single", "open-choice": "single", "coding": "single", "attachment": "file",
}  # fmt: skip
_LISTED = (
    "string",
    "text",
    "integer",
    "decimal",
    "date",
    "dateTime",
    "time",
    "url",
    "quantity",
)  # R5: with options too
_HELPS = ("help", "flyover")
UNNAMED = "…"  # what stands over a group without a heading
_RESULT = re.compile(
    r"\b(?:total|sum|overall)\b.{0,60}\bscore\b|\bscore\b.{0,60}\b(?:total|sum)\b|\bpuntuación total\b|"
    r"\b(?:phq|gad|pcl|pc-ptsd)\S{0,6}\s.{0,60}\bscore\b|\bgesamt(?:punktzahl|score)\b|\bsummenwert\b",
    re.IGNORECASE,
)
_TOTALS = frozenset(code for one in INSTRUMENTS.values() for code in one.totals)
_KNOWN_EXTENSIONS = frozenset(
    (
        "ordinalValue", "itemWeight", "questionnaire-optionPrefix", "questionnaire-itemControl", "minValue", "maxValue",
        "questionnaire-hidden", "questionnaire-unit", "translation", "rendering-xhtml", "rendering-markdown", "xhtml",
        "questionnaire-displayCategory", "artifact-versionAlgorithm", "questionnaire-optionExclusive",
        "questionnaire-unitOption", "questionnaire-choiceOrientation", "rendering-style", "rendering-styleSensitive",
        "questionnaire-sliderStepValue", "sdc-questionnaire-width", "sdc-questionnaire-collapsible",
        "sdc-questionnaire-preferredTerminologyServer", "preferredTerminologyServer", "entryFormat",
        "sdc-questionnaire-subQuestionnaire",
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
        made = self._made(raw, link, id_, kind)
        aside = (*_HELPS, *(("lower", "upper") if made.kind == "scale" else ()))
        below = [item for child in children(raw) if not _is_beside(child, *aside) for item in self.items(child)]
        self.raws[id_] = raw
        self.note_expressions(raw, link)
        self._note_extensions(raw, link)
        if (kind == "group" and not below and not raw_text(raw, "text")) or (kind == "display" and not _has_words(raw)):
            return below
        if kind == "group":
            return [replace(made, items=tuple(below))]
        if below:
            self.remarks.add("note", "nested-question", link)
        return [made, *below]

    def _made(self, raw: Node, link: str, id_: str, kind: Kind) -> Item:
        chosen: tuple[Option, ...] = ()
        run = _run(raw) if kind == "single" else None
        if kind in ("single", "multi") and not run:
            chosen = options(raw, self.known, self.language, link, self.remarks)
            self._options += len(chosen)
            if self._options > _MOST_OPTIONS:
                raise NotReadable(
                    _(
                        "This file has more than %(most)d answers to choose from. Bring it in in parts",
                        most=_MOST_OPTIONS,
                    )
                )
            if not chosen and not list_elsewhere(raw):
                self.remarks.add("stop", "no-options", link)
        low, high = run or _edges(raw)
        if run or (kind == "number" and low is not None and high is not None and high - low <= _WIDE):
            kind = "scale"
        asked = kind not in ("display", "group")
        codes = self._codes(raw, link, id_)
        total = self._is_total(raw, codes, kind)
        itself = asked and not total and (flag(raw, "readOnly") or _is_calculated(raw))
        if total:
            self.remarks.add("note", "total-is-ours", link)
        elif itself:
            self.remarks.add("look", "fills-itself", link)
        elif _is_hidden(raw):
            self.remarks.add("note", "hidden", link)
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
            enabled=not total and not itself and not _is_hidden(raw),
            lo=low if kind in ("scale", "number") else None,
            hi=high if kind in ("scale", "number") else None,
            lo_text=self._end(raw, "lower", link) if kind == "scale" else {},
            hi_text=self._end(raw, "upper", link) if kind == "scale" else {},
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
        kind = "single" if said in _LISTED and has_options(raw) else _KINDS.get(said)
        if kind is None:
            self.remarks.add("look", "unknown-type", link, said or "–")
            kind = "single" if nodes(raw, "answerOption") else ("group" if nodes(raw, "item") else "short")
        if said in ("dateTime", "time", "url", "quantity", "attachment"):
            self.remarks.add("note", "type-simplified", link, said)
        if not flag(raw, "repeats") or kind == "display":
            return kind
        if kind not in ("single", "short", "long"):
            self.remarks.add("look", "repeats", link)
        return "multi" if kind == "single" else "long" if kind == "short" else kind

    def _texts(self, raw: Node, link: str) -> Texts:
        rich = extension(node(raw, "_text"), "rendering-xhtml", "xhtml")
        said = raw_text(raw, "text") or (raw_text(rich, "valueString") if rich else "")
        found = {self.language: self._clean(said, link)}
        for code, words in translations(raw, "text").items():
            found.setdefault(code, self._clean(words, link))
        if not found[self.language]:
            first = next((one for one in map(coding, nodes(raw, "code")) if one is not None), None)
            found[self.language] = (first.display if first else "") or line(raw_text(raw, "prefix"), 100)
        if not found[self.language] and raw_text(raw, "type") == "group":
            found[self.language] = UNNAMED
        elif not found[self.language]:
            self.remarks.add("look", "no-text", link)
            found[self.language] = line(link, 100) or "–"
        return {code: words for code, words in found.items() if words}

    def _clean(self, said: str, link: str) -> str:
        text, had_markup = plain(said[: _TEXT_LENGTH * 4])
        if had_markup:
            self.remarks.add("note", "markup", link)
        if len(text) > _TEXT_LENGTH:
            self.remarks.add("look", "long-text", link, known=str(_TEXT_LENGTH))
        return text[:_TEXT_LENGTH]

    def _help(self, raw: Node, link: str) -> Texts:
        """What helps with an answer, and the unit that it is in."""
        helps = [child for child in nodes(raw, "item") if _is_beside(child, *_HELPS)]
        told = [translations(child, "text") for child in helps]
        found = {self.language: [raw_text(child, "text") for child in helps] + _units(raw)}
        for code in set().union(*told):
            found.setdefault(code, [words.get(code, "") for words in told] + _units(raw))
        cleaned = {code: self._clean("\n".join(lines), link) for code, lines in found.items() if any(lines)}
        return {code: words for code, words in cleaned.items() if words}

    def _end(self, raw: Node, control: str, link: str) -> Texts:
        """What stands at one end of a scale."""
        said = next((child for child in nodes(raw, "item") if _is_beside(child, control)), {})
        found = {**translations(said, "text"), self.language: raw_text(said, "text")}
        return {code: text for code, words in found.items() if (text := self._clean(words, link))}

    def _codes(self, raw: Node, link: str, id_: str) -> tuple[Coding, ...]:
        given = [one for one in map(coding, nodes(raw, "code")) if one is not None]
        found = [replace(one, system=LOINC) if not one.system and is_known_code(one.code) else one for one in given]
        hidden = code_in_link_id(link)
        if hidden and not loinc_codes(found):
            self.remarks.add("note", "code-in-link-id", link)
            found.append(Coding(LOINC, hidden))
        if link and link != id_:
            found.append(Coding(LINK, link[:200].encode("utf-8", "ignore").decode().replace("\0", "")))
        return tuple(found[:20])

    def _is_total(self, raw: Node, codes: tuple[Coding, ...], kind: Kind) -> bool:
        """Whether it is a result and no question: those we compute ourselves, and no client is shown one."""
        named = kind in ("number", "short") and _RESULT.search(raw_text(raw, "text")) is not None
        return named or bool(_TOTALS & set(loinc_codes(codes)))

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
                shows = "nableWhen" in name_of(ext)
                code = "expression-condition" if shows else "expression"
                self.remarks.add("look", code, link, kept if shows else f"{name_of(ext)} {kept}")

    def note_modifiers(self, raw: Node, link: str) -> None:
        """Say what changes the meaning of all that stands here, and is not understood."""
        for ext in nodes(raw, "modifierExtension")[:1]:
            self.remarks.add("look", "modifier", link, name_of(ext))
        if raw_text(raw, "implicitRules"):
            self.remarks.add("look", "modifier", link, raw_text(raw, "implicitRules"))

    def _note_extensions(self, raw: Node, link: str) -> None:
        self.note_modifiers(raw, link)
        for ext in extensions(raw):
            if name_of(ext) == "sdc-questionnaire-subQuestionnaire":
                self.remarks.add("look", "sub-form", link, str(any_value(ext)[1] or ""))
            elif "valueExpression" not in ext and name_of(ext) not in _KNOWN_EXTENSIONS:
                self.remarks.add("note", "extension", "", name_of(ext))  # once, however many items have it


def _run(raw: Node) -> tuple[int, int] | None:
    """The first and the last of whole numbers to choose from that follow one another; None for any other options."""
    options_ = nodes(raw, "answerOption") if raw_text(raw, "type") == "integer" else []
    found = [option.get("valueInteger") for option in options_]
    first, last = (found[0], found[-1]) if found else (None, None)
    if not isinstance(first, int) or not isinstance(last, int) or not 0 < last - first <= _WIDE:
        return None
    return (first, last) if found == list(range(first, last + 1)) and abs(first) <= _FARTHEST else None


def _edges(raw: Node) -> tuple[int | None, int | None]:
    def edge(name: str) -> int | None:
        found = number(extension(raw, name) or {}, "valueInteger", "valueDecimal")
        return int(found) if found is not None and found == int(found) and abs(found) <= _FARTHEST else None

    low, high = edge("minValue"), edge("maxValue")
    return (None, None) if low is not None and high is not None and low >= high else (low, high)


def _units(raw: Node) -> list[str]:
    """The unit of a number, or those to choose from, as one line. A score’s "{score}" is none."""
    named = [ext for ext in extensions(raw) if name_of(ext) in ("questionnaire-unit", "questionnaire-unitOption")]
    codings = [coding(any_value(ext)[1]) for ext in named]
    said = [one.display or one.code for one in codings if one is not None]
    return [" / ".join(dict.fromkeys(said))] if said and not any("{" in one for one in said) else []


def _is_calculated(raw: Node) -> bool:
    return any("valueExpression" in ext and "alculated" in name_of(ext) for ext in extensions(raw))


def _control(raw: Node) -> str:
    ext = extension(raw, "questionnaire-itemControl")
    found = coding(ext.get("valueCodeableConcept")) if ext else None
    return found.code if found else ""


def _is_beside(raw: Node, *controls: str) -> bool:
    """Whether this is a text that belongs to the question around it."""
    return raw_text(raw, "type") == "display" and _control(raw) in controls


def _has_words(raw: Node) -> bool:
    rich = extension(node(raw, "_text"), "rendering-xhtml", "xhtml") or {}
    return bool(plain(raw_text(raw, "text") or raw_text(rich, "valueString"))[0])


def _is_hidden(raw: Node) -> bool:
    ext = extension(raw, "questionnaire-hidden")
    return ext is not None and flag(ext, "valueBoolean")


def _is_open(raw: Node) -> bool:
    return raw_text(raw, "type") == "open-choice" or raw_text(raw, "answerConstraint") in (
        "optionsOrType",
        "optionsOrString",
    )
