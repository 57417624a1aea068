"""Rule sets and looks as JSON, and back. Pure.

Canonical (sorted keys, no blanks), so that the SHA-256 of a rule set names exactly one. What comes in is judged whole:
`rules_from_json` collects every fault with its place; a file may be anybody's.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, get_args

from saas.words import _
from tenants.intake.flags import (
    AXES,
    RULE_AXES,
    SEVERITIES,
    Ask,
    Band,
    Clause,
    Dated,
    Either,
    Every,
    Op,
    Operand,
    Rule,
    RuleSet,
    Source,
    Turn,
    Unit,
    Wanted,
    asks_of_rule,
)
from tenants.intake.json_reading import LONGEST_TEXT, Fault, Reader, canonical

MOST_RULES, MOST_PARTS, DEEPEST, LONGEST_LIST = 300, 40, 6, 60
OPS: tuple[Op, ...] = get_args(Op)
OPERANDS: tuple[Operand, ...] = get_args(Operand)
BARE_OPS = frozenset(("answered", "declined", "unknown"))
_OPS_OF: Mapping[str, frozenset[str]] = {
    "q": frozenset(OPS),
    "score": frozenset(("=", ">=", "<=", "in", "unknown")),
    "age": frozenset(("=", ">=", "<=", "unknown")),
    "practitioner": frozenset(("=",)),
    "flag": frozenset(("=",)),
}
_ID = re.compile(r"[A-Z]-[A-Z0-9](?:[A-Z0-9-]{0,38}[A-Z0-9])?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@/-]{0,63}|\*")
_TEXTS = ("title", "explain", "why", "next_step")


class BadRules(ValueError):
    """A rule set that cannot be read, with everything that is wrong with it."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.at} {fault.where}: {fault.sentence}" for fault in faults))
        self.faults = faults


def hash_of_rules(rules: RuleSet) -> str:
    """The SHA-256, in hexadecimal, that names this rule set for good."""
    return hashlib.sha256(canonical(rules_as_json(rules)).encode()).hexdigest()


def rules_as_json(rules: RuleSet) -> dict[str, Any]:
    """The rule set as JSON can say it."""
    return {
        "name": rules.name,
        "rules": [rule_as_json(rule) for rule in rules.rules],
        "bands": [{"points": band.points, "words": dict(band.words)} for band in rules.bands],
    }


def rule_as_json(rule: Rule) -> dict[str, Any]:
    """One rule; what is as by default is left out."""
    written: dict[str, Any] = {
        "id": rule.id,
        "axis": rule.axis,
        "severity": rule.severity,
        "when": clause_as_json(rule.when),
        "source": source_as_json(rule.source),
        **{name: dict(getattr(rule, name)) for name in _TEXTS},
    }
    for name in ("weight", "scope", "gate", "own", "off_reason"):
        if getattr(rule, name):
            written[name] = getattr(rule, name)
    if rule.counter:
        written["counter"] = dict(rule.counter)
    if not rule.enabled:
        written["enabled"] = False
    if rule.dated:
        written["dated"] = {"q": rule.dated.q, "date_within": {rule.dated.unit: rule.dated.count}}
    if rule.turns:
        written["turns"] = [_turn_as_json(turn) for turn in rule.turns]
    return written


def source_as_json(source: Source) -> dict[str, Any]:
    """Where a rule comes from."""
    return {"kind": source.kind, "paraphrase": dict(source.words), "refs": list(source.refs)}


def clause_as_json(clause: Clause) -> dict[str, Any]:
    """`{"q": "c.linked", "in": ["yes", "maybe"]}`, `{"all": […]}`, `{"any": […]}`."""
    if isinstance(clause, Ask):
        value = list(clause.value) if isinstance(clause.value, tuple) else clause.value
        return {clause.of: clause.name, clause.op: value}
    return {"all" if isinstance(clause, Every) else "any": [clause_as_json(part) for part in clause.of]}


def _turn_as_json(turn: Turn) -> dict[str, Any]:
    changed = {field.name: getattr(turn, field.name) for field in fields(turn) if field.name != "when"}
    return {"when": clause_as_json(turn.when), **{name: value for name, value in changed.items() if value is not None}}


def rules_from_json(data: Any) -> RuleSet:
    """The rule set that `rules_as_json` wrote; `BadRules` with every fault for what is none."""
    reader = _Reader()
    found = reader.rule_set(data)
    if reader.faults:
        raise BadRules(tuple(reader.faults))
    return found


