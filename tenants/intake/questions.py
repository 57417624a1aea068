"""What a questionnaire is, as values: parts, sections, items, conditions; and what an answer is.

Texts are given by language ({"en": …, "es": …}); ids are stable, so that an answer of 2027 can be read in 2031. What
the kinds of item are in FHIR stands in `fhir_item.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

Texts = Mapping[str, str]
Kind = Literal[
    "display",  # a text, nothing to answer
    "group",  # items that belong together; one row per choice of another item where `rows_of` names it
    "bool",
    "yn4",  # yes, no, not sure
    "single",
    "multi",
    "scale",  # a whole number, `lo` to `hi`, both ends labelled
    "number",
    "date",
    "monthyear",  # "2026" or "2026-11"
    "short",
    "long",
    "bodymap",  # several of `BODY_AREAS`
    "file",
    "consent",  # given or refused, never ticked beforehand
    "signature",  # a typed name; a drawn one may stand beside it
]
# Why there is no value. None of them ever means "no".
Absent = Literal["", "declined", "in-person", "not-asked"]
Op = Literal["=", "!=", "in", "has", ">=", "<=", "answered", "declined", "unknown"]
Value = str | int | bool | tuple[str, ...] | None

NOT_SURE = "not-sure"  # the code of an option that means it, in every item
TALK = "talk"  # the code of a choice that is itself the way out: "I'd prefer to talk in person"
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Coding:
    """A code of a published system (LOINC and the like)."""

    system: str
    code: str
    display: str = ""


@dataclass(frozen=True)
class Option:
    """One choice. `score`: its number in a published instrument. `exclusive`: "none of these"."""

    code: str
    text: Texts
    score: int | None = None
    exclusive: bool = False
    coding: Coding | None = None


@dataclass(frozen=True)
class Test:
    """One comparison with the answer to item `q`."""

    __test__: ClassVar[bool] = False  # pytest takes every class of this name for tests

    q: str
    op: Op
    value: Value = None


@dataclass(frozen=True)
class All:
    """Every one of them holds."""

    of: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """At least one of them holds."""

    of: tuple[Condition, ...]


Condition = Test | All | Some


@dataclass(frozen=True)
class Item:
    """A question, a text, or a group of them.

    `sensitive` adds the two opt-outs. `safety`: an answer that is missing asks for a talk before hands-on work.
    `acute`: an answer may need somebody now, so help is shown beside it and the team is told; `calm`: the codes that
    then mean all is well (a bool's are yes and no), where "no" does not: gone with their choices, nothing does.
    `document`: the key of the text a consent is to. `guardian_text`: the words for whoever answers for a child,
    `young_text`: for somebody under age who answers alone.
    """

    id: str
    kind: Kind
    text: Texts
    help: Texts = field(default_factory=dict)
    guardian_text: Texts = field(default_factory=dict)
    young_text: Texts = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    required: bool = False
    sensitive: bool = False
    safety: bool = False
    acute: bool = False
    calm: tuple[str, ...] = ()
    enabled: bool = True
    when: Condition | None = None
    items: tuple[Item, ...] = ()
    rows_of: str = ""
    lo: int | None = None
    hi: int | None = None
    lo_text: Texts = field(default_factory=dict)
    hi_text: Texts = field(default_factory=dict)
    prefill: str = ""
    document: str = ""
    note: bool = False
    codes: tuple[Coding, ...] = ()

    @property
    def may_decline(self) -> bool:
        """Whether the two opt-outs stand beside it: nobody must hand over a paper either."""
        return self.sensitive or self.kind == "file"


@dataclass(frozen=True)
class Section:
    """Items under one heading. `notice` is shown before them, with continue, skip and come back."""

    id: str
    title: Texts
    items: tuple[Item, ...]
    intro: Texts = field(default_factory=dict)
    notice: Texts = field(default_factory=dict)
    sensitive: bool = False
    crisis_box: bool = False
    when: Condition | None = None
    enabled: bool = True


@dataclass(frozen=True)
class Part:
    """What one page of the client's walk shows."""

    id: str
    title: Texts
    sections: tuple[Section, ...]
    intro: Texts = field(default_factory=dict)
    optional: bool = False


@dataclass(frozen=True)
class Questionnaire:
    """A whole questionnaire. `documents`: consent texts by key; `texts`: notice, grounding, close, not_monitored, next.

    In every text `{clinic}` and `{practitioner}` stand for their names. `guardian_when`: somebody answers for a child;
    `young_when`: somebody under age answers alone. `based_on`: the shipped form it began as or was last compared with.
    """

    key: str
    title: Texts
    languages: tuple[str, ...]
    parts: tuple[Part, ...]
    documents: Mapping[str, Texts] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)
    guardian_when: Condition | None = None
    young_when: Condition | None = None
    based_on: str = ""


