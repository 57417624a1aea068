"""What a questionnaire is, as values: parts, sections, items, conditions; and what an answer is.

Texts are given by language ({"en": …, "es": …}); ids are stable, so that an answer of 2027 can be read in 2031. The
kinds of item and their FHIR types: intake.md 1.2 and 4.1 of the design, and `fhir.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

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
    `acute`: an answer may need somebody now, so help is shown beside it and the team is told. `document`: the key of
    the text a consent is to.
    """

    id: str
    kind: Kind
    text: Texts
    help: Texts = field(default_factory=dict)
    options: tuple[Option, ...] = ()
    required: bool = False
    sensitive: bool = False
    safety: bool = False
    acute: bool = False
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


@dataclass(frozen=True)
class Section:
    """Items under one heading, "A" to "M". `notice` is shown before them, with continue, skip and come back."""

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
    """A whole questionnaire. `documents`: consent texts by key; `texts`: grounding, close, not_monitored, pause."""

    key: str
    title: Texts
    languages: tuple[str, ...]
    parts: tuple[Part, ...]
    documents: Mapping[str, Texts] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """What a client said to one item: a value, or why there is none; a few words of their own may stand beside it.

    Codes for `single`, `yn4` and `scale` (an int); tuples of codes for `multi` and `bodymap`; ISO text for dates; a
    bool for `bool` and `consent`. An answer in a row of a repeating group has the id `item@row`.
    """

    value: Value = None
    absent: Absent = ""
    note: str = ""


Answers = Mapping[str, Answer]
BODY_AREAS = (
    "head", "face", "jaw", "neck", "throat", "shoulder", "arm", "hand", "chest", "upper-back", "belly", "lower-back",
    "pelvis", "hip", "leg", "knee", "foot",
)  # fmt: skip
