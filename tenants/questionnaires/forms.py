"""What the pages about questionnaires send, each as one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice

from saas.admin import OfficeForm
from saas.text import TooLong, clean_block, clean_line
from saas.words import _
from tenants.intake.asking import Typed, calm_answers
from tenants.intake.form_json import ID, RESERVED
from tenants.intake.json_reading import LONGEST_TEXT
from tenants.intake.questions import Item, Kind, Option, Part, Section, Texts
from tenants.intake.reading import choices
from tenants.questionnaires.piece_words import KIND_WORDS, OFFERED, WITH_CHOICES, WITH_ENDS

SPARE = 3  # empty rows for more answers
MOST_ROWS = 40
WITH_CALM = frozenset(("single", "multi", "yn4", "bool"))
_ITEM_TEXTS = ("text", "help", "guardian_text", "young_text", "lo_text", "hi_text")
_SECTION_TEXTS = ("title", "intro", "notice")
_ITEM_MARKS = ("required", "sensitive", "safety", "acute", "note", "enabled")
_SECTION_MARKS = ("sensitive", "crisis_box", "enabled")
_PART_TEXTS, _PART_MARKS = ("title", "intro"), ("optional",)
_NAMES: Mapping[type, tuple[Sequence[str], Sequence[str]]] = {
    Item: (_ITEM_TEXTS, _ITEM_MARKS), Section: (_SECTION_TEXTS, _SECTION_MARKS), Part: (_PART_TEXTS, _PART_MARKS),
}  # fmt: skip


class PressForm(OfficeForm):
    """A button: nothing but its token."""


class PieceForm(OfficeForm):
    """A question, a section or a part; `form_for` adds its texts by language."""

    kind = SelectField(choices=[SelectChoice(one, KIND_WORDS[one]) for one in OFFERED], validate_choice=False)
    required = BooleanField()
    sensitive = BooleanField()
    safety = BooleanField()
    acute = BooleanField()
    note = BooleanField()
    crisis_box = BooleanField()
    enabled = BooleanField()
    optional = BooleanField()
    lo = StringField()
    hi = StringField()
    document = StringField()
    rows_of = SelectField(validate_choice=False)
    seen = HiddenField()

    languages: Sequence[str] = ()

    def texts(self, name: str, *, needed: bool = False) -> Texts:
        """One text in every language; a language without words is left out, or told where the text is `needed`."""
        found: dict[str, str] = {}
        for code in self.languages:
            key = f"{name}-{code}"
            try:
                said = clean_block(self._fields[key].data, LONGEST_TEXT)
            except TooLong as error:
                self.put_errors({key: error.message})
                continue
            if said:
                found[code] = said
            elif needed:
                self.put_errors({key: _("Write it in each language")})
        return found

    def whole(self, name: str) -> int | None:
        """A whole number as typed, or none; a sentence beside the field for anything else."""
        typed = (self._fields[name].data or "").strip()
        if not typed:
            return None
        if typed.removeprefix("-").isascii() and typed.removeprefix("-").isdecimal() and len(typed) <= 6:
            return int(typed)
        self.put_errors({name: _("Enter a whole number, such as 3")})
        return None

    def item(self, before: Item, options: tuple[Option, ...]) -> Item:
        """The question as typed; what cannot be read has its sentence beside it."""
        marks = {name: bool(self._fields[name].data) for name in _ITEM_MARKS}
        texts = {name: self.texts(name, needed=name == "text") for name in _ITEM_TEXTS}
        ends = {name: self.whole(name) for name in ("lo", "hi")} if before.kind in WITH_ENDS else {}
        document = (self.document.data or "").strip() if before.kind == "consent" else before.document
        rows_of = self.rows_of.data or "" if before.kind == "group" else before.rows_of
        if rows_of not in {"", before.rows_of, *(code for code, _words in self.rows_of.choices or ())}:
            self.put_errors({"rows_of": _("Choose one of the questions shown")})
        changed = replace(before, options=options, document=document, rows_of=rows_of)
        return replace(changed, **marks, **texts, **ends)  # type: ignore[arg-type]

    def section(self, before: Section) -> Section:
        """The section as typed."""
        marks = {name: bool(self._fields[name].data) for name in _SECTION_MARKS}
        texts = {name: self.texts(name, needed=name == "title") for name in _SECTION_TEXTS}
        return replace(before, **marks, **texts)  # type: ignore[arg-type]

    def part(self, before: Part) -> Part:
        """The part as typed."""
        texts = {name: self.texts(name, needed=name == "title") for name in _PART_TEXTS}
        return replace(before, optional=bool(self.optional.data), **texts)  # type: ignore[arg-type]


def form_for(languages: Sequence[str]) -> type[PieceForm]:
    """The form of a piece with its texts in these languages."""
    fields: dict[str, Any] = {"languages": tuple(languages)}
    for name in (*_ITEM_TEXTS, *_SECTION_TEXTS):
        fields |= {f"{name}-{code}": TextAreaField() for code in languages}
    return type("OnePieceForm", (PieceForm,), fields)


def piece_data(piece: Item | Section | Part, languages: Sequence[str]) -> dict[str, Any]:
    """What the form of a piece shows at first."""
    names, marks = _NAMES[type(piece)]
    found: dict[str, Any] = {
        f"{name}-{code}": getattr(piece, name).get(code, "") for name in names for code in languages
    }
    found |= {name: getattr(piece, name) for name in marks}
    if isinstance(piece, Item):
        found |= {"kind": piece.kind, "document": piece.document, "rows_of": piece.rows_of}
        found |= {name: "" if (end := getattr(piece, name)) is None else str(end) for name in ("lo", "hi")}
    return found


def words_kept(piece: Item | Section | Part, languages: Sequence[str]) -> list[tuple[str, str]]:
    """(field, words) of what a piece says now: for whoever typed while somebody else saved."""
    return [(name, said) for name, said in piece_data(piece, languages).items() if said and isinstance(said, str)]


@dataclass(frozen=True)
class Row:
    """A row for one answer to choose, as typed. `calm`: it means that all is well."""

    code: str = ""
    texts: Mapping[str, str] | None = None
    alone: bool = False
    calm: bool = False
    fault: str = ""

    def said(self, language: str) -> str:
        """The words in this language."""
        return (self.texts or {}).get(language, "")


def rows_of(item: Item) -> list[Row]:
    """The answers to choose as rows, and some empty ones."""
    calm = calm_ticks(item)
    kept = [Row(option.code, option.text, option.exclusive, option.code in calm) for option in item.options]
    return [*kept, *(Row() for _number in range(SPARE))]


def typed_rows(typed: Mapping[str, str], languages: Sequence[str]) -> list[Row]:
    """The rows as they were sent, the empty ones too."""
    found = []
    for number in range(MOST_ROWS):
        if f"o{number}-code" not in typed:
            break
        texts = {code: typed.get(f"o{number}-{code}", "") for code in languages}
        alone, calm = (f"o{number}-{name}" in typed for name in ("alone", "calm"))
        found.append(Row(typed[f"o{number}-code"], texts, alone, calm))
    return found


def options_from(rows: Sequence[Row], before: Item, languages: Sequence[str]) -> tuple[tuple[Option, ...], list[Row]]:
    """The answers to choose, and the rows again with a sentence beside each that needs another look.

    A row without words goes. A row without a code gets one; scores and codes of published systems stay with theirs.
    """
    if before.kind not in WITH_CHOICES:
        return before.options, []
    known = {option.code: option for option in before.options}
    options: list[Option] = []
    told: list[Row] = []
    for row in rows:
        texts, fault = _row_texts(row, languages)
        code = row.code.strip() or _fresh(
            {option.code for option in options} | known.keys() | {one.code for one in rows}
        )
        if not any(texts.values()):
            told.append(Row())
            continue
        if not ID.fullmatch(code) or code in RESERVED:
            fault = _("A short name has letters, digits, points and dashes")
        elif code in {option.code for option in options}:
            fault = _("Another answer has this short name")
        elif not fault and not all(texts.get(one) for one in languages):
            fault = _("Write it in each language")
        options.append(replace(known.get(code, Option(code, {})), text=texts, exclusive=row.alone))
        told.append(replace(row, code=code, fault=fault))
    return tuple(options), told


def calm_ticks(item: Item) -> frozenset[str]:
    """The codes of the answers that mean all is well, where an answer may need somebody now."""
    calm = {("yes" if one else "no") if isinstance(one, bool) else one for one in calm_answers(item)}
    return frozenset(option.code for option in choices(item) if option.code in calm)


def calm_from(item: Item, ticked: Iterable[str], *, asked: bool) -> tuple[tuple[str, ...], str]:
    """Which answers mean all is well, as ticked, and a sentence where that needs another look. `item` is as typed but
    for this; `asked`: the page had the ticks."""
    if not item.acute or item.kind not in WITH_CALM:
        return item.calm, ""
    if not asked:
        return item.calm, _("Say which answers mean that all is well, then save")
    said = tuple(option.code for option in choices(item) if option.code in set(ticked))
    if not said:
        return item.calm, _("Tick at least one answer that means all is well")
    if len(said) == len(choices(item)):
        return item.calm, _("Leave one answer without this tick, else nobody would ever be told")
    return item.calm if calm_ticks(item) == set(said) else said, ""


def _row_texts(row: Row, languages: Sequence[str]) -> tuple[dict[str, str], str]:
    try:
        return {code: clean_line(row.said(code), 300) for code in languages}, ""
    except TooLong as error:
        return {code: row.said(code)[:300] for code in languages}, error.message


def _fresh(taken: Iterable[str]) -> str:
    used = set(taken)
    return next(code for number in range(1, len(used) + 2) if (code := f"o{number}") not in used)


def kind_of(said: str) -> Kind:
    """A kind that may be added; the plainest for anything else."""
    return said if said in OFFERED else "single"


def tried_in(typed: MultiDict[str, str]) -> dict[str, Typed]:
    """The answers that were tried in a preview, by key; `k` names each question that was on the page."""
    keys = dict.fromkeys(one.partition("|")[0] for one in typed.getlist("k"))
    return {key: Typed(tuple(typed.getlist(key)), typed.get(f"{key}~a", ""), typed.get(f"{key}~n", "")) for key in keys}