@dataclass(frozen=True)
class Answer:
    """What a client said to one item: a value, or why there is none; a few words of their own may stand beside it.

    Codes for `single`, `yn4` and `scale` (an int); tuples of codes for `multi` and `bodymap`; ISO text for dates; a
    bool for `bool` and `consent`. An answer in a row of a repeating group has the id `item@row`. A section that was
    skipped has an answer of its own: `skip_key(section id)`, True. `file`: the id that a file handed in is kept by; the
    value is its name then.
    """

    value: Value = None
    absent: Absent = ""
    note: str = ""
    file: str = ""


Answers = Mapping[str, Answer]
BODY_AREAS = (
    "head", "face", "jaw", "neck", "throat", "shoulder", "arm", "hand", "chest", "upper-back", "belly", "lower-back",
    "pelvis", "hip", "leg", "knee", "foot",
)  # fmt: skip

_DECIMAL = re.compile(r"-?[0-9]{1,9}\.[0-9]{1,6}")
_Said = Callable[[str], list[Answer | None]]


def skip_key(section_id: str) -> str:
    """Under which id it is kept that a section was skipped."""
    return f"skip:{section_id}"


def in_language(texts: Texts, language: str) -> str:
    """The text in this language ("es_MX" reads "es"), else in English, else in whatever there is."""
    short = language.replace("-", "_").partition("_")[0]
    return texts.get(short) or texts.get("en") or next(iter(texts.values()), "")


def sections_of(q: Questionnaire) -> tuple[Section, ...]:
    """All of them, in order."""
    return tuple(section for part in q.parts for section in part.sections)


def items_in(items: tuple[Item, ...]) -> Iterator[Item]:
    """These items and all within them, in order."""
    for item in items:
        yield item
        yield from items_in(item.items)


def item_index(q: Questionnaire) -> Mapping[str, Item]:
    """Every item by id, in order, those in groups too."""
    return {item.id: item for section in sections_of(q) for item in items_in(section.items)}


def tests_in(condition: Condition | None) -> tuple[Test, ...]:
    """Every comparison in it, in order."""
    if condition is None:
        return ()
    if isinstance(condition, Test):
        return (condition,)
    return tuple(test for one in condition.of for test in tests_in(one))


def is_unknown(item: Item | None, answer: Answer | None) -> bool:
    """Nothing was said: an opt-out, "not sure", or no answer at all. What is unknown never counts as "no"."""
    del item  # whatever it asks
    return answer is None or bool(answer.absent) or answer.value in (None, "", (), NOT_SURE, (NOT_SURE,))


def holds(condition: Condition | None, answers: Answers) -> bool:
    """Whether a condition holds. A test of an item in rows holds when it does in one of them.

    Only "declined" and "unknown" hold for what was not said; every other test needs a value, "!=" too.
    """

    def said(id: str) -> list[Answer | None]:
        rows: list[Answer | None] = [answer for key, answer in answers.items() if key.partition("@")[0] == id]
        return rows or [None]

    return _holds(condition, said)


def guardian_answers(q: Questionnaire, answers: Answers) -> bool:
    """Whether somebody answers for a child, so that `guardian_text` is shown."""
    return q.guardian_when is not None and holds(q.guardian_when, answers)


def young_answers(q: Questionnaire, answers: Answers) -> bool:
    """Whether somebody under age answers alone, so that `young_text` is shown."""
    return q.young_when is not None and holds(q.young_when, answers)


def visible(q: Questionnaire, answers: Answers) -> tuple[str, ...]:
    """The ids that are shown with these answers, in order: groups, texts and questions; those in rows as `item@row`.

    Left out are the disabled, those in skipped sections and those whose condition does not hold. An answer to an item
    that is not shown counts for nothing, so what hangs on it is not shown either.
    """
    return _Walk(q, answers).visible()


def sections_shown(q: Questionnaire, answers: Answers) -> tuple[str, ...]:
    """The ids of the sections that have something to ask with these answers, the skipped ones too."""
    walk = _Walk(q, answers)
    return tuple(section.id for section in sections_of(q) if walk.offers(section))


@dataclass(frozen=True)
class _Place:
    item: Item
    section: Section
    around: tuple[Item, ...]

    @property
    def group(self) -> Item | None:
        """The repeating group it stands in or is."""
        return next((one for one in (*self.around, self.item) if one.rows_of), None)


