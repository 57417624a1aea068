"""What was read, held against the registry: each difference a remark, an instrument laid out as its sheet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tenants.intake.fhir_item import LINK
from tenants.intake.fhir_json import Node, Remark, Remarks, own_text
from tenants.intake.fhir_read import ReadForm, both, link_of, may_ask_of_harm
from tenants.intake.fhir_write import OWN_FORM, Named, questionnaire
from tenants.intake.form_json import NotAQuestionnaire, as_json, from_json, from_text
from tenants.intake.json_reading import Fault
from tenants.intake.questions import (
    YES,
    All,
    Answers,
    Coding,
    Condition,
    Item,
    Option,
    Part,
    Questionnaire,
    Section,
    Some,
    Test,
    Texts,
    Value,
    item_index,
    items_in,
)
from tenants.intake.registry import INSTRUMENT, Instrument, loinc_codes, recognised, wording_is_known
from tenants.intake.scores import Score, Sheet, score_of, sheet_of, sheets_in

_BESIDE = 3
_WHOLLY_OTHER = 5


@dataclass(frozen=True)
class Brought:
    """A form as it would come in. `sheet`: the instrument it is, if it is one; `remarks`: all that differs.

    `own`: it was exported here, and comes back as it was.
    """

    form: Questionnaire
    remarks: tuple[Remark, ...]
    read: ReadForm
    sheet: Sheet | None = None
    own: bool = False

    @property
    def needs_mapping(self) -> tuple[str, ...]:
        """Ids of the questions that read as if they asked about harming oneself: a person says whether they do."""
        found = item_index(self.form).values()
        return () if self.own else tuple(item.id for item in found if may_ask_of_harm(item))

    @property
    def stops(self) -> bool:
        """Whether it cannot come in as it is."""
        return any(remark.level == "stop" for remark in self.remarks)

    @property
    def lacks_scores(self) -> bool:
        """Whether its options could take their numbers from their order on the published sheet, if somebody says so."""
        if self.sheet is None:
            return False
        return score_of(self.sheet, {}).why_not == "no-scores" and all(
            len(item.options) == len(self.sheet.instrument.choices) for item in _asked(self.sheet)
        )


def bring(read: ReadForm, *, positions: bool = False) -> Brought:
    """The form that was read, as it would come in. `positions`: options without numbers take them from their order."""
    own = own_form(read.top)
    if own is not None:
        return Brought(own, (Remark("note", "own-form"),), read, next(iter(sheets_in(own)), None), own=True)
    items = [item for part in read.form.parts for section in part.sections for item in section.items]
    below = [code for item in items_in(tuple(items)) for code in loinc_codes(item.codes)]
    known = recognised(below, on_top=loinc_codes(read.whole))
    others = [one for one in sheets_in(read.form) if known is None or one.instrument != known]
    form, sheet = read.form, None
    if known is not None and not others and _is_all_of(items, known):
        form, sheet = _as_sheet(read, known, items, positions=positions)
    else:
        others = list(sheets_in(read.form))
    form = replace(form, texts=_origin(read, form.languages))
    remarks = Remarks(list(read.remarks))
    for one in [sheet] if sheet else others:
        _hold_against(one, form.languages, remarks)
    if sheet is None and not others:
        remarks.add("note", "no-instrument")
    if sheet is not None and positions:
        remarks.add("note", "by-position", known=sheet.instrument.name)
    if own_text(read.top, OWN_FORM):
        remarks.add("look", "own-changed")
    for fault in () if read.elsewhere else _faults(form):
        remarks.add("stop", "not-kept", fault.at, known=fault.sentence)
    return Brought(form, remarks.sorted(), read, sheet)


def _faults(form: Questionnaire) -> tuple[Fault, ...]:
    """What would keep it from being read again, were it kept."""
    try:
        from_json(as_json(form))
    except NotAQuestionnaire as refused:
        return refused.faults[:20]
    return ()


def own_form(top: Node) -> Questionnaire | None:
    """The form that we once wrote into this file, if the file is still as we wrote it."""
    whole = own_text(top, OWN_FORM)
    if not whole:
        return None
    try:
        form = from_text(whole)
    except NotAQuestionnaire:
        return None
    again = questionnaire(form, Named(""), whole=whole)
    return form if again.get("item") == top.get("item") and again["title"] == top.get("title") else None


def _origin(read: ReadForm, languages: Sequence[str]) -> Mapping[str, Texts]:
    source = f"{read.url}|{read.version}" if read.url and read.version else read.url
    said = {"licence": read.licence, "source": source}
    return {key: dict.fromkeys(languages, words) for key, words in said.items() if words}


def _asked(sheet: Sheet) -> list[Item]:
    return [item for item in (sheet.gate, *sheet.items) if item is not None]


def _hold_against(sheet: Sheet, languages: Sequence[str], remarks: Remarks) -> None:
    known = sheet.instrument
    remarks.add("note", "recognised", said=known.name)
    for place in sheet.missing:
        codes = known.items[place - 1] if place else (known.gate,)
        remarks.add("look", "missing-item", codes[0] if codes else "", known=f"{place}")
    for language in languages:
        _hold_wordings(sheet, language, remarks)
    order = [link_of(item) for item in sheet.items if item is not None]
    why = score_of(sheet, {}).why_not
    if why == "no-scores":
        for item in _asked(sheet):
            if any(option.score is None for option in item.options):
                remarks.add("look", "no-scores", link_of(item), _options_said(item, languages[0]))
    elif why == "odd-scores":
        values = ", ".join(str(choice.value) for choice in known.choices)
        for item in _asked(sheet):
            if sorted(option.score or 0 for option in item.options) != sorted(c.value for c in known.choices):
                remarks.add("look", "odd-scores", link_of(item), _options_said(item, languages[0]), values)
    if len(order) != len(set(order)):
        remarks.add("look", "item-twice", known=known.name)


def _options_said(item: Item, language: str) -> str:
    return "; ".join(
        option.text.get(language, option.code) + (f" = {option.score}" if option.score is not None else "")
        for option in item.options
    )


def _hold_wordings(sheet: Sheet, language: str, remarks: Remarks) -> None:
    """Each wording that is not the published one; one remark where none of them is: that is another translation."""
    known = sheet.instrument
    there = [(place, item) for place, item in enumerate(sheet.items, 1) if item is not None]
    compared = [
        (place, item, wording_is_known(known, place, language, item.text.get(language, ""))) for place, item in there
    ]
    if any(same is None for _place, _item, same in compared):
        remarks.add("note", "wording-not-compared", known=language)
    other = [(place, item) for place, item, same in compared if same is False]
    if len(other) >= _WHOLLY_OTHER and len(other) == len(compared):
        remarks.add("look", "other-wording", said=known.name, known=language)
        return
    for place, item in other:
        remarks.add("look", "changed-wording", link_of(item), item.text.get(language, ""), f"{place}")


def _is_all_of(items: list[Item], known: Instrument) -> bool:
    """Whether a form is this instrument and little else: most sheets ask a question or two beside what they count."""
    asked = [item for item in items_in(tuple(items)) if item.enabled and item.kind not in ("display", "group")]
    return len(asked) <= len(known.items) + _BESIDE


def _as_sheet(read: ReadForm, known: Instrument, items: list[Item], *, positions: bool) -> tuple[Questionnaire, Sheet]:
    """One group with everything in the file's order, ids by place: "phq-9.3", the gate "pc-ptsd-5.0", others ".x1"."""
    lines = list(_lines(items))
    if positions:
        lines = with_positions(lines, known)
    found = sheet_of(known, [item for item in lines if item.enabled and item.kind != "display"])
    names = {item.id: f"{known.key}.{n}" for n, item in enumerate(found.items, 1) if item is not None}
    if found.gate is not None:
        names[found.gate.id] = f"{known.key}.0"
    others = [item.id for item in lines if item.id not in names]
    names |= {id_: f"{known.key}.x{n}" for n, id_ in enumerate(others, 1)}
    codes = {item.id: _codes_by_score(item) for item in _asked(found)}
    passed = _passed(found, names, codes)
    counted = {item.id for item in found.items if item is not None}

    def renamed(item: Item) -> Item:
        new = codes.get(item.id, {})
        when = _renamed(item.when, names, codes) or (passed if item.id in counted else None)
        link = () if any(code.system == LINK for code in item.codes) else (Coding(LINK, item.id),)
        return replace(
            item,
            id=names[item.id],
            when=when,
            codes=(*item.codes, *link),
            options=tuple(replace(option, code=new.get(option.code, option.code)) for option in item.options),
        )

    laid = {item.id: renamed(item) for item in lines}
    title = dict.fromkeys(read.form.languages, known.name)
    licence = Item(f"{known.key}.licence", "display", dict.fromkeys(read.form.languages, known.licence))
    group = Item(
        known.key, "group", title, items=(*laid.values(), licence), sensitive=True,
        codes=(*read.whole, Coding(INSTRUMENT, known.key)),
    )  # fmt: skip
    section = Section("k", title, (group,), sensitive=True)
    form = Questionnaire(known.key, title, read.form.languages, (Part("main", title, (section,)),))
    placed = tuple(laid[item.id] if item is not None else None for item in found.items)
    return form, Sheet(known, placed, laid[found.gate.id] if found.gate else None, group.id)


