"""The options of a question in a FHIR file, with their numbers, wherever the file keeps them. Pure.

They stand in the item (`answerOption`; STU3: `option`), in a value set that the file contains or comes with, or in the
code system behind that. A number is an ordinalValue or an itemWeight: on the option, on its coding, on the concept, or
a property of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from tenants.intake.fhir_json import (
    Node,
    Remarks,
    any_value,
    coding,
    extension,
    extensions,
    flag,
    line,
    name_of,
    node,
    nodes,
    number,
    raw_text,
    resources,
)
from tenants.intake.form_json import RESERVED
from tenants.intake.questions import Coding, Option, Texts

_NUMBERS = (
    "ordinalValue", "itemWeight", "questionnaire-ordinalValue", "valueset-ordinalValue", "codesystem-ordinalValue",
    "iso21090-CO-value",
)  # fmt: skip
_OPTION_LENGTH = 300
MOST_OPTIONS = 80
_DEEPEST_CONCEPT = 3
ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


@dataclass(frozen=True)
class Library:
    """The value sets and code systems a file brings along, by id (`#VS`), by address and by `address|version`.

    `numbers`: what each concept weighs, by system and code; `displays`: how it is called.
    """

    sets: Mapping[str, Node] = field(default_factory=dict)
    systems: Mapping[str, Node] = field(default_factory=dict)
    numbers: Mapping[tuple[str, str], frozenset[float]] = field(default_factory=dict)
    displays: Mapping[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Choice:
    """One option as it was found. `numbers`: every number the file gives it; one is right, two are a contradiction."""

    coding: Coding | None
    text: str
    numbers: frozenset[float] = frozenset()
    exclusive: bool = False
    texts: Texts = field(default_factory=dict)


def library(root: Node) -> Library:
    """What options may point to."""
    found: dict[str, dict[str, Node]] = {"ValueSet": {}, "CodeSystem": {}}
    for one in resources(root):
        kind = found.get(raw_text(one, "resourceType"))
        if kind is None:
            continue
        url, version = raw_text(one, "url"), raw_text(one, "version")
        for name in (f"#{raw_text(one, 'id')}", url, f"{url}|{version}"):
            kind.setdefault(name, one)
    concepts = {
        (url, raw_text(concept, "code")): concept
        for url, system in found["CodeSystem"].items()
        for concept in _concepts(system)
    }
    numbers = {key: _numbers(concept) | _properties(concept) for key, concept in concepts.items()}
    displays = {key: line(raw_text(concept, "display"), _OPTION_LENGTH) for key, concept in concepts.items()}
    return Library(found["ValueSet"], found["CodeSystem"], numbers, displays)


def translations(parent: Node, key: str) -> dict[str, str]:
    """What the translation extension says beside the text at `key`, by language ("es")."""
    found: dict[str, str] = {}
    for ext in nodes(node(parent, f"_{key}"), "extension"):
        if name_of(ext) == "translation":
            lang, content = extension(ext, "lang") or {}, extension(ext, "content") or {}
            code = str(any_value(lang)[1] or "")[:2].lower()
            said = any_value(content)[1]
            if re.fullmatch("[a-z]{2}", code) and isinstance(said, str):
                found[code] = said
    return found


def options(item: Node, known: Library, language: str, where: str, remarks: Remarks) -> tuple[Option, ...]:
    """The options of an item, each with a code of its own. What is odd about them is remarked."""
    given = islice(_choices(item, known), MOST_OPTIONS + 1)
    found = [choice for choice in given if choice.text or choice.coding]
    if len(found) > MOST_OPTIONS:
        remarks.add("stop", "many-options", where, known=str(MOST_OPTIONS))
        found = found[:MOST_OPTIONS]
    pointed = list_elsewhere(item)
    if not found and pointed:
        remarks.add("stop", "options-elsewhere", "", pointed)  # once, however many questions take from there
    if pointed and has_options(item):
        remarks.add("look", "two-lists", where, pointed)
    if any(flag(one, "initialSelected") for one in nodes(item, "answerOption")):
        remarks.add("note", "initial-dropped", where)
    taken: set[str] = set()
    made = []
    for choice in found:
        if choice.coding is not None and choice.coding.system == ABSENT_REASONS:
            remarks.add("note", "opt-out-is-ours", where, choice.text)  # every sensitive question has ours
            continue
        made.append(_option(choice, language, taken, where, remarks))
    return tuple(made)


def list_elsewhere(item: Node) -> str:
    """Where the item says its options are kept: the address of a value set, "" for none."""
    return raw_text(item, "answerValueSet") or raw_text(node(item, "options"), "reference")


def has_options(item: Node) -> bool:
    """Whether options stand in the item itself."""
    own = [*nodes(item, "answerOption"), *nodes(item, "option")]
    return any(
        said not in (None, "") and (not isinstance(said, dict) or coding(said)) for _, said in map(any_value, own)
    )


def _option(choice: Choice, language: str, taken: set[str], where: str, remarks: Remarks) -> Option:
    score: int | None = None
    if len(choice.numbers) > 1:
        remarks.add("look", "two-scores", where, choice.text)
    elif choice.numbers:
        (value,) = choice.numbers
        score = int(value) if value == int(value) else None
        if score is None:
            remarks.add("look", "broken-score", where, f"{choice.text}: {value}")
    text = choice.text or (choice.coding.code if choice.coding else "")
    if choice.coding is not None and not choice.text:
        remarks.add("look", "no-option-text", where, text)
    texts = {language: text, **{code: line(said, _OPTION_LENGTH) for code, said in choice.texts.items()}}
    code = _free_code(choice.coding.code if choice.coding else text, taken)
    return Option(code, texts, score=score, exclusive=choice.exclusive, coding=choice.coding)


def _free_code(wanted: str, taken: set[str]) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "-", wanted).strip("-").lower()[:40] or "option"
    code, n = plain, 2
    while code in taken or code in RESERVED:
        code, n = f"{plain}-{n}", n + 1
    taken.add(code)
    return code


def _choices(item: Node, known: Library) -> Iterator[Choice]:
    own = [*nodes(item, "answerOption"), *nodes(item, "option")]
    for one in own:
        yield _own_choice(one, known)
    if own:
        return
    named = list_elsewhere(item)
    found = known.sets.get(named) or known.sets.get(named.split("|")[0])
    if named and found:
        yield from _of_set(found, known)


def _own_choice(option: Node, known: Library) -> Choice:
    _kind, value = any_value(option)
    found = coding(value)
    numbers = _numbers(option) | (_numbers(value) if isinstance(value, dict) else frozenset())
    if found is not None and not numbers:
        numbers = known.numbers.get((found.system, found.code), frozenset())
    if found is None:
        text = value if isinstance(value, str) else (str(value) if isinstance(value, (int, float)) else "")
        text = text or raw_text(node(option, "valueReference"), "display")
        return Choice(
            None, line(text, _OPTION_LENGTH), numbers, _exclusive(option), translations(option, "valueString")
        )
    said = translations(value, "display") if isinstance(value, dict) else {}
    display = found.display or known.displays.get((found.system, found.code), "")
    return Choice(found, display, numbers, _exclusive(option), said)


def _exclusive(option: Node) -> bool:
    ext = extension(option, "questionnaire-optionExclusive")
    return ext is not None and flag(ext, "valueBoolean")


def _of_set(found: Node, known: Library) -> Iterator[Choice]:
    """Its concepts one by one where it names them all, else as somebody expanded it: a filter cannot be run here."""
    includes = [(raw_text(one, "system"), _named_in(one, known)) for one in nodes(node(found, "compose"), "include")]
    if includes and all(concepts for _system, concepts in includes):
        for system, concepts in includes:
            yield from (_of_concept(concept, system, known) for concept in concepts)
        return
    for concept in _expanded(node(found, "expansion")):
        yield _of_concept(concept, raw_text(concept, "system"), known)


def _named_in(include: Node, known: Library) -> list[Node]:
    system = known.systems.get(raw_text(include, "system"))
    if nodes(include, "filter") or "valueSet" in include:
        return []
    return nodes(include, "concept") or (list(_concepts(system)) if system else [])


def _expanded(parent: Node, depth: int = 0) -> Iterator[Node]:
    for concept in nodes(parent, "contains")[: MOST_OPTIONS + 1]:
        if not flag(concept, "abstract"):
            yield concept
        if depth < _DEEPEST_CONCEPT:
            yield from _expanded(concept, depth + 1)


def _of_concept(concept: Node, system: str, known: Library) -> Choice:
    found = coding({**concept, "system": system})
    if found is None:
        return Choice(None, "")
    numbers = _numbers(concept) | _properties(concept)
    said = {
        raw_text(one, "language")[:2].lower(): raw_text(one, "value")
        for one in nodes(concept, "designation")
        if re.match("[a-z]{2}", raw_text(one, "language").lower())
    }
    numbers = numbers or known.numbers.get((system, found.code), frozenset())
    display = found.display or known.displays.get((system, found.code), "")
    return Choice(found, display, numbers, texts=said)


def _concepts(system: Node, depth: int = 0) -> Iterator[Node]:
    for concept in nodes(system, "concept")[:MOST_OPTIONS]:
        yield concept
        if depth < _DEEPEST_CONCEPT:
            yield from _concepts(concept, depth + 1)


def _numbers(parent: Mapping[str, Any]) -> frozenset[float]:
    given = (_number(ext) for ext in extensions(parent) if name_of(ext) in _NUMBERS)
    return frozenset(value for value in given if value is not None)


def _properties(concept: Node) -> frozenset[float]:
    given = (_number(one) for one in nodes(concept, "property") if raw_text(one, "code") in _NUMBERS)
    return frozenset(value for value in given if value is not None)


def _number(parent: Node) -> float | None:
    return number(parent, "valueDecimal", "valueInteger", "valueString")