class _Reader(Reader):
    """Reads a rule set and notes what is wrong on the way, with the rule and the place it is in."""

    def rule_set(self, data: Any) -> RuleSet:
        if not isinstance(data, Mapping):
            self.fault("", _("These are no rules"))
            return RuleSet("", (), ())
        name = self.line(data, "name", 80)
        rules = tuple(self.rule(one) for one in self.listed(data, "rules", MOST_RULES))
        self.at = ""
        bands = tuple(self.band(one) for one in self.listed(data, "bands", 10))
        points = [band.points for band in bands]
        if not points or points != sorted(set(points)) or points[0] != 0:
            self.fault("bands", _("Bands begin at 0, and each begins higher than the one before"))
        self.keep_fit_apart(rules)
        ids = [rule.id for rule in rules]
        for twice in sorted({id for id in ids if ids.count(id) > 1}):
            self.fault("rules", _("Two rules have the name %(id)s", id=twice))
        return RuleSet(name, rules, bands)

    def keep_fit_apart(self, rules: tuple[Rule, ...]) -> None:
        """What fits comes from answers alone, and no other list looks at it: it can neither be raised by a screen nor
        lower a caution."""
        fit = {rule.id for rule in rules if rule.axis == "fit"}
        for rule in rules:
            asked = asks_of_rule(rule)
            self.at = rule.id
            if rule.id in fit and any(ask.of in ("score", "flag") for ask in asked):
                self.fault("when", _("A rule about fit looks at answers alone, at no score and no other rule"))
            if rule.id not in fit and any(ask.of == "flag" and ask.name in fit for ask in asked):
                self.fault("when", _("Only rules about fit may look at fit"))
        self.at = ""

    def band(self, data: Any) -> Band:
        if not isinstance(data, Mapping):
            self.fault("bands", _("A list is needed here"))
            return Band(0, {})
        return Band(self.whole(data, "points", 0, 999), self.texts(data, "words"))

    def rule(self, data: Any) -> Rule:
        self.at = ""
        if not isinstance(data, Mapping):
            self.fault("rules", _("These are no rules"))
            data = {}
        self.at = self.line(data, "id", 42)
        if not _ID.fullmatch(self.at):
            self.fault("id", _("A rule is named like F-STRESS: a letter, a hyphen, capitals"))
        return Rule(
            id=self.at,
            axis=self.one_of(data, "axis", RULE_AXES, "caution"),
            severity=self.one_of(data, "severity", SEVERITIES, "moderate"),
            title=self.texts(data, "title"),
            when=self.clause(data.get("when"), "when", 1),
            explain=self.texts(data, "explain"),
            why=self.texts(data, "why"),
            source=self.source(data.get("source")),
            next_step=self.texts(data, "next_step"),
            counter=self.texts(data, "counter", needed=False),
            weight=self.whole(data, "weight", 0, 20),
            enabled=self.switch(data, "enabled", default=True),
            dated=self.dated(data.get("dated")),
            turns=tuple(self.turn(one) for one in self.listed(data, "turns", 6)),
            scope=self.one_of(data, "scope", ("", "ser", "cst"), ""),
            gate=self.one_of(data, "gate", ("", "open", "history"), ""),
            own=self.switch(data, "own", default=False),
            off_reason=self.line(data, "off_reason"),
        )

    def source(self, data: Any) -> Source:
        if not isinstance(data, Mapping):
            self.fault("source", _("Say where this rule comes from"))
            return Source("own", {})
        kind = self.one_of(data, "kind", ("clinic-description", "literature", "own"), "own")
        refs = tuple(ref for ref in self.listed(data, "refs", 12) if isinstance(ref, str) and len(ref) <= LONGEST_TEXT)
        return Source(kind, self.texts(data, "paraphrase"), refs)

    def dated(self, data: Any) -> Dated | None:
        if data is None:
            return None
        within = data.get("date_within") if isinstance(data, Mapping) else None
        if not isinstance(within, Mapping) or len(within) != 1 or next(iter(within)) not in get_args(Unit):
            self.fault("dated", _("A time is needed here: days, weeks or months"))
            return None
        (unit,) = within
        return Dated(self.name_in(data, "q", "dated"), self.whole(within, unit, 1, 1200, 1), unit)

    def turn(self, data: Any) -> Turn:
        if not isinstance(data, Mapping):
            self.fault("turns", _("A list is needed here"))
            data = {}
        return Turn(
            when=self.clause(data.get("when"), "turns", 1),
            axis=self.one_of(data, "axis", (*AXES[:3], None), None),
            severity=self.one_of(data, "severity", (*SEVERITIES, None), None),
            weight=self.whole(data, "weight", 0, 20) if "weight" in data else None,
        )

    def name_in(self, data: Mapping[str, Any], key: str, where: str) -> str:
        found = data.get(key)
        if not isinstance(found, str) or not _NAME.fullmatch(found):
            self.fault(where, _("A name such as c.duration is needed here"))
            return ""
        return found

    def clause(self, data: Any, where: str, depth: int) -> Clause:
        nowhere = Ask("q", "", "answered")
        if depth > DEEPEST or not isinstance(data, Mapping):
            self.fault(where, _("A condition is needed here, at most %(limit)d deep", limit=DEEPEST))
            return nowhere
        groups: dict[str, Callable[[tuple[Clause, ...]], Clause]] = {"all": Every, "any": Either}
        for key, made in groups.items():
            if set(data) == {key}:
                parts = tuple(self.clause(one, where, depth + 1) for one in self.listed(data, key, MOST_PARTS))
                if not parts:
                    self.fault(where, _("A condition needs at least one test"))
                return made(parts)
        of = next((one for one in OPERANDS if one in data), None)
        op = next((one for one in OPS if one in data), None)
        if of is None or op is None or set(data) != {of, op}:
            self.fault(where, _("A test compares one thing in one way"))
            return nowhere
        if op not in _OPS_OF[of]:
            self.fault(where, _("%(what)s cannot be compared with %(sign)s", what=of, sign=op))
        return Ask(of, self.name_in(data, of, where), op, self.wanted(data[op], op, where))

    def wanted(self, value: Any, op: Op, where: str) -> Wanted:
        """The value of a comparison, of the kind that it needs."""
        if op in ("in", "has"):
            if isinstance(value, list | tuple) and 0 < len(value) <= LONGEST_LIST:
                texts = tuple(one for one in value if isinstance(one, str) and 0 < len(one) <= 64)
                if len(texts) == len(value):
                    return texts
        elif op in (">=", "<="):
            if isinstance(value, int) and not isinstance(value, bool) and -1000 <= value <= 1000:
                return value
        elif op in BARE_OPS:
            if value is True:
                return True
        elif isinstance(value, str):
            if len(value) <= 64:
                return value
        elif isinstance(value, int) and -1000 <= value <= 1000:
            return value
        self.fault(where, _("This cannot be compared with"))
        return True