def _passed(found: Sheet, names: Mapping[str, str], codes: Mapping[str, Mapping[str, str]]) -> Condition | None:
    """That the gate was answered with yes: only then the sheet goes on."""
    gate = found.gate
    if gate is None:
        return None
    if not gate.options:
        return Test(names[gate.id], "=", True if gate.kind == "bool" else YES)
    chosen = numbered(gate.options, found.instrument) if len(gate.options) == len(found.instrument.choices) else ()
    yes = next((option.code for option in chosen if option.score == 1), None)
    return Test(names[gate.id], "=", codes[gate.id].get(yes, yes)) if yes else None


def _lines(items: Sequence[Item], when: Condition | None = None) -> Iterator[Item]:
    """Everything in order, a group within as its heading and what is in it."""
    for item in items:
        here = both(when, item.when)
        if item.kind == "group":
            yield replace(item, kind="display", items=(), when=here)
            yield from _lines([replace(one, enabled=item.enabled and one.enabled) for one in item.items], here)
        else:
            yield replace(item, when=here)


def _codes_by_score(item: Item) -> dict[str, str]:
    """Options are named by their number, where each has its own: answers of two files then compare."""
    scores = [option.score for option in item.options]
    if None in scores or len(set(scores)) != len(scores):
        return {}
    return {option.code: str(option.score) for option in item.options}


