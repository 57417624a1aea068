"""What a clinic may change about a rule, and what it may not. Pure: a rule set in, a rule set out.

A locked rule (acute or contra) only becomes stricter: a higher severity, a longer time, a lower cut-off; its words are
free. Switching it off needs a reason, which the summaries then tell. Everything else is the clinic's own choice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from saas.errors import Invalid, NotFound
from saas.text import Cleaner
from saas.words import _
from tenants.intake.flags import (
    SEVERITIES,
    Ask,
    Band,
    Clause,
    Either,
    Every,
    Operand,
    Rule,
    RuleSet,
    Severity,
    asks_of_rule,
    rank,
)
from tenants.intake.json_reading import LONGEST_TEXT
from tenants.intake.questions import Texts

WORDS = ("title", "explain", "next_step", "counter")
"""The texts of a rule that a clinic may write anew."""
SHORTEST_REASON = 10
_PLACE = re.compile(r"\{([^{}]*)\}")
_OWN_NAME = re.compile(r"[A-Z0-9]+")


class NoSuchRule(NotFound):
    """The set has no such rule."""

    code = "no-such-rule"


@dataclass(frozen=True)
class Threshold:
    """A number in a rule that can be changed. `key`: its place; `of` and `what`: the item, score or age it is about."""

    key: str
    kind: Literal["at-least", "at-most", "days", "weeks", "months"]
    of: Operand
    what: str
    value: int


@dataclass(frozen=True)
class RuleChange:
    """A rule as somebody wants it. Empty texts of a language stay as they were; `thresholds` by their key."""

    severity: str
    weight: int = 0
    enabled: bool = True
    thresholds: Mapping[str, int] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)


def rule_of(rules: RuleSet, id: str) -> Rule:
    """The rule by this name, or `NoSuchRule`."""
    found = next((rule for rule in rules.rules if rule.id == id), None)
    if found is None:
        raise NoSuchRule
    return found


def thresholds_of(rule: Rule) -> tuple[Threshold, ...]:
    """The numbers of a rule that can be changed, in its order."""
    found = [
        Threshold(f"n{number}", "at-least" if ask.op == ">=" else "at-most", ask.of, ask.name, ask.value)
        for number, ask in enumerate(asks_of_rule(rule))
        if ask.op in (">=", "<=") and isinstance(ask.value, int)
    ]
    if rule.dated is not None:
        found.append(Threshold("dated", rule.dated.unit, "q", rule.dated.q, rule.dated.count))
    return tuple(found)


def changed_rule(rules: RuleSet, id: str, change: RuleChange, *, shipped: RuleSet, places: frozenset[str]) -> RuleSet:
    """The set with this rule as wanted; `Invalid` with a sentence for each field. `places`: what a text may name."""
    rule = rule_of(rules, id)
    first = next((one for one in shipped.rules if one.id == id), rule)
    cleaner = Cleaner()
    severity = _severity(cleaner, rule, first, change.severity)
    weight = cleaner.whole("weight", change.weight, 0, 20) if rule.axis == "fit" else rule.weight
    said = {name: _said(cleaner, rule, name, change.texts.get(name, {}), places) for name in WORDS}
    changed = replace(
        rule,
        severity=severity,
        weight=weight,
        title=said["title"],
        explain=said["explain"],
        next_step=said["next_step"],
        counter=said["counter"],
    )
    changed = _with_thresholds(cleaner, changed, first, change.thresholds)
    if rule.locked:
        if change.enabled is not rule.enabled:
            cleaner.refuse("enabled", _("Switching this rule on or off has a page of its own"))
    else:
        changed = replace(changed, enabled=change.enabled)
    cleaner.check()
    return _put(rules, changed)


def switched_off(rules: RuleSet, id: str, reason: str) -> RuleSet:
    """The set with this locked rule off. `Invalid` without a reason of a few words."""
    cleaner = Cleaner()
    said = cleaner.line("reason", reason, LONGEST_TEXT, missing=_("Say why, so that others understand it later"))
    if said and len(said) < SHORTEST_REASON:
        cleaner.refuse("reason", _("Say it in a few words more"))
    cleaner.check()
    return _put(rules, replace(rule_of(rules, id), enabled=False, off_reason=said))


def switched_on(rules: RuleSet, id: str) -> RuleSet:
    """The set with this rule on again."""
    return _put(rules, replace(rule_of(rules, id), enabled=True, off_reason=""))


def with_bands(rules: RuleSet, points: Mapping[int, int]) -> RuleSet:
    """The set with each band beginning at `points[its place]`; `Invalid` unless they rise from 0."""
    wanted = tuple(Band(points.get(place, band.points), band.words) for place, band in enumerate(rules.bands))
    begins = [band.points for band in wanted]
    if begins[0] != 0 or begins != sorted(set(begins)) or begins[-1] > 99:
        sentence = _("Bands begin at 0, and each begins higher than the one before")
        raise Invalid(sentence, fields={"points": sentence})
    return replace(rules, bands=wanted)


def with_own_rule(rules: RuleSet, rule: Rule) -> RuleSet:
    """The set with a rule of the clinic's own, after those of its list."""
    if any(one.id == rule.id for one in rules.rules):
        sentence = _("Another rule has this name")
        raise Invalid(sentence, fields={"name": sentence})
    last = max((place for place, one in enumerate(rules.rules) if one.axis == rule.axis), default=len(rules.rules) - 1)
    return replace(rules, rules=(*rules.rules[: last + 1], rule, *rules.rules[last + 1 :]))


