"""Questionnaires as JSON, and back. Pure.

Canonical (`json_reading.canonical`), so that the SHA-256 of a questionnaire names exactly one. What comes in may be
anybody's: it is bounded in size and depth, judged whole, and refused with every fault and its place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any, get_args

from saas.words import _
from tenants.intake.json_reading import Fault, Reader, canonical
from tenants.intake.questions import (
    All,
    Coding,
    Condition,
    Item,
    Kind,
    Op,
    Option,
    Part,
    Questionnaire,
    Section,
    Some,
    Test,
    Texts,
    Value,
)
from tenants.intake.structure import circles, doubled

MOST_BYTES = 1_000_000
MOST_ITEMS, MOST_OPTIONS, MOST_TESTS = 500, 80, 40
DEEPEST_GROUP, DEEPEST_CONDITION = 4, 6
LONGEST_DOCUMENT = 6000
KINDS: tuple[Kind, ...] = get_args(Kind)
OPS: tuple[Op, ...] = get_args(Op)
BARE_OPS = frozenset(("answered", "declined", "unknown"))
RESERVED = frozenset(("declined", "in-person", "not-asked"))  # they are why there is no value
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PREFILLS = ("", "name", "called", "birth_date", "phone", "email", "locale")


class NotAQuestionnaire(ValueError):
    """What came in is none; `faults` says everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.at} {fault.where}: {fault.sentence}" for fault in faults))
        self.faults = faults


def as_json(q: Questionnaire) -> dict[str, Any]:
    """The questionnaire in lists, dicts, texts and numbers; what is as by default is left out."""
    found = _plain(q)
    assert isinstance(found, dict)  # noqa: S101 - a dataclass becomes a dict
    return found


def hash_of(q: Questionnaire) -> str:
    """The SHA-256, in hexadecimal, that names this questionnaire for good."""
    return hash_of_json(as_json(q))


def hash_of_json(written: Mapping[str, Any]) -> str:
    """The same, of what `as_json` wrote."""
    return hashlib.sha256(canonical(written).encode()).hexdigest()


def from_text(text: str | bytes) -> Questionnaire:
    """The questionnaire in this JSON text; `NotAQuestionnaire` for anything else, whatever it is."""
    if len(text) > MOST_BYTES:
        raise NotAQuestionnaire((Fault("", "", _("This file is too large for a questionnaire")),))
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise NotAQuestionnaire((Fault("", "", _("This is no JSON file")),)) from None
    return from_json(data)


def from_json(data: Any) -> Questionnaire:
    """The questionnaire that `as_json` wrote; `NotAQuestionnaire` with every fault for what is none."""
    reader = _Reader()
    found = reader.questionnaire(data)
    if not reader.faults:
        for reader.at in doubled(found):
            reader.fault("id", _("Two have the id %(id)s: give one of them another", id=reader.at))
        for reader.at in circles(found):
            reader.fault("when", _("%(id)s would only be shown because of itself: change its condition", id=reader.at))
    if reader.faults:
        raise NotAQuestionnaire(tuple(reader.faults))
    return found


def condition_as_json(condition: Condition) -> dict[str, Any]:
    """`{"q": id, op: value}`, `{"all": […]}` or `{"any": […]}`."""
    if isinstance(condition, Test):
        value = True if condition.op in BARE_OPS else condition.value
        return {"q": condition.q, condition.op: list(value) if isinstance(value, tuple) else value}
    return {"all" if isinstance(condition, All) else "any": [condition_as_json(one) for one in condition.of]}


def _plain(value: Any) -> Any:
    if isinstance(value, Test | All | Some):
        return condition_as_json(value)
    if is_dataclass(value):
        return {
            each.name: _plain(own) for each in fields(value) if (own := getattr(value, each.name)) != _default(each)
        }
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _default(each: Field[Any]) -> Any:
    return each.default_factory() if each.default_factory is not MISSING else each.default