def _renamed(
    when: Condition | None, names: Mapping[str, str], codes: Mapping[str, Mapping[str, str]]
) -> Condition | None:
    if when is None:
        return None
    if isinstance(when, Test):
        value: Value = when.value
        if isinstance(value, str):
            value = codes.get(when.q, {}).get(value, value)
        return Test(names.get(when.q, when.q), when.op, value)
    parts = tuple(one for one in (_renamed(part, names, codes) for part in when.of) if one is not None)
    return All(parts) if isinstance(when, All) else Some(parts)


def with_positions(items: Sequence[Item], known: Instrument) -> list[Item]:
    """The counted items with the numbers of the published sheet on their options: by the LOINC answer that an option
    is, else by its order. Only on somebody's word: the page shows which answer gets which number."""
    found = sheet_of(known, [item for item in items if item.enabled and item.kind != "display"])
    asked = {item.id for item in _asked(found) if len(item.options) == len(known.choices)}
    return [replace(item, options=numbered(item.options, known)) if item.id in asked else item for item in items]


def numbered(options: tuple[Option, ...], known: Instrument) -> tuple[Option, ...]:
    """`options`, as many as `known` has, with the numbers of its sheet."""
    values = {code: choice.value for choice in known.choices for code in choice.codes}
    named = [values.get(option.coding.code) if option.coding else None for option in options]
    if None in named or len(set(named)) != len(named):
        named = [choice.value for choice in known.choices]
    return tuple(replace(option, score=value) for option, value in zip(options, named, strict=True))


@dataclass(frozen=True)
class Totals:
    """What a file states beside what we compute. `differs`: both are there and are not the same."""

    score: Score
    stated: float | None

    @property
    def differs(self) -> bool:
        """Whether a person should look at both."""
        return self.stated is not None and self.stated != self.score.total


def totals(form: Questionnaire, answers: Answers, stated: Mapping[str, float]) -> tuple[Totals, ...]:
    """Our score of each instrument in `form`, beside the total that came with the answers (by instrument)."""
    return tuple(Totals(score_of(sheet, answers), stated.get(sheet.instrument.key)) for sheet in sheets_in(form))