class _Walk:
    """One look at what is shown. What waits for itself (a circle) is not shown."""

    def __init__(self, q: Questionnaire, answers: Answers) -> None:
        self.sections = sections_of(q)
        self.answers = answers
        self.places: dict[str, _Place] = {}
        self.known: dict[tuple[str, str], bool] = {}
        for section in self.sections:
            self._put(section, section.items, ())

    def _put(self, section: Section, items: tuple[Item, ...], around: tuple[Item, ...]) -> None:
        for item in items:
            self.places.setdefault(item.id, _Place(item, section, around))
            self._put(section, item.items, (*around, item))

    def visible(self) -> tuple[str, ...]:
        return tuple(id for section in self.sections for id in self._ids(section.items))

    def offers(self, section: Section) -> bool:
        return section.enabled and bool(section.items) and _holds(section.when, lambda id: self._said(id, ""))

    def _ids(self, items: tuple[Item, ...], row: str = "") -> Iterator[str]:
        for item in items:
            for one in [row] if row or not item.rows_of else self._rows(item):
                if self._shows(item.id, one):
                    yield f"{item.id}@{one}" if one else item.id
                    yield from self._ids(item.items, one)

    def _rows(self, group: Item) -> tuple[str, ...]:
        """What was ticked in the item that the group repeats, but "none of these"."""
        answer = self.answers.get(group.rows_of)
        if answer is None or not isinstance(answer.value, tuple) or not self._shows(group.rows_of, ""):
            return ()
        none = {option.code for option in self.places[group.rows_of].item.options if option.exclusive}
        return tuple(code for code in answer.value if code not in none)

    def _shows(self, id: str, row: str) -> bool:
        key = (id, row)
        if key not in self.known:
            self.known[key] = False
            self.known[key] = self._looks(self.places[id], row) if id in self.places else False
        return self.known[key]

    def _looks(self, place: _Place, row: str) -> bool:
        item, section = place.item, place.section
        skipped = self.answers.get(skip_key(section.id))
        if not item.enabled or (skipped is not None and skipped.value is True) or not self.offers(section):
            return False
        if place.around and not self._shows(place.around[-1].id, "" if item is place.group else row):
            return False
        return _holds(item.when, lambda id: self._said(id, row))

    def _said(self, id: str, row: str) -> list[Answer | None]:
        place = self.places.get(id)
        if place is None:
            return []
        if place.group is None:
            return [self.answers.get(id)] if self._shows(id, "") else []
        rows = (row,) if row else self._rows(place.group)
        return [self.answers.get(f"{id}@{one}") for one in rows if self._shows(id, one)]


def _holds(condition: Condition | None, said: _Said) -> bool:
    if condition is None:
        return True
    if isinstance(condition, All):
        return all(_holds(one, said) for one in condition.of)
    if isinstance(condition, Some):
        return any(_holds(one, said) for one in condition.of)
    return any(_passes(condition, answer) for answer in said(condition.q))


def _passes(test: Test, answer: Answer | None) -> bool:
    if test.op == "declined":
        return answer is not None and answer.absent in ("declined", "in-person")
    if test.op == "unknown":
        return is_unknown(None, answer)
    if answer is None or answer.absent or answer.value in (None, "", ()):
        return False
    value, wanted = answer.value, test.value
    codes = wanted if isinstance(wanted, tuple) else (wanted,)
    return {
        "answered": value != NOT_SURE,
        "=": value == wanted and isinstance(value, bool) == isinstance(wanted, bool),
        "!=": value not in (wanted, NOT_SURE),
        "in": any(one in codes for one in (value if isinstance(value, tuple) else (value,))),
        "has": isinstance(value, tuple) and any(one in codes for one in value),
        ">=": _compares(value, wanted, at_least=True),
        "<=": _compares(value, wanted, at_least=False),
    }[test.op]


def _compares(value: Value, wanted: Value, *, at_least: bool) -> bool:
    """Numbers with numbers, also those that are kept as decimal text; days with days; nothing else compares."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return False
    decimal = isinstance(value, str) and isinstance(wanted, int) and _DECIMAL.fullmatch(value) is not None
    said = float(value) if decimal and isinstance(value, str) else value
    if isinstance(said, int | float) and isinstance(wanted, int):
        return said >= wanted if at_least else said <= wanted
    if isinstance(said, str) and isinstance(wanted, str):
        return said >= wanted if at_least else said <= wanted
    return False
