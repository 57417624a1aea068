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
ABSENT_REASONS = "http://terminology.hl7.org/CodeSystem/data-absent-reason"


@dataclass(frozen=True)
class Library:
    """The value sets and code systems a file brings along, by id (`#VS`), by address and by `address|version`.

    `numbers`: what each concept weighs, by system and code.
    """

    sets: Mapping[str, Node] = field(default_factory=dict)
    systems: Mapping[str, Node] = field(default_factory=dict)
    numbers: Mapping[tuple[str, str], frozenset[float]] = field(default_factory=dict)


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
    numbers = {
        (url, raw_text(concept, "code")): _numbers(concept) | _properties(concept)
        for url, system in found["CodeSystem"].items()
        for concept in _concepts(system)
    }
    return Library(found["ValueSet"], found["CodeSystem"], numbers)


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
    pointed = raw_text(item, "answerValueSet") or raw_text(node(item, "options"), "reference")
    if not found and pointed:
        remarks.add("stop", "options-elsewhere", where, pointed)
    taken: set[str] = set()
    made = []
    for choice in found:
        if choice.coding is not None and choice.coding.system == ABSENT_REASONS:
            remarks.add("note", "opt-out-is-ours", where, choice.text)  # every sensitive question has ours
            continue
        made.append(_option(choice, language, taken, where, remarks))
    return tuple(made)


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
    named = raw_text(item, "answerValueSet") or raw_text(node(item, "options"), "reference")
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
    return Choice(found, found.display, numbers, _exclusive(option), said)


def _exclusive(option: Node) -> bool:
    ext = extension(option, "questionnaire-optionExclusive")
    return ext is not None and flag(ext, "valueBoolean")


def _of_set(found: Node, known: Library) -> Iterator[Choice]:
    for include in nodes(node(found, "compose"), "include"):
        system = raw_text(include, "system")
        concepts = nodes(include, "concept")
        if not concepts and system in known.systems:
            concepts = list(_concepts(known.systems[system]))
        for concept in concepts:
            yield _of_concept(concept, system, known)
    if not nodes(node(found, "compose"), "include"):
        for concept in nodes(node(found, "expansion"), "contains"):
            yield _of_concept(concept, raw_text(concept, "system"), known)


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
    return Choice(found, found.display, numbers, texts=said)


def _concepts(system: Node, depth: int = 0) -> Iterator[Node]:
    for concept in nodes(system, "concept")[:MOST_OPTIONS]:
        yield concept
        if depth < 3:
            yield from _concepts(concept, depth + 1)


def _numbers(parent: Mapping[str, Any]) -> frozenset[float]:
    given = (_number(ext) for ext in extensions(parent) if name_of(ext) in _NUMBERS)
    return frozenset(value for value in given if value is not None)


def _properties(concept: Node) -> frozenset[float]:
    given = (_number(one) for one in nodes(concept, "property") if raw_text(one, "code") in _NUMBERS)
    return frozenset(value for value in given if value is not None)


def _number(parent: Node) -> float | None:
    return number(parent, "valueDecimal", "valueInteger", "valueString")