def without_own_rule(rules: RuleSet, id: str, *, holding: RuleSet) -> RuleSet:
    """The set without this rule of the clinic's own; shipped ones stay, and can be switched off.

    A locked one that holds (it is on in `holding`) is switched off first, which asks for a reason.
    """
    rule = rule_of(rules, id)
    if not rule.own:
        raise Invalid(_("This rule came with Longtide: switch it off instead"))
    if rule.locked and rule.enabled and any(one.id == id and one.enabled for one in holding.rules):
        raise Invalid(_("Switch this rule off first, with a reason. Then it can be taken out"))
    return replace(rules, rules=tuple(rule for rule in rules.rules if rule.id != id))


def own_id(title: str, taken: frozenset[str]) -> str:
    """A name for a rule of the clinic's own, such as O-JAW-SURGERY."""
    words = "-".join(_OWN_NAME.findall(title.upper()))[:30].strip("-") or "RULE"
    name, number = f"O-{words}", 2
    while name in taken:
        name, number = f"O-{words}-{number}", number + 1
    return name


def next_name(rules: RuleSet, number: int, now: datetime) -> str:
    """What the next published version is called: where it comes from, its number and the day."""
    return f"{rules.name.partition('@')[0]}@{number}-{now:%Y-%m-%d}"


def differing(before: RuleSet, after: RuleSet) -> tuple[tuple[str, str], ...]:
    """What changed between two sets: (rule id, added, gone, off, on or changed); bands as ("", "changed")."""
    old, new = ({rule.id: rule for rule in rules.rules} for rules in (before, after))
    found: list[tuple[str, str]] = [(id, "gone") for id in old if id not in new]
    for id, rule in new.items():
        was = old.get(id)
        if was is None:
            found.append((id, "added"))
        elif was.enabled is not rule.enabled:
            found.append((id, "on" if rule.enabled else "off"))
        elif was != rule:
            found.append((id, "changed"))
    if before.bands != after.bands:
        found.append(("", "changed"))
    return tuple(found)


def _put(rules: RuleSet, changed: Rule) -> RuleSet:
    return replace(rules, rules=tuple(changed if rule.id == changed.id else rule for rule in rules.rules))


def _severity(cleaner: Cleaner, rule: Rule, first: Rule, wanted: str) -> Severity:
    severity = next((one for one in SEVERITIES if one == wanted), None)
    if severity is None:
        cleaner.refuse("severity", _("Choose from the list"))
        return rule.severity
    if rule.locked and rank(severity) < rank(first.severity):
        cleaner.refuse("severity", _("This rule may only be graver than it came, never milder"))
    return severity


def _said(cleaner: Cleaner, rule: Rule, name: str, wanted: Texts, places: frozenset[str]) -> Texts:
    """One text of the rule with what was typed for some languages; what may be quoted, only in the explanation."""
    texts = dict(getattr(rule, name))
    for language, typed in wanted.items():
        where = f"{name}-{language}"
        limit, missing = (120 if name == "title" else LONGEST_TEXT), "" if name == "counter" else _("Enter a text")
        said = cleaner.line(where, typed, limit, missing=missing)
        strange = [place for place in _PLACE.findall(said) if place not in places]
        if name != "explain" and "{" in said:
            cleaner.refuse(where, _("Answers can only be quoted in the explanation"))
        elif strange:
            cleaner.refuse(where, _("There is no answer named %(name)s to quote", name=strange[0]))
        texts[language] = said
    return {language: said for language, said in texts.items() if said}


def _with_thresholds(cleaner: Cleaner, rule: Rule, first: Rule, wanted: Mapping[str, int]) -> Rule:
    came = {one.key: one for one in thresholds_of(first)}
    for one in thresholds_of(rule):
        value = cleaner.whole(one.key, wanted.get(one.key, one.value), 0 if one.key != "dated" else 1, 1000)
        floor = came.get(one.key)
        if rule.locked and floor is not None and _is_laxer(one.kind, value, floor.value):
            cleaner.refuse(one.key, _("This rule may only become stricter than it came"))
    return _numbered(rule, wanted)


def _is_laxer(kind: str, value: int, came: int) -> bool:
    return value > came if kind == "at-least" else value < came


def _numbered(rule: Rule, wanted: Mapping[str, int]) -> Rule:
    """The rule with these numbers in place of its own."""
    place = -1

    def walk(clause: Clause) -> Clause:
        nonlocal place
        if isinstance(clause, Ask):
            place += 1
            value = wanted.get(f"n{place}", clause.value)
            return replace(clause, value=value) if clause.op in (">=", "<=") else clause
        parts = tuple(walk(part) for part in clause.of)
        return Every(parts) if isinstance(clause, Every) else Either(parts)

    when = walk(rule.when)
    turns = tuple(replace(turn, when=walk(turn.when)) for turn in rule.turns)
    dated = replace(rule.dated, count=wanted.get("dated", rule.dated.count)) if rule.dated else None
    return replace(rule, when=when, turns=turns, dated=dated)
