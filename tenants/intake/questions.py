"""What a questionnaire is, as values: parts, sections, items, conditions; and what an answer is.

Texts are given by language ({"en": …, "es": …}); ids are stable, so that an answer of 2027 can be read in 2031. What
the kinds of item are in FHIR stands in `fhir_item.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