class _Reader(Reader):
    """Reads a questionnaire and notes what is wrong on the way, with the id of the item it is in."""

    def __init__(self) -> None:
        super().__init__()
        self.items_read = 0

    def questionnaire(self, data: Any) -> Questionnaire:
        if not isinstance(data, Mapping):
            self.fault("", _("This is no questionnaire"))
            return Questionnaire("", {}, (), ())
        self.known(data, Questionnaire)
        languages = tuple(one for one in self.listed(data, "languages", 10) if isinstance(one, str))
        if not languages or not all(re.fullmatch(r"[a-z]{2}", one) for one in languages):
            self.fault("languages", _("Languages are named by two letters, such as en"))
        return Questionnaire(
            key=self.id(data, "key"),
            title=self.texts(data, "title"),
            languages=languages,
            parts=tuple(self.part(one) for one in self.listed(data, "parts", 20)),
            documents=self.named(data, "documents"),
            texts=self.named(data, "texts"),
            guardian_when=self.when(data, "guardian_when"),
            young_when=self.when(data, "young_when"),
            based_on=self.line(data, "based_on", 64),
        )

    def known(self, data: Mapping[str, Any], made: type) -> None:
        """Nothing may stand there that nobody would read."""
        names = {each.name for each in fields(made)}
        for strange in sorted(str(key)[:40] for key in data if key not in names)[:5]:
            self.fault(strange.encode(errors="replace").decode(), _("Nothing here has this name"))

    def id(self, data: Mapping[str, Any], name: str = "id") -> str:
        found = self.line(data, name, 64)
        if not ID.fullmatch(found):
            self.fault(name, _("An id has letters, digits, points, dashes and at most 64 of them"))
        return found

    def named(self, data: Mapping[str, Any], name: str) -> Mapping[str, Texts]:
        found = data.get(name, {})
        if not isinstance(found, Mapping) or len(found) > 40 or not all(isinstance(key, str) for key in found):
            self.fault(name, _("Texts by name are needed here"))
            return {}
        for key in found:
            if not ID.fullmatch(key):
                self.fault(name, _("An id has letters, digits, points, dashes and at most 64 of them"))
                return {}
        return {key: self.texts(found, key, most=LONGEST_DOCUMENT) for key in sorted(found)}

    def part(self, data: Any) -> Part:
        if not self.is_record(data, Part):
            return Part("", {}, ())
        self.at = self.id(data)
        return Part(
            id=self.at,
            title=self.texts(data, "title"),
            sections=tuple(self.section(one) for one in self.listed(data, "sections", 40)),
            intro=self.texts(data, "intro", needed=False),
            optional=self.switch(data, "optional", default=False),
        )

    def section(self, data: Any) -> Section:
        if not self.is_record(data, Section):
            return Section("", {}, ())
        self.at = self.id(data)
        return Section(
            id=self.at,
            title=self.texts(data, "title"),
            intro=self.texts(data, "intro", needed=False),
            notice=self.texts(data, "notice", needed=False),
            sensitive=self.switch(data, "sensitive", default=False),
            crisis_box=self.switch(data, "crisis_box", default=False),
            when=self.when(data),
            enabled=self.switch(data, "enabled", default=True),
            items=self.items(data, 1),
        )

    def is_record(self, data: Any, made: type) -> bool:
        if not isinstance(data, Mapping):
            self.fault("", _("Something is missing here"))
            return False
        self.known(data, made)
        return True

    def items(self, data: Mapping[str, Any], depth: int) -> tuple[Item, ...]:
        found = self.listed(data, "items", MOST_ITEMS)
        self.items_read += len(found)
        if found and depth > DEEPEST_GROUP:
            self.fault("items", _("Groups stand at most %(limit)d deep in one another", limit=DEEPEST_GROUP))
            return ()
        if self.items_read > MOST_ITEMS:
            self.fault("items", _("A questionnaire has at most %(limit)d questions", limit=MOST_ITEMS))
            return ()
        return tuple(self.item(one, depth) for one in found)

    def item(self, data: Any, depth: int) -> Item:
        if not self.is_record(data, Item):
            return Item("", "display", {})
        id = self.at = self.id(data)
        made = Item(
            id=id,
            kind=self.one_of(data, "kind", KINDS, "display"),
            text=self.texts(data, "text"),
            help=self.texts(data, "help", needed=False),
            guardian_text=self.texts(data, "guardian_text", needed=False),
            young_text=self.texts(data, "young_text", needed=False),
            options=tuple(self.option(one) for one in self.listed(data, "options", MOST_OPTIONS)),
            required=self.switch(data, "required", default=False),
            sensitive=self.switch(data, "sensitive", default=False),
            safety=self.switch(data, "safety", default=False),
            acute=self.switch(data, "acute", default=False),
            calm=tuple(self.listed(data, "calm", MOST_OPTIONS)),
            enabled=self.switch(data, "enabled", default=True),
            when=self.when(data),
            rows_of=self.line(data, "rows_of", 64),
            lo=self.edge(data, "lo"),
            hi=self.edge(data, "hi"),
            lo_text=self.texts(data, "lo_text", needed=False),
            hi_text=self.texts(data, "hi_text", needed=False),
            prefill=self.one_of(data, "prefill", _PREFILLS, ""),
            document=self.line(data, "document", 64),
            note=self.switch(data, "note", default=False),
            codes=tuple(self.coding(one) for one in self.listed(data, "codes", 20)),
            items=self.items(data, depth + 1),
        )
        self.at = id
        self.fits(made)
        return made

    def fits(self, item: Item) -> None:
        """What a kind needs, and what only some kinds have."""
        codes = [option.code for option in item.options]
        if item.kind in ("single", "multi") and not codes:
            self.fault("options", _("This kind of question needs choices"))
        if len(set(codes)) != len(codes):
            self.fault("options", _("Two choices have the same code"))
        if not _codes(item.calm):
            self.fault("calm", _("An id has letters, digits, points, dashes and at most 64 of them"))
        if item.items and item.kind != "group":
            self.fault("items", _("Only a group holds questions"))
        if item.lo is not None and item.hi is not None and item.lo >= item.hi:
            self.fault("hi", _("The upper end is above the lower one"))

    def option(self, data: Any) -> Option:
        if not self.is_record(data, Option):
            return Option("", {})
        code = self.id(data, "code")
        if code in RESERVED:
            self.fault("options", _("The code %(code)s is kept for answers that are not given", code=code))
        coded = data.get("coding")
        return Option(
            code=code,
            text=self.texts(data, "text"),
            score=self.edge(data, "score"),
            exclusive=self.switch(data, "exclusive", default=False),
            coding=None if coded is None else self.coding(coded),
        )

    def coding(self, data: Any) -> Coding:
        if not self.is_record(data, Coding):
            return Coding("", "")
        return Coding(self.line(data, "system", 300), self.line(data, "code", 200), self.line(data, "display", 300))

    def edge(self, data: Mapping[str, Any], name: str) -> int | None:
        return None if data.get(name) is None else self.whole(data, name, -1_000_000, 1_000_000)

    def when(self, data: Mapping[str, Any], name: str = "when") -> Condition | None:
        return None if data.get(name) is None else self.condition(data[name], name, 1)

    def condition(self, data: Any, where: str, depth: int) -> Condition:
        nowhere = Test("", "answered")
        if depth > DEEPEST_CONDITION or not isinstance(data, Mapping):
            self.fault(where, _("A condition is needed here, at most %(limit)d deep", limit=DEEPEST_CONDITION))
            return nowhere
        for key, made in (("all", All), ("any", Some)):
            if set(data) == {key}:
                parts = tuple(self.condition(one, where, depth + 1) for one in self.listed(data, key, MOST_TESTS))
                if not parts:
                    self.fault(where, _("A condition needs at least one test"))
                return made(parts)
        op = next((one for one in OPS if one in data), None)
        if op is None or set(data) != {"q", op}:
            self.fault(where, _("A test compares one thing in one way"))
            return nowhere
        return Test(self.id(data, "q"), op, self.wanted(data[op], op, where))

    def wanted(self, value: Any, op: Op, where: str) -> Value:
        """The value of a comparison, of the kind that it needs; none for those that compare with nothing."""
        if op in BARE_OPS:
            if value is True:
                return None
        elif op in ("in", "has"):
            if isinstance(value, list | tuple) and 0 < len(value) <= MOST_OPTIONS and _codes(value):
                return tuple(value)
        elif abs(value) <= 1_000_000 if isinstance(value, int) else _codes((value,)):
            return value  # type: ignore[no-any-return] # a bool or a number in bounds, or a code
        self.fault(where, _("This cannot be compared with"))
        return None


def _codes(values: Iterable[Any]) -> bool:
    return all(isinstance(one, str) and ID.fullmatch(one) for one in values)
